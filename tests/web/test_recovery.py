"""The coordinator dies in the middle of a job: the page says so, comes back by itself, and has missed nothing."""

from playwright.sync_api import expect

from tests.faults.actors import restarted
from tests.network import TestNetwork
from tests.web.asking import COMPLETED, Question, answer, ask
from tests.web.conftest import SIGNED, Visit, fund, serving
from tests.web.wallet import Wallet

QUESTION = Question("Tell me a long story about a lighthouse keeper and the sea.", most_tokens=480)


def test_the_page_recovers_when_the_coordinator_is_killed(network: TestNetwork, visit: Visit, wallet: Wallet):
    coordinator = serving(network)
    fund(coordinator, wallet)
    visitor = visit(coordinator.url, wallet=wallet, sees_outage=True)
    page = visitor.page
    page.goto("/compute")
    visitor.sign_in()
    job_id = ask(page, QUESTION)
    expect(answer(page)).not_to_be_empty()
    before = answer(page).inner_text()

    coordinator.kill()

    expect(page.get_by_text("The connection is lost")).to_be_visible()
    assert answer(page).inner_text().startswith(before)
    restarted(network, coordinator, **SIGNED).ready()
    expect(page.get_by_text(COMPLETED)).to_be_visible(timeout=120_000)
    with coordinator.client(wallet.keypair) as client:
        job = client.job(job_id)
        assert job.result is not None
        assert answer(page).inner_text().split() == job.result["text"].split()
        assert client.wallet().wallet.balance == 20 - job.metrics.cost
    page.reload()
    expect(answer(page)).to_contain_text(before)
