"""Nodes: registration, signs of life (written behind), removal, and whose token is whose."""

import time
from asyncio import Future
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from hypernode.coordinator.demands import amount
from hypernode.coordinator.ids import Secrets, secret_hash
from hypernode.domain.errors import BadField, InvalidRequest, NotFound, Unauthorized
from hypernode.domain.node import OFFLINE_AFTER_S, NodeState, vram_mb
from hypernode.protocol.nodes import RegisterNode
from hypernode.store import events, nodes
from hypernode.store.database import Database, Row
from hypernode.store.group_commit import GroupCommit
from hypernode.store.nodes import Beat, Registration

TOKEN_PREFIX: Final = "hnn"
BEATABLE: Final = {"online": NodeState.ONLINE, "busy": NodeState.ONLINE, "draining": NodeState.DRAINING}
MAX_CACHED: Final = 1_000_000
STORE_EVERY_S: Final = OFFLINE_AFTER_S / 4
"""A node that beats more often is stored once in this time. Its last beat is stored long before it counts as silent."""


@dataclass(frozen=True, slots=True)
class KnownNode:
    """Who a node is."""

    node_id: UUID
    wallet: str


class Registry:
    """The network's nodes."""

    def __init__(self, database: Database, secrets: Secrets, store_every_s: float = STORE_EVERY_S) -> None:
        self._database = database
        self._secrets = secrets
        self._store_every_s = store_every_s
        self._known: dict[UUID, KnownNode] = {}
        self._tokens: dict[bytes, KnownNode] = {}
        self._beats: dict[UUID, Beat] = {}  #: Not stored yet, the latest of each node.
        self._due: set[UUID] = set()  #: Whose beats the next flush stores.
        self._states: dict[UUID, str | None] = {}  #: Of the nodes that were stored a short while ago, as they said.
        self._stored: deque[tuple[float, list[UUID]]] = deque()  #: Those, and when.
        self._registering = GroupCommit(self._register_all)

    def token(self, node_id: UUID) -> str:
        """What a node proves itself with."""
        return self._secrets.token(TOKEN_PREFIX, node_id)

    async def register(self, given: RegisterNode, node_id: UUID) -> Row:
        """Add a machine of a wallet under this id, or update it under the one that it has. Raises InvalidRequest."""
        return await self.put(given, node_id)

    def put(self, given: RegisterNode, node_id: UUID) -> "Future[Row]":
        """The same, for those who cannot wait here: the row comes with its group's commit."""
        registration = Registration(
            node_id=node_id,
            wallet=given.wallet_address,
            machine_id=given.machine_id,
            token_hash=secret_hash(self.token(node_id)),
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
        return self._registering.put(registration)

    async def get(self, node_id: UUID) -> Row:
        """One node. Raises NotFound."""
        row = await nodes.get(self._database, node_id)
        if row is None:
            raise NotFound("Node")
        return row

    def recall(self, node_id: UUID) -> KnownNode | None:
        """Who a node is, if it was asked before."""
        return self._known.get(node_id)

    async def known(self, node_id: UUID) -> KnownNode:
        """Who a node is, from memory where possible. Raises NotFound."""
        node = self.recall(node_id)
        if node is None:
            row = await self.get(node_id)
            node = self._remember(KnownNode(row["node_id"], row["wallet"]))
        return node

    def recall_by(self, token_hash: bytes) -> KnownNode | None:
        """The node that a token belongs to, if that was asked before."""
        return self._tokens.get(token_hash)

    async def by_token(self, token: str) -> KnownNode | None:
        """The node that a token belongs to."""
        digest = secret_hash(token)
        node = self.recall_by(digest)
        if node is None and (row := await nodes.by_token(self._database, digest)):
            node = self._tokens[digest] = self._remember(KnownNode(row["node_id"], row["wallet"]))
        return node

    def beat(self, node_id: UUID, metrics: dict[str, Any] | None, status: str | None = None) -> None:
        """A node lives; stored a moment later, or with what else it says in the same while.

        Raises InvalidRequest for an unknown status.
        """
        if status is not None and status not in BEATABLE:
            raise InvalidRequest([BadField("status", f"one of {', '.join(BEATABLE)}")])
        state = None if status is None else BEATABLE[status].value
        older = self._beats.get(node_id)
        if older is not None:
            metrics, state = metrics or older.metrics, state or older.state
        self._beats[node_id] = Beat(node_id, datetime.now(UTC), metrics or None, state)
        if node_id not in self._states or (state is not None and state != self._states[node_id]):
            self._due.add(node_id)

    async def flush_beats(self, *, everything: bool = False) -> None:
        """Store the signs of life that are due: of a node that says something new, or was not stored for a while."""
        now = time.monotonic()
        while self._stored and (everything or now - self._stored[0][0] >= self._store_every_s):
            for node_id in self._stored.popleft()[1]:
                self._states.pop(node_id, None)
                if node_id in self._beats:
                    self._due.add(node_id)
        due, self._due = self._due, set()
        # In one order, so that two coordinators that heard of the same nodes rarely wait for each other.
        beats = [self._beats.pop(node_id) for node_id in sorted(due & self._beats.keys())]
        if not beats:
            return
        try:
            await nodes.beat(self._database, beats)
        except BaseException:
            self._beats = {beat.node_id: beat for beat in beats} | self._beats
            self._due.update(beat.node_id for beat in beats)
            raise
        self._stored.append((now, [beat.node_id for beat in beats]))
        self._states |= {beat.node_id: beat.state for beat in beats}

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

    async def _register_all(self, given: Sequence[Registration]) -> list[Row]:
        async with self._database.transaction() as connection:
            return await nodes.register(connection, given)

    def _remember(self, node: KnownNode) -> KnownNode:
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
            self._tokens.clear()
        self._known[node.node_id] = node
        return node
