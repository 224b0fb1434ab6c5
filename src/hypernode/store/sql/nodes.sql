-- register: a machine of a wallet, new or known; fields that were not given keep their value.
INSERT INTO node AS known (node_id, wallet, machine_id, token_hash, state, gpu_model, gpu_count, vram_mb, ram_mb,
    driver_version, cuda_version, compute_capability, host_os, cpu_model, location, capabilities, price)
VALUES ($1, $2, $3, $4, 'online', coalesce($5, 'Unknown'), coalesce($6, 1), coalesce($7::bigint, 0),
    coalesce($8::bigint, 0),
    coalesce($9, 'Unknown'), coalesce($10, 'Unknown'), coalesce($11, 'Unknown'), coalesce($12, 'Unknown'),
    coalesce($13, 'Unknown'), coalesce($14, '{"country": "Unknown", "city": "Unknown", "lat": 0, "lon": 0}'::jsonb),
    coalesce($15, ARRAY['inference']), coalesce($16::bigint, 0))
ON CONFLICT (wallet, machine_id) WHERE state <> 'deregistered' DO UPDATE SET
    gpu_model = coalesce($5, known.gpu_model), gpu_count = coalesce($6, known.gpu_count),
    vram_mb = coalesce($7, known.vram_mb), ram_mb = coalesce($8, known.ram_mb),
    driver_version = coalesce($9, known.driver_version), cuda_version = coalesce($10, known.cuda_version),
    compute_capability = coalesce($11, known.compute_capability), host_os = coalesce($12, known.host_os),
    cpu_model = coalesce($13, known.cpu_model), location = coalesce($14, known.location),
    capabilities = coalesce($15, known.capabilities), price = coalesce($16, known.price),
    state = CASE WHEN known.state = 'offline' THEN 'online' ELSE known.state END,
    online_since = CASE WHEN known.state = 'offline' THEN now() ELSE known.online_since END,
    updated_at = now(), last_seen_at = now()
RETURNING *, node_id = $1 AS is_new;

-- node: one that was not removed.
SELECT node.*, (SELECT count(*) FROM lease WHERE lease.node_id = node.node_id AND lease.state IN ('offered', 'running'))
    AS live_leases
FROM node WHERE node_id = $1 AND state <> 'deregistered';

-- by_token: the node that a token belongs to.
SELECT node_id, wallet FROM node WHERE token_hash = $1 AND state <> 'deregistered';

-- list: newest first. $1 state, $2 part of the GPU's name, $3 capability, $4 least VRAM in MB, $5 country,
-- $6 wallet, $7 before, $8 limit
SELECT * FROM (
    SELECT node.*, (SELECT count(*) FROM lease WHERE lease.node_id = node.node_id
                    AND lease.state IN ('offered', 'running')) AS live_leases
    FROM node WHERE state <> 'deregistered'
) AS present
WHERE ($1::text IS NULL OR CASE WHEN state = 'online' AND live_leases >= capacity THEN 'busy' ELSE state END = $1)
    AND ($2::text IS NULL OR gpu_model ILIKE $2) AND ($3::text IS NULL OR $3 = ANY (capabilities))
    AND ($4::bigint IS NULL OR vram_mb >= $4) AND ($5::text IS NULL OR country = $5)
    AND ($6::text IS NULL OR wallet = $6) AND ($7::uuid IS NULL OR node_id < $7)
ORDER BY node_id DESC LIMIT $8;

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
RETURNING node_id;

-- deregister: its owner removed it.
UPDATE node SET state = $2, updated_at = now(), coordinator_id = NULL WHERE node_id = $1 AND state = ANY ($3)
RETURNING node_id;

-- online: what explanations are made of.
SELECT node.*, (SELECT count(*) FROM lease WHERE lease.node_id = node.node_id AND lease.state IN ('offered', 'running'))
    AS live_leases
FROM node WHERE state = 'online' LIMIT $1;
