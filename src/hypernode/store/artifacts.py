"""Who may read which artifact, and which jobs took or made it. The bytes are in `blobs`."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from hypernode.store.database import Connection, Database, statements

SQL: Final = statements("artifacts")


async def insert(database: Database, sha256: str, size: int, reader: str) -> None:
    """Note that the bytes are stored, and a wallet that may read them."""
    async with database.transaction() as connection:
        await connection.execute(SQL["insert_artifact"], sha256, size)
        await connection.execute(SQL["insert_reader"], sha256, reader)


async def link(connection: Connection, links: Sequence[tuple[UUID, str, str, str]]) -> None:
    """Tie artifacts to jobs: (job, sha256, `input` or `output`, name)."""
    if links:
        await connection.execute(SQL["link_artifacts"], *(list(column) for column in zip(*links, strict=True)))


async def readable(database: Database, wallet: str, digests: Iterable[str]) -> set[str]:
    """Those of the artifacts that a wallet may read: what it uploaded, and what its jobs took or made."""
    return {row["sha256"] for row in await database.fetch(SQL["readable"], wallet, list(digests))}


async def readable_by_node(database: Database, sha256: str, node_id: UUID) -> bool:
    """Whether a node needs the artifact for a job that it holds."""
    return await database.value(SQL["readable_by_node"], sha256, node_id)


async def size(database: Database, sha256: str) -> int | None:
    """Bytes of a stored artifact."""
    return await database.value(SQL["artifact"], sha256)
