"""The leases in this node's hands: from the offer, through the run, to the acknowledged report."""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from hypernode.domain.isolation import Isolation
from hypernode.executors.llm_inference.settings import MODELS_DIR
from hypernode.node import events
from hypernode.node.cache import Cache
from hypernode.node.checkpoints import Keep, keeping
from hypernode.node.models import Models
from hypernode.node.outbox import Outbox
from hypernode.node.outputs import OutputFile, remove
from hypernode.node.residents import Residents
from hypernode.node.runner import Finished, Job, OnEvent, run
from hypernode.node.sandbox.bubblewrap import OUTPUTS
from hypernode.node.sandbox.child import BARE, Sandbox
from hypernode.node.settings import NodeSettings
from hypernode.node.transfers import Transfers
from hypernode.ports import ExecutionFailed, Executor
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.protocol.frames import Accept, Checkpoint, Decline, Log, Offer, Progress, Report, Stream

LONGEST_ERROR: Final = 2_000
_log = structlog.get_logger()


@dataclass(slots=True)
class _Held:
    offer: Offer
    task: "asyncio.Task[None]"
    report: Report | None = None  #: Once the run has ended; kept until it is acknowledged.


class Work:
    """Takes offers up to the node's capacity, runs them, and keeps their reports until they are acknowledged."""

    def __init__(
        self,
        settings: NodeSettings,
        executors: Mapping[str, Executor],
        transfers: Transfers,
        outbox: Outbox,
        sandbox: Sandbox = BARE,
    ) -> None:
        self.draining = False
        self.completed = 0
        self.failed = 0
        self._ran: defaultdict[str, set[str]] = defaultdict(set)
        """Models that ran here since the start, by job type: they load from the page cache."""
        self._settings = settings
        self._executors = executors
        self._transfers = transfers
        self._outbox = outbox
        self._sandbox = sandbox
        environment = settings.executor_environment()
        models = Cache(Path(environment[MODELS_DIR]), settings.models_mb << 20)
        self._models = Models(models, transfers, environment)
        self._artifacts = Cache(settings.home / "cache" / "artifacts", settings.artifacts_mb << 20)
        self._limits = settings.limits()
        self._held: dict[str, _Held] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(settings.capacity)
        self._idle = asyncio.Event()
        self._idle.set()
        self._folder = settings.home / "jobs"
        # What an agent that was killed left behind.
        for executor in executors.values():
            executor.sweep(self._folder)
        _remove(self._folder)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._residents = Residents(self._folder, sandbox, self._limits, environment, settings.keep_engine_s)

    @property
    def own_jobs_only(self) -> bool:
        """By the owner's choice, or because strangers' jobs could harm this machine and nobody has allowed them."""
        return self._settings.own_jobs_only or (
            self._sandbox.isolation is not Isolation.SANDBOX and not self._settings.allow_unsandboxed
        )

    def warm(self, job_type: str) -> list[str]:
        """The models of a job type that need not be fetched, or not even be read from the disk."""
        suffix = self._executors[job_type].model_suffix
        return sorted(self._ran[job_type] | (self._models.warm(suffix) if suffix else set()))

    @property
    def leases(self) -> list[str]:
        """Ids of the leases to keep alive: the running ones, and those whose report is not acknowledged yet."""
        return list(self._held)

    @property
    def jobs(self) -> list[str]:
        """Ids of their jobs."""
        return [held.offer.job_id for held in self._held.values()]

    async def until_idle(self) -> None:
        """Return when nothing is in hand."""
        await self._idle.wait()

    def take(self, offer: Offer) -> None:
        """Accept an offer and start it, or decline it."""
        if offer.lease_id in self._held:
            return  # The coordinator offered it again, not knowing that it was taken.
        if reason := self._reason_to_decline(offer):
            self._outbox.put(Decline(offer.lease_id, reason), urgent=True)
            return
        self._outbox.put(Accept(offer.lease_id), urgent=True)
        task = asyncio.create_task(self._finish(offer))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        self._held[offer.lease_id] = _Held(offer, task)
        self._idle.clear()

    def _reason_to_decline(self, offer: Offer) -> str:
        if self.draining:
            return "draining"
        if self.own_jobs_only and offer.customer != self._settings.wallet:
            return "takes jobs of its own wallet alone"
        if offer.job_type not in self._executors:
            return f"cannot run {offer.job_type}"
        taken = sum(held.report is None for held in self._held.values())
        return "at capacity" if taken >= self._settings.capacity else ""

    def forget(self, lease_id: str) -> None:
        """The lease is over: stop its run, keep no report."""
        if held := self._held.pop(lease_id, None):
            held.task.cancel()
        if not self._held:
            self._idle.set()

    def abandon(self) -> Collection[str]:
        """Stop all runs: their leases must have passed to other nodes. Finished ones may still report."""
        lost = [lease_id for lease_id, held in self._held.items() if held.report is None]
        for lease_id in lost:
            self.forget(lease_id)
        return lost

    def reports(self) -> list[Report]:
        """Those that were not acknowledged yet."""
        return [held.report for held in self._held.values() if held.report]

    async def stop(self) -> None:
        """Kill all runs, and return when their processes are gone."""
        for task in self._running:
            if not task.cancelling():  # A second cancellation would break off the cleaning.
                task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._residents.close()

    async def _finish(self, offer: Offer) -> None:
        async with self._places:  # What was revoked keeps its place until its processes are gone.
            _log.info("job_started", job=offer.job_id, job_type=offer.job_type, attempt=offer.attempt)
            report = await self._attempt(offer)
        self.completed += not report.error
        self.failed += bool(report.error)
        _log.info("job_ended", job=offer.job_id, units=report.units, error=report.error)
        if report.model and not report.error:
            self._ran[offer.job_type].add(report.model)
        if held := self._held.get(offer.lease_id):
            held.report = report
            self._outbox.put(report, urgent=True)

    async def _attempt(self, offer: Offer) -> Report:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            return await self._run(offer, folder)
        except ExecutionFailed as failure:
            return Report(offer.lease_id, error=str(failure)[:LONGEST_ERROR], blames_input=failure.blames_input)
        except Exception as error:
            _log.exception("job_broke", job=offer.job_id)
            return Report(offer.lease_id, error=f"the node failed: {type(error).__name__} {error}"[:LONGEST_ERROR])
        finally:
            await asyncio.to_thread(_remove, folder)

    async def _run(self, offer: Offer, folder: Path) -> Report:
        executor = self._executors[offer.job_type]
        aside = Path(tempfile.mkdtemp(dir=self._folder))

        async def upload(file: OutputFile) -> ArtifactRef:
            return await self._transfers.upload(offer.job_id, file)

        def kept(artifact: ArtifactRef) -> None:
            self._outbox.put(Checkpoint(offer.lease_id, artifact), urgent=True)

        try:
            async with (
                self._models.hold(offer.model, executor.model_suffix) as model,
                keeping(folder / OUTPUTS, aside, upload, kept) as keep,
            ):
                job = Job(
                    offer.job_type,
                    model,
                    offer.input,
                    offer.max_duration_s,
                    offer.audit,
                    offer.audit.resume if offer.audit else offer.resume,
                )
                tell = self._teller(offer.lease_id, keep)
                # A fetched model is a stranger's file: no other customer's job is read by the same process.
                shared = model == offer.model and self._residents.takes(executor, job)
                finished = await self._execute(executor, job, folder, tell, shared=shared)
            artifacts = [await upload(file) for file in finished.files]
        finally:
            await asyncio.to_thread(_remove, aside)
        # Who serves models says in the output which one answered; a fetched one is called what the job called it.
        served = str(finished.output.get("model", ""))
        return Report(
            lease_id=offer.lease_id,
            result=finished.output,
            units=finished.units,
            artifacts=artifacts,
            fingerprint=finished.fingerprint,
            model=offer.model if served == model else served,
        )

    async def _execute(self, executor: Executor, job: Job, folder: Path, tell: OnEvent, *, shared: bool) -> Finished:
        """Run a job in a process of its own, or in that of an engine that stays."""
        if shared:
            return await self._residents.run(executor, job, folder, tell)
        return await run(
            executor,
            job,
            folder,
            fetch=self._fetch,
            on_event=tell,
            environment=self._settings.executor_environment(),
            limits=self._limits,
            sandbox=self._sandbox,
        )

    async def _fetch(self, sha256: str, path: Path) -> None:
        """Bring an artifact to a path, from the cache where it is there. A copy: a job may write to its own."""
        async with self._artifacts.hold(sha256, partial(self._transfers.download, sha256)) as cached:
            await asyncio.to_thread(shutil.copyfile, cached, path)

    def _teller(self, lease_id: str, keep: Keep) -> OnEvent:
        def tell(event: events.Progress | events.Log | events.Stream | events.Checkpoint) -> None:
            match event:
                case events.Progress(fraction, message):
                    self._outbox.put(Progress(lease_id, fraction, message))
                case events.Log(line):
                    self._outbox.put(Log(lease_id, [line]))
                case events.Stream(text):
                    self._outbox.put(Stream(lease_id, text))
                case events.Checkpoint(name):
                    keep(name)

        return tell


def _remove(folder: Path) -> None:
    """Delete a job's folder; a failure is the provider's to look into, and not the job's."""
    try:
        if folder.exists():
            remove(folder)
    except OSError:
        _log.exception("folder_was_not_removed", folder=str(folder))
