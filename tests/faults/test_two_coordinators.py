"""Two coordinators on one database: no job runs twice at once, none is paid twice, and either may die."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults.actors import (
    DONE,
    LIMIT_S,
    PRICE,
    Worker,
    assert_paid_once,
    customer,
    ledger_faults,
    node_id_of,
    restarted,
    sleeping,
    submit,
    until,
    until_accepted,
    wasm,
)
from tests.network import Coordinator, TestNetwork, eventually

JOBS = 60
WORKERS = 3
AT_ONCE = """
SELECT early.job_id, early.attempt, late.attempt AS other FROM lease AS early JOIN lease AS late USING (job_id)
WHERE late.attempt > early.attempt AND late.offered_at < coalesce(early.ended_at, 'infinity')
"""
"""Attempts of one job that lived at the same time."""


@pytest.fixture(scope="module")
def pair(shared_network: TestNetwork) -> Iterator[list[Coordinator]]:
    """Two coordinators, the first of which a test may kill and replace."""
    settings = {"HYPERNODE_LEASE_TTL_S": "3", "HYPERNODE_POLL_LEASE_TTL_S": "3"}
    shared_network.environment |= settings
    started = [shared_network.coordinator(), shared_network.coordinator()]
    for coordinator in started:
        coordinator.ready()
    return started


def test_many_jobs_at_two_doors_run_once_and_are_paid_once(shared_network: TestNetwork, pair: list[Coordinator]):
    with ExitStack() as running:
        clients = [running.enter_context(customer(door, hyper="50", deposit="50")) for door in pair]
        workers = [
            running.enter_context(Worker(door.url, capacity=1 + number % 2)).serve(0.02)
            for door in pair
            for number in range(WORKERS)
        ]

        jobs = [(client, submit(client, wasm(DONE), budget="1").job_id) for _ in range(JOBS // 2) for client in clients]

        for client, job_id in jobs:
            assert until(client, job_id, "completed", "failed").status == "completed"
        done = [job_id for worker in workers for job_id in worker.done]
        assert sorted(done) == sorted(job_id for _, job_id in jobs)
        assert shared_network.rows(AT_ONCE) == []
        assert_paid_once(shared_network, [worker.wallet for worker in workers])
        assert len({worker.wallet for worker in workers if worker.done}) > WORKERS, "both had work"


def test_a_job_that_is_queued_at_one_is_taken_by_a_node_of_the_other(
    shared_network: TestNetwork, pair: list[Coordinator]
):
    here, there = pair
    with customer(here) as client:
        job = submit(client, wasm(DONE))
        assert job.status == "queued"

        with Worker(there.url, price="0").serve() as worker:
            assert until(client, job.job_id, "completed").assigned_node == worker.node_id
            at_once = submit(client, wasm(DONE))  # The node is there already, and idle.
            assert until(client, at_once.job_id, "completed").assigned_node == worker.node_id


def test_a_job_at_one_is_cancelled_at_the_other(shared_network: TestNetwork, pair: list[Coordinator]):
    here, there = pair
    with customer(here) as client, there.client(client.address) as elsewhere, Worker(here.url, price="0") as worker:
        job = submit(client, wasm(DONE))
        offer = worker.take(job.job_id)

        assert elsewhere.cancel_job(job.job_id, stop_running=True).status == "cancelled"

        assert not worker.report(offer)
        again = submit(client, wasm(DONE))
        assert worker.report(worker.take(again.job_id))


def test_a_coordinator_is_killed_in_mid_job_and_the_work_goes_on(shared_network: TestNetwork, pair: list[Coordinator]):
    node = shared_network.node(pair[0], "--price", PRICE, "--accept", "generic_compute")
    with customer(pair[1], hyper="10", deposit="10") as client:
        job = submit(client, sleeping(4), budget="5")
        until_accepted(shared_network, job.job_id)

        pair[0].kill()
        with Worker(pair[1].url).serve() as worker:  # The other one does not wait for it.
            meanwhile = submit(client, wasm(DONE), budget="1")
            assert until(client, meanwhile.job_id, "completed").assigned_node == worker.node_id
        pair[0] = restarted(shared_network, pair[0]).ready()

        done = until(client, job.job_id, "completed", "failed")
        assert done.status == "completed"
        eventually(lambda: client.node(node_id_of(client, node.wallet)).status == "online", "the node", LIMIT_S)
        again = submit(client, wasm(DONE), budget="1")
        assert until(client, again.job_id, "completed").assigned_node == node_id_of(client, node.wallet)
        assert shared_network.rows(AT_ONCE) == []
        assert_paid_once(shared_network, [node.wallet, worker.wallet])
    assert ledger_faults(shared_network) == []
