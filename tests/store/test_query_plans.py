"""No statement reads a large table from one end to the other: each finds what it needs by an index, or stops early.

Every statement of `store/sql` is planned on a database with some thousand jobs, with sequential scans forbidden: what
is left of them has no index to go by. Joins go row by row, as they do where tables are large. An index that is walked
without a condition is no better, unless it holds only the few rows that its WHERE lets in, or the walk ends with the
first rows that it finds.
"""

import asyncio
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from bench.growth_fill import Size, fill
from hypernode.store import database, jobs, nodes
from hypernode.store.embedded import EmbeddedPostgres
from tests.network import new_database

LARGE = {
    "account", "anchor", "artifact", "artifact_of_job", "artifact_reader", "chain_transaction", "deposit", "event",
    "hold", "job", "lease", "node", "payout", "receipt", "transfer",
}  # fmt: skip
SCANS = {
    "ledger.imbalance": "the books are checked whole: by tests and by hand, never for a request",
}
GROUPS = sorted(Path(str(path)).stem for path in files("hypernode.store").joinpath("sql").iterdir())
STATEMENTS = {f"{group}.{name}": sql for group in GROUPS for name, sql in database.statements(group).items()}
LIVE = ["offered", "running"]
ONLY_BY_INDEX = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"
STATES = {
    "nodes.fall_silent": {2: ["online", "draining"]},
    "payouts.finalize_payouts": {3: ["batched"]},
    "payouts.return_payouts": {3: ["batched"]},
}
"""By the place of a parameter, what the store's functions give for states; elsewhere it is those of a live lease."""
LAZY = {
    "Nested Loop",
    "Subquery Scan",
    "LockRows",
    "Append",
    "Merge Append",
    "Incremental Sort",
    "Result",
    "Limit",
    "ProjectSet",
}
"""What asks its first input for no more rows than it is asked for."""


@pytest.fixture(scope="module")
def filled(postgres: EmbeddedPostgres) -> str:
    """The URL of a database that holds a network's history."""
    url = new_database(postgres)

    async def prepare() -> None:
        made = await database.Database.open(url)
        await made.pool.close()
        await fill(url, Size(jobs=2_000, nodes=1_000))

    asyncio.run(prepare())
    return url


class Planner:
    """Stands where a Database does, and keeps the plans of what it is asked."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.partial: set[str] = set()
        self.found: list[str] = []

    async def open(self) -> None:
        """Forbid what reads whole tables, and learn which indexes hold few rows only."""
        await database._prepare(self.connection)
        await self.connection.execute(ONLY_BY_INDEX)
        rows = await self.connection.fetch("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
        self.partial = {row[0] for row in rows}

    async def fetch(self, statement: str, *arguments: object) -> list[Any]:
        """Plan it, then run it."""
        await self.plan(statement, *arguments)
        return await self.connection.fetch(statement, *arguments)

    async def value(self, statement: str, *arguments: object) -> Any:
        """The same for one value."""
        rows = await self.fetch(statement, *arguments)
        return rows[0][0] if rows else None

    async def plan(self, statement: str, *arguments: object) -> None:
        """Keep what it would scan."""
        explained = await self.connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *arguments)
        plan = json.loads(explained) if isinstance(explained, str) else explained
        self.found += self.scans(plan[0]["Plan"], lazy=False)

    def scans(self, plan: dict[str, Any], *, lazy: bool) -> Iterator[str]:
        """Scans of large tables that look at all of it."""
        kind, index = plan["Node Type"], plan.get("Index Name", "")
        if plan.get("Relation Name") in LARGE:
            if kind == "Seq Scan":
                yield f"Seq Scan on {plan['Relation Name']}"
            elif kind.startswith("Index") and not (plan.get("Index Cond") or lazy or index in self.partial):
                yield f"whole {index}"
        for number, child in enumerate(plan.get("Plans", [])):
            first = number == 0 or kind in ("Append", "Merge Append")
            yield from self.scans(child, lazy=kind == "Limit" or (lazy and first and kind in LAZY))


@pytest.fixture
async def planner(filled: str):
    connection = await asyncpg.connect(filled)
    made = Planner(connection)
    await made.open()
    yield made
    await connection.close()


def sample(kind: str, known: dict[str, Any]) -> object:
    """An argument of a type."""
    if kind.endswith("[]"):
        return [sample(kind[:-2], known)]
    values = {"uuid": known["job_id"], "text": known["wallet"], "bytea": b"x", "float8": 60.0, "bool": True,
              "json": {}, "jsonb": {}, "timestamptz": known["created_at"]}  # fmt: skip
    return values.get(kind, 100)


async def planned(planner: Planner, name: str, sql: str) -> list[str]:
    known = await planner.connection.fetchrow(
        "SELECT job_id, wallet, created_at FROM job WHERE state = 'completed' LIMIT 1"
    )
    prepared = await planner.connection.prepare(sql)
    kinds = [kind.name for kind in prepared.get_parameters()]
    arguments = [LIVE if kind == "text[]" and f"state = ANY (${number})" in sql else sample(kind, known)
                 for number, kind in enumerate(kinds, 1)]  # fmt: skip
    for number, states in STATES.get(name, {}).items():
        arguments[number - 1] = states
    planner.found.clear()
    await planner.plan(sql, *arguments)
    return list(planner.found)


async def test_every_statement_finds_its_rows_by_an_index(planner: Planner):
    found = {}
    for name, sql in STATEMENTS.items():
        if scans := await planned(planner, name, sql.replace("{filters}", "")):
            found[name] = scans

    assert {name: scans for name, scans in found.items() if name not in SCANS} == {}
    assert set(found) == set(SCANS), "an exception is not needed any more"


async def test_lists_of_jobs_find_their_rows_by_an_index_whatever_is_asked(planner: Planner):
    wallet, parent = await planner.connection.fetchval("SELECT wallet FROM job LIMIT 1"), uuid4()
    for owner in (None, wallet):
        for state in (None, "failed"):
            for job_type in (None, "render"):
                for of in (None, parent):
                    await jobs.listed(planner, owner, state, job_type, parent, 100, of)  # type: ignore[arg-type]

    assert planner.found == []


async def test_lists_of_nodes_find_their_rows_by_an_index_whatever_is_asked(planner: Planner):
    filters = {
        "state": ("online", "busy", "offline", "suspended", "nonsense"),
        "gpu_model": ("4090", "nonsense"),
        "capability": ("training",),
        "min_vram_mb": (100_000,),
        "wallet": ("W",),
    }
    for name, values in filters.items():
        for value in values:
            for country in (None, "France"):
                await nodes.listed(planner, limit=100, country=country, **{name: value})  # type: ignore[arg-type]

    assert planner.found == []


async def test_the_guard_sees_what_it_guards_against(planner: Planner):
    await planner.plan("SELECT count(*) FROM receipt")
    await planner.plan("SELECT * FROM hold ORDER BY refund LIMIT 1")
    await planner.plan("SELECT * FROM job WHERE model = 'x' ORDER BY job_id LIMIT 1")

    assert [found.split()[0] for found in planner.found] == ["whole", "Seq"]
