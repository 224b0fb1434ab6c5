"""The history by the hour is what counting every row anew would find."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hypernode.store import figures
from hypernode.store.database import Database

HOUR_S = 3_600
NODE = """
INSERT INTO node (node_id, wallet, machine_id, token_hash, state, gpu_model, gpu_count, vram_mb, ram_mb, driver_version,
    cuda_version, compute_capability, host_os, cpu_model, location, capabilities, price, registered_at)
VALUES ($1::uuid, 'P', $1::uuid::text, sha256($1::uuid::text::bytea), 'online', 'T4', 1, 0, 0, '', '', '', '', '',
    '{"country": "Peru"}', '{}', 0, $2)
"""
JOB = """
INSERT INTO job (job_id, wallet, job_type, model, input, requirements, budget, max_duration_s, state, salt, created_at,
    audit_of)
VALUES ($1, 'C', $2, 'default', '{}', '{}', 0, 60, 'queued', '', $3, $4)
"""
END = "UPDATE job SET state = $2, started_at = $3::timestamptz - interval '90 seconds', ended_at = $3 WHERE job_id = $1"
PAYOUT = "INSERT INTO payout (payout_id, kind, wallet, amount, state) VALUES ($1, $2, 'P', $3, 'due')"
SENT = """
INSERT INTO chain_transaction (signature, purpose, bytes, last_valid_block_height, state)
VALUES ('sent', 'payout', '', 0, 'finalized')
"""
PAID = "UPDATE payout SET state = 'finalized', signature = 'sent', finalized_at = $2 WHERE payout_id = $1"
SCAN = """
SELECT span.start,
    (SELECT count(*) FROM job WHERE audit_of IS NULL AND created_at >= start AND created_at < start + step) AS jobs,
    (SELECT count(*) FROM node WHERE registered_at >= start AND registered_at < start + step) AS nodes,
    (SELECT coalesce(sum(amount), 0)::bigint FROM payout WHERE kind = 'earnings' AND state = 'finalized'
        AND finalized_at >= start AND finalized_at < start + step) AS paid,
    (SELECT count(*) FROM job WHERE audit_of IS NULL AND state = 'completed'
        AND ended_at >= start AND ended_at < start + step) AS completed
FROM (SELECT make_interval(secs => $3) AS step) AS asked,
    generate_series($1::timestamptz, $2::timestamptz - interval '1 second', step) AS span (start)
ORDER BY span.start
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


async def live(database: Database, dice: random.Random, until: datetime) -> None:
    """Some weeks of a network, of which some lies before what is asked for."""

    def some_time() -> datetime:
        return until - timedelta(seconds=dice.uniform(0, 40 * 24 * HOUR_S) ** dice.choice([1, 0.8]))

    for _ in range(60):
        await database.execute(NODE, uuid4(), some_time())
    for _ in range(200):
        job_id, audit_of = uuid4(), dice.choice([None, None, None, uuid4()])
        if audit_of:
            await database.execute(JOB, audit_of, "render", some_time(), None)
        await database.execute(JOB, job_id, dice.choice(["render", "llm_inference"]), some_time(), audit_of)
        if (state := dice.choice(["completed", "completed", "cancelled", None])) is not None:
            await database.execute(END, job_id, state, some_time())
    await database.execute(SENT)
    for _ in range(60):
        payout_id = uuid4()
        await database.execute(PAYOUT, payout_id, dice.choice(["earnings", "withdrawal"]), dice.randrange(1, 10**9))
        if dice.random() < 0.8:
            await database.execute(PAID, payout_id, some_time())


@pytest.mark.parametrize(("bucket_s", "count"), [(HOUR_S, 24), (6 * HOUR_S, 28), (24 * HOUR_S, 30)])
async def test_each_span_holds_what_a_count_of_all_rows_finds(database: Database, bucket_s: int, count: int):
    until = datetime(2026, 11, 24, tzinfo=UTC)
    since = until - timedelta(seconds=bucket_s * count)
    await live(database, random.Random(bucket_s), until)

    told = [tuple(row) for row in await figures.history(database, since, until, bucket_s)]

    assert told == [tuple(row) for row in await database.fetch(SCAN, since, until, bucket_s)]
    assert len(told) == count
    assert all(sum(column) > 0 for column in list(zip(*told, strict=True))[1:])
    await database.execute("SELECT recount()")
    assert [tuple(row) for row in await figures.history(database, since, until, bucket_s)] == told


async def test_the_typical_time_is_that_of_the_last_day_and_else_of_all_time(database: Database):
    assert await figures.typical_s(database, "render") is None
    now, old = datetime.now(UTC), uuid4()
    await database.execute(JOB, old, "render", now - timedelta(days=9), None)
    await database.execute(END, old, "completed", now - timedelta(days=8))
    assert await figures.typical_s(database, "render") == 90
    new = uuid4()
    await database.execute(JOB, new, "render", now, None)
    await database.execute(END.replace("90", "30"), new, "completed", now)

    assert await figures.typical_s(database, "render") == 30
    assert await figures.typical_s(database, "llm_inference") is None
