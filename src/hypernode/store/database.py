"""The connection to PostgreSQL: pool, migrations, transactions, and the named statements of the .sql files."""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, cast
from uuid import UUID

import asyncpg
import msgspec
from pogo_core.util import migrate

Row: TypeAlias = Mapping[str, Any]


class Connection(Protocol):
    """A connection inside a transaction: as much of asyncpg's as the store uses."""

    async def fetch(self, query: str, *args: object) -> list[Row]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *args: object) -> Row | None:
        """The first row."""
        ...

    async def fetchval(self, query: str, *args: object) -> Any:
        """The first column of the first row."""
        ...

    async def execute(self, query: str, *args: object) -> str:
        """Run for its effect."""
        ...

    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[Sequence[object]], columns: Sequence[str]
    ) -> str:
        """Write rows by COPY."""
        ...


UNAVAILABLE: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""What the store raises when PostgreSQL cannot be asked now: nothing was done, or its outcome is unknown."""

_STATEMENT: Final = re.compile(r"^-- (\w+): ", re.MULTILINE)
_MIGRATIONS_LOCK: Final = 0x48594E01
MAX_CONNECTIONS: Final = 16
LAST_ID: Final = UUID(int=2**128 - 1)
"""Where a list begins that goes from the newest id down."""
OF_WALLET: Final = "wallet = (SELECT {}::text)"
"""A list's condition. PostgreSQL is not to know whose list it plans: of somebody who owns much it would read
everybody's rows from the newest down, and go through all of them where that one has been away for long.
"""
COMMAND_TIMEOUT_S: Final = 30.0


def statements(group: str) -> dict[str, str]:
    """The statements of `sql/<group>.sql` by name. Each begins with a line `-- name: what it does`."""
    text = files("hypernode.store").joinpath("sql", f"{group}.sql").read_text()
    parts = _STATEMENT.split(text)
    return dict(zip(parts[1::2], (f"-- {part}" for part in parts[2::2]), strict=True))


def narrowed(statement: str, *arguments: object, by: Iterable[tuple[Any, ...]]) -> tuple[str, list[object]]:
    """A list's statement with conditions (text, its value if it has one) for `{filters}`, and all its arguments.

    Each combination is a statement of its own, so that PostgreSQL plans it by the index that suits it.
    """
    texts: list[str] = []
    values = list(arguments)
    for text, *value in by:
        values += value
        texts.append(f" AND {text.format(f'${len(values)}')}")
    return statement.replace("{filters}", "".join(texts)), values


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", url: str) -> None:
        self.pool = pool
        self.url = url

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect and bring the schema up to date. Several coordinators may do so at once."""
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATIONS_LOCK)
            await migrate.apply(connection, Path(str(files("hypernode.store") / "migrations")), schema_name="public")
        finally:
            await connection.close()
        pool = await asyncpg.create_pool(
            url,
            min_size=2,
            max_size=MAX_CONNECTIONS,
            init=_prepare,
            command_timeout=COMMAND_TIMEOUT_S,
            connection_class=_PooledConnection,
        )
        return cls(pool, url)

    async def close(self) -> None:
        """Close the pool; running statements are cut off."""
        self.pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """A connection inside a transaction: committed at the end, rolled back on any exception."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield cast(Connection, connection)

    async def fetch(self, statement: str, *arguments: object) -> list[Row]:
        """All rows of one statement, outside any transaction."""
        return cast(list[Row], await self.pool.fetch(statement, *arguments))

    async def row(self, statement: str, *arguments: object) -> Row | None:
        """The first row of one statement."""
        return cast(Row | None, await self.pool.fetchrow(statement, *arguments))

    async def value(self, statement: str, *arguments: object) -> Any:
        """The first column of the first row of one statement."""
        return await self.pool.fetchval(statement, *arguments)

    async def execute(self, statement: str, *arguments: object) -> None:
        """Run one statement for its effect."""
        await self.pool.execute(statement, *arguments)


class _PooledConnection(asyncpg.Connection):
    """Goes back to the pool as it is: nothing here outlives its transaction (no SET, no cursor, no session lock)."""

    def get_reset_query(self) -> str:
        """Nothing to undo; asyncpg would ask the server once more after every use."""
        return ""


async def _prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    # `json` keeps a value's text as it came (numbers, U+0000), so that digests of it stay true; `jsonb` does not.
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=msgspec.json.encode, decoder=msgspec.json.decode, format="binary"
    )
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda value: msgspec.json.decode(value[1:]),
        format="binary",
    )
