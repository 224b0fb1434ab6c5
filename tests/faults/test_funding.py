"""A job without funds waits, says what it needs, and starts when the money is there."""

from collections.abc import Iterator

import pytest

from hypernode.client import Client
from tests.faults.actors import (
    DONE,
    LIMIT_S,
    Worker,
    assert_paid_once,
    customer,
    ledger_faults,
    submit,
    until,
    wasm,
)
from tests.network import Coordinator, TestNetwork, eventually

NOBODY = {"requirements": {"capabilities": ["nobody has this"]}}


@pytest.fixture(scope="module")
def coordinator(shared_network: TestNetwork) -> Coordinator:
    return shared_network.coordinator().ready()


@pytest.fixture
def worker(coordinator: Coordinator) -> Iterator[Worker]:
    """A node that serves."""
    with Worker(coordinator.url) as made:
        yield made.serve()


def ask_nobody(client: Client, budget: str) -> str:
    """A job that locks its budget and then waits for ever."""
    return client.submit_job("generic_compute", input=wasm(DONE), budget=budget, **NOBODY).job_id


def test_a_job_without_funds_says_what_it_needs_and_starts_when_the_deposit_arrives(
    shared_network: TestNetwork, coordinator: Coordinator, worker: Worker
):
    with customer(coordinator, hyper="10", deposit="1") as client:
        job = submit(client, wasm(DONE), budget="3.5")
        assert job.status == "pending"
        assert job.error is not None
        assert (job.error.code, job.error.needed) == ("funds_needed", 2.5)
        assert client.explain(job.job_id).needed == 2.5
        client.deposit("2.499999")
        assert client.job(job.job_id).status == "pending"
        eventually(lambda: client.explain(job.job_id).needed == 0.000001, "what is still needed", LIMIT_S)
        assert "Deposit 0.000001 HYPER more" in client.explain(job.job_id).sentence

        client.deposit("0.000001")

        assert until(client, job.job_id, "completed").error is None
        assert_paid_once(shared_network, [worker.wallet])


def test_the_refund_of_one_job_funds_the_next_that_waits(
    shared_network: TestNetwork, coordinator: Coordinator, worker: Worker
):
    with customer(coordinator, hyper="5", deposit="5") as client:
        holder = ask_nobody(client, "5")
        waiting = [submit(client, wasm(DONE), budget="2") for _ in range(3)]
        assert [job.status for job in waiting] == ["pending"] * 3

        client.cancel_job(holder)

        for job in waiting:  # Two at once; what they leave over pays for the third.
            until(client, job.job_id, "completed")
        assert_paid_once(shared_network, [worker.wallet])


def test_older_jobs_are_funded_first_and_smaller_ones_pass_what_is_too_dear(
    shared_network: TestNetwork, coordinator: Coordinator
):
    with customer(coordinator, hyper="10") as client:
        dear, first, second = (ask_nobody(client, budget) for budget in ("20", "3", "3"))

        client.deposit("4")

        until(client, first, "queued")
        assert client.job(second).status == client.job(dear).status == "pending"
        client.deposit("2")
        until(client, second, "queued")
        assert client.job(dear).status == "pending"
        assert client.wallet().wallet.balance == 0
    assert ledger_faults(shared_network) == []


def test_a_pending_job_that_is_cancelled_is_not_funded_later(shared_network: TestNetwork, coordinator: Coordinator):
    with customer(coordinator, hyper="10") as client:
        pending = ask_nobody(client, "3")
        assert client.cancel_job(pending).status == "cancelled"

        client.deposit("4")

        assert client.job(pending).status == "cancelled"
        assert client.wallet().wallet.balance == 4
    assert ledger_faults(shared_network) == []
