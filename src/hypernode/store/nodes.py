"""Nodes: who they are, what they offer, when they were last heard of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hypernode.domain.isolation import Isolation
from hypernode.domain.money import Amount
from hypernode.domain.node import MOVES, NodeEvent
from hypernode.store.database import Connection, Database, Row, statements

SQL: Final = statements("nodes")


@dataclass(frozen=True, slots=True)
class Registration:
    """A machine of a wallet. None keeps what is known, or takes the default."""

    node_id: UUID  #: Its id if it is new.
    wallet: str
    machine_id: str
    token_hash: bytes
    gpu_model: str | None = None
    gpu_count: int | None = None
    vram_mb: int | None = None
    ram_mb: int | None = None
    driver_version: str | None = None
    cuda_version: str | None = None
    compute_capability: str | None = None
    host_os: str | None = None
    cpu_model: str | None = None
    location: dict[str, Any] | None = None
    capabilities: list[str] | None = None
    price: Amount | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life. None keeps what is known."""

    node_id: UUID
    seen_at: datetime
    metrics: dict[str, Any] | None
    state: str | None


async def register(connection: Connection, given: Registration) -> Row:
    """Insert or update; the row says by `is_new` which."""
    row = await connection.fetchrow(
        SQL["register"],
        given.node_id,
        given.wallet,
        given.machine_id,
        given.token_hash,
        given.gpu_model,
        given.gpu_count,
        given.vram_mb,
        given.ram_mb,
        given.driver_version,
        given.cuda_version,
        given.compute_capability,
        given.host_os,
        given.cpu_model,
        given.location,
        given.capabilities,
        given.price,
    )
    assert row is not None
    return row


async def get(database: Database, node_id: UUID) -> Row | None:
    """One node that was not removed."""
    return await database.row(SQL["node"], node_id)


async def by_token(database: Database, token_hash: bytes) -> Row | None:
    """The node (node_id, wallet) that a token belongs to."""
    return await database.row(SQL["by_token"], token_hash)


async def listed(
    database: Database,
    *,
    state: str | None = None,
    gpu_model: str | None = None,
    capability: str | None = None,
    min_vram_mb: int | None = None,
    country: str | None = None,
    wallet: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Row]:
    """Nodes that were not removed, newest first."""
    pattern = None if gpu_model is None else f"%{_escaped(gpu_model)}%"
    lower = None if country is None else country.lower()
    return await database.fetch(SQL["list"], state, pattern, capability, min_vram_mb, lower, wallet, before, limit)


async def connect(
    database: Database,
    node_id: UUID,
    event: NodeEvent,
    capacity: int,
    engines: list[Any],
    coordinator_id: UUID,
    *,
    isolation: str = Isolation.NONE,
    own_jobs_only: bool = False,
) -> Row | None:
    """The node says what it offers to this coordinator; None if it may not work."""
    move = MOVES[event]
    return await database.row(
        SQL["connect"],
        node_id,
        move.target,
        capacity,
        engines,
        coordinator_id,
        move.source_names,
        isolation,
        own_jobs_only,
    )


async def beat(database: Database, beats: Sequence[Beat]) -> None:
    """Write signs of life."""
    await database.execute(
        SQL["beat"],
        [b.node_id for b in beats],
        [b.seen_at for b in beats],
        [b.metrics for b in beats],
        [b.state for b in beats],
        MOVES[NodeEvent.HEARTBEAT].source_names,
    )


async def fall_silent(database: Database, after_s: float) -> list[UUID]:
    """Mark nodes offline that were silent for longer; returns them."""
    move = MOVES[NodeEvent.FALL_SILENT]
    rows = await database.fetch(SQL["fall_silent"], move.target, move.source_names, after_s)
    return [row["node_id"] for row in rows]


async def deregister(connection: Connection, node_id: UUID) -> bool:
    """Remove a node; False if it was removed before."""
    move = MOVES[NodeEvent.DEREGISTER]
    return await connection.fetchval(SQL["deregister"], node_id, move.target, move.source_names) is not None


async def online(database: Database, limit: int) -> list[Row]:
    """Online nodes with their live leases."""
    return await database.fetch(SQL["online"], limit)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
