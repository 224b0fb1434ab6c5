-- admit: new jobs with all that belongs to them. One statement, since each round trip costs a lone job more than all
-- its rows. What comes last waits for the rest: the lock that puts event numbers in order is held no longer than needed.
WITH new_job AS (
    INSERT INTO job (job_id, wallet, job_type, model, input, requirements, budget, max_duration_s, priority, assurance,
                     state, attempt, node_id, key_id, salt, error, audit_of, parent_id, part, parts,
                     created_at, updated_at)
    SELECT given.*, at FROM unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::json[], $6::json[], $7::bigint[], $8::integer[],
        $9::smallint[], $10::text[], $11::text[], $12::integer[], $13::uuid[], $14::uuid[], $15::bytea[], $16::json[],
        $17::uuid[], $18::uuid[], $19::integer[], $20::integer[], $21::timestamptz[])
        AS given (job_id, wallet, job_type, model, input, requirements, budget, max_duration_s, priority, assurance,
                  state, attempt, node_id, key_id, salt, error, audit_of, parent_id, part, parts, at)
    RETURNING 1
), new_lease AS (
    INSERT INTO lease (job_id, lease_id, node_id, price, unit_price, ttl_s, attempt, state, deadline)
    SELECT given.*, 1, 'offered', now() + make_interval(secs => ttl_s)
    FROM unnest($22::uuid[], $23::uuid[], $24::uuid[], $25::bigint[], $26::bigint[], $27::integer[])
        AS given (job_id, lease_id, node_id, price, unit_price, ttl_s)
    RETURNING 1
), written AS (
    SELECT (SELECT count(*) FROM new_job) + (SELECT count(*) FROM new_lease)
), locked AS (
    SELECT pg_advisory_xact_lock($28) FROM written
), told AS (
    INSERT INTO event (job_id, wallet, kind, data)
    SELECT job_id, wallet, kind, data FROM locked, unnest($29::uuid[], $30::text[], $31::text[], $32::json[])
        AS given (job_id, wallet, kind, data)
)
SELECT pg_notify(channel, $34) FROM unnest($33::text[]) AS channel;
