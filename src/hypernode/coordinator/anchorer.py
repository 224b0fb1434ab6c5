"""Puts receipts on the chain: the Merkle root of a batch in a memo, 5,000 lamports whatever the batch."""

from collections import OrderedDict
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from hypernode.chain import anchors
from hypernode.chain.keys import Keypair
from hypernode.chain.rpc import Rpc
from hypernode.chain.transactions import sign_memo
from hypernode.chain.verify import Anchoring, Inclusion, ReceiptFile
from hypernode.coordinator.broadcaster import Broadcaster
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.vault import Failpoint
from hypernode.domain import merkle
from hypernode.domain.errors import NotFound
from hypernode.domain.payment import TransferState
from hypernode.domain.receipt import Receipt
from hypernode.store import events, payouts, receipts
from hypernode.store.database import Connection, Database
from hypernode.store.events import NewEvent

MAX_BATCH: Final = 10_000
MAX_TREES: Final = 32
"""Trees kept for proofs, 0.6 MB each at most."""


class Anchorer:
    """Anchors receipts, and gives each one with its proof."""

    name = "anchor"

    def __init__(
        self, database: Database, rpc: Rpc, keypair: Keypair, genesis_hash: str, policy: Policy, reached: Failpoint
    ) -> None:
        self._database = database
        self._rpc = rpc
        self._keypair = keypair
        self._genesis_hash = genesis_hash
        self._policy = policy
        self._broadcaster = Broadcaster(database, rpc, self, reached)
        self._trees: OrderedDict[UUID, merkle.Tree] = OrderedDict()

    async def anchor(self) -> None:
        """Sign and store an anchor if it is time for one, then follow those on their way."""
        waiting, oldest_s = await receipts.unanchored_age(self._database, self._policy.anchor_at)
        if waiting >= self._policy.anchor_at or (waiting and oldest_s >= self._policy.anchor_every_s):
            with suppress(ReceiptsTaken):
                await self._sign()
        await self._broadcaster.follow()

    async def file(self, job_id: UUID) -> ReceiptFile:
        """A job's receipt with all that proves it so far. Raises NotFound."""
        row = await receipts.of_job(self._database, job_id)
        if row is None:
            raise NotFound("Receipt")
        receipt = msgspec.json.decode(row["body"], type=Receipt)
        if row["anchor_state"] != TransferState.FINALIZED:
            return ReceiptFile(receipt, row["signature"], row["signer"])
        tree = await self._tree(row["anchor_id"])
        proof = tuple(sibling.hex() for sibling in tree.proof(row["position"]))
        inclusion = Inclusion(row["position"], row["size"], row["root"].hex(), proof)
        anchoring = Anchoring(row["anchor_signature"], row["slot"], self._genesis_hash)
        return ReceiptFile(receipt, row["signature"], row["signer"], inclusion, anchoring)

    async def finalized(self, connection: Connection, signature: str) -> None:
        """An anchor is on the chain for good."""
        told = [
            NewEvent(
                row["job_id"],
                row["wallet"],
                "receipt",
                {"receiptId": str(row["receipt_id"]), "anchored": True, "transaction": signature},
            )
            for row in await receipts.anchored_jobs(connection, signature)
        ]
        await events.append(connection, told)

    async def failed(self, connection: Connection, signature: str) -> None:
        """An anchor did not land: its receipts wait for another."""
        await receipts.free(connection, signature)

    async def _sign(self) -> None:
        rows = await receipts.unanchored(self._database, MAX_BATCH)
        if not rows:
            raise ReceiptsTaken  # Since they were counted.
        tree = merkle.Tree([merkle.leaf_hash(row["body"]) for row in rows])
        blockhash = await self._rpc.latest_blockhash()
        signed = sign_memo(self._keypair, anchors.memo_text(tree.root, tree.size), blockhash.blockhash)
        async with self._database.transaction() as connection:
            await payouts.store_transaction(
                connection, signed.signature, self.name, signed.raw, blockhash.last_valid_block_height
            )
            ids = [row["receipt_id"] for row in rows]
            if not await receipts.anchor(connection, new_id(), tree.root, signed.signature, ids):
                raise ReceiptsTaken

    async def _tree(self, anchor_id: UUID) -> merkle.Tree:
        tree = self._trees.get(anchor_id)
        if tree is None:
            bodies = await receipts.bodies(self._database, anchor_id)
            tree = self._trees[anchor_id] = merkle.Tree([merkle.leaf_hash(body) for body in bodies])
        self._trees.move_to_end(anchor_id)
        if len(self._trees) > MAX_TREES:
            self._trees.popitem(last=False)
        return tree


class ReceiptsTaken(Exception):
    """Another coordinator has anchored some of these receipts; nothing was stored."""
