-- A sign of life changes no indexed column but once a minute: the row then stays where it is, and no index is touched.
-- depends: 0005_admission

-- migrate: apply

ALTER TABLE node
    ADD COLUMN seen_in timestamptz NOT NULL
        GENERATED ALWAYS AS (date_bin('1 minute', last_seen_at, '2000-01-01 00:00:00+00')) STORED,
    SET (fillfactor = 60);
DROP INDEX node_reachable;
CREATE INDEX node_reachable ON node (seen_in) WHERE state IN ('online', 'draining');

-- migrate: rollback

DROP INDEX node_reachable;
CREATE INDEX node_reachable ON node (last_seen_at) WHERE state IN ('online', 'draining');
ALTER TABLE node DROP COLUMN seen_in, RESET (fillfactor);
