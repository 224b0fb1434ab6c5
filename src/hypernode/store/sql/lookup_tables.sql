-- insert_table: one that is to be made. No row back: another coordinator makes one.
INSERT INTO lookup_table (address, state, signature) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING address;

-- insert_entries: wallets that a change brings into a table. Fewer rows back: another coordinator took some.
INSERT INTO lookup_entry (wallet, address, position, signature)
SELECT wallet, $2, $3 + ordinality - 1, $4 FROM unnest($1::text[]) WITH ORDINALITY AS given (wallet, ordinality)
ON CONFLICT DO NOTHING RETURNING wallet;

-- begin_change: a change is on its way. No row back: another one is, or the table has moved on.
UPDATE lookup_table SET signature = $2 WHERE address = $1 AND state = $3 AND signature IS NULL RETURNING address;

-- close_table: it is gone from the chain.
UPDATE lookup_table SET state = $2 WHERE address = $1 AND state = ANY ($3) AND signature IS NULL;

-- end_change: a change has come to its end, well or not. Returns the table.
UPDATE lookup_table SET signature = NULL, state = CASE WHEN state = ANY ($3) THEN $2 ELSE state END
WHERE signature = $1 RETURNING address;

-- drop_entries_of_change: the change did not land, so its wallets are in no table.
DELETE FROM lookup_entry WHERE signature = $1;

-- retire_table: if no payout has used it for so many seconds.
UPDATE lookup_table SET state = $2
WHERE address = $1 AND state = ANY ($3) AND signature IS NULL AND used_at < now() - make_interval(secs => $4)
RETURNING address;

-- drop_entries: the table is used no more.
DELETE FROM lookup_entry WHERE address = $1;

-- use_table: it was used just now. No row back: it must not be used any more.
UPDATE lookup_table SET used_at = now() WHERE address = $1 AND state = $2 RETURNING address;

-- places: where wallets stand, by what is final.
SELECT wallet, lookup_entry.address, position FROM lookup_entry JOIN lookup_table USING (address)
JOIN chain_transaction ON chain_transaction.signature = lookup_entry.signature
WHERE wallet = ANY ($1::text[]) AND lookup_table.state = $2 AND chain_transaction.state = 'finalized';

-- entries: all that stand in a table, by what is final.
SELECT wallet FROM lookup_entry JOIN chain_transaction USING (signature)
WHERE address = $1 AND chain_transaction.state = 'finalized' ORDER BY position;

-- regulars: those of the wallets that earned before, were paid, and are in no table; in their order.
SELECT wallet FROM unnest($1::text[]) WITH ORDINALITY AS given (wallet, ordinality)
WHERE NOT EXISTS (SELECT FROM lookup_entry WHERE lookup_entry.wallet = given.wallet)
    AND EXISTS (SELECT FROM payout
        WHERE payout.wallet = given.wallet AND payout.kind = 'earnings' AND payout.state = 'finalized')
ORDER BY ordinality;

-- newest_table: the one that takes more, if any does, with the change that is on its way.
SELECT address, signature FROM lookup_table WHERE state = ANY ($1) ORDER BY created_at DESC LIMIT 1;

-- idle_tables: those that no payout has used for so many seconds.
SELECT address FROM lookup_table
WHERE state = $1 AND signature IS NULL AND used_at < now() - make_interval(secs => $2);

-- tables_in_state: those that no change is on its way for.
SELECT address FROM lookup_table WHERE state = $1 AND signature IS NULL;
