"""What each executor can do here: `python -m hypernode.node.probe JOB_TYPE RLIMITS` prints its Capability as JSON.

A program of its own, since loading an engine can crash, hang, or keep memory; and in the sandbox of a job, since only
what works there can be offered.
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from hypernode.executors import load_one
from hypernode.executors.llm_inference.settings import CACHE_DIR
from hypernode.node.limits import Limits
from hypernode.node.relays import addresses, relays
from hypernode.node.runner import CONFINED, clean_environment, private
from hypernode.node.sandbox.child import Sandbox, spawn, temporary_place
from hypernode.node.sandbox.rlimits import Rlimits
from hypernode.node.sandbox.view import named_in
from hypernode.ports import Capability, ExecutionFailed, Executor

TIMEOUT_S: Final = 60.0
"""Loading the CUDA libraries for the first time can take half a minute."""
_TAIL_CHARS: Final = 500


def main() -> None:
    """Print one capability."""
    msgspec.json.decode(sys.argv[2], type=Rlimits).impose()
    found = load_one(sys.argv[1]).probe()
    # On a line of its own, after what an engine prints.
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(found) + b"\n")


async def probe(
    executors: Mapping[str, Executor], environment: Mapping[str, str], sandbox: Sandbox, limits: Limits, home: Path
) -> dict[str, Capability]:
    """All capabilities, each found in a child process as a job is one. `home` is the node's. Never raises."""

    async def one(job_type: str, executor: Executor) -> Capability:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await _probe(job_type, executor, environment, sandbox, limits, home)
        except TimeoutError:
            return Capability(available=False, missing=f"its probe hung for {TIMEOUT_S:g} s")
        except (ExecutionFailed, OSError) as error:
            return Capability(available=False, missing=str(error))

    found = await asyncio.gather(*(one(*each) for each in executors.items()))
    return dict(zip(executors, found, strict=True))


async def _probe(
    job_type: str,
    executor: Executor,
    environment: Mapping[str, str],
    sandbox: Sandbox,
    limits: Limits,
    home: Path,
) -> Capability:
    rlimits = msgspec.json.encode(sandbox.rlimits(limits)).decode()
    command = [sys.executable, "-P", "-m", "hypernode.node.probe", job_type, rlimits]
    # No customer has a say in a probe: it may keep what it finds out for the jobs to come, which may only read it.
    cache = [Path(environment[CACHE_DIR])] if CACHE_DIR in executor.environment and CACHE_DIR in environment else []
    async with relays(addresses(executor.environment, environment), environment) as sockets:
        shown = [*named_in(environment, executor.environment), *map(Path, sockets.values())]
        variables = clean_environment(executor.environment, environment) | sockets
        if sandbox.bubblewrap:
            variables[CONFINED] = "1"
        with temporary_place(home, shown, [each for each in cache if each.is_dir()]) as place:
            variables |= private(place.folder)
            async with spawn(sandbox, command, place, environment=variables, limits=limits) as child:
                said, _ = await child.process.communicate()
    return _capability(said)


def _capability(said: bytes) -> Capability:
    lines = [line for line in said.splitlines() if line.startswith(b"{")]
    try:
        return msgspec.json.decode(lines[-1], type=Capability)
    except (IndexError, msgspec.DecodeError):
        words = said.decode(errors="replace").strip()[-_TAIL_CHARS:]
        return Capability(available=False, missing=f"its probe crashed: {words}")


if __name__ == "__main__":
    main()
