"""Ends attempts: accepts results once and pays for them once, or lets the job wait for another node.

Everything that follows from the end of an attempt (job, hold, ledger, receipt, events) is one commit.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from hypernode.coordinator.notary import Notary
from hypernode.coordinator.policy import Policy
from hypernode.domain.errors import StaleLease
from hypernode.domain.job import JobState
from hypernode.domain.lease import LeaseEvent
from hypernode.domain.money import ZERO, Amount
from hypernode.domain.payment import Split, split
from hypernode.domain.pricing import cost
from hypernode.domain.receipt import Verdict
from hypernode.ports import Executor
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.store import artifacts, jobs, ledger
from hypernode.store.database import Connection, Database, Row
from hypernode.store.events import NewEvent, status_event
from hypernode.store.group_commit import GroupCommit
from hypernode.store.jobs import Reopening
from hypernode.store.receipts import NewReceipt
from hypernode.store.settlements import Completion, settle

log: Final = structlog.get_logger(__name__)

DECLINED: Final = "declined"
EXPIRED: Final = "the node fell silent"
OVERTIME: Final = "the node did not end in the job's time"
STOPPED: Final = "stopped by the customer"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why an attempt ends, and with what."""

    lease_id: UUID
    event: LeaseEvent
    reason: str = ""
    blames_input: bool = False
    result: dict[str, Any] | None = None
    units: int = 0
    model: str = ""
    artifacts: Sequence[ArtifactRef] = ()
    verdict: Verdict = Verdict.UNVERIFIED
    evidence: dict[str, Any] | None = None  #: What the verdict rests on.


@dataclass(frozen=True, slots=True)
class Ended:
    """What an attempt's end meant."""

    lease_id: UUID
    node_id: UUID
    job_id: UUID
    wallet: str
    event: LeaseEvent
    declined: bool
    job_state: JobState
    audit: bool = False  #: The job was the check of another one's result.
    part: bool = False  #: It was a part of another one.


@dataclass(slots=True)
class _Batch:
    """All writes of one commit."""

    completions: list[Completion] = field(default_factory=list)
    reopenings: list[Reopening] = field(default_factory=list)
    holds: list[ledger.Ending] = field(default_factory=list)
    signed: list[NewReceipt] = field(default_factory=list)
    told: list[NewEvent] = field(default_factory=list)
    outputs: list[tuple[UUID, str, str, str]] = field(default_factory=list)
    earned: defaultdict[UUID, list[Amount]] = field(default_factory=lambda: defaultdict(list))
    rescued: list[tuple[UUID, UUID]] = field(default_factory=list)  #: Jobs that ended well after another attempt.


class Settler:
    """Takes endings from nodes, from the rescuer and from customers, and tells the listeners what came of each."""

    def __init__(
        self,
        database: Database,
        executors: Mapping[str, Executor],
        notary: Notary,
        policy: Policy,
    ) -> None:
        self._database = database
        self._executors = executors
        self._notary = notary
        self._policy = policy
        self.listeners: list[Callable[[Ended], None]] = []
        self._group = GroupCommit(self._flush)

    async def end(self, ending: Ending) -> Ended:
        """End an attempt. Raises StaleLease if it was not live: nothing has changed then."""
        return await self._group.submit(ending)

    def put(self, ending: Ending) -> asyncio.Future[Ended]:
        """As `end`, without waiting."""
        return self._group.put(ending)

    def tell(self, ended: Ended) -> None:
        """Tell the listeners of an attempt that is over for its node."""
        for listener in self.listeners:
            listener(ended)

    async def drain(self) -> None:
        """Wait until all that was handed in is committed."""
        await self._group.drain()

    async def _flush(self, endings: Sequence[Ending]) -> list[Ended | Exception]:
        first = {ending.lease_id: ending for ending in reversed(endings)}
        async with self._database.transaction() as connection:
            given = [(ending.lease_id, ending.event, ending.reason) for ending in first.values()]
            rows = await jobs.end_leases(connection, given)
            batch = _Batch()
            ended = {row["lease_id"]: self._decide(batch, row, first[row["lease_id"]]) for row in rows}
            await self._write(connection, batch)
        for end in ended.values():
            self.tell(end)
        return [ended[e.lease_id] if e.lease_id in ended and first[e.lease_id] is e else StaleLease() for e in endings]

    def _decide(self, batch: _Batch, row: Row, ending: Ending) -> Ended:
        if ending.event is LeaseEvent.SUCCEED:
            state = self._pay(batch, row, ending, JobState.COMPLETED)
            if row["attempt"] > 1:
                batch.rescued.append((row["job_id"], row["node_id"]))
        elif ending.event is LeaseEvent.REVOKE:
            state = self._pay(batch, row, ending, JobState.CANCELLED)
        else:
            state = self._reopen(batch, row, ending)
        batch.told.append(status_event(row["job_id"], row["wallet"], state, attempt=row["attempt"]))
        declined = ending.reason == DECLINED
        return Ended(
            lease_id=row["lease_id"],
            node_id=row["node_id"],
            job_id=row["job_id"],
            wallet=row["wallet"],
            event=ending.event,
            declined=declined,
            job_state=state,
            audit=row["audit_of"] is not None,
            part=row["parent_id"] is not None,
        )

    def _pay(self, batch: _Batch, row: Row, ending: Ending, state: JobState) -> JobState:
        # What was never accepted, or only with its report, began with the offer; a stop before that costs nothing.
        unaccepted = row["offered_at"] if state is JobState.COMPLETED else row["ended_at"]
        started_at = row["accepted_at"] or unaccepted
        executor = self._executors[row["job_type"]]
        units = _verified_units(executor, row, ending)
        by_units = state is JobState.COMPLETED and row["unit_price"] is not None and row["audit_of"] is None
        price = cost(
            round((row["ended_at"] - started_at).total_seconds() * 1000),
            row["price"],
            units,
            executor.unit.per,
            row["unit_price"] if by_units else None,
            row["budget"],
        )
        parts = split(row["budget"], price, self._policy.provider_share_bp)
        model = ending.model or row["model"]
        batch.completions.append(
            Completion(
                job_id=row["job_id"],
                state=state,
                result=ending.result,
                units=units,
                cost=parts.cost,
                verdict=ending.verdict,
                evidence=ending.evidence,
                model=model,
                started_at=started_at,
            )
        )
        if row["budget"]:
            batch.holds.append(ledger.Ending(row["job_id"], row["provider"], parts, row["key_id"]))
        batch.earned[row["node_id"]].append(parts.provider)
        batch.outputs += [(row["job_id"], ref.sha256, "output", ref.name or ref.sha256) for ref in ending.artifacts]
        batch.signed.append(self._notary.receipt(row, ending, executor, model, units, parts, started_at))
        return state

    def _reopen(self, batch: _Batch, row: Row, ending: Ending) -> JobState:
        # A node that refused, or that never heard of the offer, has not failed.
        unheard = ending.event is LeaseEvent.EXPIRE and row["accepted_at"] is None
        failures = row["failures"] + (not unheard and ending.reason != DECLINED)
        over = ending.blames_input or failures >= self._policy.max_attempts
        state = JobState.FAILED if over else JobState.QUEUED
        refused = ending.verdict is Verdict.FAILED
        code = "bad_input" if ending.blames_input else "check_failed" if refused else "attempt_failed"
        error = {"code": code, "message": ending.reason or "the node gave no reason"}
        verdict = ending.verdict if refused else None
        batch.reopenings.append(Reopening(row["job_id"], state, error, failures, verdict, ending.evidence))
        if over and row["budget"]:
            whole = Split(ZERO, ZERO, row["budget"])
            batch.holds.append(ledger.Ending(row["job_id"], None, whole, row["key_id"]))
        return state

    async def _write(self, connection: Connection, batch: _Batch) -> None:
        if not batch.told:
            return
        if batch.rescued:
            await jobs.blame_nodes(connection, batch.rescued)
        await artifacts.link(connection, batch.outputs)
        if batch.reopenings:
            await jobs.reopen(connection, batch.reopenings)
        if batch.holds:
            await ledger.end_holds(connection, batch.holds)
        queued = any(reopening.state is JobState.QUEUED for reopening in batch.reopenings)
        done = await settle(connection, batch.completions, batch.earned, batch.signed, batch.told, queued=queued)
        assert done == len(batch.completions), "a live lease on a job that is not running"


def _verified_units(executor: Executor, row: Row, ending: Ending) -> int:
    """The units that count: what the node claims, but no more than the job's input and result can account for.

    An audit has none, and is paid by time.
    """
    if ending.result is None or row["audit_of"] is not None:
        return 0
    given = msgspec.convert(row["input"], executor.Input)
    output = msgspec.convert(ending.result, executor.Output)
    return min(ending.units, executor.most_units(given, output))
