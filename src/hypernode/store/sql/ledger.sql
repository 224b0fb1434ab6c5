-- open_accounts: accounts that may not exist yet.
INSERT INTO account (account) SELECT unnest($1::text[]) ORDER BY 1 ON CONFLICT DO NOTHING;

-- lock_accounts: balances that will not change until the transaction ends; always in the same order.
SELECT account, balance FROM account WHERE account = ANY ($1::text[]) ORDER BY account FOR UPDATE;

-- balances: as they are now.
SELECT account, balance FROM account WHERE account = ANY ($1::text[]);

-- post_transfers: each moves an amount from one account to another.
INSERT INTO transfer (kind, reference, debit, credit, amount)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]);

-- move_balances: what the transfers mean for each account.
UPDATE account SET balance = balance + given.delta
FROM unnest($1::text[], $2::bigint[]) AS given (account, delta)
WHERE account.account = given.account;

-- insert_holds: budgets that were locked.
INSERT INTO hold (job_id, wallet, amount, state)
SELECT job_id, wallet, amount, 'held' FROM unnest($1::uuid[], $2::text[], $3::bigint[])
    AS given (job_id, wallet, amount);

-- end_holds: holds that are split or returned. No row back: the job had none, or it had ended.
UPDATE hold SET state = given.state, provider = given.provider, provider_part = given.provider_part,
                network_part = given.network_part, refund = hold.amount - given.provider_part - given.network_part
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
    AS given (job_id, state, provider, provider_part, network_part)
WHERE hold.job_id = given.job_id AND hold.state = ANY ($6)
RETURNING hold.job_id, hold.wallet, hold.provider, hold.provider_part, hold.network_part, hold.refund;

-- lock_keys: API keys with what they may still hold.
SELECT key_id, spending_limit, spent FROM api_key WHERE key_id = ANY ($1::uuid[]) ORDER BY key_id FOR UPDATE;

-- spend_keys: what their jobs hold, or got back (negative).
UPDATE api_key SET spent = greatest(0, spent + given.amount)
FROM unnest($1::uuid[], $2::bigint[]) AS given (key_id, amount)
WHERE api_key.key_id = given.key_id;

-- wallet_state: what a wallet has in the network.
SELECT coalesce((SELECT balance FROM account WHERE account = 'customer:' || $1), 0) AS balance,
       coalesce((SELECT balance FROM account WHERE account = 'provider:' || $1), 0) AS earned,
       coalesce((SELECT sum(amount) FROM hold WHERE wallet = $1 AND state = 'held'), 0)::bigint AS held,
       coalesce((SELECT sum(amount) FROM payout WHERE wallet = $1 AND state <> 'finalized'), 0)::bigint AS paying_out;

-- statement: movements of one account, newest first. $2 before, $3 limit
(SELECT transfer_id, kind, reference, amount, at FROM transfer WHERE credit = (SELECT $1::text) AND transfer_id < $2
 ORDER BY transfer_id DESC LIMIT $3)
UNION ALL
(SELECT transfer_id, kind, reference, -amount, at FROM transfer WHERE debit = (SELECT $1::text) AND transfer_id < $2
 ORDER BY transfer_id DESC LIMIT $3)
ORDER BY transfer_id DESC LIMIT $3;

-- earnings: what a provider's jobs brought it, newest first, each at the prices of the attempt that earned it, and with
-- the payout that pays it. $2 before, $3 limit
SELECT transfer_id, brought.amount AS earned, brought.at, job_id, job.node_id, job_type, model, job.state AS job_state,
       units, cost, verdict, audit_of, lease.price, lease.unit_price, payout.*
FROM (
    SELECT transfer_id, reference::uuid AS job_id, amount, at FROM transfer
    WHERE credit = (SELECT $1::text) AND kind = 'provider_part' AND transfer_id < $2
    ORDER BY transfer_id DESC LIMIT $3
) AS brought
JOIN job USING (job_id) JOIN lease USING (job_id, attempt) JOIN hold USING (job_id)
LEFT JOIN payout ON payout.payout_id = hold.payout_id
ORDER BY transfer_id DESC;

-- insert_deposits: deposits seen on the chain. No row back: it was credited before.
INSERT INTO deposit (signature, position, wallet, amount, slot)
SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::bigint[], $5::bigint[])
ON CONFLICT DO NOTHING
RETURNING signature, position, wallet, amount;

-- deposit_cursor: how far the vault's history was read.
SELECT signature, slot FROM deposit_cursor WHERE vault = $1;

-- move_deposit_cursor: it was read up to here.
INSERT INTO deposit_cursor AS cursor (vault, signature, slot) VALUES ($1, $2, $3)
ON CONFLICT (vault) DO UPDATE SET signature = excluded.signature, slot = excluded.slot
WHERE cursor.slot <= excluded.slot;

-- imbalance: accounts whose balance is not what their transfers say; must be none.
SELECT account.account, account.balance, coalesce(sum(flow.amount), 0)::bigint AS flowed
FROM account LEFT JOIN (
    SELECT debit AS account, -amount AS amount FROM transfer UNION ALL SELECT credit, amount FROM transfer
) AS flow USING (account)
GROUP BY account.account, account.balance
HAVING account.balance <> coalesce(sum(flow.amount), 0);

-- escrow_gap: live holds less the escrow's balance; must be 0.
SELECT coalesce((SELECT sum(amount) FROM hold WHERE state = 'held'), 0)::bigint
     - coalesce((SELECT balance FROM account WHERE account = 'escrow'), 0) AS gap;
