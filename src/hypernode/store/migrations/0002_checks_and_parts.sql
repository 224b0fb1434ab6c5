-- Results are checked, jobs have parts and checkpoints, nodes say how they keep jobs apart.
-- depends: 0001_network

-- migrate: apply

ALTER TABLE node
    ADD COLUMN isolation text NOT NULL DEFAULT 'none' CHECK (isolation IN ('none', 'process', 'sandbox')),
    ADD COLUMN own_jobs_only boolean NOT NULL DEFAULT false,
    ADD COLUMN checks_passed bigint NOT NULL DEFAULT 0;

ALTER TABLE job
    ADD COLUMN evidence json,
    -- The latest state that an attempt put aside: the next one goes on from it.
    ADD COLUMN checkpoint text,
    -- An audit of another job's result; its customer is the network.
    ADD COLUMN audit_of uuid REFERENCES job,
    -- A part of a job that is spread over several nodes, and which one.
    ADD COLUMN parent_id uuid REFERENCES job,
    ADD COLUMN part integer,
    -- How many parts it is spread over. Such a job has no lease and no hold of its own: its parts do.
    ADD COLUMN parts integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT job_is_part CHECK ((parent_id IS NULL) = (part IS NULL));
CREATE INDEX job_part ON job (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX job_in_parts ON job (job_id) WHERE parts > 0 AND state = 'running';
CREATE INDEX job_auditing ON job (created_at) WHERE audit_of IS NOT NULL AND state = 'queued';

ALTER TABLE lease
    ADD COLUMN reported_at timestamptz,
    DROP CONSTRAINT lease_state_check,
    ADD CONSTRAINT lease_state_check
        CHECK (state IN ('offered', 'running', 'reported', 'succeeded', 'failed', 'expired', 'revoked'));
-- At most one lease a job that is not over: two coordinators cannot both win.
CREATE UNIQUE INDEX lease_open ON lease (job_id) WHERE state IN ('offered', 'running', 'reported');
DROP INDEX lease_live;
CREATE INDEX lease_reported ON lease (lease_id) WHERE state = 'reported';

-- A result that is or was checked: by an audit, an ordinary job that gets the claim beside the input.
CREATE TABLE verification (
    audit_id uuid PRIMARY KEY REFERENCES job,
    lease_id uuid NOT NULL REFERENCES lease (lease_id),
    claim json NOT NULL
);
CREATE INDEX verification_of_lease ON verification (lease_id);

ALTER TABLE artifact_of_job
    DROP CONSTRAINT artifact_of_job_role_check,
    ADD CONSTRAINT artifact_of_job_role_check CHECK (role IN ('input', 'output', 'checkpoint'));

-- Homes older than the first release's last days lack these two.
ALTER TABLE payout
    DROP CONSTRAINT payout_kind_check,
    ADD CONSTRAINT payout_kind_check CHECK (kind IN ('earnings', 'withdrawal', 'network'));
CREATE INDEX IF NOT EXISTS event_passing ON event (at) WHERE kind IN ('progress', 'stream');

-- migrate: rollback

-- Open checks end as if their nodes had fallen silent; audits and parts stay as ordinary jobs.
DROP TABLE verification;
DELETE FROM artifact_of_job WHERE role = 'checkpoint';
ALTER TABLE artifact_of_job
    DROP CONSTRAINT artifact_of_job_role_check,
    ADD CONSTRAINT artifact_of_job_role_check CHECK (role IN ('input', 'output'));
UPDATE lease SET state = 'expired', ended_at = now() WHERE state = 'reported';
DROP INDEX lease_reported, lease_open;
CREATE UNIQUE INDEX lease_live ON lease (job_id) WHERE state IN ('offered', 'running');
ALTER TABLE lease
    DROP COLUMN reported_at,
    DROP CONSTRAINT lease_state_check,
    ADD CONSTRAINT lease_state_check
        CHECK (state IN ('offered', 'running', 'succeeded', 'failed', 'expired', 'revoked'));
ALTER TABLE job
    DROP COLUMN evidence, DROP COLUMN checkpoint, DROP COLUMN audit_of, DROP COLUMN part, DROP COLUMN parent_id,
    DROP COLUMN parts;
ALTER TABLE node DROP COLUMN isolation, DROP COLUMN own_jobs_only, DROP COLUMN checks_passed;
