"""Runs one job in a child process of its own: private folders, clean environment, hard limits, certain end."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from hypernode.node import events
from hypernode.node.events import AnyEvent, Done, Failed, Log, Progress, Spec, Stream
from hypernode.node.outputs import OutputFile, collect, measure, within
from hypernode.ports import ExecutionFailed, Executor
from hypernode.protocol.limits import MAX_ARTIFACT_BYTES, MAX_OUTPUT_FILES, MAX_RESULT_BYTES, MAX_STREAM_CHARS

TERM_GRACE_S: Final = 1.5
"""From SIGTERM to SIGKILL; with what is left to do, a cancelled job is gone within two seconds."""
OVERTIME_S: Final = 5.0
"""An executor ends a run at its time limit itself; the child process is killed this much later."""
OUTPUT_CHECK_S: Final = 1.0
"""How often the size of a running job's outputs is looked at."""
_STDERR_TAIL_BYTES: Final = 4_096
_LONGEST_EVENT_BYTES: Final = 8 * MAX_RESULT_BYTES
_PASSED_ON: Final = ("PATH", "LANG")


@dataclass(frozen=True, slots=True)
class Job:
    """What to run."""

    job_type: str
    model: str
    input: Mapping[str, Any]
    max_duration_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a job may put out. What is streamed or logged beyond is dropped; larger outputs end the job."""

    stream_chars: int = MAX_STREAM_CHARS
    log_lines: int = 10_000
    result_bytes: int = MAX_RESULT_BYTES
    output_files: int = MAX_OUTPUT_FILES
    output_bytes: int = MAX_ARTIFACT_BYTES
    open_files: int = 1_024


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that ended with a result. Its files lie in the job's folder."""

    output: dict[str, Any]
    units: int
    fingerprint: dict[str, str]
    files: list[OutputFile]


Fetch = Callable[[str, Path], Awaitable[None]]
"""Brings the artifact of a SHA-256 to a path, or raises ExecutionFailed."""
OnEvent = Callable[[Progress | Log | Stream], None]


async def run(
    executor: Executor,
    job: Job,
    folder: Path,
    *,
    fetch: Fetch,
    on_event: OnEvent,
    limits: Limits = Limits(),
    environment: Mapping[str, str] = {},
    prefix: Sequence[str] = (),
) -> Finished:
    """Run a job in `folder`, which must exist and be empty. Cancelling the task kills the job's whole process group.

    `environment` is where the variables that the executor declares come from; `prefix` is a command that starts the
    child within a sandbox. Raises ExecutionFailed, also when the child ends without a result.
    """
    inputs, outputs = folder / "inputs", folder / "outputs"
    for each in (inputs, outputs, folder / "tmp"):
        each.mkdir()
    try:
        given = msgspec.convert(dict(job.input), executor.Input)
    except msgspec.ValidationError as error:
        raise ExecutionFailed(str(error), blames_input=True) from error
    for name, sha256 in executor.artifacts(given).items():
        path = within(inputs, PurePosixPath(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        await fetch(sha256, path)

    spec = Spec(
        job_type=job.job_type,
        model=job.model,
        input=dict(job.input),
        inputs=str(inputs),
        outputs=str(outputs),
        max_duration_s=job.max_duration_s,
        max_file_bytes=limits.output_bytes,
        max_open_files=limits.open_files,
    )
    private = {"HOME": str(folder), "TMPDIR": str(folder / "tmp")}
    async with _child(prefix, folder, clean_environment(executor.environment, environment) | private) as child:
        done = await _converse(child, spec, on_event, limits)
    files = await asyncio.to_thread(collect, outputs, limits.output_files, limits.output_bytes)
    return Finished(done.output, done.units, done.fingerprint, files)


def clean_environment(declared: Sequence[str], source: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the node's own secrets: only what an executor declares by name."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {name: source[name] for name in declared if name in source} | passed


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    events: asyncio.StreamReader
    tail: deque[bytes] = field(default_factory=deque)

    async def drain_stderr(self) -> None:
        """Keep the end of what the child prints: it explains a crash."""
        assert self.process.stdout
        while piece := await self.process.stdout.read(_STDERR_TAIL_BYTES):
            self.tail.append(piece)
            while sum(map(len, self.tail)) - len(self.tail[0]) >= _STDERR_TAIL_BYTES:
                self.tail.popleft()

    def last_words(self) -> str:
        """The last line on stderr."""
        lines = b"".join(self.tail)[-_STDERR_TAIL_BYTES:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


@contextlib.asynccontextmanager
async def _child(prefix: Sequence[str], folder: Path, environment: Mapping[str, str]) -> AsyncGenerator[_Child]:
    """The child process, leader of its own session and group. None of the group outlives the context."""
    read_fd, write_fd = os.pipe()
    try:
        reader = asyncio.StreamReader(limit=_LONGEST_EVENT_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_fd, "rb")
        )
        # Nothing may be awaited between here and the `try` below: a cancellation would leave the process behind.
        process = await asyncio.create_subprocess_exec(
            *prefix,
            # -P: a file in the job's folder must not shadow a module.
            *(sys.executable, "-P", "-m", "hypernode.node.worker", str(write_fd)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=(write_fd,),
            start_new_session=True,
            cwd=folder,
            env=environment,
        )
    finally:
        os.close(write_fd)
    child = _Child(process, reader)
    draining = asyncio.create_task(child.drain_stderr())
    try:
        yield child
    finally:
        await _stop(process)
        draining.cancel()
        transport.close()


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the child and all that it started. Holds against a second cancellation, too."""
    try:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TERM_GRACE_S):
                await process.wait()
    finally:
        _signal_group(process, signal.SIGKILL)
        await process.wait()


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    # macOS answers EPERM for a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


async def _converse(child: _Child, spec: Spec, on_event: OnEvent, limits: Limits) -> Done:
    """Hand over the job and follow it to its end."""
    assert child.process.stdin
    child.process.stdin.write(msgspec.json.encode(spec))
    child.process.stdin.close()
    following = asyncio.create_task(_follow(child, on_event, limits))
    watching = asyncio.create_task(_watch_outputs(Path(spec.outputs), limits))
    try:
        async with asyncio.timeout(spec.max_duration_s + OVERTIME_S):
            ended, _ = await asyncio.wait({following, watching}, return_when=asyncio.FIRST_COMPLETED)
        return await following if following in ended else await watching
    except TimeoutError:
        raise ExecutionFailed(f"ran longer than {spec.max_duration_s:g} s and did not stop") from None
    finally:
        following.cancel()
        watching.cancel()


async def _follow(child: _Child, on_event: OnEvent, limits: Limits) -> Done:
    stream_room, log_room = limits.stream_chars, limits.log_lines
    while event := await _next_event(child.events, limits):
        match event:
            case Done():
                return event
            case Failed():
                raise ExecutionFailed(event.message, blames_input=event.blames_input)
            case Stream(text):
                if stream_room > 0:
                    on_event(Stream(text[:stream_room]))
                stream_room -= len(text)
            case Log():
                if log_room > 0:
                    on_event(event)
                elif log_room == 0:
                    on_event(Log(f"more than {limits.log_lines} lines: the rest is dropped"))
                log_room -= 1
            case Progress():
                on_event(event)
    code = await child.process.wait()
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
    raise ExecutionFailed(f"the job's process {how} without a result: {child.last_words()}".rstrip(": "))


async def _next_event(reader: asyncio.StreamReader, limits: Limits) -> AnyEvent | None:
    """None at the end, and for the broken line of a child that was killed while it wrote."""
    try:
        line = await reader.readline()
        event: AnyEvent | None = events.decode(line) if line.endswith(b"\n") else None
    except (ValueError, msgspec.DecodeError) as error:  # ValueError: longer than the reader's limit.
        raise ExecutionFailed(f"the job's process sent no event: {error}") from None
    if isinstance(event, Done) and len(line) > limits.result_bytes:
        raise ExecutionFailed(f"the result is larger than {limits.result_bytes} bytes", blames_input=True)
    return event


async def _watch_outputs(outputs: Path, limits: Limits) -> Done:
    """Never returns: raises ExecutionFailed once the outputs grow too large, before they fill the disk."""
    while True:
        await asyncio.sleep(OUTPUT_CHECK_S)
        await asyncio.to_thread(measure, outputs, limits.output_files, limits.output_bytes)
