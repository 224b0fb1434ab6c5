"""A vault with money, payers that may die at a point, and what the chain and the books say afterwards."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hypernode.chain import keys, tokens
from hypernode.chain.keys import Keypair
from hypernode.chain.localnet import Localnet
from hypernode.chain.lookup import LookupTable, read_table
from hypernode.chain.rpc import Rpc
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.payer import Payer
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.vault import Vault
from hypernode.domain.money import Amount
from hypernode.store import ledger, payouts
from hypernode.store.database import Database
from hypernode.store.ledger import Transfer

PATIENCE_S = 60.0
SOL = 10**9


class Died(BaseException):
    """A coordinator has come to the point where it was to die."""


class Office:
    """One vault on one chain with one database."""

    def __init__(self, database: Database, rpc: Rpc, vault: Vault) -> None:
        self.database, self.rpc, self.vault = database, rpc, vault
        self.owed: Counter[str] = Counter()

    @classmethod
    @asynccontextmanager
    async def open(cls, chain: Localnet, database_url: str) -> AsyncIterator["Office"]:
        """With SOL and HYPER in the vault."""
        rpc = Rpc(chain.rpc_url)
        database = await Database.open(database_url)
        try:
            mint = tokens.inspect_mint(chain.mint, await rpc.account(chain.mint))
            office = cls(database, rpc, Vault(Keypair(), mint))
            await rpc.airdrop(office.vault.address, 10 * SOL)
            await rpc.call("hypernode_faucet", office.vault.address, 10**12)
            yield office
        finally:
            await office.pull("clear")
            await database.close()
            await rpc.aclose()

    def payer(self, dies_at: str = "") -> Payer:
        """A coordinator's payer, as if just started."""

        def reached(point: str) -> None:
            if point == dies_at:
                raise Died(point)

        return Payer(self.database, self.rpc, self.vault, Policy(), reached)

    async def pull(self, fault: str, *more: object) -> None:
        """Pull one of the chain's levers."""
        await self.rpc.call("hypernode_fault", fault, *more)

    async def owe(self, wallets: Sequence[str], amount: int = 1_000) -> None:
        """Payouts of earnings that are due."""
        total = Amount(amount * len(wallets))
        async with self.database.transaction() as connection:
            await ledger.post(connection, [Transfer("test", str(new_id()), ledger.CHAIN, ledger.OUTGOING, total)])
            for wallet in wallets:
                await payouts.insert(connection, new_id(), "earnings", wallet, Amount(amount))
                self.owed[wallet] += amount

    async def settle(self, *payers: Payer) -> None:
        """Let the payers work until all is paid and nothing is on its way."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await asyncio.gather(*(payer.pay() for payer in payers))
                if not await self.database.value(
                    "SELECT EXISTS (SELECT FROM payout WHERE state <> 'finalized')"
                    " OR EXISTS (SELECT FROM chain_transaction WHERE state IN ('signed', 'sent'))"
                ):
                    return
                await asyncio.sleep(0.02)

    async def pay(self, wallets: Sequence[str], payer: Payer | None = None) -> list[int]:
        """Owe and pay; how many payouts each chain transaction held."""
        before = set(await self.column("SELECT signature FROM chain_transaction WHERE purpose = 'payout'"))
        await self.owe(wallets)
        await self.settle(payer or self.payer())
        rows = await self.database.fetch("SELECT signature, count(*) AS size FROM payout GROUP BY 1")
        return sorted((row["size"] for row in rows if row["signature"] not in before), reverse=True)

    async def column(self, statement: str, *arguments: object) -> list[Any]:
        """The first column of a statement."""
        return [row[0] for row in await self.database.pool.fetch(statement, *arguments)]

    async def tables(self) -> list[LookupTable]:
        """Those on the chain that our books know of."""
        addresses = await self.column("SELECT address FROM lookup_table ORDER BY created_at")
        found = [read_table(address, await self.rpc.account(address, "finalized")) for address in addresses]
        return [table for table in found if table is not None]

    def account(self, wallet: str) -> str:
        """A wallet's token account."""
        return tokens.ata(wallet, self.vault.mint.address, self.vault.mint.token_program)

    async def assert_paid_once(self) -> None:
        """Each wallet has what it was owed, to the base unit, and the books agree."""
        for wallet, amount in self.owed.items():
            assert await self.rpc.token_balance(self.account(wallet), "finalized") == amount
        assert await ledger.faults(self.database) == []
        assert (await ledger.balances(self.database, [ledger.OUTGOING]))[ledger.OUTGOING] == 0

    async def assert_tables_hold(self, wallets: Sequence[str]) -> None:
        """Each of the wallets stands in one table of ours, on the chain where our books say."""
        tables = {table.address: table for table in await self.tables()}
        rows = await self.database.fetch("SELECT wallet, address, position FROM lookup_entry")
        assert sorted(row["wallet"] for row in rows) == sorted(wallets)
        for row in rows:
            assert tables[row["address"]].entries[row["position"]] == self.account(row["wallet"])
        for table in tables.values():
            assert table.entries[:2] == (self.vault.token_account, self.vault.mint.address)
            assert len(set(table.entries)) == len(table.entries)


def wallets(count: int) -> list[str]:
    """New ones."""
    return [keys.address_of(Keypair()) for _ in range(count)]
