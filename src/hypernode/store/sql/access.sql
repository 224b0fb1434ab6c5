-- insert_challenge: a text that a wallet is asked to sign.
INSERT INTO challenge (nonce, wallet, message, expires_at) VALUES ($1, $2, $3, $4);

-- take_challenge: used once, whatever comes of it.
DELETE FROM challenge WHERE nonce = $1 RETURNING wallet, message, expires_at;

-- insert_session: a wallet proved itself.
INSERT INTO session (token_hash, wallet, expires_at) VALUES ($1, $2, $3);

-- session: whose token it is, if it is still good.
SELECT wallet, expires_at FROM session WHERE token_hash = $1 AND expires_at > now();

-- end_session: signed out.
DELETE FROM session WHERE token_hash = $1;

-- insert_key: a key for a program.
INSERT INTO api_key (key_id, wallet, name, token_hash, scopes, spending_limit, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
-- Asked for again under the same id after a crash: it is there already.
ON CONFLICT (key_id) DO UPDATE SET name = excluded.name RETURNING *;

-- key: whose key it is, if it is still good.
SELECT key_id, wallet, scopes, expires_at FROM api_key
WHERE token_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- list_keys: a wallet's keys, newest first. $2 before, $3 limit
SELECT * FROM api_key WHERE wallet = $1 AND key_id < $2 ORDER BY key_id DESC LIMIT $3;

-- key_owner: whose key it is.
SELECT wallet FROM api_key WHERE key_id = $1;

-- revoke_key: it is good no more.
UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = $1 RETURNING *;

-- forget: what has expired.
WITH challenges AS (DELETE FROM challenge WHERE expires_at < now()),
     sessions AS (DELETE FROM session WHERE expires_at < now())
DELETE FROM idempotency WHERE created_at < now() - interval '1 day';

-- reserve: this request is being answered. No row back: the key is taken.
INSERT INTO idempotency AS known (caller, key, route, body_hash, resource_id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (caller, key) DO UPDATE SET created_at = now()
    WHERE known.response IS NULL AND known.created_at < now() - make_interval(secs => $6)
        AND known.body_hash = $4 AND known.route = $3
RETURNING resource_id, known.xmax <> 0 AS again;

-- reserved: what the key was used for.
SELECT route, body_hash, resource_id, status, response FROM idempotency WHERE caller = $1 AND key = $2;

-- answer: what the request was answered.
UPDATE idempotency SET status = $3, response = $4 WHERE caller = $1 AND key = $2;

-- release: the request failed and may be made again.
DELETE FROM idempotency WHERE caller = $1 AND key = $2 AND response IS NULL;

-- abandon: nobody answers the request any more; the next one with the key takes it up.
UPDATE idempotency SET created_at = created_at - interval '1 hour' WHERE caller = $1 AND key = $2 AND response IS NULL;

-- audit: an operator's act.
INSERT INTO audit (actor, action, data) VALUES ($1, $2, $3);
