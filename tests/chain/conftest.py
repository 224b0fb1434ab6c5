"""Fixtures: running networks, a client on them, money of either token program."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hypernode.chain.localnet import Localnet
from hypernode.chain.rpc import Rpc
from hypernode.chain.tokens import TOKEN_2022_PROGRAM, TOKEN_PROGRAM

from .networks import FAST, LocalnetProcess, Money, Network, make_money, node_modules, surfpool


@pytest.fixture(scope="session")
def modules() -> Path:
    """The npm packages; without Node the tests that need them are skipped."""
    try:
        return node_modules()
    except RuntimeError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def shared_localnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localnet]:
    """A fast localnet without faults, which all conformance tests share."""
    process = LocalnetProcess(tmp_path_factory.mktemp("localnet"), *FAST)
    try:
        yield process.start()
    finally:
        process.kill()


@pytest.fixture(scope="session")
def shared_surfpool(modules: Path) -> Iterator[Network]:
    """Surfpool, which all conformance tests share."""
    with surfpool(modules) as network:
        yield network


@pytest.fixture(scope="session", params=["localnet", "surfpool"])
def network(request: pytest.FixtureRequest) -> Network:
    """Each network in turn."""
    if request.param == "surfpool":
        return request.getfixturevalue("shared_surfpool")
    state: Localnet = request.getfixturevalue("shared_localnet")
    return Network("localnet", state.rpc_url, state.ws_url)


@pytest.fixture
async def rpc(network: Network) -> AsyncIterator[Rpc]:
    """A client of the network."""
    client = Rpc(network.rpc_url)
    yield client
    await client.aclose()


@pytest.fixture(scope="session", params=[TOKEN_PROGRAM, TOKEN_2022_PROGRAM], ids=["legacy", "token2022"])
def treasury(network: Network, request: pytest.FixtureRequest) -> Money:
    """A mint and its treasury, made once a network and token program; its client is closed."""

    async def make() -> Money:
        client = Rpc(network.rpc_url)
        try:
            return await make_money(client, request.param)
        finally:
            await client.aclose()

    return asyncio.run(make())


@pytest.fixture
def money(treasury: Money, rpc: Rpc) -> Money:
    """Money of either token program on either network."""
    return Money(rpc, treasury.treasury, treasury.mint, treasury.token_program)


@pytest.fixture
def local_process(tmp_path: Path) -> Iterator[LocalnetProcess]:
    """A localnet of one's own, not yet started."""
    process = LocalnetProcess(tmp_path / "chain", *FAST)
    yield process
    process.kill()


@pytest.fixture(scope="session")
def local_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localnet]:
    """A fast localnet with fault levers, which tests share: each fault is used up by the test that asks for it."""
    process = LocalnetProcess(tmp_path_factory.mktemp("faulty"), *FAST, "--faults")
    try:
        yield process.start()
    finally:
        process.kill()


@pytest.fixture
async def local(local_state: Localnet) -> AsyncIterator[Rpc]:
    """A client of the localnet with fault levers; it gives up on an answer soon."""
    client = Rpc(local_state.rpc_url, timeout_s=2)
    yield client
    await client.aclose()
