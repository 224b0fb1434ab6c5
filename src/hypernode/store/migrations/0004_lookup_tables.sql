-- Payouts name their payees by address lookup tables, which the network makes and closes by chain transactions of its own.
-- depends: 0003_flat_figures

-- migrate: apply

ALTER TABLE chain_transaction
    DROP CONSTRAINT chain_transaction_purpose_check,
    ADD CONSTRAINT chain_transaction_purpose_check CHECK (purpose IN ('payout', 'anchor', 'table'));

CREATE TABLE lookup_table (
    address text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('building', 'open', 'retired', 'closed')),
    -- The change that is on its way: one at a time.
    signature text REFERENCES chain_transaction,
    used_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (state <> 'building' OR signature IS NOT NULL)
);
-- Two coordinators do not both make one.
CREATE UNIQUE INDEX lookup_table_building ON lookup_table (state) WHERE state = 'building';
CREATE INDEX lookup_table_changing ON lookup_table (signature) WHERE signature IS NOT NULL;

-- A wallet's token account in a table; it is there once the chain transaction is final.
CREATE TABLE lookup_entry (
    wallet text PRIMARY KEY,
    address text NOT NULL REFERENCES lookup_table,
    position integer NOT NULL CHECK (position BETWEEN 0 AND 255),
    signature text NOT NULL REFERENCES chain_transaction,
    UNIQUE (address, position)
);
CREATE INDEX lookup_entry_change ON lookup_entry (signature);

-- The jobs of a payout are looked up when it is final.
CREATE INDEX hold_of_payout ON hold (payout_id) WHERE payout_id IS NOT NULL;

-- migrate: rollback

-- Tables that are on the chain stay there with their rent: close them before.
DROP TABLE lookup_entry, lookup_table;
DROP INDEX hold_of_payout;
DELETE FROM chain_transaction WHERE purpose = 'table';
ALTER TABLE chain_transaction
    DROP CONSTRAINT chain_transaction_purpose_check,
    ADD CONSTRAINT chain_transaction_purpose_check CHECK (purpose IN ('payout', 'anchor'));
