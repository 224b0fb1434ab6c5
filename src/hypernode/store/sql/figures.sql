-- network: the network today.
SELECT (SELECT count(*) FROM node WHERE state <> 'deregistered') AS nodes,
       (SELECT count(*) FROM node WHERE state IN ('online', 'draining')) AS active,
       (SELECT count(*) FROM job WHERE audit_of IS NULL AND parent_id IS NULL) AS jobs,
       (SELECT count(*) FROM job WHERE state = 'completed' AND audit_of IS NULL AND parent_id IS NULL) AS completed,
       (SELECT coalesce(sum(amount), 0) FROM hold WHERE state = 'held')::bigint AS locked,
       (SELECT coalesce(sum(amount), 0) FROM payout WHERE state = 'finalized' AND kind = 'earnings')::bigint AS paid,
       (SELECT count(*) FROM receipt) AS receipts;

-- activity: what happened in the last $1 seconds.
SELECT (SELECT count(*) FROM job WHERE audit_of IS NULL AND parent_id IS NULL AND created_at > now() - make_interval(secs => $1)) AS jobs,
       (SELECT count(*) FROM node WHERE registered_at > now() - make_interval(secs => $1)) AS nodes,
       (SELECT coalesce(sum(amount), 0) FROM payout WHERE state = 'finalized' AND kind = 'earnings'
        AND finalized_at > now() - make_interval(secs => $1))::bigint AS paid;

-- nodes: all nodes together.
SELECT count(*) AS total, count(*) FILTER (WHERE state IN ('online', 'draining')) AS active,
       count(*) FILTER (WHERE state = 'offline') AS offline, coalesce(sum(vram_mb * gpu_count), 0)::bigint AS vram_mb,
       coalesce(avg(least(1.0, (online_before_s + CASE WHEN state IN ('online', 'draining')
           THEN extract(epoch FROM now() - online_since) ELSE 0 END)
           / greatest(1, extract(epoch FROM now() - registered_at))) * 100), 0)::float8 AS uptime
FROM node WHERE state <> 'deregistered';

-- nodes_by_gpu: how many of each.
SELECT gpu_model AS name, count(*) FROM node WHERE state <> 'deregistered' GROUP BY 1 ORDER BY 2 DESC LIMIT 100;

-- nodes_by_country: how many in each.
SELECT location ->> 'country' AS name, count(*) FROM node WHERE state <> 'deregistered' GROUP BY 1 ORDER BY 2 DESC LIMIT 250;

-- jobs: all jobs together.
SELECT count(*) AS total, count(*) FILTER (WHERE state = 'completed') AS completed,
       count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
       coalesce(avg(extract(epoch FROM ended_at - started_at)) FILTER (WHERE state = 'completed'), 0)::float8 AS duration_s,
       coalesce(sum(cost), 0)::bigint AS cost
FROM job WHERE audit_of IS NULL AND parent_id IS NULL;

-- jobs_by_type: how many of each.
SELECT job_type AS name, count(*) FROM job WHERE audit_of IS NULL AND parent_id IS NULL GROUP BY 1 ORDER BY 2 DESC;
