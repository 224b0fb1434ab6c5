-- What belongs to a new job may be written before it: the events of a commit come last, and they come with the job.
-- depends: 0004_lookup_tables

-- migrate: apply

ALTER TABLE hold ALTER CONSTRAINT hold_job_id_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE verification ALTER CONSTRAINT verification_audit_id_fkey DEFERRABLE INITIALLY DEFERRED;

-- migrate: rollback

ALTER TABLE hold ALTER CONSTRAINT hold_job_id_fkey NOT DEFERRABLE;
ALTER TABLE verification ALTER CONSTRAINT verification_audit_id_fkey NOT DEFERRABLE;
