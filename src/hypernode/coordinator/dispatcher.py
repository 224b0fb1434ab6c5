"""Speaks with the connected nodes: what they offer, what they accept, what they report."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from hypernode.coordinator.bus import Bus
from hypernode.coordinator.demands import engine_of
from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.receiver import Receiver, is_plain
from hypernode.coordinator.registry import KnownNode, Registry
from hypernode.coordinator.sessions import Held, Session, Sessions
from hypernode.coordinator.settler import DECLINED, Ended, Ending, Settler
from hypernode.domain.errors import BadField, InvalidRequest, NodeSuspended, NotFound, StaleLease
from hypernode.domain.job import JobState
from hypernode.domain.lease import LeaseEvent, LeaseState
from hypernode.domain.money import InvalidAmount
from hypernode.domain.node import NodeEvent, NodeState
from hypernode.protocol import limits
from hypernode.protocol.frames import (
    Accept,
    Beat,
    Checkpoint,
    Decline,
    Hello,
    Log,
    NodeFrame,
    Progress,
    Report,
    Reported,
    Revoke,
    Stream,
    Welcome,
)
from hypernode.store import artifacts, jobs, nodes
from hypernode.store.database import Database
from hypernode.store.events import NewEvent
from hypernode.store.group_commit import GroupCommit

LOST: Final = "lost"
STOPPED: Final = "stopped"
RESTARTED: Final = "the node restarted"
NO_LEASE: Final = UUID(int=0)


class Dispatcher:
    """All that a node says comes through here, over whichever link."""

    def __init__(
        self,
        database: Database,
        coordinator_id: UUID,
        registry: Registry,
        sessions: Sessions,
        matchmaker: Matchmaker,
        settler: Settler,
        receiver: Receiver,
        bus: Bus,
        policy: Policy,
    ) -> None:
        self._database = database
        self._coordinator_id = coordinator_id
        self._registry = registry
        self._sessions = sessions
        self._matchmaker = matchmaker
        self._settler = settler
        self._receiver = receiver
        self._bus = bus
        self._policy = policy
        self._drained = set[UUID]()  #: Those that are to take no more jobs, whatever they say as they connect.
        self._accepting = GroupCommit(self._accept_all)
        self._renewing = GroupCommit(self._renew_all)

    # --- connections

    def open(self, node: KnownNode, *, polls: bool) -> Session:
        """A node's connection begins; it gets work after its Hello."""
        ttl_s = self._policy.poll_lease_ttl_s if polls else self._policy.lease_ttl_s
        return Session(node.node_id, node.wallet, polls, ttl_s, asyncio.get_running_loop().time())

    def close(self, session: Session) -> None:
        """A connection ended. The node's leases live on for their time: it may come back."""
        if self._sessions.detach(session):
            self._matchmaker.remove(session.node_id)

    def changed(self, row: Mapping[str, Any]) -> None:
        """A node's description has changed."""
        session = self._sessions.get(row["node_id"])
        if session is not None:
            self._matchmaker.describe(row)

    def gone(self, node_id: UUID) -> None:
        """A node was removed, here or at another coordinator."""
        self._registry.forget(node_id)
        self._drained.discard(node_id)
        if session := self._sessions.get(node_id):
            self.close(session)

    async def receive(self, session: Session, frames: Sequence[NodeFrame]) -> None:
        """What a node says. Frames of one message: offers first, reports last; else in their order."""
        if len(frames) > limits.MAX_FRAMES_PER_MESSAGE:
            raise InvalidRequest([BadField("frames", f"at most {limits.MAX_FRAMES_PER_MESSAGE} in a message")])
        session.heard_at = asyncio.get_running_loop().time()
        for frame in frames:
            if isinstance(frame, Hello):
                await self._hello(session, frame)
        reports = [f for f in frames if isinstance(f, Report)]
        # What is accepted and reported at once needs one commit, not two.
        over = {report.lease_id for report in reports}
        await self._accept(session, [f for f in frames if isinstance(f, Accept) and f.lease_id not in over])
        await self._tell(session, [f for f in frames if isinstance(f, Progress | Log | Stream)])
        for frame in frames:
            if isinstance(frame, Checkpoint):
                await self._keep(session, frame)
        for frame in frames:
            if isinstance(frame, Beat):
                await self._beat(session, frame)
            elif isinstance(frame, Decline):
                await self._decline(session, frame)
        await self._report(session, reports)

    async def heartbeat(self, node_id: UUID, metrics: dict[str, Any], status: str | None) -> None:
        """The contract's heartbeat: a node that polls takes what it was offered, and renews all it holds."""
        await self._registry.known(node_id)
        session = self.sign_of_life(node_id, metrics, status)
        if session is None:
            return
        waiting = [held for held in session.leases.values() if not held.accepted]
        await self._accept(session, [Accept(str(held.lease_id)) for held in waiting])
        await self._renew(session, [held.lease_id for held in session.leases.values()])

    def sign_of_life(self, node_id: UUID, metrics: dict[str, Any], status: str | None) -> Session | None:
        """A node lives. Returns its session here, if it has one. Raises InvalidRequest for an unknown status."""
        self._registry.beat(node_id, metrics, status)
        session = self._sessions.get(node_id)
        if status is not None and (drains := status == NodeState.DRAINING) != (node_id in self._drained):
            self._drained ^= {node_id}
            if session is not None:
                self._matchmaker.give(node_id, -session.capacity if drains else session.capacity)
        if session is not None:
            session.heard_at = asyncio.get_running_loop().time()
        return session

    def holds_leases(self, node_id: UUID) -> bool:
        """Whether a node has offers or jobs of this coordinator, which its heartbeat takes and renews."""
        session = self._sessions.get(node_id)
        return session is not None and bool(session.leases)

    async def result(
        self, job_id: UUID, node: KnownNode, lease_id: UUID | None, report: Report, lines: Sequence[str]
    ) -> None:
        """A result over plain HTTP, with what the job wrote. Raises StaleLease if the node does not hold the job."""
        live = await jobs.lease_of_report(self._database, job_id, node.node_id, lease_id)
        if live is None:
            raise StaleLease
        rows = await jobs.get(self._database, [job_id])
        if lines:
            await self._bus.publish([_log_event(job_id, rows[0]["wallet"], lines)])
        await self._receiver.report(Held.of(live, rows[0]), node.node_id, node.wallet, report)

    def ended(self, ended: Ended) -> None:
        """An attempt is over, whoever ended it: free the slot, tell the node."""
        session = self._sessions.get(ended.node_id)
        if ended.declined:
            self._matchmaker.decline(ended.job_id, ended.node_id)
        if session is not None and session.leases.pop(ended.lease_id, None):
            if ended.event in (LeaseEvent.REPORT, LeaseEvent.SUCCEED, LeaseEvent.FAIL):
                session.send(Reported(str(ended.lease_id), accepted=ended.event is not LeaseEvent.FAIL))
            else:
                reason = STOPPED if ended.event is LeaseEvent.REVOKE else LOST
                session.send(Revoke(str(ended.lease_id), reason))
            if ended.event is LeaseEvent.EXPIRE:
                self.close(session)  # It gets no more work until it shows that it lives.
            else:
                self._matchmaker.release(ended.node_id)
        if ended.job_state is JobState.QUEUED:
            self._matchmaker.refill()

    # --- frames

    async def _hello(self, session: Session, hello: Hello) -> None:
        try:
            for engine in hello.engines:
                engine_of(engine)
        except InvalidAmount as error:
            raise InvalidRequest([BadField("engines.pricePerUnit", str(error))]) from None
        drains = hello.draining or session.node_id in self._drained
        row = await nodes.connect(
            self._database,
            session.node_id,
            NodeEvent.DRAIN if drains else NodeEvent.HEARTBEAT,
            max(1, min(hello.capacity, limits.MAX_CAPACITY)),
            [msgspec.to_builtins(engine) for engine in hello.engines],
            self._coordinator_id,
            isolation=hello.isolation,
            own_jobs_only=hello.own_jobs_only,
        )
        if row is None:
            state = (await self._registry.get(session.node_id))["state"]
            raise NodeSuspended if state == NodeState.SUSPENDED else NotFound("Node")
        session.capacity = row["capacity"]
        if self._sessions.get(session.node_id) is not session:
            await self._take_over(session, {_uuid(lease) for lease in hello.leases})
            self._sessions.attach(session)
        slots = (0 if drains else session.capacity) - len(session.leases)
        self._matchmaker.put(row, slots=slots, ttl_s=session.lease_ttl_s)
        session.send(Welcome(str(session.node_id), self._policy.beat_every_s, session.lease_ttl_s))

    async def _take_over(self, session: Session, claimed: set[UUID]) -> None:
        """The leases of a node that connects: those it still works on go on, the others are over."""
        rows = await jobs.leases_of_node(self._database, session.node_id)
        for row in rows:
            lease_id = row["lease_id"]
            if lease_id in claimed:
                accepted = row["state"] == LeaseState.RUNNING
                session.leases[lease_id] = Held.of(lease_id, row, accepted=accepted)
            else:
                reason = RESTARTED if row["state"] == LeaseState.RUNNING else DECLINED
                await self._end_quietly(Ending(lease_id, LeaseEvent.FAIL, reason))
        for lease_id in claimed - session.leases.keys():
            session.send(Revoke(str(lease_id), LOST))
        for held in list(session.leases.values()):  # An Accept may have been lost with the old connection.
            await self._accept(session, [Accept(str(held.lease_id))])
        await self._renew(session, list(session.leases))

    async def _accept(self, session: Session, frames: Sequence[Accept]) -> None:
        asked: list[Held] = []
        for frame in frames:
            held = session.leases.get(_uuid(frame.lease_id))
            if held is None:
                session.send(Revoke(frame.lease_id, LOST))
            elif not held.accepted:
                asked.append(held)
        alive = await asyncio.gather(*(self._accepting.put(held.lease_id) for held in asked))
        for held, lives in zip(asked, alive, strict=True):
            if lives:
                held.accepted = True
            else:
                self._lose(session, held.lease_id)

    async def _decline(self, session: Session, frame: Decline) -> None:
        held = session.leases.get(_uuid(frame.lease_id))
        if held is not None:
            await self._end_quietly(Ending(held.lease_id, LeaseEvent.FAIL, DECLINED))

    async def _beat(self, session: Session, frame: Beat) -> None:
        self._registry.beat(session.node_id, frame.metrics or None)
        named = [_uuid(lease) for lease in frame.leases]
        for lease_id, text in zip(named, frame.leases, strict=True):
            if lease_id not in session.leases:
                session.send(Revoke(text, LOST))
        await self._renew(session, [lease_id for lease_id in named if lease_id in session.leases])

    async def _tell(self, session: Session, frames: Sequence[Progress | Log | Stream]) -> None:
        """Bring what a job says to those who follow it."""
        told: list[NewEvent] = []
        for frame in frames:
            held = session.leases.get(_uuid(frame.lease_id))
            if held is None:
                session.send(Revoke(frame.lease_id, LOST))
            else:
                told.append(_event_of(held, frame))
        if told:
            await self._bus.publish(told)

    async def _keep(self, session: Session, frame: Checkpoint) -> None:
        """Put a job's state aside; only what the node itself uploaded, since a digest opens a file to the customer."""
        held = session.leases.get(_uuid(frame.lease_id))
        if held is None or not await artifacts.readable(self._database, session.wallet, [frame.artifact.sha256]):
            return
        if await jobs.keep_checkpoint(self._database, held.lease_id, frame.artifact.sha256):
            data = {"sha256": frame.artifact.sha256, "size": frame.artifact.size}
            await self._bus.publish([NewEvent(held.job_id, held.wallet, "checkpoint", data)])

    async def _report(self, session: Session, frames: Sequence[Report]) -> None:
        ending: list[tuple[Held, asyncio.Future[Ended]]] = []
        for frame in frames:
            held = session.leases.get(_uuid(frame.lease_id))
            if held is None:
                session.send(Reported(frame.lease_id, accepted=False))
            elif is_plain(held, frame):
                ending.append((held, self._receiver.report_plain(held, frame)))
            else:
                report = self._receiver.report(held, session.node_id, session.wallet, frame)
                ending.append((held, asyncio.ensure_future(report)))
        outcomes = await asyncio.gather(*(ended for _, ended in ending), return_exceptions=True)
        for (held, _), outcome in zip(ending, outcomes, strict=True):
            if isinstance(outcome, StaleLease):
                self._lose(session, held.lease_id)
                session.send(Reported(str(held.lease_id), accepted=False))
            elif isinstance(outcome, BaseException):
                raise outcome

    # --- leases

    async def _renew(self, session: Session, lease_ids: Sequence[UUID]) -> None:
        alive = await asyncio.gather(*(self._renewing.put(lease_id) for lease_id in lease_ids))
        for lease_id, lives in zip(lease_ids, alive, strict=True):
            held = session.leases.get(lease_id)
            if held is not None and held.accepted and not lives:
                self._lose(session, lease_id)

    def _lose(self, session: Session, lease_id: UUID) -> None:
        """The lease ended elsewhere (it expired, or another coordinator stopped it)."""
        if session.leases.pop(lease_id, None):
            session.send(Revoke(str(lease_id), LOST))
            self._matchmaker.release(session.node_id)

    async def _end_quietly(self, ending: Ending) -> None:
        try:
            await self._settler.end(ending)
        except StaleLease:
            return  # It ended otherwise meanwhile, which is as good.

    async def _accept_all(self, lease_ids: Sequence[UUID]) -> list[bool]:
        live = await jobs.accept_leases(self._database, lease_ids)
        return [lease_id in live for lease_id in lease_ids]

    async def _renew_all(self, lease_ids: Sequence[UUID]) -> list[bool]:
        live = await jobs.renew_leases(self._database, lease_ids)
        return [lease_id in live for lease_id in lease_ids]


def _uuid(text: str) -> UUID:
    """The id in a frame; one that no lease has for a text that is none."""
    try:
        return UUID(text)
    except ValueError:
        return NO_LEASE


def _event_of(held: Held, frame: Progress | Log | Stream) -> NewEvent:
    if isinstance(frame, Progress):
        fraction = min(1.0, max(0.0, frame.fraction))
        data = {"fraction": fraction, "message": frame.message[: limits.MAX_LOG_LINE]}
        return NewEvent(held.job_id, held.wallet, "progress", data)
    if isinstance(frame, Log):
        return _log_event(held.job_id, held.wallet, frame.lines)
    return NewEvent(held.job_id, held.wallet, "stream", {"text": frame.text[: limits.MAX_STREAM_CHARS]})


def _log_event(job_id: UUID, wallet: str, lines: Sequence[str]) -> NewEvent:
    kept = [line[: limits.MAX_LOG_LINE] for line in lines[-limits.MAX_LOG_LINES :]]
    return NewEvent(job_id, wallet, "log", {"lines": kept})
