"""Receipts and the anchors that put them on the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hypernode.store.database import Connection, Database, Row, statements

SQL: Final = statements("receipts")


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A signed statement of a finished job; `body` is the canonical form that was signed."""

    receipt_id: UUID
    job_id: UUID
    body: bytes
    signature: str
    signer: str


async def unanchored(database: Database, limit: int) -> list[Row]:
    """Receipts (receipt_id, body) that are on no chain yet, oldest first."""
    return await database.fetch(SQL["unanchored"], limit)


async def unanchored_age(database: Database, limit: int) -> tuple[int, float]:
    """How many receipts wait (counted up to the limit), and for how many seconds the oldest has."""
    row = await database.row(SQL["unanchored_age"], limit)
    assert row is not None
    return row["waiting"], row["oldest_s"]


async def anchor(
    connection: Connection, anchor_id: UUID, root: bytes, signature: str, receipt_ids: Sequence[UUID]
) -> bool:
    """Put receipts, in this order, under a root; False if another coordinator has anchored some of them."""
    await connection.execute(SQL["insert_anchor"], anchor_id, root, len(receipt_ids), signature)
    return len(await connection.fetch(SQL["assign_receipts"], receipt_ids, anchor_id)) == len(receipt_ids)


async def free(connection: Connection, signature: str) -> None:
    """The anchor's chain transaction failed: its receipts wait for another."""
    await connection.execute(SQL["free_receipts"], signature)


async def anchored_jobs(connection: Connection, signature: str) -> list[Row]:
    """The jobs (job_id, wallet, receipt_id) whose receipts a chain transaction carries."""
    return await connection.fetch(SQL["anchored_jobs"], signature)


async def of_job(database: Database, job_id: UUID) -> Row | None:
    """A job's receipt with its place on the chain, if it has one."""
    return await database.row(SQL["receipt_of_job"], job_id)


async def bodies(database: Database, anchor_id: UUID) -> list[bytes]:
    """All receipts under a root, in their places."""
    return [row["body"] for row in await database.fetch(SQL["bodies_of_anchor"], anchor_id)]


async def last_anchor(database: Database) -> Row | None:
    """root, size, signature and finalized_at of the anchor that got to the chain last."""
    return await database.row(SQL["last_anchor"])


async def recent(database: Database, limit: int) -> list[Row]:
    """The latest anchored receipts."""
    return await database.fetch(SQL["recent"], limit)
