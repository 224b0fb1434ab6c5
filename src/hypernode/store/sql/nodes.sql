-- register: machines of wallets, each new or known; fields that were not given keep their value. In one order, so that
-- two coordinators do not wait for each other.
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1) AS each (node_id uuid, wallet text, machine_id text, token_hash text,
        gpu_model text, gpu_count integer, vram_mb bigint, ram_mb bigint, driver_version text, cuda_version text,
        compute_capability text, host_os text, cpu_model text, location jsonb, capabilities text[], price bigint)
)
INSERT INTO node AS known (node_id, wallet, machine_id, token_hash, state, gpu_model, gpu_count, vram_mb, ram_mb,
    driver_version, cuda_version, compute_capability, host_os, cpu_model, location, capabilities, price)
SELECT node_id, wallet, machine_id, decode(token_hash, 'base64'), 'online', coalesce(gpu_model, 'Unknown'),
    coalesce(gpu_count, 1), coalesce(vram_mb, 0), coalesce(ram_mb, 0), coalesce(driver_version, 'Unknown'),
    coalesce(cuda_version, 'Unknown'), coalesce(compute_capability, 'Unknown'), coalesce(host_os, 'Unknown'),
    coalesce(cpu_model, 'Unknown'),
    coalesce(location, '{"country": "Unknown", "city": "Unknown", "lat": 0, "lon": 0}'),
    coalesce(capabilities, ARRAY['inference']), coalesce(price, 0)
FROM given ORDER BY wallet, machine_id
ON CONFLICT (wallet, machine_id) WHERE state <> 'deregistered' DO UPDATE SET
    (gpu_model, gpu_count, vram_mb, ram_mb, driver_version, cuda_version, compute_capability, host_os, cpu_model,
     location, capabilities, price) = (
        SELECT coalesce(given.gpu_model, known.gpu_model), coalesce(given.gpu_count, known.gpu_count),
            coalesce(given.vram_mb, known.vram_mb), coalesce(given.ram_mb, known.ram_mb),
            coalesce(given.driver_version, known.driver_version), coalesce(given.cuda_version, known.cuda_version),
            coalesce(given.compute_capability, known.compute_capability), coalesce(given.host_os, known.host_os),
            coalesce(given.cpu_model, known.cpu_model), coalesce(given.location, known.location),
            coalesce(given.capabilities, known.capabilities), coalesce(given.price, known.price)
        FROM given WHERE given.node_id = excluded.node_id),
    state = CASE WHEN known.state = 'offline' THEN 'online' ELSE known.state END,
    online_since = CASE WHEN known.state = 'offline' THEN now() ELSE known.online_since END,
    updated_at = now(), last_seen_at = now()
RETURNING known.*, (SELECT count(*) FROM lease WHERE lease.node_id = known.node_id
                    AND lease.state IN ('offered', 'running')) AS live_leases;

-- node: one that was not removed.
SELECT node.*, (SELECT count(*) FROM lease WHERE lease.node_id = node.node_id AND lease.state IN ('offered', 'running'))
    AS live_leases
FROM node WHERE node_id = $1 AND state <> 'deregistered';

-- of_ids: those that were not removed.
SELECT * FROM node WHERE node_id = ANY ($1::uuid[]) AND state <> 'deregistered';

-- by_token: the node that a token belongs to.
SELECT node_id, wallet FROM node WHERE token_hash = $1 AND state <> 'deregistered';

-- list: newest first, told in one text: of each its id, the transaction that wrote it last, whether no slot is free.
-- $1 before, $2 limit
SELECT string_agg(concat(node_id, ' ', version, ' ', taken::integer), ',' ORDER BY node_id DESC) FROM (
    SELECT node_id, node.xmin AS version, capacity <= (SELECT count(*) FROM lease WHERE lease.node_id = node.node_id
                                                       AND lease.state IN ('offered', 'running')) AS taken
    FROM node WHERE state <> 'deregistered' AND node_id < $1{filters}
    ORDER BY node_id DESC LIMIT $2
) AS listed;

-- list_of_gpus: the same for some GPUs, of each no more than are asked for. $3 their names
SELECT string_agg(concat(node_id, ' ', version, ' ', taken::integer), ',' ORDER BY node_id DESC) FROM (
    SELECT node_id, node.xmin AS version, capacity <= (SELECT count(*) FROM lease WHERE lease.node_id = node.node_id
                                                       AND lease.state IN ('offered', 'running')) AS taken
    FROM (
        SELECT found.node_id FROM unnest($3::text[]) AS gpu (name) CROSS JOIN LATERAL (
            SELECT node_id FROM node WHERE gpu_model = gpu.name AND state <> 'deregistered' AND node_id < $1{filters}
            ORDER BY node_id DESC LIMIT $2
        ) AS found
        ORDER BY found.node_id DESC LIMIT $2
    ) AS newest JOIN node USING (node_id)
) AS listed;

-- gpus: the names of GPUs that nodes have and a pattern fits, the most frequent first.
SELECT kind AS name FROM tally WHERE subject = 'nodes' AND kind ILIKE $1
GROUP BY kind HAVING sum(count) > 0 ORDER BY sum(count) DESC LIMIT $2;

-- connect: a node said what it offers, to this coordinator.
UPDATE node SET state = $2, capacity = $3, engines = $4, coordinator_id = $5, isolation = $7, own_jobs_only = $8,
    last_seen_at = now(), updated_at = now(),
    online_since = CASE WHEN state = 'offline' THEN now() ELSE online_since END
WHERE node_id = $1 AND state = ANY ($6)
RETURNING *;

-- beat: nodes that were heard of, with their latest metrics.
UPDATE node SET last_seen_at = greatest(node.last_seen_at, given.seen_at),
    metrics = coalesce(given.metrics, node.metrics),
    online_since = CASE WHEN node.state = 'offline' THEN now() ELSE node.online_since END,
    state = CASE WHEN node.state <> ALL ($5) THEN node.state
                 WHEN given.state IS NOT NULL THEN given.state
                 WHEN node.state = 'offline' THEN 'online'
                 ELSE node.state END
FROM unnest($1::uuid[], $2::timestamptz[], $3::json[], $4::text[]) AS given (node_id, seen_at, metrics, state)
WHERE node.node_id = given.node_id AND node.state <> 'deregistered';

-- fall_silent: nodes not heard of for too long.
UPDATE node SET state = $1, updated_at = now(),
    online_before_s = online_before_s + greatest(0, extract(epoch FROM last_seen_at - online_since)::bigint)
WHERE state = ANY ($2) AND last_seen_at < now() - make_interval(secs => $3)
    AND seen_in <= date_bin('1 minute', now() - make_interval(secs => $3), '2000-01-01 00:00:00+00')
RETURNING node_id;

-- deregister: its owner removed it.
UPDATE node SET state = $2, updated_at = now(), coordinator_id = NULL WHERE node_id = $1 AND state = ANY ($3)
RETURNING node_id;

-- online: what explanations are made of.
SELECT node.*, (SELECT count(*) FROM lease WHERE lease.node_id = node.node_id AND lease.state IN ('offered', 'running'))
    AS live_leases
FROM node WHERE state = 'online' LIMIT $1;
