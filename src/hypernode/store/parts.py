"""Jobs that are spread over parts: ordinary jobs of their own, whose results become the whole's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hypernode.domain.job import MOVES, JobEvent, JobState
from hypernode.domain.money import Amount
from hypernode.store.database import Connection, Database, Row, statements

SQL: Final = statements("parts")


@dataclass(frozen=True, slots=True)
class Whole:
    """How a job ends whose parts are over."""

    job_id: UUID
    state: JobState
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    units: int
    cost: Amount
    verdict: str | None
    model: str
    started_at: datetime | None


async def done(database: Database, limit: int, job_id: UUID | None = None) -> list[Row]:
    """Running jobs in parts (one, or all) of which a part ended badly, or all parts are over."""
    return await database.fetch(SQL["done"], job_id, limit)


async def of_job(database: Database, job_id: UUID) -> list[Row]:
    """The parts of a job, in their order."""
    return await database.fetch(SQL["of_job"], job_id)


async def end(connection: Connection, whole: Whole) -> bool:
    """End a job in parts; its parts' files become its own. False if it had ended."""
    ended = await connection.fetchval(
        SQL["end"],
        whole.job_id,
        whole.state,
        whole.result,
        whole.error,
        whole.units,
        whole.cost,
        whole.verdict,
        whole.model,
        whole.started_at,
        MOVES[JobEvent.ACCEPT].source_names,
    )
    if ended is not None:
        await connection.execute(SQL["link"], whole.job_id)
    return ended is not None
