"""The figures that the database keeps are what counting everything anew would find, whoever writes at the same time."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from hypernode.store import figures
from hypernode.store.database import Database

WRITERS = 8
STEPS = 12
KEPT = """
SELECT subject, label, kind, sum(count)::bigint, sum(amount)::bigint, sum(ms)::bigint FROM tally
GROUP BY subject, label, kind HAVING sum(count) <> 0 OR sum(amount) <> 0 ORDER BY 1, 2, 3
"""
NODES = """
INSERT INTO node (node_id, wallet, machine_id, token_hash, state, gpu_model, gpu_count, vram_mb, ram_mb, driver_version,
    cuda_version, compute_capability, host_os, cpu_model, location, capabilities, price)
SELECT id, 'P', id::text, sha256(id::text::bytea), 'online', $2, 2, 24576, 0, '', '', '', '', '', $3::jsonb, '{}', 0
FROM unnest($1::uuid[]) AS id
"""
JOBS = """
INSERT INTO job (job_id, wallet, job_type, model, input, requirements, budget, max_duration_s, state, salt, audit_of)
SELECT job_id, 'C', $2, 'default', '{}', '{}', 100, 60, 'queued', '', $3 FROM unnest($1::uuid[]) AS job_id
"""
MOVES = (
    "state = 'running', node_id = $2, started_at = now() WHERE state = 'queued'",
    "started_at = now() - interval '3 seconds' WHERE state = 'running' AND $2::uuid IS NOT NULL",
    "state = 'completed', cost = 60, ended_at = now(), node_id = $2 WHERE state = 'running'",
    "state = 'cancelled', ended_at = now(), node_id = $2 WHERE state = 'queued'",
)
NODE_MOVES = (
    "UPDATE node SET last_seen_at = now() WHERE node_id = $1",
    "UPDATE node SET state = 'offline', online_before_s = online_before_s + 7 WHERE node_id = $1 AND state = 'online'",
    "UPDATE node SET state = 'online', online_since = now() WHERE node_id = $1 AND state = 'offline'",
    "UPDATE node SET gpu_model = 'A100', location = '{\"country\": \"Peru\"}' WHERE node_id = $1",
    "UPDATE node SET state = 'deregistered' WHERE node_id = $1 AND random() < 0.1",
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    yield opened
    await opened.pool.close()


async def kept(database: Database) -> list[tuple]:
    return [tuple(row) for row in await database.fetch(KEPT)]


class Change(Exception):
    """Nothing of this transaction is to stay."""


async def write(database: Database, dice: random.Random) -> None:
    """Nodes and jobs come and go, some transactions come to nothing."""
    node, mine = uuid4(), [uuid4() for _ in range(5)]
    await database.execute(NODES, [node], dice.choice(["H100", "T4"]), {"country": dice.choice(["Chad", "Peru"])})
    await database.execute(JOBS, mine, dice.choice(["render", "llm_inference"]), None)
    await database.execute(JOBS, [uuid4()], "render", mine[0])
    for _ in range(STEPS):
        try:
            async with database.transaction() as connection:
                move = f"UPDATE job SET {dice.choice(MOVES)} AND job_id = ANY ($1::uuid[])"
                await connection.execute(move, dice.sample(mine, dice.randint(1, 5)), node)
                await connection.execute(dice.choice(NODE_MOVES), node)
                if dice.random() < 0.3:
                    raise Change
        except Change:
            continue


async def test_figures_that_many_write_at_once_are_those_of_a_recount(database: Database):
    await asyncio.gather(*(write(database, random.Random(seed)) for seed in range(WRITERS)))

    told = await kept(database)
    await database.execute("SELECT recount()")

    assert told == await kept(database)
    assert {subject for subject, *_ in told} == {
        "completed in hour", "jobs", "jobs in hour", "nodes", "nodes in country", "nodes in hour",
    }  # fmt: skip
    jobs = await figures.jobs(database)
    assert jobs["total"] == 5 * WRITERS == sum((await figures.jobs_by_type(database)).values())
    assert jobs["cost"] == 60 * jobs["completed"]


async def test_a_commit_waits_for_no_other_that_counts_the_same(database: Database):
    one, another = await asyncpg.connect(database.url), await asyncpg.connect(database.url)
    try:
        held = one.transaction()
        await held.start()
        await one.execute(JOBS, [uuid4()], "render", None)
        await asyncio.wait_for(another.execute(JOBS, [uuid4()], "render", None), 20)
        assert (await figures.jobs(database))["total"] == 1
        await held.commit()
        assert (await figures.jobs(database))["total"] == 2
        for _ in range(5):
            await another.execute(JOBS, [uuid4()], "render", None)
        rows = await database.value("SELECT count(*) FROM tally WHERE subject = 'jobs' AND label = 'queued'")
        assert rows == 2, "as many rows as commits were under way at once"
    finally:
        await one.close()
        await another.close()


async def test_many_nodes_that_fall_silent_at_once_are_counted_once(database: Database):
    await database.execute(NODES, [uuid4() for _ in range(2000)], "T4", {"country": "Chad"})
    await database.execute("UPDATE node SET state = 'offline'")

    row = await figures.nodes(database)

    assert (row["total"], row["active"], row["offline"], row["vram_mb"]) == (2000, 0, 2000, 2000 * 2 * 24_576)
    assert await figures.nodes_by_country(database) == {"Chad": 2000}
    assert await database.value("SELECT count(*) FROM node_change") == 0


async def test_the_uptime_is_the_share_of_the_time_since_registration(database: Database):
    assert (await figures.nodes(database))["uptime"] == 0
    for state, online_before_s, online_for in (("online", 1800, "0 s"), ("offline", 0, "0 s"), ("online", 0, "60 min")):
        node = uuid4()
        await database.execute(NODES, [node], "T4", {"country": "Chad"})
        await database.execute(
            f"UPDATE node SET registered_at = now() - interval '60 min', state = '{state}',"
            f" online_before_s = {online_before_s}, online_since = now() - interval '{online_for}' WHERE node_id = $1",
            node,
        )
    await database.execute("SELECT recount()")  # A registration does not move; here it did.

    assert (await figures.nodes(database))["uptime"] == pytest.approx(50, abs=0.5)
