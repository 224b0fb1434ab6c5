-- report: a result is there, and is checked first. No row back: the lease was lost.
UPDATE lease SET state = $2, reported_at = now() FROM job
WHERE lease.lease_id = $1 AND lease.state = ANY ($3) AND job.job_id = lease.job_id
RETURNING lease.lease_id, lease.node_id, job.*;

-- insert: a claim that an audit checks.
INSERT INTO verification (audit_id, lease_id, claim) VALUES ($1, $2, $3);

-- link: an audit may read what the job took, and what the claim names.
INSERT INTO artifact_of_job (job_id, sha256, role, name)
SELECT $2::uuid, sha256, 'input', name FROM artifact_of_job WHERE job_id = $1 AND role IN ('input', 'checkpoint')
UNION SELECT $2::uuid, sha256, 'input', 'claim/' || name FROM unnest($3::text[], $4::text[]) AS given (sha256, name)
ON CONFLICT DO NOTHING;

-- opinions: results that are being checked, with every audit of each, oldest first.
SELECT lease.lease_id, lease.job_id, lease.node_id, owner.wallet AS provider, verification.claim, audit.job_id AS audit_id,
       audit.state, audit.result, audit.error, audit.node_id AS auditor_id, auditor.wallet AS auditor
FROM lease JOIN verification USING (lease_id) JOIN job AS audit ON audit.job_id = verification.audit_id
JOIN node AS owner ON owner.node_id = lease.node_id
LEFT JOIN node AS auditor ON auditor.node_id = audit.node_id
WHERE lease.state = 'reported'
ORDER BY lease.lease_id, audit.job_id;

-- forsaken: audits that no node has taken in $1 seconds.
SELECT job_id FROM job
WHERE audit_of IS NOT NULL AND state = 'queued'
    AND created_at < now() - make_interval(secs => $1)
ORDER BY created_at LIMIT $2;

-- passed: how many of a node's results were found right.
SELECT checks_passed FROM node WHERE node_id = $1;

-- count_pass: one more was.
UPDATE node SET checks_passed = checks_passed + 1, updated_at = now() WHERE node_id = $1;

-- suspend: a node whose result was found forged. No row back: it was not active.
UPDATE node SET state = $2, updated_at = now() WHERE node_id = $1 AND state = ANY ($3)
RETURNING node_id;

-- blame: a node whose word did not hold.
UPDATE node SET jobs_failed = jobs_failed + 1, updated_at = now() WHERE node_id = $1;
