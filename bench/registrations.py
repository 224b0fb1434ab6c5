"""Many registered nodes, quickly: by the store's own function, with tokens as the coordinator makes them."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from solders.pubkey import Pubkey

from hypernode.coordinator.ids import Secrets, new_id, secret_hash
from hypernode.coordinator.registry import TOKEN_PREFIX
from hypernode.domain.money import Amount
from hypernode.store import nodes
from hypernode.store.database import Database
from hypernode.store.nodes import Registration

A_COMMIT: Final = 1_000
WRITERS: Final = 2


@dataclass(frozen=True)
class Known:
    """A registered node."""

    node_id: UUID
    token: str


async def register(url: str, count: int) -> list[Known]:
    """As many machines, each with an owner of its own."""
    secrets = Secrets(os.urandom(32))
    made = [Known(node_id, secrets.token(TOKEN_PREFIX, node_id)) for node_id in (new_id() for _ in range(count))]
    groups = iter([made[at : at + A_COMMIT] for at in range(0, count, A_COMMIT)])
    database = await Database.open(url)

    async def some() -> None:
        for group in groups:
            await _store(database, group)

    try:
        await asyncio.gather(*(some() for _ in range(WRITERS)))
    finally:
        await database.close()
    return made


async def _store(database: Database, known: Sequence[Known]) -> None:
    machines = [
        Registration(
            one.node_id,
            str(Pubkey(os.urandom(32))),
            "machine",
            secret_hash(one.token),
            gpu_model="NVIDIA GeForce RTX 4090",
            vram_mb=24_576,
            location={"country": "Iceland", "city": "Keflavik", "lat": 64.0, "lon": -22.6},
            price=Amount(one.node_id.int % 1_000_000),
        )
        for one in known
    ]
    async with database.transaction() as connection:
        await nodes.register(connection, machines)
