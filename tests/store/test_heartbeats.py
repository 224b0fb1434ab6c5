"""Signs of life: few writes, none that touches an index, and silence is noticed all the same."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from hypernode.coordinator.ids import Secrets
from hypernode.coordinator.registry import Registry
from hypernode.protocol.nodes import RegisterNode
from hypernode.store import nodes
from hypernode.store.database import Database, Row

WALLET = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
OFFLINE_AFTER_S = 120.0


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def registry(database: Database) -> Registry:
    """One that stores a node's beats once an hour, unless it says something new."""
    return Registry(database, Secrets(bytes(32)), store_every_s=3_600)


async def given_node(registry: Registry) -> UUID:
    row = await registry.register(RegisterNode(wallet_address=WALLET, machine_id=uuid4().hex), uuid4())
    return row["node_id"]


async def stored(database: Database, node_id: UUID) -> Row:
    row = await nodes.get(database, node_id)
    assert row is not None
    return row


async def test_a_node_that_beats_often_is_stored_once_in_the_while(database: Database, registry: Registry):
    node_id = await given_node(registry)
    registry.beat(node_id, {"load": 1})
    await registry.flush_beats()
    first = await stored(database, node_id)
    registry.beat(node_id, {"load": 2})
    registry.beat(node_id, None)
    await registry.flush_beats()

    assert first["metrics"] == {"load": 1}
    assert await stored(database, node_id) == first


async def test_the_last_beats_are_stored_in_the_end(database: Database, registry: Registry):
    node_id = await given_node(registry)
    for load in (1, 2):
        registry.beat(node_id, {"load": load})
        await registry.flush_beats()
    first = await stored(database, node_id)

    await registry.flush_beats(everything=True)

    last = await stored(database, node_id)
    assert last["metrics"] == {"load": 2}
    assert last["last_seen_at"] > first["last_seen_at"]


async def test_a_new_status_is_stored_at_once_with_what_waited(database: Database, registry: Registry):
    node_id = await given_node(registry)
    registry.beat(node_id, {"load": 1}, "online")
    await registry.flush_beats()
    registry.beat(node_id, {"load": 2}, "online")
    registry.beat(node_id, None, "draining")
    await registry.flush_beats()

    row = await stored(database, node_id)
    assert (row["state"], row["metrics"]) == ("draining", {"load": 2})


async def test_what_could_not_be_stored_is_stored_later(database: Database, registry: Registry):
    node_id = await given_node(registry)
    registry.beat(node_id, {"load": 3})
    await database.execute("ALTER TABLE node RENAME TO elsewhere")
    with pytest.raises(Exception, match="node"):
        await registry.flush_beats()
    await database.execute("ALTER TABLE elsewhere RENAME TO node")

    await registry.flush_beats()

    assert (await stored(database, node_id))["metrics"] == {"load": 3}


async def test_a_sign_of_life_touches_no_index(database: Database):
    """Else each would write to all of them: PostgreSQL moves the row, since no update of it is heap-only."""
    rows = await database.fetch(
        "SELECT DISTINCT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)"
        " WHERE indrelid = 'node'::regclass"
    )

    assert {row["attname"] for row in rows}.isdisjoint({"last_seen_at", "metrics", "updated_at"})


@pytest.mark.parametrize(("silent_s", "state"), [(119, "online"), (121, "offline"), (185, "offline"), (59, "online")])
async def test_a_node_is_offline_when_it_was_silent_for_long_enough(
    database: Database, registry: Registry, silent_s: int, state: str
):
    node_id = await given_node(registry)
    await database.execute(
        "UPDATE node SET last_seen_at = now() - make_interval(secs => $2) WHERE node_id = $1", node_id, silent_s
    )

    silent = await nodes.fall_silent(database, OFFLINE_AFTER_S)

    assert silent == ([node_id] if state == "offline" else [])
    assert (await stored(database, node_id))["state"] == state
