"""A provider's way: register a machine, start its node with the command that the page gives, be paid, and leave."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hypernode.chain.keys import Keypair
from hypernode.client.events import completed
from tests.network import Coordinator, Process
from tests.web.conftest import Visit
from tests.web.wallet import Wallet

Start = Callable[[str], Process]
WORK = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Runs a command of the page as it was copied, on a machine of its own."""
    started: list[Process] = []

    def run(command: str) -> Process:
        words = shlex.split(command.replace("\\\n", ""))
        settings = dict(word.split("=", 1) for word in words[: words.index("hypernode")])
        arguments = ["-m", *words[words.index("hypernode") :], "--home", str(tmp_path / "home")]
        started.append(Process("node", arguments, settings, tmp_path))
        return started[-1]

    yield run
    for process in started:
        process.stop()


def earn(coordinator: Coordinator, provider: str) -> str:
    """A customer's job that this provider alone may take."""
    with coordinator.client(Keypair()) as client:
        client.airdrop(hyper="5")
        client.deposit("5")
        asked = {"requirements": {"allowWallets": [provider]}, "budget": "1"}
        return completed(client.run("generic_compute", input=WORK, **asked)).job_id


def test_a_provider_registers_starts_is_paid_and_leaves(
    served: Coordinator, visit: Visit, wallet: Wallet, start: Start
):
    visitor = visit(served.url, wallet=wallet)
    page = visitor.page
    page.goto("/provide")
    visitor.sign_in()

    page.get_by_role("button", name="Register a GPU").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_text("Give the machine a name")).to_be_visible()
    visitor.assert_well_made()
    dialog.get_by_label("Name of the machine").fill("rig-1")
    dialog.get_by_label("Price an hour").fill("36")
    dialog.get_by_label("Country").fill("Iceland")
    dialog.get_by_role("button", name="Register").click()
    dialog.get_by_role("button", name=re.compile("Copy")).click()
    node = start(page.evaluate("navigator.clipboard.readText()"))
    expect(dialog.get_by_role("status")).to_contain_text("The node has connected")
    dialog.get_by_role("button", name="Done").click()

    card = _card(page, "rig-1")
    expect(card).to_contain_text("Online")
    expect(card).to_contain_text("Iceland")
    earn(served, wallet.address)
    earnings = page.get_by_role("table", name="What each job earned")
    expect(earnings).to_contain_text("Generic compute")
    expect(earnings).to_contain_text("Paid")
    visitor.assert_well_made()

    card.get_by_role("button", name="Drain").click()
    expect(card).to_contain_text("Draining")
    card.get_by_role("button", name="Resume").click()
    expect(card).to_contain_text("Online")
    card.get_by_role("button", name="Set price").click()
    dialog.get_by_label("Price an hour").fill("12.5")
    dialog.get_by_role("button", name="Set the price").click()
    expect(card).to_contain_text("12.5")

    node.alive()
    node.stop()
    card.get_by_role("button", name="Deregister").click()
    dialog.get_by_role("button", name="Deregister").click()
    expect(page.get_by_text("No node yet")).to_be_visible()


def _card(page: Page, name: str):
    return page.locator("section", has=page.get_by_role("heading", name=name))
