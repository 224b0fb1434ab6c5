"""Address lookup tables of the vault's: who stands in which, and what is being done to them."""

from collections.abc import Sequence
from typing import Final

from hypernode.domain.payment import TABLE_MOVES, TableEvent, TableState
from hypernode.store.database import Connection, Database, Row, statements

SQL: Final = statements("lookup_tables")


async def insert(connection: Connection, address: str, signature: str) -> bool:
    """A table is to be made by a chain transaction; False if another coordinator makes one."""
    return await connection.fetchval(SQL["insert_table"], address, TableState.BUILDING, signature) is not None


async def add(connection: Connection, address: str, first: int, wallets: Sequence[str], signature: str) -> bool:
    """A change puts wallets into a table, from a position on; False if another coordinator has taken some of them."""
    rows = await connection.fetch(SQL["insert_entries"], wallets, address, first, signature)
    return len(rows) == len(wallets)


async def begin_change(connection: Connection, address: str, state: TableState, signature: str) -> bool:
    """A change to a table in this state is on its way; False if another one is."""
    return await connection.fetchval(SQL["begin_change"], address, signature, state) is not None


async def landed(connection: Connection, signature: str) -> None:
    """A change is on the chain for good."""
    move = TABLE_MOVES[TableEvent.OPEN]
    await connection.execute(SQL["end_change"], signature, move.target, move.source_names)


async def failed(connection: Connection, signature: str) -> None:
    """A change had no effect and never will."""
    move = TABLE_MOVES[TableEvent.FAIL]
    await connection.execute(SQL["end_change"], signature, move.target, move.source_names)
    await connection.execute(SQL["drop_entries_of_change"], signature)


async def retire(connection: Connection, address: str, idle_s: float) -> None:
    """A table that no payout has used for so long is used no more: its wallets may enter another one."""
    move = TABLE_MOVES[TableEvent.RETIRE]
    if await connection.fetchval(SQL["retire_table"], address, move.target, move.source_names, idle_s) is not None:
        await connection.execute(SQL["drop_entries"], address)


async def close(database: Database, address: str) -> None:
    """A table is gone from the chain."""
    move = TABLE_MOVES[TableEvent.CLOSE]
    await database.execute(SQL["close_table"], address, move.target, move.source_names)


async def use(connection: Connection, address: str) -> bool:
    """A payout uses a table; False if it must not."""
    return await connection.fetchval(SQL["use_table"], address, TableState.OPEN) is not None


async def places(database: Database, wallets: Sequence[str]) -> list[Row]:
    """Where (wallet, address, position) wallets stand in tables that may be used."""
    return await database.fetch(SQL["places"], wallets, TableState.OPEN)


async def entries(database: Database, address: str) -> list[str]:
    """The wallets that stand in a table, in their order."""
    return [row["wallet"] for row in await database.fetch(SQL["entries"], address)]


async def regulars(database: Database, wallets: Sequence[str]) -> list[str]:
    """Those of the wallets that were paid for their work before, and are in no table."""
    return [row["wallet"] for row in await database.fetch(SQL["regulars"], wallets)]


async def newest(database: Database) -> Row | None:
    """The table (address, signature of the change on its way) that was made last, if it may take more."""
    return await database.row(SQL["newest_table"], [TableState.BUILDING, TableState.OPEN])


async def idle(database: Database, seconds: float) -> list[str]:
    """Tables that no payout has used for so long."""
    return [row["address"] for row in await database.fetch(SQL["idle_tables"], TableState.OPEN, seconds)]


async def retired(database: Database) -> list[str]:
    """Tables that are to be closed, and that no change is on its way for."""
    return [row["address"] for row in await database.fetch(SQL["tables_in_state"], TableState.RETIRED)]
