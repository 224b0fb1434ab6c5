"""Pays out: gathers what is owed to each wallet, and sends it in batches that survive a crash at any point.

The money rule: sign, store the bytes, commit, then send; the same bytes are sent until they are final or can never
land. Only then is a payout owed again.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from hypernode.chain.rpc import Rpc
from hypernode.chain.transactions import Payment, payments_that_fit, sign_payouts
from hypernode.coordinator.broadcaster import Broadcaster
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.vault import Failpoint, Vault
from hypernode.domain.errors import InsufficientBalance
from hypernode.domain.money import Amount, to_number, to_text
from hypernode.store import events, ledger, payouts
from hypernode.store.database import Connection, Database, Row
from hypernode.store.events import NewEvent
from hypernode.store.ledger import Transfer

log: Final = structlog.get_logger(__name__)

MAX_DUE: Final = 64
MAX_BATCHES: Final = 32
DAY_S: Final = 86_400.0


class Payer:
    """The way of HYPER out of the network."""

    name = "payout"

    def __init__(self, database: Database, rpc: Rpc, vault: Vault, policy: Policy, reached: Failpoint) -> None:
        self._database = database
        self._rpc = rpc
        self._vault = vault
        self._policy = policy
        self._reached = reached
        self._broadcaster = Broadcaster(database, rpc, self, reached)

    async def withdraw(self, payout_id: UUID, wallet: str, amount: Amount) -> None:
        """Owe a part of a wallet's balance to it. Raises InsufficientBalance. The same id is owed once."""
        async with self._database.transaction() as connection:
            account = ledger.customer(wallet)
            balance = (await ledger.lock(connection, [account]))[account]
            if not await payouts.insert(connection, payout_id, "withdrawal", wallet, amount):
                return
            if balance < amount:
                raise InsufficientBalance(to_text(balance))
            await ledger.post(connection, [Transfer("withdrawal", str(payout_id), account, ledger.OUTGOING, amount)])

    async def gather(self) -> None:
        """Make payouts of what providers have earned, and of the network's part where the operator takes it out."""
        async with self._database.transaction() as connection:
            transfers: list[Transfer] = []
            for row in await payouts.gather_earnings(connection, self._policy.least_payout):
                payout_id, wallet, amount = new_id(), row["provider"], row["amount"]
                await payouts.insert(connection, payout_id, "earnings", wallet, amount)
                await payouts.assign_earnings(connection, row["jobs"], payout_id)
                transfers.append(Transfer("payout", str(payout_id), ledger.provider(wallet), ledger.OUTGOING, amount))
            transfers += await self._network_part(connection)
            await ledger.post(connection, transfers)

    async def _network_part(self, connection: Connection) -> list[Transfer]:
        wallet = self._policy.treasury_wallet
        if wallet is None:
            return []
        amount = (await ledger.lock(connection, [ledger.TREASURY]))[ledger.TREASURY]
        if amount < self._policy.least_payout:
            return []
        payout_id = new_id()
        await payouts.insert(connection, payout_id, "network", wallet, amount)
        return [Transfer("payout", str(payout_id), ledger.TREASURY, ledger.OUTGOING, amount)]

    async def pay(self) -> None:
        """Sign and store what is due, then follow all that is on its way."""
        for _ in range(MAX_BATCHES):
            rows = await self._within_cap(await payouts.due(self._database, MAX_DUE))
            batch = _next_batch(rows)
            try:
                if not batch or not await self._sign(batch):
                    break
            except PayoutsTaken:
                break
        await self._broadcaster.follow()

    async def finalized(self, connection: Connection, signature: str) -> None:
        """A batch is on the chain for good."""
        told: list[NewEvent] = []
        transfers: list[Transfer] = []
        for row in await payouts.finalize(connection, signature):
            amount = Amount(row["amount"])
            transfers.append(Transfer("paid", str(row["payout_id"]), ledger.OUTGOING, ledger.CHAIN, amount))
            data = {"payoutId": str(row["payout_id"]), "amount": to_number(amount), "transaction": signature}
            for job in await payouts.jobs_of(connection, row["payout_id"]):
                told.append(NewEvent(job["job_id"], job["wallet"], "payout", data))
        await ledger.post(connection, transfers)
        await events.append(connection, told)

    async def failed(self, connection: Connection, signature: str) -> None:
        """A batch had no effect: its payouts are owed again."""
        await payouts.give_back(connection, signature)

    async def _sign(self, batch: Sequence[Row]) -> bool:
        """Store the next chain transaction of payouts; False if that has to wait."""
        payments = [Payment(row["wallet"], row["amount"], str(row["payout_id"])) for row in batch]
        missing = await self._vault.wallets_without_account(self._rpc, [p.wallet for p in payments])
        count = payments_that_fit(payments, missing)
        payments, batch = payments[:count], batch[:count]
        blockhash = await self._rpc.latest_blockhash()
        mint = self._vault.mint
        signed = sign_payouts(
            self._vault.keypair, mint.address, mint.token_program, payments, blockhash.blockhash, missing
        )
        self._reached("payout.signed")
        async with self._database.transaction() as connection:
            await payouts.store_transaction(
                connection, signed.signature, self.name, signed.raw, blockhash.last_valid_block_height
            )
            if not await payouts.batch(connection, [row["payout_id"] for row in batch], signed.signature):
                raise PayoutsTaken
        self._reached("payout.stored")
        return True

    async def _within_cap(self, due: Sequence[Row]) -> list[Row]:
        """Those that may leave today; what is too large waits and does not keep the others back."""
        cap = self._policy.payout_cap
        if cap is None:
            return list(due)
        left = cap - await payouts.left_since(self._database, DAY_S)
        within: list[Row] = []
        for row in due:
            if row["amount"] <= left:
                left -= row["amount"]
                within.append(row)
        if len(within) < len(due):
            log.error("payout_cap_reached", cap=to_text(cap), waiting=len(due) - len(within))
        return within


class PayoutsTaken(Exception):
    """Another coordinator has batched these payouts; nothing was stored."""


def _next_batch(rows: Sequence[Row]) -> list[Row]:
    """Those that never came back together; one that did goes alone, so that it cannot spoil others again."""
    fresh = [row for row in rows if row["returns"] == 0]
    return fresh or list(rows[:1])
