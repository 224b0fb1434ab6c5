"""Puts the states of a running job aside, outside of this machine: the latest one, as fast as the line allows."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from hypernode.node.outputs import OutputFile, take
from hypernode.ports import ExecutionFailed
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.protocol.limits import MAX_ARTIFACT_BYTES

_log = structlog.get_logger()

Upload = Callable[[OutputFile], Awaitable[ArtifactRef]]
Keep = Callable[[str], None]


@asynccontextmanager
async def keeping(
    outputs: Path, aside: Path, upload: Upload, kept: Callable[[ArtifactRef], None]
) -> AsyncGenerator[Keep]:
    """While the context lasts, the given function takes names of files in `outputs`, and `kept` hears of each upload.

    `aside` is a folder out of the job's reach. What cannot be kept is logged: it costs the job nothing but time, should
    this attempt be lost.
    """
    waiting: asyncio.Queue[str] = asyncio.Queue()

    async def work() -> None:
        while True:
            name = await waiting.get()
            while not waiting.empty():  # Only the latest one counts.
                name = waiting.get_nowait()
            copy = aside / "checkpoint"
            try:
                file = await asyncio.to_thread(take, outputs, name, copy, MAX_ARTIFACT_BYTES)
                kept(await upload(file))
            except (ExecutionFailed, OSError) as error:
                _log.warning("checkpoint_not_kept", name=name, error=str(error))
            finally:
                copy.unlink(missing_ok=True)

    worker = asyncio.create_task(work())
    try:
        yield waiting.put_nowait
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
