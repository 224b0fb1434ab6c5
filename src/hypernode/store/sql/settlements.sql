-- settle: results that were accepted, with all that belongs to them. One statement, since each round trip costs a lone
-- job more than all its rows. What comes last waits for the rest: the lock that puts event numbers in order is held no
-- longer than needed. The answer is how many of the jobs were running.
WITH completed AS (
    UPDATE job SET state = given.state, result = given.result, units = given.units, cost = given.cost,
                   verdict = given.verdict, evidence = given.evidence, model = given.model, updated_at = now(),
                   ended_at = now(), started_at = coalesce(job.started_at, given.started_at), error = NULL
    FROM unnest($1::uuid[], $2::text[], $3::json[], $4::bigint[], $5::bigint[], $6::text[], $7::json[], $8::text[],
                $9::timestamptz[]) AS given (job_id, state, result, units, cost, verdict, evidence, model, started_at)
    WHERE job.job_id = given.job_id AND job.state = ANY ($10)
    RETURNING 1
), credited AS (
    UPDATE node SET jobs_completed = jobs_completed + given.jobs, total_earned = total_earned + given.earned,
                    updated_at = now()
    FROM unnest($11::uuid[], $12::bigint[], $13::bigint[]) AS given (node_id, jobs, earned)
    WHERE node.node_id = given.node_id
    RETURNING 1
), signed AS (
    INSERT INTO receipt (receipt_id, job_id, body, signature, signer)
    SELECT * FROM unnest($14::uuid[], $15::uuid[], $16::bytea[], $17::text[], $18::text[])
    RETURNING 1
), written AS (
    SELECT (SELECT count(*) FROM completed) AS jobs,
           (SELECT count(*) FROM credited) + (SELECT count(*) FROM signed) AS others
), locked AS (
    SELECT pg_advisory_xact_lock($19) FROM written WHERE others >= 0
), told AS (
    INSERT INTO event (job_id, wallet, kind, data)
    SELECT job_id, wallet, kind, data FROM locked, unnest($20::uuid[], $21::text[], $22::text[], $23::json[])
        AS given (job_id, wallet, kind, data)
)
SELECT jobs, pg_notify(channel, '') FROM written, unnest($24::text[]) AS channel;
