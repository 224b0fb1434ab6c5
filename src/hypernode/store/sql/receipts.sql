-- unanchored: receipts that are on no chain yet.
SELECT receipt_id, body FROM receipt WHERE anchor_id IS NULL ORDER BY receipt_id LIMIT $1;

-- unanchored_age: how many wait, and for how long the oldest has.
SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_s
FROM (SELECT created_at FROM receipt WHERE anchor_id IS NULL ORDER BY receipt_id LIMIT $1) AS first;

-- insert_anchor: a Merkle root and the chain transaction that carries it.
INSERT INTO anchor (anchor_id, root, size, signature) VALUES ($1, $2, $3, $4);

-- assign_receipts: receipts to their places under the root. Fewer rows back: another coordinator anchored some.
UPDATE receipt SET anchor_id = $2, position = given.position - 1
FROM unnest($1::uuid[]) WITH ORDINALITY AS given (receipt_id, position)
WHERE receipt.receipt_id = given.receipt_id AND receipt.anchor_id IS NULL
RETURNING receipt.receipt_id;

-- free_receipts: their anchor failed; they wait for another.
UPDATE receipt SET anchor_id = NULL, position = NULL
FROM anchor WHERE receipt.anchor_id = anchor.anchor_id AND anchor.signature = $1;

-- anchored_jobs: the jobs whose receipts a chain transaction carries.
SELECT job.job_id, job.wallet, receipt.receipt_id FROM receipt JOIN anchor USING (anchor_id) JOIN job USING (job_id)
WHERE anchor.signature = $1;

-- receipt_of_job: the receipt with its place on the chain, if it has one.
SELECT receipt.body, receipt.signature, receipt.signer, receipt.position, receipt.anchor_id,
       anchor.root, anchor.size, anchor.signature AS anchor_signature,
       chain_transaction.state AS anchor_state, chain_transaction.slot
FROM receipt LEFT JOIN anchor USING (anchor_id)
LEFT JOIN chain_transaction ON chain_transaction.signature = anchor.signature
WHERE receipt.job_id = $1;

-- bodies_of_anchor: all receipts under a root, in their places.
SELECT body FROM receipt WHERE anchor_id = $1 ORDER BY position;

-- last_anchor: the one that got to the chain last.
SELECT anchor.root, anchor.size, latest.signature, latest.finalized_at FROM (
    SELECT signature, finalized_at FROM chain_transaction
    WHERE purpose = 'anchor' AND state = 'finalized' ORDER BY finalized_at DESC LIMIT 1
) AS latest JOIN anchor USING (signature);

-- recent: the latest anchored receipts; no more of an anchor than are asked for.
SELECT job.job_id, job.job_type, job.cost, job.verdict, latest.receipt_id, latest.signature, latest.slot, latest.finalized_at
FROM (
    SELECT settled.signature, settled.slot, settled.finalized_at, anchored.receipt_id, anchored.job_id, anchored.position
    FROM (
        SELECT signature, slot, finalized_at FROM chain_transaction
        WHERE purpose = 'anchor' AND state = 'finalized' ORDER BY finalized_at DESC LIMIT $1
    ) AS settled CROSS JOIN LATERAL (
        SELECT receipt_id, job_id, position FROM receipt
        WHERE anchor_id = (SELECT anchor_id FROM anchor WHERE anchor.signature = settled.signature)
        ORDER BY position DESC LIMIT $1
    ) AS anchored
    ORDER BY settled.finalized_at DESC, anchored.position DESC LIMIT $1
) AS latest JOIN job USING (job_id)
ORDER BY latest.finalized_at DESC, latest.position DESC;
