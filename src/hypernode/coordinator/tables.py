"""Keeps address lookup tables of payees, by which one chain transaction holds 52 payouts instead of 18.

A payee's entry costs a 30th of a chain transaction, and rent that is locked until the table is closed. So only those
enter who are paid again and again, and only where payouts are so many that one chain transaction does not hold them.
Changes follow the money rule: sign, store the bytes, commit, then send.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Final

import structlog

from hypernode.chain import tokens
from hypernode.chain.lookup import (
    COOLING_SLOTS,
    MAX_ENTRIES,
    MAX_NEW_ENTRIES,
    Instruction,
    LookupTable,
    close_table,
    create_table,
    deactivate_table,
    extend_table,
    read_table,
)
from hypernode.chain.rpc import MAX_ACCOUNTS, Rpc
from hypernode.chain.transactions import sign_instructions
from hypernode.coordinator.broadcaster import Broadcaster
from hypernode.coordinator.vault import Failpoint, Vault
from hypernode.domain.payment import TableState
from hypernode.store import lookup_tables, payouts
from hypernode.store.database import Connection, Database

log: Final = structlog.get_logger(__name__)

LEAST_NEW_ENTRIES: Final = 10
"""Fewer wait for more: a change costs 5,000 lamports whatever it brings."""
MAX_PROPOSED: Final = 10_000
"""Payees who wait to be brought into a table."""
IDLE_S: Final = 14 * 86_400.0
"""A table that no payout has used for so long is closed."""


class Tables:
    """The vault's lookup tables: the vault's token account, the mint, then payees' token accounts."""

    name = "table"

    def __init__(self, database: Database, rpc: Rpc, vault: Vault, reached: Failpoint) -> None:
        self._database = database
        self._rpc = rpc
        self._vault = vault
        self._reached = reached
        self._broadcaster = Broadcaster(database, rpc, self, reached)
        self._known: dict[str, LookupTable] = {}
        self._proposed: dict[str, None] = {}

    async def of(self, wallets: Sequence[str]) -> dict[str, LookupTable]:
        """The table of each wallet that has one."""
        rows = await lookup_tables.places(self._database, wallets)
        unread = {row["address"] for row in rows if row["position"] >= self._size(row["address"])}
        await self._read(sorted(unread)[:MAX_ACCOUNTS])
        return {
            row["wallet"]: self._known[row["address"]]
            for row in rows
            if row["position"] < self._size(row["address"])
        }  # fmt: skip

    def propose(self, wallets: Iterable[str]) -> None:
        """Wallets whose payouts took much room."""
        for wallet in wallets:
            if len(self._proposed) < MAX_PROPOSED:
                self._proposed[wallet] = None

    async def tend(self) -> None:
        """Follow the changes that are on their way; begin those that are due."""
        await self._broadcaster.follow()
        with suppress(ChangeTaken):
            await self._grow()
        for address in await lookup_tables.idle(self._database, IDLE_S):
            async with self._database.transaction() as connection:
                await lookup_tables.retire(connection, address, IDLE_S)
        for address in await lookup_tables.retired(self._database):
            with suppress(ChangeTaken):
                await self._dismantle(address)

    async def finalized(self, connection: Connection, signature: str) -> None:
        """A change is on the chain for good."""
        await lookup_tables.landed(connection, signature)

    async def failed(self, connection: Connection, signature: str) -> None:
        """A change had no effect."""
        await lookup_tables.failed(connection, signature)

    def _size(self, address: str) -> int:
        table = self._known.get(address)
        return len(table.entries) if table else 0

    async def _read(self, addresses: Sequence[str]) -> None:
        """Read tables anew. Only that counts on which the chain and our books agree: an entry decides who is paid."""
        found = await self._rpc.accounts(addresses, "finalized") if addresses else []
        for address, account in zip(addresses, found, strict=True):
            table = read_table(address, account)
            if table is None or table.deactivated_at is not None:
                log.warning("lookup_table_unread", address=address)
                continue
            booked = self._entries(await lookup_tables.entries(self._database, address))
            both = zip(table.entries, booked, strict=False)
            agreed = tuple(ours for _, ours in takewhile(lambda pair: pair[0] == pair[1], both))
            self._known[address] = LookupTable(address, agreed)

    def _entries(self, wallets: Iterable[str]) -> list[str]:
        mint, program = self._vault.mint.address, self._vault.mint.token_program
        return [self._vault.token_account, mint, *(tokens.ata(wallet, mint, program) for wallet in wallets)]

    async def _grow(self) -> None:
        """Bring those who were proposed, and who are paid again and again, into the newest table or another one."""
        if len(self._proposed) < LEAST_NEW_ENTRIES:
            return
        wanted = await lookup_tables.regulars(self._database, list(self._proposed))
        self._proposed = dict.fromkeys(wanted)
        newest = await lookup_tables.newest(self._database)
        if len(wanted) < LEAST_NEW_ENTRIES or (newest is not None and newest["signature"] is not None):
            return
        if newest is not None:
            address: str = newest["address"]
            size = len(self._entries(await lookup_tables.entries(self._database, address)))
            [account] = await self._rpc.accounts([address], "finalized")
            table = read_table(address, account)
            if table is None or len(table.entries) < size:
                return  # The node lags.
            room = MAX_ENTRIES - size if len(table.entries) == size else 0
            if room >= LEAST_NEW_ENTRIES:
                await self._extend(address, size, wanted[: min(room, MAX_NEW_ENTRIES)])
                return
        await self._create(wanted)

    async def _create(self, wallets: Sequence[str]) -> None:
        address, create = create_table(self._vault.address, await self._rpc.slot("finalized"))
        own = self._entries([])
        wallets = wallets[: MAX_NEW_ENTRIES - len(own)]
        fill = extend_table(address, self._vault.address, self._entries(wallets))

        async def store(connection: Connection, signature: str) -> bool:
            made = await lookup_tables.insert(connection, address, signature)
            return made and await lookup_tables.add(connection, address, len(own), wallets, signature)

        await self._change([create, fill], store)

    async def _extend(self, address: str, size: int, wallets: Sequence[str]) -> None:
        entries = self._entries(wallets)[len(self._entries([])) :]

        async def store(connection: Connection, signature: str) -> bool:
            begun = await lookup_tables.begin_change(connection, address, TableState.OPEN, signature)
            return begun and await lookup_tables.add(connection, address, size, wallets, signature)

        await self._change([extend_table(address, self._vault.address, entries)], store)

    async def _dismantle(self, address: str) -> None:
        """The next step of a retired table to its end."""
        head = await self._rpc.head("finalized")
        table = read_table(address, await self._rpc.account(address, "finalized"))
        if table is None:
            self._known.pop(address, None)
            await lookup_tables.close(self._database, address)
            return
        if table.deactivated_at is None:
            step = deactivate_table(address, self._vault.address)
        elif head.absolute_slot > table.deactivated_at + COOLING_SLOTS:
            step = close_table(address, self._vault.address)
        else:
            return
        await self._change([step], partial(_begin, address))

    async def _change(
        self, instructions: Sequence[Instruction], store: Callable[[Connection, str], Awaitable[bool]]
    ) -> None:
        """Sign and store a change; the next look sends it. Raises ChangeTaken."""
        blockhash = await self._rpc.latest_blockhash()
        signed = sign_instructions([self._vault.keypair], instructions, blockhash.blockhash)
        self._reached("table.signed")
        async with self._database.transaction() as connection:
            await payouts.store_transaction(
                connection, signed.signature, self.name, signed.raw, blockhash.last_valid_block_height
            )
            if not await store(connection, signed.signature):
                raise ChangeTaken
        self._reached("table.stored")


class ChangeTaken(Exception):
    """Another coordinator changes this table, or these entries, just now; nothing was stored."""


async def _begin(address: str, connection: Connection, signature: str) -> bool:
    return await lookup_tables.begin_change(connection, address, TableState.RETIRED, signature)
