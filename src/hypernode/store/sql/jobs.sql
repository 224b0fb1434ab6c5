-- insert_leases: the attempts that go with jobs just inserted or just claimed.
INSERT INTO lease (job_id, attempt, lease_id, node_id, state, price, unit_price, ttl_s, deadline)
SELECT job_id, attempt, lease_id, node_id, 'offered', price, unit_price, ttl_s, now() + make_interval(secs => ttl_s)
FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::integer[])
    AS given (job_id, attempt, lease_id, node_id, price, unit_price, ttl_s);

-- claim_jobs: queued jobs to the nodes chosen for them. No row back: another coordinator was faster.
WITH chosen AS (
    SELECT job_id FROM job WHERE job_id = ANY ($1::uuid[]) AND state = ANY ($3) FOR UPDATE SKIP LOCKED
)
UPDATE job SET state = $4, attempt = attempt + 1, node_id = given.node_id, updated_at = now(), error = NULL
FROM chosen JOIN unnest($1::uuid[], $2::uuid[]) AS given (job_id, node_id) USING (job_id)
WHERE job.job_id = chosen.job_id
RETURNING job.job_id, job.attempt, job.wallet;

-- queued_jobs: the front of the queue.
SELECT job_id, wallet, job_type, model, input, requirements, budget, max_duration_s, priority, attempt, audit_of,
       ARRAY (SELECT node_id FROM lease WHERE lease.job_id = job.job_id) AS tried
FROM job WHERE state = 'queued' ORDER BY priority DESC, job_id LIMIT $1;

-- still_queued: those of the jobs that are queued.
SELECT job_id FROM job WHERE state = 'queued' AND job_id = ANY ($1::uuid[]);

-- offered_jobs: what nodes need of jobs that were claimed.
SELECT job.job_id, job_type, model, input, max_duration_s, budget, assurance, audit_of, checkpoint, claim
FROM job LEFT JOIN verification ON verification.audit_id = job.job_id
WHERE job.job_id = ANY ($1::uuid[]);

-- accept_leases: the nodes took the offers. No row back: the lease was lost.
WITH accepted AS (
    UPDATE lease SET state = $2, accepted_at = now(), deadline = now() + make_interval(secs => ttl_s)
    WHERE lease_id = ANY ($1::uuid[]) AND state = ANY ($3)
    RETURNING job_id, lease_id, accepted_at
), started AS (
    UPDATE job SET started_at = accepted_at, updated_at = now() FROM accepted WHERE job.job_id = accepted.job_id
)
SELECT lease_id FROM accepted;

-- renew_leases: the nodes live. No row back: the lease was lost.
UPDATE lease SET deadline = now() + make_interval(secs => ttl_s)
WHERE lease_id = ANY ($1::uuid[]) AND state = ANY ($2)
RETURNING lease_id;

-- keep_checkpoint: a live attempt put its state aside. No row back: the lease was lost.
WITH kept AS (
    UPDATE job SET checkpoint = $2, updated_at = now() FROM lease
    WHERE lease.lease_id = $1 AND lease.state = ANY ($3) AND job.job_id = lease.job_id
    RETURNING job.job_id
)
INSERT INTO artifact_of_job (job_id, sha256, role, name) SELECT job_id, $2, 'checkpoint', $2 FROM kept
ON CONFLICT (job_id, role, name) DO UPDATE SET sha256 = excluded.sha256
RETURNING job_id;

-- leases_of_node: the live leases that a node holds.
SELECT lease.lease_id, lease.job_id, lease.attempt, lease.state, lease.ttl_s, lease.price,
       job.wallet, job.job_type, job.model, job.assurance, job.audit_of
FROM lease JOIN job USING (job_id)
WHERE lease.node_id = $1 AND lease.state = ANY ($2);

-- end_leases: attempts that are over, each from the states that its event allows. No row back: it was over before.
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS given (lease_id, state, reason, sources)
), due AS (
    SELECT lease_id FROM lease JOIN given USING (lease_id)
    WHERE lease.state = ANY (string_to_array(given.sources, ','))
    ORDER BY lease_id FOR UPDATE OF lease
), ended AS (
    UPDATE lease SET state = given.state, reason = given.reason, ended_at = now()
    FROM given JOIN due USING (lease_id)
    WHERE lease.lease_id = given.lease_id
    RETURNING lease.*
)
SELECT ended.lease_id, ended.attempt, ended.node_id, ended.price, ended.unit_price, ended.offered_at,
       ended.accepted_at, coalesce(ended.reported_at, ended.ended_at) AS ended_at, ended.reason, node.wallet AS provider,
       job.job_id, job.wallet, job.job_type, job.model, job.input, job.budget, job.max_duration_s, job.salt,
       job.failures, job.assurance, job.created_at, job.key_id, job.audit_of, job.parent_id
FROM ended JOIN job USING (job_id) JOIN node ON node.node_id = ended.node_id;

-- due_leases: live leases that were not renewed in time.
SELECT lease_id FROM lease WHERE state = ANY ($1) AND deadline < now() ORDER BY deadline LIMIT $2;

-- overtime_leases: live leases that go on although the job's time, and some more, is over.
SELECT lease_id FROM lease JOIN job USING (job_id)
WHERE lease.state = ANY ($1) AND lease.accepted_at < now() - make_interval(secs => job.max_duration_s + $3)
ORDER BY lease.accepted_at LIMIT $2;

-- reopen_jobs: attempts ended without a result; the jobs wait again or are over.
UPDATE job SET state = given.state, error = given.error, failures = given.failures, updated_at = now(),
               verdict = coalesce(given.verdict, job.verdict), evidence = coalesce(given.evidence, job.evidence),
               node_id = CASE WHEN given.state = 'queued' THEN NULL ELSE job.node_id END,
               started_at = CASE WHEN given.state = 'queued' THEN NULL ELSE job.started_at END,
               ended_at = CASE WHEN given.state = 'queued' THEN NULL ELSE now() END
FROM unnest($1::uuid[], $2::text[], $3::json[], $4::integer[], $5::text[], $6::json[])
    AS given (job_id, state, error, failures, verdict, evidence)
WHERE job.job_id = given.job_id AND job.state = ANY ($7)
RETURNING job.job_id;

-- blame_nodes: those that failed a job which another node then completed.
UPDATE node SET jobs_failed = jobs_failed + failed.count, updated_at = now()
FROM (
    SELECT lease.node_id, count(DISTINCT lease.job_id) FROM lease
    JOIN unnest($1::uuid[], $2::uuid[]) AS done (job_id, node_id) USING (job_id)
    WHERE lease.node_id <> done.node_id AND lease.reason <> 'declined'
        AND (lease.state = 'failed' OR (lease.state = 'expired' AND lease.accepted_at IS NOT NULL))
    GROUP BY lease.node_id
) AS failed
WHERE node.node_id = failed.node_id
RETURNING node.node_id;

-- cancel_job: a job that has not run.
UPDATE job SET state = $2, updated_at = now(), ended_at = now()
WHERE job_id = $1 AND state = ANY ($3)
RETURNING job_id, wallet, budget, key_id;

-- live_lease: the attempt that a job is on.
SELECT lease_id, node_id FROM lease WHERE job_id = $1 AND state = ANY ($2);

-- lease_of_report: the lease that a node names, or the live one that it has on a job.
SELECT lease_id FROM lease
WHERE job_id = $1 AND node_id = $2 AND ($3::uuid IS NULL OR lease_id = $3) AND state = ANY ($4);

-- unfunded_jobs: a wallet's jobs that wait for money, oldest first.
SELECT job_id, wallet, budget FROM job WHERE wallet = $1 AND state = 'pending' ORDER BY job_id LIMIT $2 FOR UPDATE;

-- unfunded_wallets: wallets (all, or of these) with jobs that wait for money, and with some balance.
SELECT DISTINCT job.wallet FROM job JOIN account ON account.account = 'customer:' || job.wallet
WHERE job.state = 'pending' AND account.balance > 0 AND ($1::text[] IS NULL OR job.wallet = ANY ($1));

-- fund_jobs: their money is there.
UPDATE job SET state = $2, updated_at = now(), error = NULL
WHERE job_id = ANY ($1::uuid[]) AND state = ANY ($3) RETURNING job_id;

-- say_lack: what jobs that wait for money lack now.
UPDATE job SET error = given.error, updated_at = now() FROM unnest($1::uuid[], $2::json[]) AS given (job_id, error)
WHERE job.job_id = given.job_id AND job.state = ANY ($3);

-- job: one whole job.
SELECT job.*, receipt.receipt_id FROM job LEFT JOIN receipt USING (job_id) WHERE job.job_id = ANY ($1::uuid[]);

-- list_jobs: newest first. $1 before, $2 limit
SELECT job.*, receipt.receipt_id FROM job LEFT JOIN receipt USING (job_id)
WHERE job.job_id < $1{filters}
ORDER BY job.job_id DESC LIMIT $2;

-- logs_of_jobs: the last lines of each job's log, oldest first.
SELECT job_id, data FROM event WHERE kind = 'log' AND job_id = ANY ($1::uuid[]) ORDER BY seq;

-- artifacts_of_jobs: what the jobs put out.
SELECT job_id, sha256, size, name FROM artifact_of_job JOIN artifact USING (sha256)
WHERE role = 'output' AND job_id = ANY ($1::uuid[]) ORDER BY name;
