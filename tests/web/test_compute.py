"""A customer's way: see what a job costs, submit it, watch it, find it again."""

import re

from playwright.sync_api import expect

from tests.network import Coordinator
from tests.web.asking import Question, answer, ask, watch
from tests.web.conftest import Visit
from tests.web.wallet import Wallet

QUESTION = Question("Tell me a story about the sea.", most_tokens=64)


def test_tokens_come_one_by_one_and_the_job_is_found_again(served: Coordinator, visit: Visit, customer: Wallet):
    visitor = visit(served.url, wallet=customer)
    page = visitor.page
    page.goto("/compute")
    visitor.sign_in()

    job_id = ask(page, QUESTION)

    seen = watch(page)
    assert len(set(seen)) > 3, seen
    assert all(seen[-1].startswith(each) for each in seen)
    visitor.assert_well_made()
    with served.client(customer.keypair) as client:
        job = client.job(job_id)
        assert job.result is not None
        assert seen[-1].split() == job.result["text"].split()
    page.get_by_role("link", name="Compute").click()
    page.get_by_role("tab", name="My jobs").click()
    jobs = page.get_by_role("table", name="My jobs")
    expect(jobs.get_by_role("link")).to_have_count(1)
    expect(jobs).to_contain_text("Completed")
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="Failed").click()
    expect(page.get_by_text("No job is like this")).to_be_visible()
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="Completed").click()
    jobs.get_by_role("link").click()
    expect(page).to_have_url(re.compile(job_id))
    assert answer(page).inner_text() == seen[-1]


def test_who_asks_again_finds_the_form_filled_in(served: Coordinator, visit: Visit, customer: Wallet):
    visitor = visit(served.url, wallet=customer)
    page = visitor.page
    page.goto("/compute")
    visitor.sign_in()
    ask(page, QUESTION)
    watch(page)

    page.get_by_role("link", name="Run again").click()

    expect(page.get_by_label("Prompt")).to_have_value(QUESTION.prompt)
    expect(page.get_by_label("Max tokens")).to_have_value(str(QUESTION.most_tokens))


def test_a_quote_says_what_to_relax_where_no_node_matches(served: Coordinator, visit: Visit, customer: Wallet):
    visitor = visit(served.url, wallet=customer)
    page = visitor.page
    page.goto("/compute")
    visitor.sign_in()
    expect(page.get_by_text("Matching nodes")).to_be_visible()

    page.get_by_label("GPU model").fill("H100")

    expect(page.get_by_text(re.compile("^None of|lack"))).not_to_have_count(0)
    page.get_by_role("button", name="Submit the job").click()
    expect(page.get_by_text("It waits for a node.")).to_be_visible()
    visitor.assert_well_made()
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text("Cancelled.", exact=True)).to_be_visible()
    with served.client(customer.keypair) as client:
        assert client.wallet().wallet.balance == 20


def test_what_is_wrong_is_said_at_its_field(served: Coordinator, visit: Visit, customer: Wallet):
    visitor = visit(served.url, wallet=customer, refusals={422})
    page = visitor.page
    page.goto("/compute")
    visitor.sign_in()

    page.get_by_label("Budget").fill("-1")

    expect(page.get_by_label("Budget")).to_have_attribute("aria-invalid", "true")
