"""Nodes: registration, signs of life (written behind), removal, and whose token is whose."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from hypernode.coordinator.demands import amount
from hypernode.coordinator.ids import Secrets, secret_hash
from hypernode.domain.errors import BadField, InvalidRequest, NotFound, Unauthorized
from hypernode.domain.node import NodeState, vram_mb
from hypernode.protocol.nodes import RegisterNode
from hypernode.store import events, nodes
from hypernode.store.database import Database, Row
from hypernode.store.nodes import Beat, Registration

TOKEN_PREFIX: Final = "hnn"
BEATABLE: Final = {"online": NodeState.ONLINE, "busy": NodeState.ONLINE, "draining": NodeState.DRAINING}
MAX_CACHED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class KnownNode:
    """Who a node is."""

    node_id: UUID
    wallet: str


class Registry:
    """The network's nodes."""

    def __init__(self, database: Database, secrets: Secrets) -> None:
        self._database = database
        self._secrets = secrets
        self._known: dict[UUID, KnownNode] = {}
        self._tokens: dict[bytes, KnownNode] = {}
        self._beats: dict[UUID, Beat] = {}

    def token(self, node_id: UUID) -> str:
        """What a node proves itself with."""
        return self._secrets.token(TOKEN_PREFIX, node_id)

    async def register(self, given: RegisterNode, node_id: UUID) -> tuple[Row, str | None]:
        """Add a machine of a wallet under this id, or update it. The token is there for a new one."""
        token = self.token(node_id)
        registration = Registration(
            node_id=node_id,
            wallet=given.wallet_address,
            machine_id=given.machine_id,
            token_hash=secret_hash(token),
            gpu_model=given.gpu_model,
            gpu_count=given.gpu_count,
            vram_mb=None if given.vram is None else vram_mb(given.vram),
            ram_mb=given.ram_total,
            driver_version=given.driver_version,
            cuda_version=given.cuda_version,
            compute_capability=given.compute_capability,
            host_os=given.host_os,
            cpu_model=given.cpu_model,
            location=None if given.location is None else msgspec.to_builtins(given.location),
            capabilities=given.capabilities,
            price=None if given.price is None else amount(given.price, "price"),
        )
        async with self._database.transaction() as connection:
            row = await nodes.register(connection, registration)
        return row, token if row["is_new"] else None

    async def get(self, node_id: UUID) -> Row:
        """One node. Raises NotFound."""
        row = await nodes.get(self._database, node_id)
        if row is None:
            raise NotFound("Node")
        return row

    async def known(self, node_id: UUID) -> KnownNode:
        """Who a node is, from memory where possible. Raises NotFound."""
        node = self._known.get(node_id)
        if node is None:
            row = await self.get(node_id)
            node = self._remember(KnownNode(row["node_id"], row["wallet"]))
        return node

    async def by_token(self, token: str) -> KnownNode | None:
        """The node that a token belongs to."""
        digest = secret_hash(token)
        node = self._tokens.get(digest)
        if node is None and (row := await nodes.by_token(self._database, digest)):
            node = self._tokens[digest] = self._remember(KnownNode(row["node_id"], row["wallet"]))
        return node

    def beat(self, node_id: UUID, metrics: Mapping[str, Any] | None, status: str | None = None) -> None:
        """A node lives; stored a moment later, all nodes together. Raises InvalidRequest for an unknown status."""
        if status is not None and status not in BEATABLE:
            raise InvalidRequest([BadField("status", f"one of {', '.join(BEATABLE)}")])
        state = None if status is None else BEATABLE[status].value
        beat = Beat(node_id, datetime.now(UTC), dict(metrics) if metrics else None, state)
        if older := self._beats.get(node_id):
            beat = replace(beat, metrics=beat.metrics or older.metrics, state=beat.state or older.state)
        self._beats[node_id] = beat

    async def flush_beats(self) -> None:
        """Store the signs of life."""
        beats, self._beats = self._beats, {}
        if beats:
            await nodes.beat(self._database, list(beats.values()))

    async def deregister(self, node_id: UUID, wallet: str) -> None:
        """Remove a node for its owner. Raises NotFound, Unauthorized."""
        row = await self.get(node_id)
        if row["wallet"] != wallet:
            raise Unauthorized
        async with self._database.transaction() as connection:
            if not await nodes.deregister(connection, node_id):
                raise NotFound("Node")
            await events.notify(connection, events.NODES_CHANNEL, str(node_id))
        self.forget(node_id)

    def forget(self, node_id: UUID) -> None:
        """A node is gone, here or at another coordinator."""
        self._known.pop(node_id, None)
        self._beats.pop(node_id, None)
        self._tokens = {digest: node for digest, node in self._tokens.items() if node.node_id != node_id}

    def _remember(self, node: KnownNode) -> KnownNode:
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
            self._tokens.clear()
        self._known[node.node_id] = node
        return node
