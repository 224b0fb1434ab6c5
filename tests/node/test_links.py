"""Both links against a server on the loopback address."""

from collections.abc import AsyncIterator

import httpx
import pytest
from coordinator_stub import NODE_ID, TOKEN, CoordinatorStub, Served

from hypernode.node.links import Link, LinkChoice, LinkLost, LinkRefused, open_link, pack
from hypernode.protocol.frames import Beat, Hello, Log, Report, Revoke, Stream, decode_from_node
from hypernode.protocol.limits import MAX_FRAME_BYTES


@pytest.fixture
async def stub() -> CoordinatorStub:
    return CoordinatorStub()


@pytest.fixture
async def http(stub: CoordinatorStub) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        Served(stub) as served,
        httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        yield client


@pytest.mark.parametrize("choice", ["websocket", "poll"])
async def test_frames_go_both_ways(stub: CoordinatorStub, http: httpx.AsyncClient, choice: LinkChoice):
    async with open_link(http, NODE_ID, choice) as link:
        assert link.name == choice
        await link.send([Hello(capacity=2), Beat(["a"])])
        assert await link.receive() == [stub.welcome]

        stub.outgoing.put_nowait(Revoke("a", "stopped"))
        assert await link.receive() == [Revoke("a", "stopped")]

        await link.send([Log("a", ["grüße"])])
        await link.confirm()

    assert stub.frames == [Hello(capacity=2), Beat(["a"]), Log("a", ["grüße"])]


async def test_a_websocket_is_preferred(http: httpx.AsyncClient):
    async with open_link(http, NODE_ID) as link:
        assert link.name == "websocket"


async def test_a_refused_upgrade_falls_back_to_polling(stub: CoordinatorStub, http: httpx.AsyncClient):
    stub.websocket = False

    async with open_link(http, NODE_ID) as link:
        assert link.name == "poll"
        await link.send([Hello()])
        assert await link.receive() == [stub.welcome]

    with pytest.raises(LinkLost):
        async with open_link(http, NODE_ID, "websocket"):
            pass


async def use(link: Link) -> None:
    await link.send([Beat()])
    await link.receive()


@pytest.mark.parametrize("choice", ["auto", "poll"])
async def test_a_wrong_token_is_refused(http: httpx.AsyncClient, choice: LinkChoice):
    http.headers["Authorization"] = "Bearer wrong"

    with pytest.raises(LinkRefused):
        async with open_link(http, NODE_ID, choice) as link:
            await use(link)


async def test_a_hang_up_is_a_lost_link(stub: CoordinatorStub, http: httpx.AsyncClient):
    async with open_link(http, NODE_ID) as link:
        stub.hang_up.set()
        with pytest.raises(LinkLost):
            await link.receive()
        with pytest.raises(LinkLost):
            await link.send([Beat()])
        with pytest.raises(LinkLost):
            await link.confirm()


@pytest.mark.parametrize("choice", ["auto", "poll"])
async def test_nobody_there_is_a_lost_link(choice: LinkChoice):
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", headers={"Authorization": "Bearer x"}) as http:
        with pytest.raises(LinkLost):
            async with open_link(http, NODE_ID, choice) as link:
                await use(link)


def test_frames_are_packed_within_the_limits():
    frames = [Stream(str(number), "x" * 10_000) for number in range(2_500)]
    large = Report("r", result={"text": "x" * (MAX_FRAME_BYTES - 1_000)})

    messages = list(pack([*frames, large]))

    assert [frame for message in messages for frame in decode_from_node(message)] == [*frames, large]
    assert max(map(len, messages)) <= MAX_FRAME_BYTES
    assert list(pack([])) == []
