"""The network's figures: kept by the database as its rows change (migration 0003), so that none is counted anew."""

from datetime import datetime
from typing import Final

from hypernode.store.database import Database, Row, statements

SQL: Final = statements("figures")


async def network(database: Database) -> Row:
    """nodes, active, jobs, completed, locked, paid, receipts."""
    return await _row(database, "network")


async def activity(database: Database, seconds: float) -> Row:
    """jobs, nodes and paid of the last seconds, from the beginning of the hour in which that time begins."""
    return await _row(database, "activity", seconds)


async def nodes(database: Database) -> Row:
    """total, active, offline, vram_mb, uptime (percent)."""
    return await _row(database, "nodes")


async def nodes_by_gpu(database: Database) -> dict[str, int]:
    """How many nodes have which GPU."""
    return await _counts(database, "nodes_by_gpu")


async def nodes_by_country(database: Database) -> dict[str, int]:
    """How many nodes stand where."""
    return await _counts(database, "nodes_by_country")


async def jobs(database: Database) -> Row:
    """total, the number in each state, duration_s, cost."""
    return await _row(database, "jobs")


async def jobs_by_type(database: Database) -> dict[str, int]:
    """How many jobs of each type."""
    return await _counts(database, "jobs_by_type")


async def typical_s(database: Database, job_type: str) -> float | None:
    """How many seconds a completed job of a type took on average, in the last day or else ever; None: there is none."""
    return await database.value(SQL["typical_s"], job_type)


async def history(database: Database, since: datetime, until: datetime, bucket_s: int) -> list[Row]:
    """jobs, nodes, paid and completed of each span of whole hours from `since` to before `until`, oldest first."""
    return await database.fetch(SQL["history"], since, until, bucket_s)


async def on_chain(database: Database) -> Row:
    """What the chain holds of us: jobs, paid, active (nodes), slot, at."""
    return await _row(database, "on_chain")


async def forget_nodes(database: Database) -> None:
    """Count nodes no more whose work got to the chain before the last day."""
    await database.execute(SQL["forget_nodes"])


async def _row(database: Database, name: str, *arguments: object) -> Row:
    row = await database.row(SQL[name], *arguments)
    assert row is not None
    return row


async def _counts(database: Database, name: str) -> dict[str, int]:
    return {row["name"] or "Unknown": row["count"] for row in await database.fetch(SQL[name])}
