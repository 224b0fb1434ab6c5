"""Runs one job in a child process of its own: private folders, clean environment, hard limits, certain end."""

import asyncio
import contextlib
import errno
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from hypernode.domain.isolation import Isolation
from hypernode.domain.receipt import Verdict
from hypernode.node import events
from hypernode.node.events import AnyEvent, Checkpoint, ClaimSpec, Done, Failed, Log, Progress, Spec, Stream
from hypernode.node.limits import Limits
from hypernode.node.outputs import OutputFile, check_disk, collect, measure, within
from hypernode.node.relays import relays
from hypernode.node.sandbox.bubblewrap import OUTPUTS, TEMPORARY
from hypernode.node.sandbox.child import BARE, Child, Place, Sandbox, spawn
from hypernode.node.sandbox.rlimits import Rlimits
from hypernode.node.sandbox.view import named_in
from hypernode.ports import ExecutionFailed, Executor, Finding
from hypernode.protocol.frames import Audit
from hypernode.protocol.limits import MAX_RESULT_BYTES

OVERTIME_S: Final = 5.0
"""An executor ends a run at its time limit itself; the child process is killed this much later."""
CHECK_EVERY_S: Final = 1.0
"""How often is looked at what a running job uses."""
CONFINED: Final = "HYPERNODE_SANDBOX"
"""A variable of the job: 1 where the sandbox was proved."""
PYTHON: Final = (sys.executable, "-P", "-m")
"""-P: a file in the job's folder must not shadow a module."""
INPUTS: Final = "inputs"
CLAIM: Final = "claim"
RESUME: Final = "resume"
_STDERR_TAIL_BYTES: Final = 4_096
LONGEST_EVENT_BYTES: Final = 8 * MAX_RESULT_BYTES
_PASSED_ON: Final = ("PATH", "LANG")


@dataclass(frozen=True, slots=True)
class Job:
    """What to run."""

    job_type: str
    model: str
    input: Mapping[str, Any]
    max_duration_s: float
    audit: Audit | None = None  #: Check this claim instead of running the input.
    resume: str = ""  #: SHA-256 of the latest checkpoint of an earlier attempt.


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that ended with a result. Its files lie in the job's folder."""

    output: dict[str, Any]
    units: int
    fingerprint: dict[str, str]
    files: list[OutputFile]


_USUAL: Final = Limits()

Fetch = Callable[[str, Path], Awaitable[None]]
"""Brings the artifact of a SHA-256 to a path, or raises ExecutionFailed."""
OnEvent = Callable[[Progress | Log | Stream | Checkpoint], None]


async def run(
    executor: Executor,
    job: Job,
    folder: Path,
    *,
    fetch: Fetch,
    on_event: OnEvent,
    limits: Limits = _USUAL,
    environment: Mapping[str, str] = {},
    sandbox: Sandbox = BARE,
    prefix: Sequence[str] = (),
) -> Finished:
    """Run a job in `folder`, which must exist and be empty. Cancelling the task kills all processes of the job.

    `environment` is where the variables that the executor declares come from; `prefix` is a command that starts the
    child, within the sandbox. Raises ExecutionFailed, also when the child ends without a result.
    """
    for name in (INPUTS, CLAIM, OUTPUTS, TEMPORARY):
        (folder / name).mkdir()
    try:
        given = msgspec.convert(dict(job.input), executor.Input)
    except msgspec.ValidationError as error:
        raise ExecutionFailed(str(error), blames_input=True) from error
    for name, sha256 in executor.artifacts(given).items():
        path = within(folder / INPUTS, PurePosixPath(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        await fetch(sha256, path)
    if job.resume:
        await fetch(job.resume, folder / RESUME)
    if job.audit and (finding := await _fetch_claimed(job.audit, folder / CLAIM, fetch)):
        return Finished(msgspec.to_builtins(finding), 0, {}, [])

    spec = _spec(job, folder, sandbox.rlimits(limits))
    connected = executor.connects(given)
    async with _swept(executor, folder, needed=bool(connected)), relays(connected, environment) as sockets:
        variables = variables_of(executor, environment, folder, sandbox) | sockets
        shown = [*named_in(environment, executor.environment), *map(Path, sockets.values())]
        place = Place(folder, shown)
        command = [*prefix, *PYTHON, "hypernode.node.worker"]
        async with started(sandbox, command, place, variables, limits) as worker:
            done = await _converse(worker, spec, folder, on_event, limits)
    files = await asyncio.to_thread(collect, folder / OUTPUTS, limits.output_files, limits.output_bytes)
    return Finished(done.output, done.units, done.fingerprint, files)


@contextlib.asynccontextmanager
async def _swept(executor: Executor, folder: Path, *, needed: bool) -> AsyncGenerator[None]:
    """What a run left outside of its processes is gone in the end."""
    try:
        yield
    finally:
        if needed:
            await asyncio.to_thread(executor.sweep, folder)


def _spec(job: Job, folder: Path, rlimits: Rlimits) -> Spec:
    claim = job.audit and ClaimSpec(
        job.audit.output,
        job.audit.units,
        job.audit.model,
        job.audit.fingerprint,
        str(folder / CLAIM),
        job.audit.seed,
    )
    return Spec(
        job_type=job.job_type,
        model=job.model,
        input=dict(job.input),
        inputs=str(folder / INPUTS),
        outputs=str(folder / OUTPUTS),
        max_duration_s=job.max_duration_s,
        rlimits=rlimits,
        audit=claim,
        resume=str(folder / RESUME) if job.resume else "",
    )


async def _fetch_claimed(audit: Audit, folder: Path, fetch: Fetch) -> Finding | None:
    """Bring the claimed artifacts. A finding where no honest node could have left files of these names."""
    try:
        for artifact in audit.artifacts:
            path = within(folder, PurePosixPath(artifact.name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(exist_ok=False)
    except (ExecutionFailed, ValueError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        return Finding(Verdict.FAILED, f"the claimed files have impossible names: {error}")
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return Finding(Verdict.FAILED, f"a claimed file has an impossible name: {error}")
    for artifact in audit.artifacts:
        await fetch(artifact.sha256, folder / artifact.name)
    return None


def variables_of(executor: Executor, environment: Mapping[str, str], folder: Path, sandbox: Sandbox) -> dict[str, str]:
    """The whole environment of a job's process."""
    confined = {CONFINED: "1"} if sandbox.isolation is Isolation.SANDBOX else {}
    return clean_environment(executor.environment, environment) | private(folder) | confined


def private(folder: Path) -> dict[str, str]:
    """Variables that keep a process to its own folder."""
    return {
        "HOME": str(folder),
        "TMPDIR": str(folder / TEMPORARY),
        "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime would tell its maker of every start, and write files for that.
    }


def clean_environment(declared: Sequence[str], source: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the node's own secrets: only what an executor declares by name."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {name: source[name] for name in declared if name in source} | passed


@dataclass(slots=True)
class Worker:
    """The child process that does the work."""

    child: Child
    events: asyncio.StreamReader
    tail: deque[bytes] = field(default_factory=deque)

    async def drain_stderr(self) -> None:
        """Keep the end of what the child prints: it explains a crash."""
        assert self.child.process.stdout
        while piece := await self.child.process.stdout.read(_STDERR_TAIL_BYTES):
            self.tail.append(piece)
            while sum(map(len, self.tail)) - len(self.tail[0]) >= _STDERR_TAIL_BYTES:
                self.tail.popleft()

    def last_words(self) -> str:
        """The last line on stderr."""
        lines = b"".join(self.tail)[-_STDERR_TAIL_BYTES:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    async def obituary(self) -> str:
        """How the process ended, in words."""
        code = await self.child.process.wait()
        killer = self.child.killed_by()
        how = f"was killed by {killer.name}" if killer else f"exited with {code}"
        return f"the job's process {how} without a result: {self.last_words()}".rstrip(": ")


@contextlib.asynccontextmanager
async def started(
    sandbox: Sandbox,
    command: Sequence[str],
    place: Place,
    environment: Mapping[str, str],
    limits: Limits,
    more: Sequence[str] = (),
) -> AsyncGenerator[Worker]:
    """A child process, with a pipe for its events, whose descriptor follows its command, and `more` after that.

    None of what it starts outlives the context.
    """
    read_fd, write_fd = os.pipe()
    async with contextlib.AsyncExitStack() as stack:
        with os.fdopen(write_fd, "wb"):
            reader = asyncio.StreamReader(limit=LONGEST_EVENT_BYTES)
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_fd, "rb")
            )
            stack.callback(transport.close)
            whole = [*command, str(write_fd), *more]
            child = await stack.enter_async_context(
                spawn(sandbox, whole, place, environment=environment, limits=limits, pass_fds=[write_fd])
            )
        worker = Worker(child, reader)
        draining = asyncio.create_task(worker.drain_stderr())
        stack.callback(draining.cancel)
        yield worker


async def _converse(worker: Worker, spec: Spec, folder: Path, on_event: OnEvent, limits: Limits) -> Done:
    """Hand over the job and follow it to its end."""
    stdin = worker.child.process.stdin
    assert stdin
    stdin.write(msgspec.json.encode(spec))
    stdin.close()
    following = asyncio.create_task(_follow(worker, on_event, limits))
    watching = asyncio.create_task(_watch(worker.child, folder, limits))
    try:
        async with asyncio.timeout(spec.max_duration_s + OVERTIME_S):
            ended, _ = await asyncio.wait({following, watching}, return_when=asyncio.FIRST_COMPLETED)
        return await following if following in ended else await watching
    except TimeoutError:
        raise ExecutionFailed(f"ran longer than {spec.max_duration_s:g} s and did not stop") from None
    except ExecutionFailed as failure:
        if reason := worker.child.exceeded():
            raise ExecutionFailed(reason) from failure
        if reason := worker.child.starved():
            raise ExecutionFailed(f"{reason}: {failure}") from failure
        raise
    finally:
        following.cancel()
        watching.cancel()


async def _follow(worker: Worker, on_event: OnEvent, limits: Limits) -> Done:
    if done := await heed(lambda: _next_event(worker.events, limits), on_event, limits):
        return done
    raise ExecutionFailed(await worker.obituary())


async def heed(next_event: Callable[[], Awaitable[AnyEvent | None]], on_event: OnEvent, limits: Limits) -> Done | None:
    """Pass on what a run says, within the limits, to its end; None where its process ends first.

    Raises ExecutionFailed where the run does.
    """
    stream_room, log_room = limits.stream_chars, limits.log_lines
    while event := await next_event():
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
            case Progress() | Checkpoint():
                on_event(event)
    return None


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


async def _watch(child: Child, folder: Path, limits: Limits) -> Done:
    """Never returns: raises ExecutionFailed once the job uses too much, before it fills the machine."""
    while True:
        await asyncio.sleep(CHECK_EVERY_S)
        if reason := child.exceeded():
            raise ExecutionFailed(reason)
        await asyncio.to_thread(measure, folder / OUTPUTS, limits.output_files, limits.output_bytes)
        await asyncio.to_thread(check_disk, folder, limits.disk_mb)
