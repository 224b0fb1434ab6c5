"""What each executor can do here: `python -m hypernode.node.probe JOB_TYPE` prints its Capability as JSON.

A program of its own, since loading an engine can crash, hang, or keep memory.
"""

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from hypernode.executors import load_one
from hypernode.node.runner import clean_environment
from hypernode.ports import Capability, Executor

TIMEOUT_S: Final = 60.0
"""Loading the CUDA libraries for the first time can take half a minute."""


def main() -> None:
    """Print one capability."""
    found = load_one(sys.argv[1]).probe()
    # On a line of its own, after what an engine prints.
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(found))


def probe(executors: Mapping[str, Executor], environment: Mapping[str, str]) -> dict[str, Capability]:
    """All capabilities, each found in a child process with the environment of a job. Never raises."""

    def one(job_type: str) -> Capability:
        clean = clean_environment(executors[job_type].environment, environment)
        return _probe(job_type, clean)

    with ThreadPoolExecutor() as pool:
        return dict(zip(executors, pool.map(one, executors), strict=True))


def _probe(job_type: str, environment: Mapping[str, str]) -> Capability:
    command = [sys.executable, "-P", "-m", "hypernode.node.probe", job_type]
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return Capability(available=False, missing=f"its probe hung for {TIMEOUT_S:g} s")
    try:
        return msgspec.json.decode(ended.stdout.splitlines()[-1], type=Capability)
    except (IndexError, msgspec.DecodeError):
        return Capability(available=False, missing=f"its probe crashed: {ended.stderr.decode(errors='replace')[-500:]}")


if __name__ == "__main__":
    main()
