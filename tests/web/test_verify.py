"""A receipt checked in the browser, against a chain of the reader's choice: genuine ones hold, altered ones do not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hypernode.chain.keys import Keypair
from hypernode.chain.localnet import Localnet
from tests.network import Coordinator, eventually, running_localnet
from tests.web.asking import Question, ask, watch
from tests.web.conftest import Visit
from tests.web.wallet import Wallet

WORK = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def receipt(served: Coordinator) -> Json:
    """Of a job that cost something, anchored."""
    with served.client(Keypair()) as client:
        client.airdrop(hyper="5")
        client.deposit("5")
        job_id = client.run("generic_compute", input=WORK, requirements={}, budget="1").job_id
        return eventually(lambda: _anchored(client.receipt(job_id)), "the anchor")


def _anchored(receipt: Json) -> Json | None:
    return receipt if receipt.get("anchor") else None


def paste(page: Page, receipt: Json) -> None:
    page.get_by_role("textbox", name="Receipt file").fill(json.dumps(receipt))


def test_the_receipt_of_one_s_own_job_is_genuine_until_it_is_altered(
    served: Coordinator, visit: Visit, customer: Wallet
):
    visitor = visit(served.url, wallet=customer)
    page = visitor.page
    page.goto("/compute")
    visitor.sign_in()
    ask(page, Question("What is 2+2?"))
    watch(page)
    expect(page.get_by_text("Receipt anchored")).to_be_visible()

    page.get_by_role("link", name="Verify the receipt").click()

    expect(page.get_by_text("This receipt is genuine")).to_be_visible()
    visitor.assert_well_made()
    shown = json.loads(page.get_by_role("textbox", name="Receipt file").input_value())
    shown["receipt"]["cost"] += 1
    page.get_by_role("textbox", name="Receipt file").fill(json.dumps(shown))
    expect(page.get_by_text("This receipt is not what it claims to be")).to_be_visible()
    difference = page.locator("section", has=page.get_by_role("heading", name="What differs"))
    expect(difference).to_contain_text(str(shown["receipt"]["cost"]))
    expect(difference).to_contain_text(str(shown["receipt"]["cost"] - 1))
    visitor.assert_well_made()


def _with(path: str, change: Callable[[Any], Any]) -> Callable[[Json], None]:
    *way, last = path.split(".")

    def alter(receipt: Json) -> None:
        place = receipt
        for step in way:
            place = place[step]
        place[last] = change(place[last])

    return alter


def _flipped(digits: str) -> str:
    return ("1" if digits[0] == "0" else "0") + digits[1:]


TAMPERINGS = {
    "another cost": _with("receipt.cost", lambda cost: cost + 1),
    "another verdict": _with("receipt.verdict", lambda _: "passed"),
    "another result": _with("receipt.resultDigest", _flipped),
    "another root": _with("merkle.root", _flipped),
    "another leaf": _with("merkle.leafIndex", lambda index: index + 1),
    "another slot": _with("anchor.slot", lambda slot: slot + 1),
    "another signer": _with("signer", lambda _: str(Keypair().pubkey())),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_an_altered_receipt_is_refused(served: Coordinator, visit: Visit, receipt: Json, name: str):
    page = visit(served.url).page
    page.goto("/verify")
    paste(page, receipt)
    expect(page.get_by_text("This receipt is genuine")).to_be_visible()
    altered = json.loads(json.dumps(receipt))
    TAMPERINGS[name](altered)
    assert altered != receipt

    paste(page, altered)

    expect(page.get_by_text("This receipt is not what it claims to be")).to_be_visible()
    expect(page.get_by_role("heading", name="What differs")).to_be_visible()


def test_it_is_checked_against_the_chain_that_the_reader_names(
    served: Coordinator, visit: Visit, receipt: Json, tmp_path: Path, chain: tuple[Localnet, Path]
):
    with running_localnet(tmp_path) as stranger:
        visitor = visit(served.url)
        visitor.allow(stranger.rpc_url)
        page = visitor.page
        page.goto("/verify")
        paste(page, receipt)
        expect(page.get_by_text("This receipt is genuine")).to_be_visible()

        page.get_by_label("Solana RPC").fill(stranger.rpc_url)
        page.get_by_label("Solana RPC").press("Enter")

        expect(page.get_by_text("Nothing wrong was found")).to_be_visible()
        expect(page.get_by_text("Name an RPC of the anchor's network.")).to_be_visible()
        page.get_by_label("Solana RPC").fill(chain[0].rpc_url)
        page.get_by_label("Solana RPC").press("Enter")
        expect(page.get_by_text("This receipt is genuine")).to_be_visible()


def test_what_is_no_receipt_is_said_to_be_none(served: Coordinator, visit: Visit):
    page = visit(served.url).page
    page.goto("/verify")

    page.get_by_role("textbox", name="Receipt file").fill('{"receipt": ')

    expect(page.get_by_role("alert")).to_be_visible()
