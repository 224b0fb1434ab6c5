-- Nodes with a capability that few or none have are found by index; without it all nodes were read to find none.
-- depends: 0007_history

-- migrate: apply

CREATE INDEX node_of_capability ON node USING gin (capabilities) WHERE state <> 'deregistered';

-- migrate: rollback

DROP INDEX node_of_capability;
