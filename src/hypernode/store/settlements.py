"""What follows from the end of attempts, in one statement: jobs completed, nodes credited, receipts, events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hypernode.domain import job as jobs
from hypernode.domain.job import JobEvent, JobState
from hypernode.domain.money import Amount
from hypernode.store import events
from hypernode.store.database import Connection, statements
from hypernode.store.events import NewEvent
from hypernode.store.receipts import NewReceipt

SQL: Final = statements("settlements")


@dataclass(frozen=True, slots=True)
class Completion:
    """How a job that ran ends with a result, or stopped with pay for what was done."""

    job_id: UUID
    state: JobState
    result: dict[str, Any] | None
    units: int
    cost: Amount
    verdict: str
    evidence: dict[str, Any] | None
    model: str
    started_at: datetime


async def settle(
    connection: Connection,
    done: Sequence[Completion],
    earned: Mapping[UUID, Sequence[Amount]],
    signed: Sequence[NewReceipt],
    told: Sequence[NewEvent],
    *,
    queued: bool = False,
) -> int:
    """End running jobs with a result; the last thing that a transaction does. Returns how many of them were running.

    `earned` is what each node earned by each of them. `queued`: there are jobs for every coordinator to look at.
    """
    credits = sorted((node_id, len(parts), sum(parts)) for node_id, parts in earned.items())
    return await connection.fetchval(
        SQL["settle"],
        [c.job_id for c in done],
        [c.state for c in done],
        [c.result for c in done],
        [c.units for c in done],
        [c.cost for c in done],
        [c.verdict for c in done],
        [c.evidence for c in done],
        [c.model for c in done],
        [c.started_at for c in done],
        jobs.MOVES[JobEvent.ACCEPT].source_names,
        [node_id for node_id, _, _ in credits],
        [count for _, count, _ in credits],
        [amount for *_, amount in credits],
        [r.receipt_id for r in signed],
        [r.job_id for r in signed],
        [r.body for r in signed],
        [r.signature for r in signed],
        [r.signer for r in signed],
        events.LOCK,
        [event.job_id for event in told],
        [event.wallet for event in told],
        [event.kind for event in told],
        [event.data for event in told],
        events.channels(queued=queued),
    )
