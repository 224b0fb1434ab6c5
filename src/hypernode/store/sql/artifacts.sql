-- insert_artifact: its content is stored.
INSERT INTO artifact (sha256, size) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- insert_reader: a wallet that may read it.
INSERT INTO artifact_reader (sha256, wallet) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- readable: which of the artifacts a wallet may read.
SELECT sha256 FROM artifact_reader WHERE wallet = $1 AND sha256 = ANY ($2::text[])
UNION SELECT sha256 FROM artifact_of_job JOIN job USING (job_id) WHERE job.wallet = $1 AND sha256 = ANY ($2::text[]);

-- readable_by_node: whether a node needs the artifact for a job that it holds, or put it there for one.
SELECT EXISTS (
    SELECT FROM artifact_of_job JOIN lease USING (job_id)
    WHERE artifact_of_job.sha256 = $1 AND lease.node_id = $2 AND lease.state IN ('offered', 'running')
);

-- artifact: its size.
SELECT size FROM artifact WHERE sha256 = $1;

-- link_artifacts: what jobs took and put out.
INSERT INTO artifact_of_job (job_id, sha256, role, name)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING;
