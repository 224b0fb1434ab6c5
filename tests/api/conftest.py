"""One network for all tests of the API: an open and a signed coordinator on the same database."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hypernode.chain import localnet
from hypernode.store.embedded import EmbeddedPostgres
from tests.api.parties import Connection, Customer, Worker
from tests.network import Coordinator, TestNetwork, new_database


@pytest.fixture(scope="package")
def api_network(
    tmp_path_factory: pytest.TempPathFactory, postgres: EmbeddedPostgres, chain: tuple[localnet.Localnet, Path]
) -> Iterator[TestNetwork]:
    """The network; each test brings wallets of its own."""
    made = TestNetwork(tmp_path_factory.mktemp("api"), new_database(postgres), *chain)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="package")
def coordinators(api_network: TestNetwork) -> tuple[Coordinator, Coordinator]:
    """One in open mode, one in signed mode."""
    opened, signed = api_network.coordinator(), api_network.coordinator(HYPERNODE_AUTH="signed")
    return opened.ready(), signed.ready()


@pytest.fixture(scope="package")
def open_url(coordinators: tuple[Coordinator, Coordinator]) -> str:
    return coordinators[0].url


@pytest.fixture(scope="package")
def signed_url(coordinators: tuple[Coordinator, Coordinator]) -> str:
    return coordinators[1].url


@pytest.fixture(scope="package")
def api(open_url: str) -> Iterator[httpx.Client]:
    """Anybody on this machine, in open mode."""
    with Connection(open_url) as client:
        yield client


@pytest.fixture(scope="package")
def signed(signed_url: str) -> Iterator[httpx.Client]:
    """A stranger, in signed mode."""
    with Connection(signed_url) as client:
        yield client


@pytest.fixture
def customer(open_url: str) -> Iterator[Customer]:
    """A wallet in open mode."""
    with Customer(open_url) as made:
        yield made


@pytest.fixture
def alice(signed_url: str) -> Iterator[Customer]:
    """A wallet that has signed in."""
    with Customer(signed_url, signs_in=True) as made:
        yield made


@pytest.fixture
def bob(signed_url: str) -> Iterator[Customer]:
    """Another one."""
    with Customer(signed_url, signs_in=True) as made:
        yield made


@pytest.fixture
def worker(open_url: str) -> Iterator[Worker]:
    """A plain HTTP worker that takes no jobs but those of its tests."""
    with Worker(open_url) as made:
        yield made


@pytest.fixture
def signed_worker(signed_url: str, bob: Customer) -> Iterator[Worker]:
    """The same in signed mode, owned by bob."""
    with Worker(signed_url, bob) as made:
        yield made
