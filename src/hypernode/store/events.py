"""What happened to jobs, in an order that every reader sees alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from hypernode.store.database import Connection, Database, Row, statements

SQL: Final = statements("events")

EVENTS_CHANNEL: Final = "hypernode_events"
QUEUE_CHANNEL: Final = "hypernode_queue"
NODES_CHANNEL: Final = "hypernode_nodes"
PAGE: Final = 1_000
LOCK: Final = 0x48594E02
"""The advisory lock that whoever writes events takes before, and holds until its commit."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened to a job."""

    job_id: UUID
    wallet: str
    kind: str
    data: dict[str, Any]


def status_event(job_id: UUID, wallet: str, status: str, **more: Any) -> NewEvent:
    """A job entered a state."""
    return NewEvent(job_id, wallet, "status", {"status": status, **more})


def channels(*, queued: bool) -> list[str]:
    """Who listens for events; also for jobs that every coordinator is to look at."""
    return [EVENTS_CHANNEL, QUEUE_CHANNEL] if queued else [EVENTS_CHANNEL]


async def append(connection: Connection, events: Sequence[NewEvent], *, queued: bool = False) -> None:
    """Add events; the last thing a transaction does. `queued`: there are jobs for every coordinator to look at."""
    if not events:
        return
    await connection.execute(SQL["order_and_notify"], LOCK, channels(queued=queued))
    records = [(event.job_id, event.wallet, event.kind, event.data) for event in events]
    await connection.copy_records_to_table("event", records=records, columns=("job_id", "wallet", "kind", "data"))


async def notify(connection: Connection, channel: str, payload: str = "") -> None:
    """Wake every coordinator's listeners when this transaction commits."""
    await connection.execute(SQL["notify"], channel, payload)


async def newest(database: Database) -> int:
    """The last sequence number."""
    return await database.value(SQL["newest"])


async def after(
    database: Database, seq: int, *, job_id: UUID | None = None, wallet: str | None = None, limit: int = PAGE
) -> list[Row]:
    """Events after a number: of a job, of a wallet, or all."""
    if job_id is not None:
        return await database.fetch(SQL["of_job"], job_id, seq, limit)
    if wallet is not None:
        return await database.fetch(SQL["of_wallet"], wallet, seq, limit)
    return await database.fetch(SQL["after"], seq, limit)


async def prune(database: Database, days: int, limit: int = 10_000) -> None:
    """Forget events of long ago."""
    await database.execute(SQL["prune"], days, limit)
