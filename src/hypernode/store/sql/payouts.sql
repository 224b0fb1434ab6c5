-- gather_earnings: settled parts that no payout has taken, by provider; locked for the gathering.
SELECT provider, sum(provider_part)::bigint AS amount, array_agg(job_id) AS jobs FROM (
    SELECT provider, provider_part, job_id FROM hold
    WHERE state = 'settled' AND provider_part > 0 AND payout_id IS NULL
    ORDER BY job_id LIMIT $2 FOR UPDATE SKIP LOCKED
) AS unpaid
GROUP BY provider HAVING sum(provider_part) >= $1;

-- insert_earnings: owed to providers.
INSERT INTO payout (payout_id, kind, wallet, amount, state)
SELECT payout_id, 'earnings', wallet, amount, 'due' FROM unnest($1::uuid[], $2::text[], $3::bigint[])
    AS given (payout_id, wallet, amount);

-- assign_earnings: holds to the payouts that pay them.
UPDATE hold SET payout_id = given.payout_id FROM unnest($1::uuid[], $2::uuid[]) AS given (job_id, payout_id)
WHERE hold.job_id = given.job_id;

-- insert_payout: owed to a wallet. No row back: it was made before.
INSERT INTO payout (payout_id, kind, wallet, amount, state) VALUES ($1, $2, $3, $4, 'due')
ON CONFLICT DO NOTHING RETURNING payout_id;

-- due_payouts: what may leave now, those that came back last.
SELECT payout_id, wallet, amount, returns FROM payout
WHERE state = 'due' AND due_at <= now()
ORDER BY returns, due_at LIMIT $1;

-- batch_payouts: into a signed chain transaction. Fewer rows back: another coordinator took some.
UPDATE payout SET state = $3, signature = $2 WHERE payout_id = ANY ($1::uuid[]) AND state = ANY ($4)
RETURNING payout_id;

-- store_transaction: bytes before they are sent.
INSERT INTO chain_transaction (signature, purpose, state, bytes, last_valid_block_height)
VALUES ($1, $2, 'signed', $3, $4)
-- Another coordinator may sign the same at the same time, byte for byte: what it took then says who was first.
ON CONFLICT (signature) DO NOTHING;

-- open_transactions: those whose fate is not known.
SELECT signature, bytes, last_valid_block_height, state FROM chain_transaction
WHERE purpose = $1 AND state IN ('signed', 'sent') ORDER BY created_at LIMIT $2;

-- move_transaction: one event of its lifecycle. No row back: somebody else was faster.
UPDATE chain_transaction SET state = $2, slot = coalesce($4, slot), error = $5,
    finalized_at = CASE WHEN $2 = 'finalized' THEN now() END
WHERE signature = $1 AND state = ANY ($3)
RETURNING signature;

-- finalize_payouts: a batch is on the chain for good.
UPDATE payout SET state = $2, finalized_at = now() WHERE signature = $1 AND state = ANY ($3)
RETURNING payout_id, wallet, amount, kind;

-- return_payouts: a batch failed; its payouts are owed again, a little later.
UPDATE payout SET state = $2, signature = NULL, returns = returns + 1,
    due_at = now() + make_interval(secs => least(3600, power(2, returns)))
WHERE signature = $1 AND state = ANY ($3)
RETURNING payout_id;

-- payout: one.
SELECT * FROM payout WHERE payout_id = $1;

-- list_payouts: a wallet's, newest first.
SELECT * FROM payout WHERE wallet = (SELECT $1::text) AND payout_id < $2 ORDER BY payout_id DESC LIMIT $3;

-- jobs_of_payouts: the jobs that payouts pay for.
SELECT job_id, wallet, payout_id FROM hold WHERE payout_id = ANY ($1::uuid[]);

-- spent_since: what left in payouts lately, for the spending cap.
SELECT coalesce(sum(amount), 0)::bigint FROM payout
WHERE state = 'batched' OR (state = 'finalized' AND finalized_at > now() - make_interval(secs => $1));
