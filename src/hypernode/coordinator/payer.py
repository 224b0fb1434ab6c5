"""Pays out: gathers what is owed to each wallet, and sends it in batches that survive a crash at any point.

The money rule: sign, store the bytes, commit, then send; the same bytes are sent until they are final or can never
land. Only then is a payout owed again.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

import structlog

from hypernode.chain.lookup import LookupTable
from hypernode.chain.rpc import Blockhash, Rpc
from hypernode.chain.transactions import MAX_INSTRUCTIONS, Payment, payments_that_fit, sign_payouts
from hypernode.coordinator.broadcaster import Broadcaster
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.tables import Tables
from hypernode.coordinator.vault import Failpoint, Vault
from hypernode.domain.errors import InsufficientBalance
from hypernode.domain.money import Amount, to_number, to_text
from hypernode.store import events, ledger, lookup_tables, payouts
from hypernode.store.database import Connection, Database, Row
from hypernode.store.events import NewEvent
from hypernode.store.ledger import Transfer
from hypernode.store.payouts import Earning

log: Final = structlog.get_logger(__name__)

MAX_DUE: Final = 2_000
"""Payouts that one look plans."""
MAX_BATCHES: Final = 64
"""Chain transactions of payouts that one look signs."""
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
        self._tables = Tables(database, rpc, vault, reached)

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
            rows = await payouts.gather_earnings(connection, self._policy.least_payout)
            earned = [Earning(new_id(), row["provider"], Amount(row["amount"]), row["jobs"]) for row in rows]
            await payouts.insert_earnings(connection, earned)
            transfers = [
                Transfer("payout", str(each.payout_id), ledger.provider(each.wallet), ledger.OUTGOING, each.amount)
                for each in earned
            ]
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
        rows = await self._within_cap(await payouts.due(self._database, MAX_DUE))
        if rows:
            await self._sign_all(rows)
        await self._broadcaster.follow()
        await self._tables.tend()

    async def finalized(self, connection: Connection, signature: str) -> None:
        """A batch is on the chain for good."""
        paid = await payouts.finalize(connection, signature)
        transfers = [
            Transfer("paid", str(row["payout_id"]), ledger.OUTGOING, ledger.CHAIN, Amount(row["amount"]))
            for row in paid
        ]
        data = {
            row["payout_id"]: {
                "payoutId": str(row["payout_id"]),
                "amount": to_number(Amount(row["amount"])),
                "transaction": signature,
            }
            for row in paid
        }
        jobs = await payouts.jobs_of(connection, list(data))
        await ledger.post(connection, transfers)
        told = [NewEvent(job["job_id"], job["wallet"], "payout", data[job["payout_id"]]) for job in jobs]
        await events.append(connection, told)

    async def failed(self, connection: Connection, signature: str) -> None:
        """A batch had no effect: its payouts are owed again."""
        await payouts.give_back(connection, signature)

    async def _sign_all(self, rows: Sequence[Row]) -> None:
        """Store the next chain transactions of payouts."""
        wallets = list(dict.fromkeys(row["wallet"] for row in rows))
        missing = await self._vault.wallets_without_account(self._rpc, wallets)
        tables = await self._tables.of(wallets)
        planned = list(islice(batches(rows, missing, tables), MAX_BATCHES))
        blockhash = await self._rpc.latest_blockhash()
        with suppress(PayoutsTaken):
            for batch in planned:
                await self._sign(batch, missing, blockhash)
        if sum(batch.fresh for batch in planned) > 1:
            self._tables.propose(wallet for wallet in wallets if wallet not in missing and wallet not in tables)

    async def _sign(self, batch: "Batch", missing: set[str], blockhash: Blockhash) -> None:
        """Sign and store one; raises PayoutsTaken."""
        signed = sign_payouts(
            self._vault.keypair,
            self._vault.mint.address,
            self._vault.mint.token_program,
            [_payment(row) for row in batch.rows],
            blockhash.blockhash,
            missing,
            batch.table,
        )
        self._reached("payout.signed")
        async with self._database.transaction() as connection:
            await payouts.store_transaction(
                connection, signed.signature, self.name, signed.raw, blockhash.last_valid_block_height
            )
            usable = batch.table is None or await lookup_tables.use(connection, batch.table.address)
            payout_ids = [row["payout_id"] for row in batch.rows]
            if not usable or not await payouts.batch(connection, payout_ids, signed.signature):
                raise PayoutsTaken
        self._reached("payout.stored")

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
    """Another coordinator has batched these payouts, or retired their lookup table; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The payouts of one chain transaction, and the lookup table that it uses."""

    rows: Sequence[Row]
    table: LookupTable | None

    @property
    def fresh(self) -> bool:
        """Whether these payouts never came back."""
        return self.rows[0]["returns"] == 0


def batches(rows: Sequence[Row], missing: Collection[str], tables: Mapping[str, LookupTable]) -> Iterator[Batch]:
    """Due payouts as chain transactions that hold as many as fit: each by the table that most of them stand in.

    A payout that came back goes alone and by no table, so that it cannot spoil others again.
    """
    waiting = [row for row in rows if row["returns"] == 0]
    while waiting:
        standing = Counter(table.address for row in waiting if (table := tables.get(row["wallet"])))
        chosen = standing.most_common(1)[0][0] if standing else None
        listed = {wallet for wallet, table in tables.items() if table.address == chosen}
        waiting.sort(key=lambda row: row["wallet"] not in listed)
        count = payments_that_fit([_payment(row) for row in waiting[:MAX_INSTRUCTIONS]], missing, listed)
        batch, waiting = waiting[:count], waiting[count:]
        yield Batch(batch, next((tables[row["wallet"]] for row in batch if row["wallet"] in listed), None))
    for row in rows:
        if row["returns"]:
            yield Batch([row], None)


def _payment(row: Row) -> Payment:
    return Payment(row["wallet"], row["amount"], str(row["payout_id"]))
