"""Removes containers whose job is over: `python -m hypernode.executors.generic_compute.sweeper FOLDER`.

A container is no child of the process that asked for it. It goes when that process ends it, or, where it was killed,
by this program, which waits for the end of its standard input, held by the process, and then removes what carries the
job's folder as its label. A killed sandbox takes this program with it; then the node sweeps.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from hypernode.executors.generic_compute.engine import Engine, EngineRefused
from hypernode.executors.generic_compute.settings import CONTAINER_HOST, Settings
from hypernode.ports import ExecutionFailed

LABEL: Final = "hypernode.job"
_GONE: Final = frozenset({404, 409})
"""Removed already, or just being removed by somebody else."""


def sweep(folder: Path, settings: Settings) -> list[str]:
    """Remove all containers of jobs whose folder is this one or lies in it. Returns their ids.

    Raises ExecutionFailed where the engine does not answer.
    """
    engine = Engine(settings.socket)
    query = {"all": "true", "filters": msgspec.json.encode({"label": [LABEL]}).decode()}
    found = [
        each["Id"]
        for each in engine.call("GET", "/containers/json", query)
        if Path(each["Labels"][LABEL]).is_relative_to(folder)
    ]
    for container in found:
        remove(engine, container)
    return found


def remove(engine: Engine, container: str) -> None:
    """Kill a container and forget it. Raises ExecutionFailed where the engine will not."""
    try:
        engine.call("DELETE", f"/containers/{container}", {"force": "true", "v": "true"})
    except EngineRefused as refused:
        if refused.status not in _GONE:
            raise ExecutionFailed(f"the container engine does not remove a container: {refused}") from refused


@contextlib.contextmanager
def watch(folder: Path, settings: Settings) -> Iterator[None]:
    """While it is open, the end of this process is also the end of the folder's containers."""
    if settings.sandboxed:
        yield
        return
    command = [sys.executable, "-P", "-m", __name__, str(folder)]
    # In a session of its own: what kills the process group of the job must not kill it.
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={CONTAINER_HOST: settings.container_host},
    ) as watching:
        try:
            yield
        finally:
            watching.kill()


def main() -> None:
    """Wait, then sweep."""
    sys.stdin.buffer.read()
    sweep(Path(sys.argv[1]), Settings.read())


if __name__ == "__main__":
    main()
