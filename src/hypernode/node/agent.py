"""The node: registers, stays connected, takes work while its leases live, and leaves in good order."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Coroutine
from typing import Any, Final

import httpx
import structlog
from msgspec.structs import replace

from hypernode.node import inventory, status
from hypernode.node.home import hold
from hypernode.node.identity import Identity, register
from hypernode.node.links import Link, LinkLost, LinkRefused, open_link
from hypernode.node.machine import Machine, look
from hypernode.node.outbox import Outbox
from hypernode.node.settings import NodeSettings
from hypernode.node.transfers import Transfers
from hypernode.node.work import Work
from hypernode.protocol.frames import Beat, Hello, Offer, Reported, Revoke, Welcome

WELCOME_TIMEOUT_S: Final = 15.0
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 30.0
_log = structlog.get_logger()


def retry_after_s(failures: int, luck: float) -> float:
    """Exponential back-off with jitter: after `failures` attempts in a row, with `luck` from 0 to 1."""
    longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(failures, 10))
    return longest * (0.5 + luck / 2)


async def serve(settings: NodeSettings) -> None:
    """Run a node until SIGTERM or SIGINT: the first one drains it, a second one stops it at once."""
    agent = Agent(settings, await look(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, agent.interrupt)
    await agent.run()


class Agent:
    """One node. `run` it once; `drain` or `stop` it from the same event loop. Raises HomeInUse."""

    def __init__(self, settings: NodeSettings, machine: Machine) -> None:
        self.online = asyncio.Event()
        """Set while the coordinator has this node's offers."""
        self._settings = settings
        self._machine = machine
        self._lock = hold(settings.home)
        self._http = httpx.AsyncClient(base_url=settings.coordinator_url)
        self._outbox = Outbox()
        self._work = Work(settings, machine.executors, Transfers(self._http), self._outbox, machine.sandbox)
        self._identity: Identity | None = None
        self._refused = ""  #: The token that the coordinator took no more.
        self._stopping = asyncio.Event()
        self._draining = asyncio.Event()
        self._welcome = Welcome(node_id="", beat_every_s=10, lease_ttl_s=60)
        self._heard_at = 0.0  #: When the coordinator certainly read something last, by the loop's clock.
        self._link: Link | None = None
        self._started_at = time.time()

    def drain(self) -> None:
        """Take no more jobs, finish those in hand, then end `run`."""
        self._draining.set()

    def stop(self) -> None:
        """Kill the jobs in hand and end `run`."""
        self._stopping.set()

    def interrupt(self) -> None:
        """Drain; when it drains already, stop."""
        if self._draining.is_set():
            self.stop()
        self.drain()

    async def run(self) -> None:
        """Serve until drained or stopped. Raises RegistrationRefused where the coordinator will not have this node."""
        with self._lock:
            async with self._http:
                await _first_of(self._connect(), self._leave(), self._fence())
            self._link = None
            self._write_status("stopped")

    async def _leave(self) -> None:
        """Return when it is time to go."""
        drained = asyncio.create_task(self._drained())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({drained, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            drained.cancel()
            stopping.cancel()
            await self._work.stop()

    async def _drained(self) -> None:
        await self._draining.wait()
        self._work.draining = True
        self._write_status("draining")
        if self._link:
            with contextlib.suppress(LinkLost, LinkRefused):  # Whoever connects again says that it drains.
                await self._link.send([self._hello()])
                await self._link.confirm()
        try:
            async with asyncio.timeout(self._settings.drain_timeout_s):
                await self._work.until_idle()
        except TimeoutError:
            _log.warning("drain_timed_out", jobs=self._work.jobs)

    async def _connect(self) -> None:
        """Stay registered and connected; returns never."""
        failures = 0
        while True:
            try:
                known = self._identity = self._identity or await self._register()
                async with open_link(self._http, known.node_id, self._settings.link) as link:
                    await self._converse(link)
            except LinkRefused as refused:
                _log.warning("link_refused", reason=str(refused))
                # Register anew: the coordinator may have lost or removed this node.
                self._refused, self._identity = self._identity.token if self._identity else "", None
            except LinkLost as lost:
                _log.warning("link_lost", coordinator=self._settings.coordinator_url, reason=str(lost))
            failures = 0 if self.online.is_set() else failures + 1
            self.online.clear()
            self._link = None
            self._write_status("connecting")
            await asyncio.sleep(retry_after_s(failures, random.random()))

    async def _register(self) -> Identity:
        hardware, job_types = self._machine.hardware, list(self._machine.executors)
        registered = await register(self._settings, hardware, job_types, self._refused)
        self._http.headers["Authorization"] = f"Bearer {registered.token}"
        _log.info("registered", node=registered.node_id, gpu=hardware.gpu_model, offers=job_types)
        return registered

    def _hello(self) -> Hello:
        offers = [replace(offer, warm_models=self._work.warm(offer.job_type)) for offer in self._machine.offers]
        return Hello(
            self._settings.capacity,
            offers,
            self._work.leases,
            self._work.draining,
            self._machine.sandbox.isolation,
            self._work.own_jobs_only,
        )

    async def _converse(self, link: Link) -> None:
        """Speak over one link until it is lost."""
        self._link = link
        hello = self._hello()
        await link.send([hello])
        await _first_of(self._listen(link), self._speak(link), self._beat(link, hello))

    async def _listen(self, link: Link) -> None:
        while True:
            for frame in await link.receive():
                match frame:
                    case Welcome():
                        self._welcome = frame
                        self._heard_at = asyncio.get_running_loop().time()
                        if not self.online.is_set():
                            _log.info("online", node=frame.node_id, link=link.name)
                        self.online.set()
                    case Offer():
                        self._work.take(frame)
                    case Revoke(lease_id, reason):
                        _log.info("lease_revoked", lease=lease_id, reason=reason)
                        self._work.forget(lease_id)
                    case Reported(lease_id):
                        self._work.forget(lease_id)

    async def _speak(self, link: Link) -> None:
        while True:
            frames = await self._outbox.take()
            try:
                await link.send(frames)
            except BaseException:
                self._outbox.put_back(frames)
                raise

    async def _beat(self, link: Link, said: Hello) -> None:
        """Keep the leases alive, repeat reports that nobody acknowledged, tell of models that have become warm."""
        try:
            async with asyncio.timeout(WELCOME_TIMEOUT_S):
                await self.online.wait()
        except TimeoutError:
            raise LinkLost("the coordinator does not welcome this node") from None
        loop = asyncio.get_running_loop()
        has_gpus = self._machine.hardware.gpu_count > 0
        while True:
            metrics = await asyncio.to_thread(inventory.live_metrics, with_gpus=has_gpus)
            sent_at = loop.time()
            await link.send([Beat(self._work.leases, metrics), *self._work.reports()])
            if (hello := self._hello()).engines != said.engines:
                await link.send([said := hello])
            await link.confirm()
            self._heard_at = sent_at
            self._write_status("draining" if self._work.draining else "online")
            await asyncio.sleep(self._welcome.beat_every_s)

    async def _fence(self) -> None:
        """Stop the runs once their leases must have expired: another node may have them by now. Returns never."""
        loop = asyncio.get_running_loop()
        while True:
            left_s = self._heard_at + self._welcome.lease_ttl_s - loop.time()
            if left_s <= 0 and (lost := self._work.abandon()):
                _log.warning("leases_lost", leases=lost)
            await asyncio.sleep(max(left_s, 0.5))

    def _write_status(self, state: status.Health) -> None:
        status.write(
            self._settings.home,
            status.Status(
                state=state,
                pid=os.getpid(),
                coordinator_url=self._settings.coordinator_url,
                wallet=self._settings.wallet,
                node_id=self._identity.node_id if self._identity else "",
                link=self._link.name if self._link else "",
                capacity=self._settings.capacity,
                jobs=self._work.jobs,
                completed=self._work.completed,
                failed=self._work.failed,
                offers={offer.job_type: offer.models for offer in self._machine.offers},
                gpu_model=self._machine.hardware.gpu_model,
                isolation=self._machine.sandbox.isolation,
                sandbox=self._machine.trial.sentence(),
                started_at=self._started_at,
                updated_at=time.time(),
            ),
        )


async def _first_of(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends; cancel the others and wait for them; raise what the first one raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
