"""The network's figures, read from what is stored."""

from typing import Final

from hypernode.store.database import Database, Row, statements

SQL: Final = statements("figures")


async def network(database: Database) -> Row:
    """nodes, active, jobs, completed, locked, paid, receipts."""
    return await _row(database, "network")


async def activity(database: Database, seconds: float) -> Row:
    """jobs, nodes and paid of the last seconds."""
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
    """total, completed, failed, cancelled, duration_s, cost."""
    return await _row(database, "jobs")


async def jobs_by_type(database: Database) -> dict[str, int]:
    """How many jobs of each type."""
    return await _counts(database, "jobs_by_type")


async def _row(database: Database, name: str, *arguments: object) -> Row:
    row = await database.row(SQL[name], *arguments)
    assert row is not None
    return row


async def _counts(database: Database, name: str) -> dict[str, int]:
    return {row["name"] or "Unknown": row["count"] for row in await database.fetch(SQL[name])}
