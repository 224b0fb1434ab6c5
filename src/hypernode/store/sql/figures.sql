-- network: the network today.
SELECT coalesce(sum(count) FILTER (WHERE subject = 'nodes'), 0)::bigint AS nodes,
       coalesce(sum(count) FILTER (WHERE subject = 'nodes' AND label IN ('online', 'draining')), 0)::bigint AS active,
       coalesce(sum(count) FILTER (WHERE subject = 'jobs'), 0)::bigint AS jobs,
       coalesce(sum(count) FILTER (WHERE subject = 'jobs' AND label = 'completed'), 0)::bigint AS completed,
       coalesce(sum(amount) FILTER (WHERE subject = 'paid'), 0)::bigint AS paid,
       coalesce(sum(count) FILTER (WHERE subject = 'receipts'), 0)::bigint AS receipts,
       -- The sum of live holds, by the ledger's own rules.
       coalesce((SELECT balance FROM account WHERE account = 'escrow'), 0) AS locked
FROM tally WHERE subject IN ('nodes', 'jobs', 'paid', 'receipts');

-- activity: what happened in the last $1 seconds, in whole hours.
SELECT coalesce(sum(count) FILTER (WHERE subject = 'jobs in hour'), 0)::bigint AS jobs,
       coalesce(sum(count) FILTER (WHERE subject = 'nodes in hour'), 0)::bigint AS nodes,
       coalesce(sum(amount) FILTER (WHERE subject = 'paid in hour'), 0)::bigint AS paid
FROM tally WHERE subject IN ('jobs in hour', 'nodes in hour', 'paid in hour')
    AND label >= hour_of(now() - make_interval(secs => $1));

-- nodes: all nodes together; the uptime is the share of the time since their registrations that they were online.
SELECT total, active, offline, vram_mb,
       greatest(0, least(100, 100 * (online_ms + active * now_ms) / greatest(1, total * now_ms - registered_ms)))::float8
           AS uptime
FROM (
    SELECT extract(epoch FROM now()) * 1000 AS now_ms,
           coalesce(sum(count) FILTER (WHERE subject = 'nodes'), 0)::bigint AS total,
           coalesce(sum(count) FILTER (WHERE subject = 'nodes' AND label IN ('online', 'draining')), 0)::bigint AS active,
           coalesce(sum(count) FILTER (WHERE subject = 'nodes' AND label = 'offline'), 0)::bigint AS offline,
           coalesce(sum(amount) FILTER (WHERE subject = 'nodes'), 0)::bigint AS vram_mb,
           coalesce(sum(ms) FILTER (WHERE subject = 'nodes'), 0) AS online_ms,
           coalesce(sum(ms) FILTER (WHERE subject = 'nodes in country'), 0) AS registered_ms
    FROM tally WHERE subject IN ('nodes', 'nodes in country')
) AS sums;

-- jobs: all jobs together, but for audits and parts.
SELECT coalesce(sum(count), 0)::bigint AS total,
       coalesce(sum(count) FILTER (WHERE label = 'pending'), 0)::bigint AS pending,
       coalesce(sum(count) FILTER (WHERE label = 'queued'), 0)::bigint AS queued,
       coalesce(sum(count) FILTER (WHERE label = 'running'), 0)::bigint AS running,
       coalesce(sum(count) FILTER (WHERE label = 'completed'), 0)::bigint AS completed,
       coalesce(sum(count) FILTER (WHERE label = 'failed'), 0)::bigint AS failed,
       coalesce(sum(count) FILTER (WHERE label = 'cancelled'), 0)::bigint AS cancelled,
       coalesce(sum(amount), 0)::bigint AS cost,
       coalesce(sum(ms) FILTER (WHERE label = 'completed') / 1000
           / nullif(sum(count) FILTER (WHERE label = 'completed'), 0), 0)::float8 AS duration_s
FROM tally WHERE subject = 'jobs';

-- nodes_by_gpu: how many of each.
SELECT kind AS name, sum(count)::bigint AS count FROM tally WHERE subject = 'nodes'
GROUP BY kind HAVING sum(count) > 0 ORDER BY 2 DESC LIMIT 100;

-- nodes_by_country: how many in each.
SELECT label AS name, sum(count)::bigint AS count FROM tally WHERE subject = 'nodes in country'
GROUP BY label HAVING sum(count) > 0 ORDER BY 2 DESC LIMIT 250;

-- jobs_by_type: how many of each.
SELECT kind AS name, sum(count)::bigint AS count FROM tally WHERE subject = 'jobs'
GROUP BY kind HAVING sum(count) > 0 ORDER BY 2 DESC;

-- typical_s: of completed jobs of a type, in the last day or else ever.
SELECT coalesce(
    (SELECT sum(ms) / nullif(sum(count), 0) / 1000 FROM tally
     WHERE subject = 'completed in hour' AND label >= hour_of(now() - interval '1 day') AND kind = $1),
    (SELECT sum(ms) / nullif(sum(count), 0) / 1000 FROM tally
     WHERE subject = 'jobs' AND label = 'completed' AND kind = $1)
)::float8;

-- history: each span of $3 seconds, which are whole hours, from $1 to before $2.
SELECT span.start,
       coalesce(sum(tally.count) FILTER (WHERE tally.subject = 'jobs in hour'), 0)::bigint AS jobs,
       coalesce(sum(tally.count) FILTER (WHERE tally.subject = 'nodes in hour'), 0)::bigint AS nodes,
       coalesce(sum(tally.amount) FILTER (WHERE tally.subject = 'paid in hour'), 0)::bigint AS paid,
       coalesce(sum(tally.count) FILTER (WHERE tally.subject = 'completed in hour'), 0)::bigint AS completed
FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 second', make_interval(secs => $3)) AS span (start)
LEFT JOIN tally ON tally.subject IN ('jobs in hour', 'nodes in hour', 'paid in hour', 'completed in hour')
    AND tally.label >= hour_of(span.start) AND tally.label < hour_of(span.start + make_interval(secs => $3))
GROUP BY span.start ORDER BY span.start;

-- on_chain: what the chain holds of us; active are the nodes whose work got there in the last day.
SELECT coalesce(sum(count) FILTER (WHERE subject = 'anchored'), 0)::bigint AS jobs,
       coalesce(sum(amount) FILTER (WHERE subject = 'paid'), 0)::bigint AS paid,
       coalesce(sum(count) FILTER (WHERE subject = 'nodes on chain'), 0)::bigint
           - (SELECT count(*) FROM node_on_chain WHERE at < now() - interval '1 day') AS active,
       (SELECT max(slot) FROM chain_transaction WHERE state = 'finalized') AS slot,
       (SELECT max(finalized_at) FROM chain_transaction WHERE state = 'finalized') AS at
FROM tally WHERE subject IN ('anchored', 'paid', 'nodes on chain');

-- forget_nodes: those whose work got to the chain before the last day.
WITH gone AS (DELETE FROM node_on_chain WHERE at < now() - interval '1 day' RETURNING node_id)
SELECT add_to_tally('nodes on chain', '', '', -count(*)) FROM gone HAVING count(*) > 0;
