"""Results that are checked, the audits that check them, and what that means for their nodes."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from hypernode.domain import lease
from hypernode.domain.lease import LeaseEvent
from hypernode.domain.node import MOVES, NodeEvent
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.store.database import Connection, Database, Row, statements

SQL: Final = statements("verifications")


async def report(connection: Connection, lease_id: UUID) -> Row | None:
    """The node is done and its result is to be checked; the lease and its job, or None if it was not live."""
    move = lease.MOVES[LeaseEvent.REPORT]
    return await connection.fetchrow(SQL["report"], lease_id, move.target, move.source_names)


async def insert(connection: Connection, audit_id: UUID, lease_id: UUID, claim: dict[str, Any]) -> None:
    """An audit is to check what a lease claims."""
    await connection.execute(SQL["insert"], audit_id, lease_id, claim)


async def link(connection: Connection, job_id: UUID, audit_id: UUID, claimed: Sequence[ArtifactRef]) -> None:
    """Let an audit read the job's inputs, and the claimed artifacts."""
    await connection.execute(
        SQL["link"], job_id, audit_id, [ref.sha256 for ref in claimed], [ref.name or ref.sha256 for ref in claimed]
    )


async def opinions(database: Database) -> list[Row]:
    """All results that are being checked, with every audit of each, oldest first."""
    return await database.fetch(SQL["opinions"])


async def forsaken(database: Database, after_s: float, limit: int) -> list[UUID]:
    """Audits that no node has taken in this time."""
    return [row["job_id"] for row in await database.fetch(SQL["forsaken"], after_s, limit)]


async def passed(database: Database, node_id: UUID) -> int:
    """How many of a node's results were found right."""
    return await database.value(SQL["passed"], node_id) or 0


async def count_pass(database: Database, node_id: UUID) -> None:
    """One more was."""
    await database.execute(SQL["count_pass"], node_id)


async def blame(database: Database, node_id: UUID) -> None:
    """A node's word did not hold."""
    await database.execute(SQL["blame"], node_id)


async def suspend(connection: Connection, node_id: UUID) -> bool:
    """A node forged a result: it gets no more work. False if it was gone already."""
    move = MOVES[NodeEvent.SUSPEND]
    return await connection.fetchval(SQL["suspend"], node_id, move.target, move.source_names) is not None
