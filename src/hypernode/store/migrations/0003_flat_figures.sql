-- The network's figures are kept as its rows change, and lists find theirs by index: no request counts what is stored.
-- depends: 0002_checks_and_parts

-- migrate: apply

-- A figure is the sum of its rows: a commit adds to one that no other commit holds just now, or makes another. So
-- none waits for another, and there are no more rows than commits were ever under way at once.
CREATE TABLE tally (
    tally_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    label text NOT NULL,
    kind text NOT NULL,
    count bigint NOT NULL,
    amount bigint NOT NULL,
    ms bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX tally_figure ON tally (subject, label, kind);

-- Nodes whose work is on the chain, and when it last got there.
CREATE TABLE node_on_chain (
    node_id uuid PRIMARY KEY REFERENCES node,
    at timestamptz NOT NULL
);
CREATE INDEX node_on_chain_age ON node_on_chain (at);

CREATE FUNCTION add_to_tally(
    its_subject text, its_label text, its_kind text, more bigint, more_amount bigint DEFAULT 0, more_ms bigint DEFAULT 0
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tally SET count = count + more, amount = amount + more_amount, ms = ms + more_ms
    WHERE tally_id = (
        SELECT tally_id FROM tally WHERE subject = its_subject AND label = its_label AND kind = its_kind
        LIMIT 1 FOR UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
        INSERT INTO tally (subject, label, kind, count, amount, ms)
        VALUES (its_subject, its_label, its_kind, more, more_amount, more_ms);
    END IF;
END $$;

CREATE FUNCTION hour_of(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')
$$;
CREATE FUNCTION ms_between(began timestamptz, ended timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(extract(epoch FROM ended - began) * 1000, 0)::bigint
$$;

-- Audits, and parts of jobs, are not counted: they are the network's own.
CREATE FUNCTION count_new_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    alike record;
BEGIN
    FOR alike IN
        SELECT state, job_type, min(created_at) AS created_at, count(*) AS jobs, sum(cost)::bigint AS cost,
               sum(ms_between(started_at, ended_at))::bigint AS ms
        FROM new_rows WHERE audit_of IS NULL AND parent_id IS NULL
        GROUP BY state, job_type, date_trunc('hour', created_at, 'UTC')
    LOOP
        PERFORM add_to_tally('jobs', alike.state, alike.job_type, alike.jobs, alike.cost, alike.ms);
        PERFORM add_to_tally('jobs in hour', hour_of(alike.created_at), '', alike.jobs);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_come AFTER INSERT ON job
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_new_jobs();

CREATE FUNCTION count_moved_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    alike record;
BEGIN
    FOR alike IN
        SELECT state, job_type, sum(sign)::bigint AS jobs, sum(sign * cost)::bigint AS cost,
               sum(sign * ms_between(started_at, ended_at))::bigint AS ms
        FROM (
            SELECT 1 AS sign, state, job_type, cost, started_at, ended_at FROM new_rows
            WHERE audit_of IS NULL AND parent_id IS NULL
            UNION ALL
            SELECT -1, state, job_type, cost, started_at, ended_at FROM old_rows
            WHERE audit_of IS NULL AND parent_id IS NULL
        ) AS changed
        GROUP BY state, job_type HAVING sum(sign) <> 0
    LOOP
        PERFORM add_to_tally('jobs', alike.state, alike.job_type, alike.jobs, alike.cost, alike.ms);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_move AFTER UPDATE ON job
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_moved_jobs();

-- What a statement changed of nodes, for as long as it runs. A trigger for each statement that gets its rows would have
-- to be given all that beat: these are told by those that change more.
CREATE UNLOGGED TABLE node_change (
    sign integer NOT NULL,
    state text NOT NULL,
    gpu_model text NOT NULL,
    country text NOT NULL,
    vram_mb bigint NOT NULL,
    -- Of nodes that are online the time until their last start, less that start: what is missing is `now`.
    online_ms bigint NOT NULL,
    registered_ms bigint NOT NULL
);
CREATE FUNCTION change_of(given node, sign integer) RETURNS SETOF node_change LANGUAGE sql STABLE AS $$
    SELECT sign, given.state, given.gpu_model, coalesce(given.location ->> 'country', ''), given.vram_mb * given.gpu_count,
        given.online_before_s * 1000 - CASE WHEN given.state IN ('online', 'draining')
            THEN ms_between('epoch', given.online_since) ELSE 0 END,
        ms_between('epoch', given.registered_at)
    WHERE given.state <> 'deregistered'
$$;
CREATE FUNCTION note_node() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM add_to_tally('nodes in hour', hour_of(NEW.registered_at), '', 1);
    ELSE
        INSERT INTO node_change SELECT * FROM change_of(OLD, -1);
    END IF;
    INSERT INTO node_change SELECT * FROM change_of(NEW, 1);
    RETURN NULL;
END $$;
CREATE FUNCTION count_nodes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    alike record;
BEGIN
    IF EXISTS (SELECT FROM node_change) THEN
        FOR alike IN
            WITH taken AS (DELETE FROM node_change RETURNING *)
            SELECT grouping(country) = 0 AS by_country, state, gpu_model, country, sum(sign) AS nodes,
                   sum(sign * vram_mb)::bigint AS vram_mb, sum(sign * online_ms)::bigint AS online_ms,
                   sum(sign * registered_ms)::bigint AS registered_ms
            FROM taken GROUP BY GROUPING SETS ((state, gpu_model), (country))
        LOOP
            IF alike.by_country THEN
                PERFORM add_to_tally('nodes in country', alike.country, '', alike.nodes, 0, alike.registered_ms);
            ELSE
                PERFORM add_to_tally('nodes', alike.state, alike.gpu_model, alike.nodes, alike.vram_mb, alike.online_ms);
            END IF;
        END LOOP;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER node_comes AFTER INSERT ON node FOR EACH ROW EXECUTE FUNCTION note_node();
-- Signs of life change none of these.
CREATE TRIGGER node_changes AFTER UPDATE ON node FOR EACH ROW
    WHEN ((OLD.state, OLD.gpu_model, OLD.gpu_count, OLD.vram_mb, OLD.location, OLD.online_before_s, OLD.online_since)
        IS DISTINCT FROM
        (NEW.state, NEW.gpu_model, NEW.gpu_count, NEW.vram_mb, NEW.location, NEW.online_before_s, NEW.online_since))
    EXECUTE FUNCTION note_node();
CREATE TRIGGER nodes_changed AFTER INSERT OR UPDATE ON node FOR EACH STATEMENT EXECUTE FUNCTION count_nodes();

CREATE FUNCTION count_receipts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM add_to_tally('receipts', '', '', count(*)) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER receipts_come AFTER INSERT ON receipt
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_receipts();

CREATE FUNCTION count_payouts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    alike record;
BEGIN
    FOR alike IN
        SELECT hour_of(new_rows.finalized_at) AS hour, count(*) AS payouts, sum(new_rows.amount)::bigint AS amount
        FROM new_rows JOIN old_rows USING (payout_id)
        WHERE new_rows.kind = 'earnings' AND new_rows.state = 'finalized' AND old_rows.state <> 'finalized' GROUP BY 1
    LOOP
        PERFORM add_to_tally('paid', '', '', alike.payouts, alike.amount);
        PERFORM add_to_tally('paid in hour', alike.hour, '', alike.payouts, alike.amount);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER earnings_paid AFTER UPDATE ON payout
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_payouts();

CREATE FUNCTION count_anchored() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fresh bigint;
BEGIN
    PERFORM add_to_tally('anchored', '', '', size) FROM anchor WHERE signature = NEW.signature;
    -- In their order, so that two commits do not wait for each other.
    WITH seen AS (
        INSERT INTO node_on_chain AS known (node_id, at)
        SELECT DISTINCT job.node_id, NEW.finalized_at
        FROM anchor JOIN receipt USING (anchor_id) JOIN job USING (job_id)
        WHERE anchor.signature = NEW.signature AND job.node_id IS NOT NULL ORDER BY 1
        ON CONFLICT (node_id) DO UPDATE SET at = greatest(known.at, excluded.at)
        RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) INTO fresh FROM seen WHERE is_new;
    PERFORM add_to_tally('nodes on chain', '', '', fresh);
    RETURN NULL;
END $$;
CREATE TRIGGER anchor_finalized AFTER UPDATE ON chain_transaction FOR EACH ROW
    WHEN (NEW.purpose = 'anchor' AND NEW.state = 'finalized' AND OLD.state <> 'finalized')
    EXECUTE FUNCTION count_anchored();

-- All figures anew from what is stored: for what comes into these tables past their triggers.
CREATE FUNCTION recount() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE job, node, receipt, payout, chain_transaction IN SHARE MODE;
    DELETE FROM tally;
    DELETE FROM node_on_chain;
    INSERT INTO node_on_chain (node_id, at)
    SELECT job.node_id, max(settled.finalized_at)
    FROM chain_transaction AS settled JOIN anchor USING (signature) JOIN receipt USING (anchor_id) JOIN job USING (job_id)
    WHERE settled.purpose = 'anchor' AND settled.state = 'finalized' AND settled.finalized_at > now() - interval '1 day'
        AND job.node_id IS NOT NULL
    GROUP BY job.node_id;
    PERFORM add_to_tally('jobs', state, job_type, count(*), sum(cost)::bigint, sum(ms_between(started_at, ended_at))::bigint)
    FROM job WHERE audit_of IS NULL AND parent_id IS NULL GROUP BY state, job_type;
    PERFORM add_to_tally('jobs in hour', hour_of(created_at), '', count(*))
    FROM job WHERE audit_of IS NULL AND parent_id IS NULL GROUP BY hour_of(created_at);
    PERFORM add_to_tally('nodes in hour', hour_of(registered_at), '', count(*)) FROM node GROUP BY hour_of(registered_at);
    PERFORM add_to_tally('nodes', its.state, its.gpu_model, count(*), sum(its.vram_mb)::bigint, sum(online_ms)::bigint)
    FROM node CROSS JOIN change_of(node, 1) AS its GROUP BY its.state, its.gpu_model;
    PERFORM add_to_tally('nodes in country', its.country, '', count(*), 0, sum(registered_ms)::bigint)
    FROM node CROSS JOIN change_of(node, 1) AS its GROUP BY its.country;
    PERFORM add_to_tally('receipts', '', '', count(*)) FROM receipt;
    PERFORM add_to_tally('nodes on chain', '', '', count(*)) FROM node_on_chain;
    PERFORM add_to_tally('anchored', '', '', coalesce(sum(anchor.size), 0)::bigint)
    FROM anchor JOIN chain_transaction USING (signature) WHERE chain_transaction.state = 'finalized';
    PERFORM add_to_tally('paid', '', '', count(*), coalesce(sum(amount), 0)::bigint)
    FROM payout WHERE kind = 'earnings' AND state = 'finalized';
    PERFORM add_to_tally('paid in hour', hour_of(finalized_at), '', count(*), sum(amount)::bigint)
    FROM payout WHERE kind = 'earnings' AND state = 'finalized' GROUP BY hour_of(finalized_at);
END $$;
SELECT recount();

-- What the lists and sums go by.
CREATE INDEX job_of_wallet_in_state ON job (wallet, state, job_id DESC);
CREATE INDEX node_of_gpu ON node (gpu_model, node_id DESC) WHERE state <> 'deregistered';
CREATE INDEX node_of_country ON node (country, node_id DESC) WHERE state <> 'deregistered';
CREATE INDEX node_of_wallet ON node (wallet, node_id DESC) WHERE state <> 'deregistered';
CREATE INDEX node_of_vram ON node (vram_mb) WHERE state <> 'deregistered';
CREATE INDEX node_at_rest ON node (state, node_id DESC) WHERE state IN ('draining', 'offline', 'suspended');
CREATE INDEX payout_open ON payout (wallet) INCLUDE (amount) WHERE state <> 'finalized';
CREATE INDEX chain_transaction_slot ON chain_transaction (slot DESC) WHERE state = 'finalized';
CREATE INDEX chain_transaction_at ON chain_transaction (finalized_at DESC) WHERE state = 'finalized';

-- migrate: rollback

DROP INDEX job_of_wallet_in_state, node_of_gpu, node_of_country, node_of_wallet, node_of_vram, node_at_rest, payout_open,
    chain_transaction_slot, chain_transaction_at;
DROP TRIGGER jobs_come ON job;
DROP TRIGGER jobs_move ON job;
DROP TRIGGER node_comes ON node;
DROP TRIGGER node_changes ON node;
DROP TRIGGER nodes_changed ON node;
DROP TRIGGER receipts_come ON receipt;
DROP TRIGGER earnings_paid ON payout;
DROP TRIGGER anchor_finalized ON chain_transaction;
DROP FUNCTION recount(), count_new_jobs(), count_moved_jobs(), note_node(), count_nodes(), count_receipts(),
    count_payouts(), count_anchored(), change_of(node, integer), hour_of(timestamptz), ms_between(timestamptz, timestamptz),
    add_to_tally(text, text, text, bigint, bigint, bigint);
DROP TABLE node_change, node_on_chain, tally;
