"""New jobs, each in its first state, with the attempt that one got at once and the events that tell of it all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hypernode.domain.job import JobState
from hypernode.domain.money import Amount
from hypernode.store import events
from hypernode.store.database import Connection, Database, statements
from hypernode.store.events import NewEvent, status_event
from hypernode.store.jobs import NewLease

SQL: Final = statements("admissions")


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as it is written first."""

    job_id: UUID
    wallet: str
    job_type: str
    model: str
    input: dict[str, Any]
    requirements: dict[str, Any]
    budget: Amount
    max_duration_s: int
    priority: int
    assurance: str
    salt: bytes
    key_id: UUID | None
    artifacts: Sequence[tuple[str, str]] = ()  #: (name, sha256) of its inputs
    audit_of: UUID | None = None  #: The job whose result it checks.
    parent_id: UUID | None = None  #: The job of which it is a part.
    part: int | None = None  #: Which one.
    parts: int = 0  #: How many it is spread over.


@dataclass(frozen=True, slots=True)
class Admitted:
    """A job with how it begins."""

    job: NewJob
    state: JobState
    at: datetime
    error: dict[str, Any] | None = None
    lease: NewLease | None = None


async def admit(
    store: Database | Connection, admitted: Sequence[Admitted], told: Sequence[NewEvent] = (), by: str = ""
) -> None:
    """Write new jobs, and events beside their own; the last thing that a transaction does, or one by itself.

    `by` is told to every coordinator: whoever knows of those that are queued.
    """
    new = [entry.job for entry in admitted]
    leases = [(entry.job.job_id, entry.lease) for entry in admitted if entry.lease is not None]
    told = [*told, *(status_event(entry.job.job_id, entry.job.wallet, entry.state) for entry in admitted)]
    queued = any(entry.state is JobState.QUEUED for entry in admitted)
    await store.execute(
        SQL["admit"],
        [job.job_id for job in new],
        [job.wallet for job in new],
        [job.job_type for job in new],
        [job.model for job in new],
        [job.input for job in new],
        [job.requirements for job in new],
        [job.budget for job in new],
        [job.max_duration_s for job in new],
        [job.priority for job in new],
        [job.assurance for job in new],
        [entry.state for entry in admitted],
        [0 if entry.lease is None else 1 for entry in admitted],
        [entry.lease and entry.lease.node_id for entry in admitted],
        [job.key_id for job in new],
        [job.salt for job in new],
        [entry.error for entry in admitted],
        [job.audit_of for job in new],
        [job.parent_id for job in new],
        [job.part for job in new],
        [job.parts for job in new],
        [entry.at for entry in admitted],
        [job_id for job_id, _ in leases],
        [lease.lease_id for _, lease in leases],
        [lease.node_id for _, lease in leases],
        [lease.price for _, lease in leases],
        [lease.unit_price for _, lease in leases],
        [lease.ttl_s for _, lease in leases],
        events.LOCK,
        [event.job_id for event in told],
        [event.wallet for event in told],
        [event.kind for event in told],
        [event.data for event in told],
        events.channels(queued=queued),
        by,
    )
