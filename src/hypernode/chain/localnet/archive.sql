CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Versions of an account: the newest, and those that are not final yet. lamports = 0: the account ended.
CREATE TABLE IF NOT EXISTS account (
    address BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    lamports INTEGER NOT NULL,
    owner BLOB NOT NULL,
    data BLOB NOT NULL,
    executable INTEGER NOT NULL,
    token_owner BLOB,
    PRIMARY KEY (address, ordinal)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS account_of_token_owner ON account (token_owner) WHERE token_owner IS NOT NULL;

-- What landed, in the chain's order. meta: the `meta` object of getTransaction as JSON.
CREATE TABLE IF NOT EXISTS landed (
    ordinal INTEGER PRIMARY KEY,
    signature TEXT NOT NULL UNIQUE,
    slot INTEGER NOT NULL,
    time_s INTEGER NOT NULL,
    wire BLOB NOT NULL,
    meta TEXT NOT NULL,
    memo TEXT
);

CREATE TABLE IF NOT EXISTS mention (address BLOB, ordinal INTEGER, PRIMARY KEY (address, ordinal)) WITHOUT ROWID;
