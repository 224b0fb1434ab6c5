"""A coordinator's database filled with a network's history: nodes, jobs in every state, money, receipts, events.

Rows are made by the server itself in the order of time. Some customers and providers own much more than others, and the
books balance. Small networks are written past no check: foreign keys, CHECKs and triggers are on; a large one is
written without them, which is many times faster, and its figures are counted at the end.
"""

import asyncio
import os
from dataclasses import dataclass
from typing import Final

import asyncpg
from solders.pubkey import Pubkey

CHECKED_UP_TO: Final = 1_000
"""Jobs that are written with all checks on; what does for them does for more."""
AN_ANCHOR: Final = 1_000  #: Receipts under one root, as by default.
A_TRANSACTION: Final = 40  #: Payouts in a chain transaction.
A_PAYOUT: Final = 50  #: Jobs that a payout pays for.

SESSIONS: Final = 2  #: At once.
START: Final = "SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SELECT setseed(0.5);"
UNCHECKED: Final = "SET session_replication_role = replica;"

NODES: Final = """
INSERT INTO node (node_id, wallet, machine_id, token_hash, state, gpu_model, gpu_count, vram_mb, ram_mb,
    driver_version, cuda_version, compute_capability, host_os, cpu_model, location, capabilities, price, engines,
    metrics, registered_at, updated_at, last_seen_at, online_since, isolation)
SELECT uuidv7(registered_at - now()), owner.wallet, 'machine-' || i, sha256(('fill' || i)::bytea),
    CASE WHEN share < 0.60 THEN 'online' WHEN share < 0.90 THEN 'offline' WHEN share < 0.91 THEN 'draining'
         WHEN share < 0.92 THEN 'suspended' ELSE 'deregistered' END,
    (ARRAY['NVIDIA GeForce RTX 4090', 'NVIDIA GeForce RTX 3090', 'NVIDIA GeForce RTX 4080', 'NVIDIA GeForce RTX 3080',
           'NVIDIA A100', 'NVIDIA H100', 'NVIDIA L40S', 'AMD Radeon RX 7900 XTX', 'AMD Instinct MI250', 'NVIDIA T4',
           'NVIDIA H200', 'NVIDIA B200'])[1 + kind],
    1 + (kind >= 4)::integer, (ARRAY[24, 24, 16, 10, 80, 80, 48, 24, 128, 16, 141, 192])[1 + kind] * 1024, 65536,
    '580.1', '12.4', '8.9', 'Linux', 'AMD EPYC', jsonb_build_object('country', (ARRAY['Germany', 'United States',
        'France', 'Japan', 'Brazil', 'India', 'Norway', 'Canada', 'Spain', 'Kenya']
        )[1 + floor(10 * random() ^ 2)::integer], 'city', 'Somewhere', 'lat', 50, 'lon', 8),
    CASE WHEN share < 0.5 THEN ARRAY['inference'] WHEN share < 0.899 THEN ARRAY['inference', 'rendering']
         ELSE ARRAY['training'] END,
    1000 * (1 + i % 100), '[{{"jobType": "llm_inference", "engine": "vllm", "models": ["default"]}}]',
    '{{"gpuUtilization": 42}}', registered_at, now(),
    -- The bench takes longer than nodes may be silent, and no rescuer is to come in its way.
    CASE WHEN share < 0.60 THEN now() + interval '1 day' ELSE registered_at END, registered_at, 'sandbox'
FROM (
    SELECT i, random() AS share, floor(12 * random() ^ 2)::integer AS kind,
           floor({providers} * random() ^ 3)::integer AS owner,
           now() - interval '1 year' * (1 - i::float / {nodes}) AS registered_at
    FROM generate_series(1, {nodes}) AS i
) AS made JOIN provider AS owner ON owner.n = made.owner ORDER BY i;
CREATE UNLOGGED TABLE worker AS SELECT row_number() OVER () - 1 AS n, node_id, wallet FROM node WHERE state = 'online';
ANALYZE worker;
"""

JOBS: Final = """
CREATE UNLOGGED TABLE made AS
SELECT made.*, customer.wallet, worker.node_id, worker.wallet AS provider, cost * 9 / 10 AS part,
       CASE WHEN state IN ('completed', 'failed', 'cancelled') THEN least(now(), created_at + took) END AS ended_at
FROM (
    SELECT shaped.*, uuidv7(created_at - now()) AS job_id,
           state IN ('running', 'completed', 'failed') AS ran,
           CASE WHEN state = 'completed' THEN budget * 6 / 10 ELSE 0 END AS cost
    FROM (
        SELECT i, now() - interval '90 days' * (1 - i::float / {jobs}) AS created_at,
               interval '60 seconds' * random() AS took, floor({customers} * random() ^ 3)::integer AS owner,
               floor({workers} * random())::integer AS worker,
               CASE WHEN i % 20 = 0 THEN 0 ELSE 1000 * (1 + i % 100) END AS budget,
               (ARRAY['llm_inference', 'llm_inference', 'llm_inference', 'generic_compute', 'generic_compute',
                      'vision_pipeline', 'rag_indexing', 'render'])[1 + floor(8 * random())::integer] AS job_type,
               CASE WHEN i > {jobs} * 0.99 AND i % 3 = 0 THEN 'running'
                    WHEN i > {jobs} * 0.99 AND i % 3 = 1 THEN 'queued'
                    WHEN i > {jobs} * 0.98 AND i % 10 = 1 THEN 'pending'
                    WHEN random() < 0.92 THEN 'completed'
                    WHEN random() < 0.5 THEN 'failed' ELSE 'cancelled' END AS state
        FROM generate_series(1, {jobs}) AS i
    ) AS shaped
) AS made JOIN customer ON customer.n = made.owner LEFT JOIN worker ON ran AND worker.n = made.worker
ORDER BY i;
ANALYZE made;
INSERT INTO job (job_id, wallet, job_type, model, input, requirements, budget, max_duration_s, state, attempt, node_id,
    salt, result, error, units, cost, verdict, created_at, updated_at, started_at, ended_at)
SELECT job_id, wallet, job_type, 'default', json_build_object('prompt', repeat('Why is the sky blue? ', 5) || i),
    -- What waits, waits for what no node has.
    CASE WHEN state = 'queued' THEN '{{"capabilities": ["unheard-of"]}}'
         ELSE '{{"minVRAM": 8, "capabilities": ["inference"]}}' END::json,
    budget, 3600, state, ran::integer, node_id, sha256(i::text::bytea),
    CASE WHEN state = 'completed' THEN json_build_object('text', repeat('Because of Rayleigh scattering. ', 5)) END,
    CASE WHEN state = 'failed' THEN '{{"code": "attempt_failed", "message": "the node fell silent"}}'::json END,
    (state = 'completed')::integer * 64, cost, CASE WHEN state = 'completed' THEN 'unverified' END, created_at,
    coalesce(ended_at, now()), CASE WHEN ran THEN coalesce(ended_at - took / 2, now()) END, ended_at
FROM made ORDER BY i;
INSERT INTO lease (job_id, attempt, lease_id, node_id, state, price, ttl_s, deadline, offered_at, accepted_at, ended_at)
SELECT job_id, 1, uuidv7(created_at - now()), node_id,
    CASE state WHEN 'completed' THEN 'succeeded' WHEN 'failed' THEN 'failed' ELSE 'running' END, 1000, 30,
    now() + interval '1 day', created_at, coalesce(ended_at, now()), ended_at
FROM made WHERE ran ORDER BY i;
"""

MONEY: Final = """
CREATE TEMP TABLE paid AS
SELECT provider, n, uuidv7(max(ended_at) - now()) AS payout_id, sum(part) AS amount, max(ended_at) AS at,
       array_agg(job_id) AS jobs,
       'payout-' || (row_number() OVER (ORDER BY max(ended_at)) - 1) / {a_transaction} AS signature
FROM (
    SELECT *, (row_number() OVER (PARTITION BY provider ORDER BY i) - 1) / {a_payout} AS n FROM made WHERE cost > 0
) AS part GROUP BY provider, n;
INSERT INTO chain_transaction (signature, purpose, state, bytes, last_valid_block_height, created_at, finalized_at,
    slot)
SELECT signature, 'payout', 'finalized', decode(repeat('5a', 900), 'hex'), 1, max(at), max(at), count(*) FROM paid
GROUP BY signature ORDER BY max(at);
INSERT INTO payout (payout_id, kind, wallet, amount, state, signature, due_at, created_at, finalized_at)
SELECT payout_id, 'earnings', provider, amount, 'batched', signature, at, at, NULL FROM paid ORDER BY at;
UPDATE payout SET state = 'finalized', finalized_at = created_at;
INSERT INTO hold (job_id, wallet, amount, state, provider, provider_part, network_part, refund, payout_id)
SELECT job_id, wallet, budget,
    CASE WHEN cost > 0 THEN 'settled' WHEN ended_at IS NULL THEN 'held' ELSE 'released' END,
    CASE WHEN cost > 0 THEN made.provider END, part, cost - part,
    CASE WHEN ended_at IS NULL THEN 0 ELSE budget - cost END, payout_id
FROM made LEFT JOIN (SELECT unnest(jobs) AS job_id, payout_id FROM paid) AS its USING (job_id)
WHERE budget > 0 AND state <> 'pending' ORDER BY i;
INSERT INTO transfer (kind, reference, debit, credit, amount, at)
SELECT 'deposit', 'fill:' || wallet, 'chain', 'customer:' || wallet, 1000000 + sum(budget), min(created_at) FROM made
GROUP BY wallet;
INSERT INTO transfer (kind, reference, debit, credit, amount, at)
SELECT step.* FROM made CROSS JOIN LATERAL (VALUES
    ('hold', job_id::text, 'customer:' || wallet, 'escrow', budget, created_at),
    ('provider_part', job_id::text, 'escrow', 'provider:' || provider, part, ended_at),
    ('network_part', job_id::text, 'escrow', 'treasury', cost - part, ended_at),
    ('refund', job_id::text, 'escrow', 'customer:' || wallet, budget - cost, ended_at)
) AS step (kind, reference, debit, credit, amount, at)
WHERE state <> 'pending' AND step.amount > 0 AND step.at IS NOT NULL ORDER BY i;
INSERT INTO transfer (kind, reference, debit, credit, amount, at)
SELECT step.* FROM paid CROSS JOIN LATERAL (VALUES
    ('payout', payout_id::text, 'provider:' || provider, 'outgoing', amount, at),
    ('paid', payout_id::text, 'outgoing', 'chain', amount, at)
) AS step (kind, reference, debit, credit, amount, at) ORDER BY at;
INSERT INTO account (account, balance)
SELECT account, sum(amount) FROM (
    SELECT debit AS account, -amount AS amount FROM transfer UNION ALL SELECT credit, amount FROM transfer
) AS flow GROUP BY account;
"""

RECEIPTS: Final = """
CREATE TEMP TABLE signed AS
SELECT *, (n - 1) / {an_anchor} AS batch, (n - 1) % {an_anchor} AS position FROM (
    SELECT made.*, uuidv7(ended_at - now()) AS receipt_id, row_number() OVER (ORDER BY i) AS n FROM made
    WHERE state = 'completed'
) AS numbered;
CREATE TEMP TABLE root AS
SELECT batch, uuidv7(max(ended_at) - now()) AS anchor_id, 'anchor-' || batch AS signature, count(*) AS size,
       max(ended_at) AS at
FROM signed GROUP BY batch;
INSERT INTO chain_transaction (signature, purpose, state, bytes, last_valid_block_height, created_at)
SELECT signature, 'anchor', 'sent', decode(repeat('5a', 300), 'hex'), 1, at FROM root ORDER BY batch;
INSERT INTO anchor (anchor_id, root, size, signature, created_at)
SELECT anchor_id, sha256(signature::bytea), size, signature, at FROM root ORDER BY batch;
INSERT INTO receipt (receipt_id, job_id, body, signature, signer, anchor_id, position, created_at)
SELECT receipt_id, job_id, convert_to(json_build_object(
        'artifacts', '[]'::json, 'assurance', 'none', 'cost', cost, 'createdAt', '2026-01-01T00:00:00.000Z',
        'customer', wallet, 'endedAt', '2026-01-01T00:00:00.000Z', 'inputDigest', repeat('ab', 32), 'jobId', job_id,
        'jobType', job_type, 'model', 'default', 'network', 'fill', 'networkPart', cost - part, 'nodeId', node_id,
        'provider', provider, 'providerPart', part, 'receiptId', receipt_id, 'resultDigest', repeat('cd', 32),
        'startedAt', '2026-01-01T00:00:00.000Z', 'unit', 'token', 'units', 64, 'verdict', 'unverified', 'version', 1
    )::text, 'UTF8'), repeat('s', 88), repeat('k', 44), root.anchor_id, signed.position, ended_at
FROM signed JOIN root USING (batch) ORDER BY n;
UPDATE chain_transaction SET state = 'finalized', finalized_at = created_at, slot = 1 WHERE purpose = 'anchor';
"""

EVENTS: Final = """
INSERT INTO event (job_id, wallet, kind, data, at)
SELECT made.job_id, wallet, step.kind, step.data::json, coalesce(step.at, now()) FROM made CROSS JOIN LATERAL (VALUES
    (true, 'status', '{{"status": "queued"}}', created_at),
    (ran, 'status', '{{"status": "running"}}', created_at),
    (ran AND i % 3 = 0, 'log', '{{"lines": ["loaded the model", "64 tokens"]}}', ended_at),
    (ended_at IS NOT NULL, 'status', json_build_object('status', state)::text, ended_at)
) AS step (happened, kind, data, at) WHERE happened ORDER BY i;
INSERT INTO artifact (sha256, size) SELECT encode(sha256(i::text::bytea), 'hex'), 1000 FROM made
WHERE state = 'completed' AND i % 10 = 0;
INSERT INTO artifact_of_job (job_id, sha256, role, name)
SELECT job_id, encode(sha256(i::text::bytea), 'hex'), 'output', 'answer.txt' FROM made
WHERE state = 'completed' AND i % 10 = 0 ORDER BY i;
INSERT INTO artifact_reader (sha256, wallet)
SELECT encode(sha256(i::text::bytea), 'hex'), provider FROM made WHERE state = 'completed' AND i % 10 = 0;
INSERT INTO api_key (key_id, wallet, name, token_hash, scopes)
SELECT uuidv7(), wallet, 'key ' || i, sha256(('key' || n || ':' || i)::bytea), ARRAY['jobs']
FROM customer CROSS JOIN generate_series(1, 3) AS i;
"""


@dataclass(frozen=True)
class Size:
    """What is stored."""

    jobs: int
    nodes: int

    def __str__(self) -> str:
        return f"{self.jobs:,} jobs, {self.nodes:,} nodes"


async def fill(url: str, size: Size) -> None:
    """Fill an empty database that has its tables."""
    async with asyncpg.create_pool(url, min_size=SESSIONS, max_size=SESSIONS) as pool:
        indexes = await _drop_indexes(pool)
        start = START if size.jobs <= CHECKED_UP_TO else START + UNCHECKED
        figures = await _people(pool, size)
        for statements in (NODES, JOBS):
            await pool.execute(start + statements.format(**figures))
            figures["workers"] = await pool.fetchval("SELECT count(*) FROM node WHERE state = 'online'")
        await asyncio.gather(*(pool.execute(start + text.format(**figures)) for text in (MONEY, RECEIPTS, EVENTS)))
        await asyncio.gather(*(pool.execute(start + definition) for definition in indexes))
        if size.jobs > CHECKED_UP_TO:
            await pool.execute("SELECT recount()")
        await pool.execute("DROP TABLE customer, provider, worker, made")
        await pool.execute("VACUUM (ANALYZE, INDEX_CLEANUP off)")
        await pool.execute("CHECKPOINT")  # A server that stops does not have the time for it.


async def _people(pool: "asyncpg.Pool[asyncpg.Record]", size: Size) -> dict[str, int]:
    """Customers and providers, and how many of everything there are."""
    owners = {"customer": max(10, size.jobs // 1_000), "provider": max(5, size.nodes // 20)}
    for name, count in owners.items():
        await pool.execute(f"CREATE UNLOGGED TABLE {name} (n integer PRIMARY KEY, wallet text NOT NULL)")
        records = [(n, str(Pubkey(os.urandom(32)))) for n in range(count)]
        await pool.copy_records_to_table(name, records=records)
    return {
        "jobs": size.jobs,
        "nodes": size.nodes,
        "customers": owners["customer"],
        "providers": owners["provider"],
        "an_anchor": AN_ANCHOR,
        "a_payout": A_PAYOUT,
        "a_transaction": A_TRANSACTION,
        "workers": 0,
    }


async def _drop_indexes(pool: "asyncpg.Pool[asyncpg.Record]") -> list[str]:
    """Drop what no constraint needs; gives how to make it again."""
    rows = await pool.fetch(
        "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index"
        " JOIN pg_class ON pg_class.oid = indrelid"
        " WHERE relnamespace = 'public'::regnamespace AND NOT indisunique AND relname <> 'tally'"
    )
    for row in rows:
        await pool.execute(f"DROP INDEX {row['name']}")
    return [row["definition"] for row in rows]
