"""Jobs and their leases: every change is guarded by the row of the lifecycle table that allows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from hypernode.domain import job as jobs
from hypernode.domain import lease as leases
from hypernode.domain.job import JobEvent, JobState
from hypernode.domain.lease import LeaseEvent
from hypernode.domain.money import Amount
from hypernode.store.database import LAST_ID, OF_WALLET, Connection, Database, Row, narrowed, statements

SQL: Final = statements("jobs")
_LIVE: Final = sorted(leases.LIVE)


@dataclass(frozen=True, slots=True)
class NewLease:
    """An attempt that is about to be made."""

    lease_id: UUID
    node_id: UUID
    price: Amount
    unit_price: Amount | None
    ttl_s: int


@dataclass(frozen=True, slots=True)
class Reopening:
    """What becomes of a job whose attempt ended without a result."""

    job_id: UUID
    state: JobState
    error: dict[str, Any]
    failures: int
    verdict: str | None = None  #: Of the result that was refused; None keeps what is known.
    evidence: dict[str, Any] | None = None


async def insert_leases(connection: Connection, new: Sequence[tuple[UUID, int, NewLease]]) -> None:
    """Write attempts (job, number, lease)."""
    if not new:
        return
    await connection.execute(
        SQL["insert_leases"],
        [job_id for job_id, _, _ in new],
        [attempt for _, attempt, _ in new],
        [lease.lease_id for *_, lease in new],
        [lease.node_id for *_, lease in new],
        [lease.price for *_, lease in new],
        [lease.unit_price for *_, lease in new],
        [lease.ttl_s for *_, lease in new],
    )


async def claim(connection: Connection, chosen: Sequence[tuple[UUID, NewLease]]) -> list[Row]:
    """Give queued jobs to nodes. Returns (job_id, attempt, wallet) of those that were still to be had."""
    move = jobs.MOVES[JobEvent.LEASE]
    by_job = dict(chosen)
    rows = await connection.fetch(
        SQL["claim_jobs"], list(by_job), [new.node_id for new in by_job.values()], move.source_names, move.target
    )
    await insert_leases(connection, [(row["job_id"], row["attempt"], by_job[row["job_id"]]) for row in rows])
    return rows


async def queued(database: Database, limit: int) -> list[Row]:
    """The front of the queue."""
    return await database.fetch(SQL["queued_jobs"], limit)


async def still_queued(database: Database, job_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the jobs that are queued."""
    return {row["job_id"] for row in await database.fetch(SQL["still_queued"], list(job_ids))}


async def offered(database: Database, job_ids: Iterable[UUID]) -> list[Row]:
    """What nodes need of jobs that were claimed for them."""
    return await database.fetch(SQL["offered_jobs"], list(job_ids))


async def accept_leases(database: Database, lease_ids: Sequence[UUID]) -> set[UUID]:
    """The nodes took the offers; those that were still live."""
    move = leases.MOVES[LeaseEvent.ACCEPT]
    rows = await database.fetch(SQL["accept_leases"], lease_ids, move.target, move.source_names)
    return {row["lease_id"] for row in rows}


async def renew_leases(database: Database, lease_ids: Sequence[UUID]) -> set[UUID]:
    """The nodes live; those of the leases that do, too."""
    rows = await database.fetch(SQL["renew_leases"], lease_ids, leases.MOVES[LeaseEvent.RENEW].source_names)
    return {row["lease_id"] for row in rows}


async def keep_checkpoint(database: Database, lease_id: UUID, sha256: str) -> bool:
    """An attempt put its state aside, for the next one to go on from; False if it was not live."""
    return await database.value(SQL["keep_checkpoint"], lease_id, sha256, _LIVE) is not None


async def leases_of_node(database: Database, node_id: UUID) -> list[Row]:
    """The live leases that a node holds."""
    return await database.fetch(SQL["leases_of_node"], node_id, _LIVE)


async def end_leases(connection: Connection, endings: Sequence[tuple[UUID, LeaseEvent, str]]) -> list[Row]:
    """End attempts (lease, event, reason). Returns each one that its event could end, with its job and node."""
    return await connection.fetch(
        SQL["end_leases"],
        [lease_id for lease_id, _, _ in endings],
        [leases.MOVES[event].target for _, event, _ in endings],
        [reason for *_, reason in endings],
        [",".join(leases.MOVES[event].source_names) for _, event, _ in endings],
    )


async def due_leases(database: Database, limit: int) -> list[UUID]:
    """Live leases that were not renewed in time."""
    return [row["lease_id"] for row in await database.fetch(SQL["due_leases"], _LIVE, limit)]


async def overtime_leases(database: Database, limit: int, allowed_s: float) -> list[UUID]:
    """Live leases of nodes that beat on, but are that long over the job's time."""
    return [row["lease_id"] for row in await database.fetch(SQL["overtime_leases"], _LIVE, limit, allowed_s)]


async def reopen(connection: Connection, reopened: Sequence[Reopening]) -> None:
    """Queue running jobs again, or end them as failed or cancelled."""
    await connection.execute(
        SQL["reopen_jobs"],
        [r.job_id for r in reopened],
        [r.state for r in reopened],
        [r.error for r in reopened],
        [r.failures for r in reopened],
        [r.verdict for r in reopened],
        [r.evidence for r in reopened],
        jobs.MOVES[JobEvent.RETRY].source_names,
    )


async def blame_nodes(connection: Connection, done: Sequence[tuple[UUID, UUID]]) -> list[UUID]:
    """Count a failure for each node that failed a job (job, node) which another node then completed."""
    rows = await connection.fetch(SQL["blame_nodes"], [job for job, _ in done], [node for _, node in done])
    return [row["node_id"] for row in rows]


async def cancel(connection: Connection, job_id: UUID) -> Row | None:
    """Withdraw a job that has not run; None if it has."""
    move = jobs.MOVES[JobEvent.CANCEL]
    return await connection.fetchrow(SQL["cancel_job"], job_id, move.target, move.source_names)


async def live_lease(database: Database, job_id: UUID) -> Row | None:
    """The attempt that a job is on."""
    return await database.row(SQL["live_lease"], job_id, _LIVE)


async def lease_of_report(database: Database, job_id: UUID, node_id: UUID, lease_id: UUID | None) -> UUID | None:
    """The live lease that a node has on a job, if it is the one it names."""
    return await database.value(SQL["lease_of_report"], job_id, node_id, lease_id, _LIVE)


async def unfunded(connection: Connection, wallet: str, limit: int) -> list[Row]:
    """A wallet's jobs that wait for money, oldest first, locked."""
    return await connection.fetch(SQL["unfunded_jobs"], wallet, limit)


async def unfunded_wallets(database: Database, among: Iterable[str] | None = None) -> list[str]:
    """Wallets with jobs that wait for money, and with some balance."""
    wallets = None if among is None else list(among)
    return [row["wallet"] for row in await database.fetch(SQL["unfunded_wallets"], wallets)]


async def fund(connection: Connection, job_ids: Sequence[UUID]) -> list[UUID]:
    """Their money is there; those that waited for it."""
    move = jobs.MOVES[JobEvent.FUND]
    rows = await connection.fetch(SQL["fund_jobs"], job_ids, move.target, move.source_names)
    return [row["job_id"] for row in rows]


async def say_lack(connection: Connection, lacks: Sequence[tuple[UUID, dict[str, Any]]]) -> None:
    """What pending jobs (job, error) lack now."""
    ids, errors = [job_id for job_id, _ in lacks], [error for _, error in lacks]
    await connection.execute(SQL["say_lack"], ids, errors, jobs.MOVES[JobEvent.FUND].source_names)


async def get(database: Database, job_ids: Sequence[UUID]) -> list[Row]:
    """Whole jobs."""
    return await database.fetch(SQL["job"], job_ids)


async def listed(
    database: Database,
    wallet: str | None,
    state: str | None,
    job_type: str | None,
    before: UUID | None,
    limit: int,
    parent: UUID | None = None,
) -> list[Row]:
    """Jobs, newest first: whole ones, or the parts of one; of nobody in particular, no audits."""
    by: list[tuple[Any, ...]] = [(OF_WALLET, wallet) if wallet is not None else ("audit_of IS NULL",)]
    by.append(("parent_id = {}", parent) if parent is not None else ("parent_id IS NULL",))
    by += [(text, value) for text, value in (("state = {}", state), ("job_type = {}", job_type)) if value is not None]
    statement, arguments = narrowed(SQL["list_jobs"], before or LAST_ID, limit, by=by)
    return await database.fetch(statement, *arguments)


async def logs(database: Database, job_ids: Sequence[UUID]) -> list[Row]:
    """The log events of jobs, oldest first."""
    return await database.fetch(SQL["logs_of_jobs"], job_ids)


async def outputs(database: Database, job_ids: Sequence[UUID]) -> list[Row]:
    """What jobs put out."""
    return await database.fetch(SQL["artifacts_of_jobs"], job_ids)
