"""Engines that stay loaded between jobs: one process for each job type and model, in a sandbox of its own.

Only the provider's own models stay: a job that brings a file along gets a process of its own, and so does an audit.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import msgspec
import structlog

from hypernode.node import resident
from hypernode.node.events import AnyEvent, Done, Failed, Spec
from hypernode.node.limits import Limits
from hypernode.node.outputs import collect, remove
from hypernode.node.relays import relays
from hypernode.node.resident import Break, Start
from hypernode.node.runner import (
    INPUTS,
    OVERTIME_S,
    PYTHON,
    Finished,
    Job,
    OnEvent,
    Worker,
    heed,
    started,
    variables_of,
)
from hypernode.node.sandbox.bubblewrap import OUTPUTS, TEMPORARY
from hypernode.node.sandbox.child import TERM_GRACE_S, Place, Sandbox
from hypernode.node.sandbox.view import named_in
from hypernode.ports import ExecutionFailed, Executor

_log = structlog.get_logger()

Key = tuple[str, str]
"""A job type and a model."""
CHECK_EVERY_S: Final = 1.0


@dataclass(slots=True)
class _Resident:
    """A process, and what its jobs say."""

    worker: Worker
    folder: Path
    said: dict[str, "asyncio.Queue[AnyEvent | None]"] = field(default_factory=dict[str, Any])
    used_at: float = 0.0
    obituary: str = ""

    def order(self, what: Start | Break) -> None:
        """Write to its standard input; one that is gone is heard of elsewhere."""
        stdin = self.worker.child.process.stdin
        assert stdin
        stdin.write(msgspec.json.encode(what) + b"\n")


class Residents:
    """Starts a process when a job first asks for it, and ends it when it was idle for long. `close` it."""

    def __init__(
        self, home: Path, sandbox: Sandbox, limits: Limits, environment: Mapping[str, str], keep_s: float
    ) -> None:
        self._home = home
        self._sandbox = sandbox
        self._limits = limits
        self._environment = environment
        self._keep_s = keep_s
        self._alive: dict[Key, asyncio.Future[_Resident]] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._count = 0

    def takes(self, executor: Executor, job: Job) -> bool:
        """Whether a job is run here: it shares its process with other customers' jobs, so it brings no file along."""
        if not self._keep_s or not executor.resident or job.audit or job.resume:
            return False
        try:
            return not executor.artifacts(msgspec.convert(dict(job.input), executor.Input))
        except msgspec.ValidationError:
            return False  # The ordinary way says what is wrong.

    async def run(self, executor: Executor, job: Job, folder: Path, on_event: OnEvent) -> Finished:
        """As `runner.run` does, for a job that `takes` said yes to. Files come to lie in `folder`."""
        key = (job.job_type, job.model)
        home = await self._get(executor, job, key)
        self._count += 1
        name = f"job-{self._count}"
        queue = home.said[name] = asyncio.Queue()
        if home.obituary:  # It ended while this waited for it; nobody would tell of that any more.
            queue.put_nowait(None)
        inputs, outputs = home.folder / INPUTS / name, home.folder / OUTPUTS / name
        for each in (inputs, outputs):
            each.mkdir()
        spec = Spec(
            job_type=job.job_type,
            model=job.model,
            input=dict(job.input),
            inputs=str(inputs),
            outputs=str(outputs),
            max_duration_s=job.max_duration_s,
            rlimits=self._sandbox.rlimits(self._limits),
        )
        goes_on = True
        try:
            home.order(Start(name, spec))
            async with asyncio.timeout(job.max_duration_s + OVERTIME_S):
                done = await heed(queue.get, on_event, self._limits)
            goes_on = False
        except ExecutionFailed:
            goes_on = False
            raise
        except TimeoutError:
            raise ExecutionFailed(f"ran longer than {job.max_duration_s:g} s and did not stop") from None
        finally:
            if goes_on:
                await self._break(home, name, key)
            home.said.pop(name, None)
            home.used_at = asyncio.get_running_loop().time()
            with contextlib.suppress(OSError):
                outputs.rename(folder / OUTPUTS)
                inputs.rmdir()
        if done is None:
            raise ExecutionFailed(home.obituary)
        files = await asyncio.to_thread(collect, folder / OUTPUTS, self._limits.output_files, self._limits.output_bytes)
        return Finished(done.output, done.units, done.fingerprint, files)

    async def close(self) -> None:
        """End all processes."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _get(self, executor: Executor, job: Job, key: Key) -> _Resident:
        if key not in self._alive:
            self._alive[key] = asyncio.get_running_loop().create_future()
            self._tasks[key] = asyncio.create_task(self._live(executor, job, key, self._alive[key]))
        return await asyncio.shield(self._alive[key])

    async def _break(self, home: _Resident, name: str, key: Key) -> None:
        """Break a job off. Where it goes on all the same its process ends, with all other jobs in it."""
        home.order(Break(name))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TERM_GRACE_S):
                while not isinstance(await home.said[name].get(), Done | Failed | None):
                    continue
            return
        _log.warning("engine_did_not_stop", job_type=key[0], model=key[1])
        if task := self._tasks.get(key):
            task.cancel()

    async def _live(self, executor: Executor, job: Job, key: Key, ready: "asyncio.Future[_Resident]") -> None:
        """The life of one process."""
        folder = Path(mkdtemp(prefix="engine-", dir=self._home))
        home: _Resident | None = None
        try:
            for name in (INPUTS, OUTPUTS, TEMPORARY):
                (folder / name).mkdir()
            given = msgspec.convert(dict(job.input), executor.Input)
            async with relays(executor.connects(given), self._environment) as sockets:
                variables = variables_of(executor, self._environment, folder, self._sandbox) | sockets
                shown = [*named_in(self._environment, executor.environment), *map(Path, sockets.values())]
                command = [*PYTHON, resident.__name__]
                async with started(
                    self._sandbox, command, Place(folder, shown), variables, self._limits, [key[0]]
                ) as worker:
                    home = _Resident(worker, folder, used_at=asyncio.get_running_loop().time())
                    ready.set_result(home)
                    await self._listen(home, key)
        except ExecutionFailed as failure:
            _log.warning("engine_ended", job_type=key[0], model=key[1], reason=str(failure))
            if home:
                home.obituary = str(failure)
        except Exception as error:
            if not ready.done():
                ready.set_exception(ExecutionFailed(f"the engine's process did not start: {error}"))
        finally:
            self._forget(key, ready)
            if home:
                home.obituary = home.obituary or "the engine was stopped"
                for queue in home.said.values():
                    queue.put_nowait(None)
            await asyncio.to_thread(remove, folder)

    def _forget(self, key: Key, ready: "asyncio.Future[_Resident]") -> None:
        if self._alive.get(key) is ready:
            del self._alive[key], self._tasks[key]

    async def _listen(self, home: _Resident, key: Key) -> None:
        """Hand what it says to its jobs, until it was idle for long. Raises ExecutionFailed where it ends by itself."""
        reading = asyncio.create_task(home.worker.events.readline())
        try:
            while True:
                ended, _ = await asyncio.wait({reading}, timeout=CHECK_EVERY_S)
                if reason := home.worker.child.exceeded():
                    raise ExecutionFailed(reason)
                if not ended:
                    idle_s = asyncio.get_running_loop().time() - home.used_at
                    if not home.said and idle_s > self._keep_s:
                        self._forget(key, self._alive[key])  # The next job starts another one.
                        return
                    continue
                line = reading.result()
                if not line.endswith(b"\n"):
                    raise ExecutionFailed(await home.worker.obituary())
                told = resident.decode_told(line)
                if queue := home.said.get(told.job):
                    queue.put_nowait(told.event)
                reading = asyncio.create_task(home.worker.events.readline())
        except (ValueError, msgspec.DecodeError) as error:
            raise ExecutionFailed(f"the engine's process sent no event: {error}") from None
        finally:
            reading.cancel()
