"""Takes the pictures of docs/images: `python -m tests.web.screenshots [FOLDER]`. `make screenshots` does it."""

import io
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from hypernode.chain.keys import Keypair, address_of
from hypernode.store.embedded import EmbeddedPostgres
from tests.network import TestNetwork, new_database, running_localnet
from tests.web.asking import Question, ask, watch
from tests.web.browser import NARROW, WIDE, Visitor, launch
from tests.web.life import Node, settle_down, work_for_a_week
from tests.web.wallet import Wallet

IMAGES = Path(__file__).parents[2] / "docs" / "images"
STRANGERS = 6
MOST_HIGH = 2_600
LARGEST_BYTES = 100_000
QUALITIES = (60, 45, 30, 20)
SETTLE_MS = 500
"""For what moves even where less motion is asked for."""
QUESTION = Question("Explain in three sentences why the sky is blue.", most_tokens=120)
PUBLIC = {"network": "/", "agents": "/agents"}
OWN = {"provide": "/provide", "compute": "/compute", "jobs": "/compute?mine", "wallet": "/wallet"}
"""Pages that show more to who is signed in."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A network to take pictures of, and somebody who is a customer and a provider in it."""

    url: str
    rpc_url: str
    owner: Wallet
    nodes: list[Node]


@contextmanager
def alive(folder: Path) -> Iterator[Scene]:
    """A dozen nodes that have worked for a week, and one that answers with a language model."""
    chain_folder = folder / "chain"
    chain_folder.mkdir()
    with EmbeddedPostgres(folder / "pg") as postgres, running_localnet(chain_folder) as chain:
        network = TestNetwork(folder, new_database(postgres), chain, chain_folder)
        try:
            coordinator = network.coordinator().ready()
            owner = Wallet(Keypair(), chain.rpc_url)
            nodes = settle_down(coordinator.url, owner.address)
            with ExitStack() as people:
                keys = [owner.keypair, *(Keypair() for _ in range(STRANGERS))]
                customers = [people.enter_context(coordinator.client(key)) for key in keys]
                for customer in customers:
                    customer.airdrop(hyper=500)
                    customer.deposit("250")
                work_for_a_week(network, customers, nodes)
            for node in nodes:
                node.beat()
            network.node(coordinator, "--price", "1", wallet=address_of(Keypair()))
            yield Scene(coordinator.url, chain.rpc_url, owner, nodes)
        finally:
            network.stop()


class Photographer:
    """One browser for each look."""

    def __init__(self, browser: Browser, scene: Scene, folder: Path, look: str, **options: Any) -> None:
        self._visitor = Visitor(browser, scene.url, scene.rpc_url, scene.owner, reduced_motion="reduce", **options)
        self._scene = scene
        self._folder = folder
        self._look = look

    def walk(self) -> None:
        """Through every page."""
        with self._visitor as visitor:
            self._visit(PUBLIC)
            visitor.sign_in()
            ask(visitor.page, QUESTION)
            watch(visitor.page)
            expect(visitor.page.get_by_text("Receipt anchored")).to_be_visible()
            self._shoot("job")
            visitor.page.get_by_role("link", name="Verify the receipt").click()
            expect(visitor.page.get_by_text("This receipt is genuine")).to_be_visible()
            self._shoot("verify")
            self._visit(OWN)

    def _visit(self, pages: dict[str, str]) -> None:
        for name, path in pages.items():
            for node in self._scene.nodes:
                node.beat()
            self._visitor.page.goto(path)
            if name == "network":
                self._visitor.page.get_by_role("button", name="7 d").click()
                expect(self._visitor.page.get_by_role("img", name="Jobs submitted in the last 7 days")).to_be_visible()
            self._shoot(name)

    def _shoot(self, name: str) -> None:
        self._visitor.settle()
        self._visitor.page.wait_for_timeout(SETTLE_MS)
        whole = Image.open(io.BytesIO(self._visitor.page.screenshot(full_page=True)))
        picture = whole.crop((0, 0, whole.width, min(whole.height, MOST_HIGH)))
        path = self._folder / f"{name}-{self._look}.webp"
        for quality in QUALITIES:
            picture.save(path, quality=quality, method=6)
            if path.stat().st_size <= LARGEST_BYTES:
                return
        raise SystemExit(f"{path} has {path.stat().st_size} bytes, more than {LARGEST_BYTES}")


def main() -> None:
    """All pages, light and dark, wide and narrow."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as home,
        alive(Path(home)) as scene,
        sync_playwright() as playwright,
        launch(playwright) as browser,
    ):
        for scheme, (width, size) in product(("light", "dark"), (("wide", WIDE), ("narrow", NARROW))):
            Photographer(browser, scene, folder, f"{scheme}-{width}", color_scheme=scheme, viewport=size).walk()


if __name__ == "__main__":
    main()
