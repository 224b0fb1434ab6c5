"""Group read: one question for all who wait, and never an answer older than what was committed before it was asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from hypernode.store.database import Database
from hypernode.store.group_read import GroupRead

KEYS = ("a", "b", "c")


class Table:
    """Numbers under keys, read in groups; whoever writes does so past the reader."""

    def __init__(self, database: Database, url: str) -> None:
        self.database = database
        self.url = url
        self.asked: list[Sequence[str]] = []
        self.reads: GroupRead[str, bytes | None] = GroupRead(database, self.read)

    async def read(self, keys: Sequence[str]) -> dict[str, bytes | None]:
        self.asked.append(keys)
        rows = await self.database.fetch("SELECT key, number FROM kept WHERE key = ANY ($1)", keys)
        return {**dict.fromkeys(keys), **{row["key"]: b"%d" % row["number"] for row in rows}}

    async def get(self, key: str) -> bytes | None:
        return await self.reads.put(key)

    async def write(self, key: str, number: int) -> None:
        statement = "INSERT INTO kept VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET number = $2"
        await self.database.execute(statement, key, number)


@pytest.fixture
async def table(database_url: str) -> AsyncIterator[Table]:
    database = await Database.open(database_url)
    try:
        await database.execute("CREATE TABLE kept (key text PRIMARY KEY, number integer NOT NULL)")
        yield Table(database, database_url)
    finally:
        await database.close()


async def test_all_who_wait_at_once_are_answered_by_one_question(table: Table):
    await table.write("a", 1)

    answers = await asyncio.gather(*(table.get(key) for key in ("a", "b", "a", "a")))

    assert answers == [b"1", None, b"1", b"1"]
    assert table.asked == [["a", "b"]]


async def test_nothing_is_read_again_while_nothing_changes(table: Table):
    await table.write("a", 1)
    assert [await table.get("a") for _ in range(5)] == [b"1"] * 5
    assert await table.get("b") is None

    assert table.asked == [["a"], ["b"]]


async def test_a_commit_of_anybody_is_seen_by_whoever_asks_after_it(table: Table):
    other = await asyncpg.connect(table.url)
    try:
        await table.write("a", 1)
        assert await table.get("a") == b"1"
        transaction = other.transaction()
        await transaction.start()
        await other.execute("UPDATE kept SET number = 2 WHERE key = 'a'")
        assert await table.get("a") == b"1"
        await transaction.commit()
        assert await table.get("a") == b"2"
        await other.execute("DELETE FROM kept")
        assert await table.get("a") is None
    finally:
        await other.close()


async def test_one_question_that_fails_is_not_remembered(table: Table):
    await table.write("a", 1)
    await table.database.execute("ALTER TABLE kept RENAME TO gone")
    with pytest.raises(asyncpg.UndefinedTableError):
        await table.get("a")

    await table.database.execute("ALTER TABLE gone RENAME TO kept")

    assert await table.get("a") == b"1"


async def test_no_reader_among_writers_is_told_less_than_was_committed_when_it_asked(table: Table):
    committed = dict.fromkeys(KEYS, 0)
    for key in KEYS:
        await table.write(key, 0)

    async def write(key: str) -> None:
        for number in range(1, 60):
            await table.write(key, number)
            committed[key] = number
            await asyncio.sleep(0.002 if number % 7 == 0 else 0)

    async def read(key: str) -> None:
        while committed[key] < 59:
            least = committed[key]
            answer = await table.get(key)
            assert answer is not None and int(answer) >= least

    await asyncio.gather(*(write(key) for key in KEYS), *(read(key) for key in KEYS * 5))
