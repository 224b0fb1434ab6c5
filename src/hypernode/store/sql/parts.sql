-- done: jobs in parts of which something ended badly, or all parts are over.
SELECT parent.* FROM job AS parent
WHERE parent.parts > 0 AND parent.state = 'running' AND ($1::uuid IS NULL OR parent.job_id = $1) AND (
    EXISTS (SELECT FROM job AS part WHERE part.parent_id = parent.job_id AND part.state IN ('failed', 'cancelled'))
    OR NOT EXISTS (SELECT FROM job AS part WHERE part.parent_id = parent.job_id
                   AND part.state NOT IN ('completed', 'failed', 'cancelled')))
ORDER BY parent.job_id LIMIT $2;

-- of_job: the parts of a job, in their order.
SELECT * FROM job WHERE parent_id = $1 ORDER BY part;

-- end: all its parts are over. No row back: another coordinator was faster.
UPDATE job SET state = $2, result = $3, error = $4, units = $5, cost = $6, verdict = $7, model = $8, started_at = $9,
               ended_at = now(), updated_at = now()
WHERE job_id = $1 AND state = ANY ($10)
RETURNING job_id;

-- link: what the parts of a job put out is the job's.
INSERT INTO artifact_of_job (job_id, sha256, role, name)
SELECT $1::uuid, sha256, role, artifact_of_job.name FROM artifact_of_job JOIN job USING (job_id)
WHERE job.parent_id = $1 AND role = 'output' ON CONFLICT DO NOTHING;
