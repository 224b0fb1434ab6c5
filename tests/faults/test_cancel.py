"""A cancellation against everything else: one outcome, and the money adds up."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from hypernode.client import ApiError, Client
from tests.faults.actors import (
    DONE,
    LIMIT_S,
    PRICE,
    RESULT,
    Worker,
    assert_paid_once,
    busy_child,
    customer,
    earned,
    ledger_faults,
    lives,
    sleeping,
    submit,
    until_accepted,
    wasm,
)
from tests.network import Coordinator, TestNetwork, eventually

RACES = 40


@pytest.fixture(scope="module")
def coordinator(shared_network: TestNetwork) -> Coordinator:
    return shared_network.coordinator().ready()


@pytest.fixture
def client(coordinator: Coordinator) -> Iterator[Client]:
    with customer(coordinator, hyper="50", deposit="50") as made:
        yield made


def test_a_cancellation_races_a_result_and_one_of_them_wins(
    shared_network: TestNetwork, coordinator: Coordinator, client: Client
):
    with (
        Worker(coordinator.url, capacity=RACES) as worker,
        httpx.Client(base_url=coordinator.url, timeout=60) as http,
        ThreadPoolExecutor(4) as threads,
    ):
        jobs = [submit(client, wasm(DONE), budget="1") for _ in range(RACES)]
        offers = {job.job_id: worker.take(job.job_id) for job in jobs}

        def cancel(job_id: str) -> int:
            body = {"walletAddress": client.address, "stopRunning": True}
            return http.post(f"/api/jobs/{job_id}/cancel", json=body).status_code

        def report(job_id: str) -> int:
            body = {"nodeId": worker.node_id, "result": RESULT, "leaseId": offers[job_id]["leaseId"]}
            return http.post(f"/api/jobs/{job_id}/result", json=body, headers=worker.http.headers).status_code

        outcomes = set()
        for number, job in enumerate(jobs):
            steps = [(cancel, job.job_id), (report, job.job_id)]
            futures = {step: threads.submit(step, job_id) for step, job_id in steps[:: 1 if number % 2 else -1]}
            cancelled, reported = futures[cancel].result(), futures[report].result()
            status = client.job(job.job_id).status
            assert (cancelled, reported, status) in {(200, 409, "cancelled"), (400, 200, "completed")}
            outcomes.add(status)

        cost = sum(row["cost"] for row in shared_network.rows("SELECT cost FROM job WHERE wallet = $1", client.address))
        assert client.wallet().wallet.balance == pytest.approx(50 - cost / 1e6)
        assert client.wallet().wallet.held == 0
        assert_paid_once(shared_network, [worker.wallet])
        ends = shared_network.rows("SELECT state FROM lease JOIN job USING (job_id, node_id) WHERE wallet = $1"
                                   .replace("state", "lease.state"), client.address)  # fmt: skip
        assert len(ends) == RACES
    assert ledger_faults(shared_network) == []


def test_many_cancellations_of_one_job_at_once_end_it_once(
    shared_network: TestNetwork, coordinator: Coordinator, client: Client
):
    with httpx.Client(base_url=coordinator.url, timeout=60) as http, ThreadPoolExecutor(8) as threads:
        for _ in range(10):
            job = client.submit_job(
                "generic_compute", input=wasm(DONE), budget="50", requirements={"capabilities": ["none"]}
            )
            assert job.status == "queued"
            body = {"walletAddress": client.address, "stopRunning": True}
            path = f"/api/jobs/{job.job_id}/cancel"
            answers = [threads.submit(http.post, path, json=body) for _ in range(8)]
            assert sorted(answer.result().status_code for answer in answers) == [200] + [400] * 7
            assert client.wallet().wallet.balance == 50
    assert ledger_faults(shared_network) == []


def test_a_job_that_is_stopped_stops_on_its_node_and_pays_for_what_was_done(
    shared_network: TestNetwork, coordinator: Coordinator, client: Client
):
    node = shared_network.node(coordinator, "--price", PRICE, "--accept", "generic_compute")
    job = submit(client, sleeping(300), budget="50")
    until_accepted(shared_network, job.job_id)
    child = busy_child(shared_network, node)
    time.sleep(1)  # Something must have been done, or there is nothing to pay.
    with pytest.raises(ApiError) as refused:
        client.cancel_job(job.job_id)
    assert refused.value.status == 400

    stopped = client.cancel_job(job.job_id, stop_running=True)

    assert stopped.status == "cancelled"
    assert 0.01 <= stopped.metrics.cost < 50
    assert client.wallet().wallet.balance == pytest.approx(50 - stopped.metrics.cost)
    eventually(lambda: not lives(child), "the run to stop", LIMIT_S)
    assert_paid_once(shared_network, [node.wallet])
    assert earned(shared_network, node.wallet) > 0
    node.kill()


def test_the_job_that_waits_behind_one_that_is_stopped_gets_its_place(
    shared_network: TestNetwork, coordinator: Coordinator, client: Client
):
    node = shared_network.node(coordinator, "--price", PRICE, "--accept", "generic_compute")
    running = submit(client, sleeping(300), budget="1")
    for _ in range(5):
        until_accepted(shared_network, running.job_id)
        busy_child(shared_network, node)
        waiting = submit(client, sleeping(300), budget="1")
        assert waiting.status == "queued"

        client.cancel_job(running.job_id, stop_running=True)

        running = waiting
    client.cancel_job(running.job_id, stop_running=True)
    assert_paid_once(shared_network, [node.wallet])
    node.kill()


def test_a_job_that_waits_is_withdrawn_for_nothing(shared_network: TestNetwork, coordinator: Coordinator):
    with customer(coordinator, hyper="2", deposit="2") as client:
        queued = client.submit_job(
            "generic_compute", input=wasm(DONE), budget="2", requirements={"capabilities": ["none"]}
        )
        pending = submit(client, wasm(DONE), budget="1")
        assert (queued.status, pending.status) == ("queued", "pending")

        assert client.cancel_job(pending.job_id).status == "cancelled"
        assert client.cancel_job(queued.job_id).status == "cancelled"

        assert client.wallet().wallet.balance == 2
        with pytest.raises(ApiError) as refused:
            client.cancel_job(queued.job_id)
        assert refused.value.status == 400
    assert ledger_faults(shared_network) == []
