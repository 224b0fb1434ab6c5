"""The page that everybody reads: what it shows is what the network did."""

import re

from playwright.sync_api import Page, expect

from hypernode.chain.keys import Keypair
from tests.network import Coordinator, eventually
from tests.web.conftest import Visit

WORK = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}}


def figure(page: Page, label: str) -> int:
    """A number under its name, the first of that name."""
    place = page.get_by_text(label, exact=True).first.locator("..")
    found = re.search(r"\d+", place.inner_text())
    assert found is not None, place.inner_text()
    return int(found[0])


def test_a_finished_job_is_seen_and_its_receipt_can_be_verified(served: Coordinator, visit: Visit):
    visitor = visit(served.url)
    page = visitor.page
    page.goto("/")
    visitor.settle()
    before = figure(page, "Jobs completed")

    with served.client(Keypair()) as client:
        client.airdrop(hyper="2")
        client.deposit("2")
        job = client.run("generic_compute", input=WORK, requirements={}, budget="1")
        eventually(lambda: client.receipt(job.job_id).get("anchor"), "the anchor")

    def counted() -> bool:
        page.reload()
        visitor.settle()
        return figure(page, "Jobs completed") == before + 1

    eventually(counted, "the job to be counted")
    latest = page.get_by_role("table", name=re.compile("receipts", re.I)).get_by_role("row").nth(1)
    expect(latest).to_contain_text("Generic compute")
    latest.get_by_role("link", name="Verify").click()
    expect(page.get_by_text("This receipt is genuine")).to_be_visible()


def test_the_charts_are_drawn_for_each_time(served: Coordinator, visit: Visit):
    visitor = visit(served.url)
    page = visitor.page
    page.goto("/")

    for window in ("24 h", "7 d", "30 d"):
        page.get_by_role("button", name=window).click()

        activity = page.locator("section", has=page.get_by_role("heading", name="Activity"))
        expect(page.get_by_role("button", name=window)).to_have_attribute("aria-pressed", "true")
        for measure in ("Jobs submitted", "Jobs completed", "HYPER paid", "Nodes registered"):
            expect(activity.get_by_role("img", name=re.compile(f"^{measure}"))).to_be_visible()
