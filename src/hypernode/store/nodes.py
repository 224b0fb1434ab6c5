"""Nodes: who they are, what they offer, when they were last heard of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hypernode.domain.isolation import Isolation
from hypernode.domain.money import Amount
from hypernode.domain.node import BUSY, MOVES, NodeEvent, NodeState
from hypernode.store.database import LAST_ID, OF_WALLET, Connection, Database, Row, narrowed, statements

SQL: Final = statements("nodes")
MAX_GPUS: Final = 100
"""Different names of GPUs that one search goes through."""
_LIVE: Final = (
    "(SELECT count(*) FROM lease WHERE lease.node_id = node.node_id AND lease.state IN ('offered', 'running'))"
)
_IN_STATE: Final = {
    NodeState.ONLINE.value: f"state = 'online' AND capacity > {_LIVE}",
    BUSY: "state = 'online' AND node_id = ANY (ARRAY(SELECT node_id FROM lease WHERE state IN ('offered', 'running')))"
    f" AND capacity <= {_LIVE}",
    **{state: f"state = '{state}'" for state in (NodeState.DRAINING, NodeState.OFFLINE, NodeState.SUSPENDED)},
}
"""What the API's states mean here; as text, since the partial indexes go by it."""


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


@dataclass(slots=True)  # Not frozen: there are thousands a second, and that would double what it takes to make one.
class Beat:
    """A sign of life. None keeps what is known."""

    node_id: UUID
    seen_at: datetime
    metrics: dict[str, Any] | None
    state: str | None


async def register(connection: Connection, given: Sequence[Registration]) -> list[Row]:
    """Insert or update each, in turn where a machine is named twice; a row for each. One with a new id is new."""
    made: dict[UUID, Row] = {}
    while len(made) < len(given):
        waiting = (each for each in reversed(given) if each.node_id not in made)
        first_of_each = list({(each.wallet, each.machine_id): each for each in waiting}.values())
        rows = await connection.fetch(SQL["register"], first_of_each)
        by_machine = {(row["wallet"], row["machine_id"]): row for row in rows}
        made |= {each.node_id: by_machine[each.wallet, each.machine_id] for each in first_of_each}
    return [made[each.node_id] for each in given]


async def get(database: Database, node_id: UUID) -> Row | None:
    """One node that was not removed."""
    return await database.row(SQL["node"], node_id)


async def of_ids(database: Database, node_ids: Sequence[UUID]) -> list[Row]:
    """Those of the nodes that were not removed."""
    return await database.fetch(SQL["of_ids"], node_ids)


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
) -> str:
    """Nodes that were not removed, newest first, in one text that is cheap to get, and the same while they are.

    `ID VERSION TAKEN,...`: a version changes with whatever is told of a node; 1 is taken where none of its slots is
    free, else 0.
    """
    by: list[tuple[Any, ...]] = []
    if state is not None:
        if state not in _IN_STATE:
            return ""
        by.append((_IN_STATE[state],))
    lower = None if country is None else country.lower()
    given = (("{} = ANY (capabilities)", capability), ("vram_mb >= {}", min_vram_mb), ("country = {}", lower),
             (OF_WALLET, wallet))  # fmt: skip
    by += [(text, value) for text, value in given if value is not None]
    name, arguments = "list", [before or LAST_ID, limit]
    if gpu_model is not None:
        rows = await database.fetch(SQL["gpus"], f"%{_escaped(gpu_model)}%", MAX_GPUS)
        name, arguments = "list_of_gpus", [*arguments, [row["name"] for row in rows]]
    statement, arguments = narrowed(SQL[name], *arguments, by=by)
    return await database.value(statement, *arguments) or ""


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
