-- order_and_notify: make event numbers visible in their order, and wake the listeners of every coordinator.
SELECT pg_advisory_xact_lock($1), pg_notify(channel, '') FROM unnest($2::text[]) AS channel;

-- notify: wake the listeners of every coordinator.
SELECT pg_notify($1, $2);

-- newest: the last number given.
SELECT coalesce(max(seq), 0) FROM event;

-- after: all events after a number.
SELECT seq, job_id, wallet, kind, data, at FROM event WHERE seq > $1 ORDER BY seq LIMIT $2;

-- of_job: one job's events after a number.
SELECT seq, job_id, wallet, kind, data, at FROM event WHERE job_id = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- of_wallet: the events of one wallet's jobs after a number.
SELECT seq, job_id, wallet, kind, data, at FROM event WHERE wallet = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- prune: progress and pieces of answers of long ago; what happened, and logs, are kept.
DELETE FROM event WHERE seq IN (
    SELECT seq FROM event WHERE at < now() - make_interval(days => $1) AND kind IN ('progress', 'stream')
    ORDER BY at LIMIT $2
);
