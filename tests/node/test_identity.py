"""Registration: the token comes once, and restarts keep it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from coordinator_stub import NODE_ID, TOKEN, CoordinatorStub, Served

from hypernode.node import inventory
from hypernode.node.identity import RegistrationRefused, load, register
from hypernode.node.links import LinkLost
from hypernode.node.settings import NodeSettings

WALLET = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
HARDWARE = inventory.Hardware("CPU", 0, 0, "", "", "", "a CPU", 1024, "Linux")


@pytest.fixture
async def stub() -> CoordinatorStub:
    return CoordinatorStub()


@pytest.fixture
async def settings(stub: CoordinatorStub, tmp_path: Path) -> AsyncIterator[NodeSettings]:
    async with Served(stub) as served:
        yield NodeSettings(served.url, WALLET, tmp_path)


async def test_a_restart_keeps_the_token(stub: CoordinatorStub, settings: NodeSettings):
    first = await register(settings, HARDWARE, ["llm_inference"])
    stub.knows_the_node = True

    assert await register(settings, HARDWARE, []) == first == load(settings)
    assert (first.node_id, first.token) == (NODE_ID, TOKEN)
    assert stub.registered[0]["capabilities"] == ["llm_inference", "inference"]


async def test_a_network_that_was_set_up_anew_gives_a_new_token(stub: CoordinatorStub, settings: NodeSettings):
    await register(settings, HARDWARE, [])
    stub.token = "new"

    assert (await register(settings, HARDWARE, [])).token == "new"


async def test_a_lost_token_is_said(stub: CoordinatorStub, settings: NodeSettings):
    stub.knows_the_node = True

    with pytest.raises(RegistrationRefused, match=r"node\.json with its token is gone"):
        await register(settings, HARDWARE, [])


async def test_a_token_of_the_owner_is_used(stub: CoordinatorStub, settings: NodeSettings):
    stub.knows_the_node = True

    given = NodeSettings(settings.coordinator_url, WALLET, settings.home, token=TOKEN)
    assert (await register(given, HARDWARE, [])).token == TOKEN

    wrong = NodeSettings(settings.coordinator_url, WALLET, settings.home, token="wrong")
    with pytest.raises(RegistrationRefused, match="401"):
        await register(wrong, HARDWARE, [])


async def test_nobody_there_can_be_tried_again(tmp_path: Path):
    with pytest.raises(LinkLost):
        await register(NodeSettings("http://127.0.0.1:9", WALLET, tmp_path), HARDWARE, [])
