"""Money through the pages: play money, a deposit that the wallet signs, a withdrawal, the statement, API keys."""

import csv
from decimal import Decimal

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.network import Coordinator
from tests.web.conftest import Visit
from tests.web.wallet import Wallet


def card(page: Page, title: str) -> Locator:
    return page.locator("section", has=page.get_by_role("heading", name=title, exact=True))


def test_money_comes_in_and_goes_out(served: Coordinator, visit: Visit, wallet: Wallet):
    visitor = visit(served.url, wallet=wallet)
    page = visitor.page
    page.goto("/wallet")
    visitor.sign_in()
    deposit, withdraw = card(page, "Deposit"), card(page, "Withdraw")

    deposit.get_by_role("button", name="Get play money").click()
    expect(deposit).to_contain_text("In your wallet: 100 HYPER")
    deposit.get_by_label("Amount").fill("25.5")
    deposit.get_by_role("button", name="Deposit").click()
    expect(deposit.get_by_role("status")).to_have_text("Your balance has it.")
    expect(withdraw).to_contain_text("Your balance: 25.5 HYPER")
    assert "signTransaction" in wallet.asked

    withdraw.get_by_label("Amount").fill("26")
    expect(withdraw).to_contain_text("At most 25.5")
    expect(withdraw.get_by_role("button", name="Withdraw")).to_be_disabled()
    withdraw.get_by_label("Amount").fill("10.000001")
    withdraw.get_by_role("button", name="Withdraw").click()
    payments = page.get_by_role("table", name="Payments to the wallet")
    expect(payments).to_contain_text("Final")
    expect(withdraw).to_contain_text("Your balance: 15.499999 HYPER")
    deposit.get_by_role("button", name="Another deposit").click()
    expect(deposit).to_contain_text("In your wallet: 84.500001 HYPER")

    visitor.assert_well_made()
    page.get_by_role("tab", name="Statement").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="All as CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert {row["kind"]: Decimal(row["HYPER"]) for row in rows} == {
        "deposit": Decimal("25.5"),
        "withdrawal": Decimal("-10.000001"),
    }


def test_a_deposit_that_its_owner_refuses_moves_nothing(served: Coordinator, visit: Visit, customer: Wallet):
    visitor = visit(served.url, wallet=customer)
    page = visitor.page
    page.goto("/wallet")
    visitor.sign_in()
    deposit = card(page, "Deposit")
    customer.approves = False

    deposit.get_by_label("Amount").fill("5")
    deposit.get_by_role("button", name="Deposit").click()

    expect(deposit.get_by_role("alert")).to_contain_text("no HYPER left it")
    deposit.get_by_role("button", name="Back to the form").click()
    expect(deposit).to_contain_text("In your wallet: 20 HYPER")


def test_an_api_key_is_shown_once_does_what_it_may_and_ends(served: Coordinator, visit: Visit, customer: Wallet):
    visitor = visit(served.url, wallet=customer)
    page = visitor.page
    page.goto("/wallet")
    visitor.sign_in()

    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("my agent")
    dialog.get_by_label("Spending limit").fill("3")
    dialog.get_by_role("button", name="Make the key").click()
    visitor.assert_well_made()
    dialog.get_by_role("button", name="Copy key").click()
    token = page.evaluate("navigator.clipboard.readText()")
    dialog.get_by_role("button", name="I have copied it").click()

    keys = page.get_by_role("table", name="API keys")
    expect(keys.get_by_role("row").filter(has_text="my agent")).to_contain_text("Active")
    expect(page.get_by_text(token)).to_have_count(0)
    work = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}}
    job = {"walletAddress": customer.address, "jobType": "generic_compute", "input": work, "budget": "1"}
    bearer = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=served.url, headers=bearer) as agent:
        assert agent.post("/api/jobs", json=job | {"budget": "4"}).status_code in (402, 403)
        assert agent.post("/api/jobs", json=job).status_code == 201

        keys.get_by_role("button", name="Revoke my agent").click()
        dialog.get_by_role("button", name="Revoke").click()

        expect(keys.get_by_role("row").filter(has_text="my agent")).to_contain_text("Revoked")
        assert agent.post("/api/jobs", json=job).status_code == 401
