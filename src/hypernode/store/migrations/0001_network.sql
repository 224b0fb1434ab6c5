-- The first schema: nodes, jobs, leases, the ledger, chain transactions, receipts, events, access.
-- depends:

-- migrate: apply

CREATE TABLE node (
    node_id uuid PRIMARY KEY,
    wallet text NOT NULL,
    machine_id text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('online', 'draining', 'offline', 'suspended', 'deregistered')),
    gpu_model text NOT NULL,
    gpu_count integer NOT NULL CHECK (gpu_count >= 0),
    vram_mb bigint NOT NULL CHECK (vram_mb >= 0),
    ram_mb bigint NOT NULL CHECK (ram_mb >= 0),
    driver_version text NOT NULL,
    cuda_version text NOT NULL,
    compute_capability text NOT NULL,
    host_os text NOT NULL,
    cpu_model text NOT NULL,
    location jsonb NOT NULL,
    country text NOT NULL GENERATED ALWAYS AS (lower(location ->> 'country')) STORED,
    capabilities text[] NOT NULL,
    price bigint NOT NULL CHECK (price >= 0),
    capacity integer NOT NULL DEFAULT 1 CHECK (capacity >= 0),
    engines json NOT NULL DEFAULT '[]',
    metrics json NOT NULL DEFAULT '{}',
    coordinator_id uuid,
    registered_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    online_since timestamptz NOT NULL DEFAULT now(),
    online_before_s bigint NOT NULL DEFAULT 0,
    jobs_completed bigint NOT NULL DEFAULT 0,
    jobs_failed bigint NOT NULL DEFAULT 0,
    total_earned bigint NOT NULL DEFAULT 0,
    -- Share of finished jobs that succeeded, with ten successes given in advance, so that one failure costs
    -- a new node nine points and an old one almost nothing.
    reputation double precision NOT NULL
        GENERATED ALWAYS AS (100.0 * (jobs_completed + 10) / (jobs_completed + jobs_failed + 10)) STORED
);
CREATE UNIQUE INDEX node_machine ON node (wallet, machine_id) WHERE state <> 'deregistered';
CREATE INDEX node_present ON node (node_id DESC) WHERE state <> 'deregistered';
CREATE INDEX node_reachable ON node (last_seen_at) WHERE state IN ('online', 'draining');

CREATE TABLE job (
    job_id uuid PRIMARY KEY,
    wallet text NOT NULL,
    job_type text NOT NULL,
    model text NOT NULL,
    input json NOT NULL,
    requirements json NOT NULL,
    budget bigint NOT NULL CHECK (budget >= 0),
    max_duration_s integer NOT NULL CHECK (max_duration_s > 0),
    priority smallint NOT NULL DEFAULT 0,
    assurance text NOT NULL DEFAULT 'none',
    state text NOT NULL
        CHECK (state IN ('pending', 'queued', 'running', 'completed', 'failed', 'cancelled')),
    attempt integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    node_id uuid REFERENCES node,
    key_id uuid,
    salt bytea NOT NULL,
    result json,
    error json,
    units bigint NOT NULL DEFAULT 0 CHECK (units >= 0),
    cost bigint NOT NULL DEFAULT 0,
    verdict text CHECK (verdict IN ('passed', 'failed', 'unverified')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz,
    CHECK (cost BETWEEN 0 AND budget),
    CHECK ((state IN ('completed', 'failed', 'cancelled')) = (ended_at IS NOT NULL))
);
CREATE INDEX job_of_wallet ON job (wallet, job_id DESC);
CREATE INDEX job_in_state ON job (state, job_id DESC);
CREATE INDEX job_of_type ON job (job_type, job_id DESC);
CREATE INDEX job_waiting ON job (priority DESC, job_id) WHERE state = 'queued';
CREATE INDEX job_unfunded ON job (wallet, job_id) WHERE state = 'pending';

CREATE TABLE lease (
    job_id uuid NOT NULL REFERENCES job,
    attempt integer NOT NULL,
    lease_id uuid NOT NULL UNIQUE,
    node_id uuid NOT NULL REFERENCES node,
    state text NOT NULL
        CHECK (state IN ('offered', 'running', 'succeeded', 'failed', 'expired', 'revoked')),
    -- The node's prices when it got the job: a later change does not alter what the job costs.
    price bigint NOT NULL,
    unit_price bigint,
    ttl_s integer NOT NULL,
    deadline timestamptz NOT NULL,
    offered_at timestamptz NOT NULL DEFAULT now(),
    accepted_at timestamptz,
    ended_at timestamptz,
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (job_id, attempt)
);
-- At most one live lease a job: two coordinators cannot both win.
CREATE UNIQUE INDEX lease_live ON lease (job_id) WHERE state IN ('offered', 'running');
CREATE INDEX lease_due ON lease (deadline) WHERE state IN ('offered', 'running');
CREATE INDEX lease_of_node ON lease (node_id) WHERE state IN ('offered', 'running');

CREATE TABLE account (
    account text PRIMARY KEY,
    balance bigint NOT NULL DEFAULT 0,
    -- `chain` mirrors what came in from and went out to the chain; every other account is somebody's.
    CHECK (balance >= 0 OR account = 'chain')
);

-- One row moves an amount from one account to another: debits equal credits by construction.
CREATE TABLE transfer (
    transfer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    reference text NOT NULL,
    debit text NOT NULL,
    credit text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL DEFAULT now(),
    CHECK (debit <> credit),
    UNIQUE (reference, kind)
);
CREATE INDEX transfer_debit ON transfer (debit, transfer_id DESC);
CREATE INDEX transfer_credit ON transfer (credit, transfer_id DESC);

-- A transaction of ours on the chain. Its bytes are stored before they are sent.
CREATE TABLE chain_transaction (
    signature text PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('payout', 'anchor')),
    state text NOT NULL CHECK (state IN ('signed', 'sent', 'finalized', 'failed')),
    bytes bytea NOT NULL,
    last_valid_block_height bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    finalized_at timestamptz,
    slot bigint,
    error text
);
CREATE INDEX chain_transaction_open ON chain_transaction (purpose, created_at) WHERE state IN ('signed', 'sent');
CREATE INDEX chain_transaction_final ON chain_transaction (purpose, finalized_at DESC) WHERE state = 'finalized';

CREATE TABLE payout (
    payout_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('earnings', 'withdrawal', 'network')),
    wallet text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN ('due', 'batched', 'finalized')),
    signature text REFERENCES chain_transaction,
    returns integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    finalized_at timestamptz,
    CHECK ((state = 'due') = (signature IS NULL))
);
CREATE INDEX payout_due ON payout (due_at) WHERE state = 'due';
CREATE INDEX payout_batched ON payout (signature) WHERE state = 'batched';
CREATE INDEX payout_of_wallet ON payout (wallet, payout_id DESC);
CREATE INDEX payout_final ON payout (finalized_at DESC) WHERE state = 'finalized';

CREATE TABLE hold (
    job_id uuid PRIMARY KEY REFERENCES job,
    wallet text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN ('held', 'settled', 'released')),
    provider text,
    provider_part bigint NOT NULL DEFAULT 0 CHECK (provider_part >= 0),
    network_part bigint NOT NULL DEFAULT 0 CHECK (network_part >= 0),
    refund bigint NOT NULL DEFAULT 0 CHECK (refund >= 0),
    payout_id uuid REFERENCES payout,
    CHECK ((state = 'held' AND provider_part + network_part + refund = 0)
        OR (state <> 'held' AND provider_part + network_part + refund = amount)),
    CHECK (state = 'settled' OR provider_part + network_part = 0)
);
CREATE INDEX hold_live ON hold (wallet) INCLUDE (amount) WHERE state = 'held';
CREATE INDEX hold_unpaid ON hold (provider) WHERE state = 'settled' AND provider_part > 0 AND payout_id IS NULL;

CREATE TABLE deposit (
    signature text NOT NULL,
    position integer NOT NULL,
    wallet text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    slot bigint NOT NULL,
    credited_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (signature, position)
);

-- How far the deposit watcher has read the vault's history: one row.
CREATE TABLE deposit_cursor (
    vault text PRIMARY KEY,
    signature text NOT NULL,
    slot bigint NOT NULL
);

CREATE TABLE anchor (
    anchor_id uuid PRIMARY KEY,
    root bytea NOT NULL,
    size integer NOT NULL CHECK (size > 0),
    signature text NOT NULL REFERENCES chain_transaction,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX anchor_transaction ON anchor (signature);

CREATE TABLE receipt (
    receipt_id uuid PRIMARY KEY,
    job_id uuid NOT NULL UNIQUE REFERENCES job,
    body bytea NOT NULL,
    signature text NOT NULL,
    signer text NOT NULL,
    anchor_id uuid REFERENCES anchor,
    position integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((anchor_id IS NULL) = (position IS NULL))
);
CREATE INDEX receipt_unanchored ON receipt (receipt_id) WHERE anchor_id IS NULL;
CREATE UNIQUE INDEX receipt_in_anchor ON receipt (anchor_id, position) WHERE anchor_id IS NOT NULL;

-- Writers take the events lock last before they commit, so sequence numbers become visible in order.
CREATE TABLE event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id uuid NOT NULL,
    wallet text NOT NULL,
    kind text NOT NULL,
    data json NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_of_job ON event (job_id, seq);
CREATE INDEX event_of_wallet ON event (wallet, seq);
CREATE INDEX event_log ON event (job_id, seq) WHERE kind = 'log';
CREATE INDEX event_passing ON event (at) WHERE kind IN ('progress', 'stream');

CREATE TABLE artifact (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size bigint NOT NULL CHECK (size >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
-- Who may read an artifact: a wallet that put it in, or got it as a result. Node access follows from its live leases.
CREATE TABLE artifact_reader (
    sha256 text NOT NULL REFERENCES artifact,
    wallet text NOT NULL,
    PRIMARY KEY (sha256, wallet)
);
CREATE TABLE artifact_of_job (
    job_id uuid NOT NULL,
    sha256 text NOT NULL,
    role text NOT NULL CHECK (role IN ('input', 'output')),
    name text NOT NULL,
    PRIMARY KEY (job_id, role, name)
);
CREATE INDEX artifact_jobs ON artifact_of_job (sha256);

CREATE TABLE challenge (
    nonce text PRIMARY KEY,
    wallet text NOT NULL,
    message text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE TABLE session (
    token_hash bytea PRIMARY KEY,
    wallet text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE TABLE api_key (
    key_id uuid PRIMARY KEY,
    wallet text NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    spending_limit bigint CHECK (spending_limit >= 0),
    spent bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    CHECK (spending_limit IS NULL OR spent <= spending_limit)
);
CREATE INDEX api_key_of_wallet ON api_key (wallet, key_id DESC);

CREATE TABLE idempotency (
    caller text NOT NULL,
    key text NOT NULL,
    route text NOT NULL,
    body_hash bytea NOT NULL,
    resource_id uuid NOT NULL,
    status integer,
    response bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    data json NOT NULL
);

-- migrate: rollback

DROP TABLE audit, idempotency, api_key, session, challenge, artifact_of_job, artifact_reader, artifact, event,
    receipt, anchor, deposit_cursor, deposit, hold, payout, chain_transaction, transfer, account, lease, job, node;
