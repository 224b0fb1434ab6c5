-- Completed jobs are counted by the hour and the type, with the time they took.
-- depends: 0006_heartbeats

-- migrate: apply

CREATE OR REPLACE FUNCTION count_moved_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    alike record;
BEGIN
    FOR alike IN
        SELECT state, job_type, hour, sum(sign)::bigint AS jobs, sum(sign * cost)::bigint AS cost,
               sum(sign * ms_between(started_at, ended_at))::bigint AS ms
        FROM (
            SELECT 1 AS sign, state, job_type, cost, started_at, ended_at,
                   CASE WHEN state = 'completed' THEN hour_of(ended_at) END AS hour
            FROM new_rows WHERE audit_of IS NULL AND parent_id IS NULL
            UNION ALL
            SELECT -1, state, job_type, cost, started_at, ended_at, CASE WHEN state = 'completed' THEN hour_of(ended_at) END
            FROM old_rows WHERE audit_of IS NULL AND parent_id IS NULL
        ) AS changed
        GROUP BY state, job_type, hour HAVING sum(sign) <> 0
    LOOP
        PERFORM add_to_tally('jobs', alike.state, alike.job_type, alike.jobs, alike.cost, alike.ms);
        IF alike.hour IS NOT NULL THEN
            PERFORM add_to_tally('completed in hour', alike.hour, alike.job_type, alike.jobs, alike.cost, alike.ms);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

ALTER FUNCTION recount() RENAME TO recount_before_history;
CREATE FUNCTION recount() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM recount_before_history();
    PERFORM add_to_tally('completed in hour', hour_of(ended_at), job_type, count(*), sum(cost)::bigint,
        sum(ms_between(started_at, ended_at))::bigint)
    FROM job WHERE state = 'completed' AND audit_of IS NULL AND parent_id IS NULL GROUP BY hour_of(ended_at), job_type;
END $$;
SELECT recount();

-- migrate: rollback

DROP FUNCTION recount();
ALTER FUNCTION recount_before_history() RENAME TO recount;
CREATE OR REPLACE FUNCTION count_moved_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    alike record;
BEGIN
    FOR alike IN
        SELECT state, job_type, sum(sign)::bigint AS jobs, sum(sign * cost)::bigint AS cost,
               sum(sign * ms_between(started_at, ended_at))::bigint AS ms
        FROM (
            SELECT 1 AS sign, state, job_type, cost, started_at, ended_at FROM new_rows
            WHERE audit_of IS NULL AND parent_id IS NULL
            UNION ALL
            SELECT -1, state, job_type, cost, started_at, ended_at FROM old_rows
            WHERE audit_of IS NULL AND parent_id IS NULL
        ) AS changed
        GROUP BY state, job_type HAVING sum(sign) <> 0
    LOOP
        PERFORM add_to_tally('jobs', alike.state, alike.job_type, alike.jobs, alike.cost, alike.ms);
    END LOOP;
    RETURN NULL;
END $$;
DELETE FROM tally WHERE subject = 'completed in hour';
