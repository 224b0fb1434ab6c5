"""A network with a node that answers with SmolLM2, and the browser that looks at it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from hypernode.chain.keys import Keypair
from hypernode.chain.localnet import Localnet
from tests.network import Coordinator, TestNetwork, new_database
from tests.web.browser import AXE, Visitor, launch
from tests.web.wallet import Wallet

SIGNED = {"HYPERNODE_AUTH": "signed"}
WEB = Path(__file__).parents[2] / "web"


@pytest.fixture(scope="package", autouse=True)
def built() -> None:
    """The app that the coordinator serves."""
    for needed in (WEB / "dist" / "index.html", AXE):
        assert needed.exists(), f"{needed} is missing: run `make web` first"


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory, postgres: Any, chain: Any) -> Iterator[TestNetwork]:
    """A network, of which `served` is the coordinator."""
    network = TestNetwork(tmp_path_factory.mktemp("web"), new_database(postgres), *chain)
    try:
        yield network
    finally:
        network.stop()


@pytest.fixture(scope="package")
def served(running: TestNetwork) -> Coordinator:
    """A coordinator with one node in its sandbox."""
    return serving(running)


def serving(network: TestNetwork) -> Coordinator:
    """Believes nobody who has not signed in; a provider's node does its work."""
    coordinator = network.coordinator(**SIGNED).ready()
    with coordinator.client(Keypair()) as provider:
        token = provider.register_node(machine_id="first", price="1").node_token
        assert token is not None
        network.node(coordinator, "--price", "1", wallet=provider.address, HYPERNODE_NODE_TOKEN=token)
    return coordinator


@pytest.fixture(scope="package")
def browser(built: None) -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright) as started:
        yield started


Visit = Callable[..., Visitor]


def fund(coordinator: Coordinator, wallet: Wallet) -> None:
    """Play money: 40 HYPER, of which 20 are deposited."""
    with coordinator.client(wallet.keypair) as client:
        client.airdrop(hyper="40")
        client.deposit("20")


@pytest.fixture
def visit(browser: Browser, chain: tuple[Localnet, Path]) -> Iterator[Visit]:
    """Opens a browser for one person; when the test ends, the page must have kept the rules of the house."""
    with ExitStack() as people:

        def arrive(url: str, *, wallet: Wallet | None = None, **options: Any) -> Visitor:
            return people.enter_context(Visitor(browser, url, chain[0].rpc_url, wallet, **options))

        yield arrive


@pytest.fixture
def wallet(chain: tuple[Localnet, Path]) -> Wallet:
    """A new wallet without money."""
    return Wallet(Keypair(), chain[0].rpc_url)


@pytest.fixture
def customer(served: Coordinator, wallet: Wallet) -> Wallet:
    """The wallet, with 20 HYPER deposited and 20 left on the chain."""
    fund(served, wallet)
    return wallet
