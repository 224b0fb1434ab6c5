"""Quotes: what a job would cost and wait, told without making one."""

from uuid import uuid4

import httpx
import pytest

from tests.api.parties import MODULE, Customer, Worker, job_of, problem, wallet
from tests.network import TestNetwork

FUEL = 1_000_000_000
SCENE = {"scene": {"sha256": "0" * 64}, "width": 10, "height": 10, "samples": 10_000}
TYPICAL_S = 60


def quote(client: httpx.Client, **fields: object) -> dict:
    body = {"jobType": "generic_compute", "input": MODULE, **fields}
    answer = client.post("/api/jobs/quote", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    return answer.json()["quote"]


def test_units_cost_what_the_node_asks_for_all_that_are_granted(api: httpx.Client, worker: Worker):
    worker.ready(pricePerUnit="2")

    found = quote(api, requirements=worker.requirements)

    assert found["cost"] == {"lowest": 0, "highest": 2 * MODULE["fuel"] / FUEL}
    assert (found["matchingNodes"], found["freeNodes"], found["expectedWaitSeconds"]) == (1, 1, 0)
    assert found["explanation"]["status"] == "running"
    assert found["explanation"]["obstacles"] == []
    assert found["explanation"]["relaxation"] is None


def test_time_costs_up_to_the_jobs_duration_and_never_more_than_its_budget(api: httpx.Client, open_url: str):
    with Worker(open_url, price="3.6") as worker:
        asked = {"requirements": worker.ready().requirements, "maxDuration": 500}

        assert quote(api, **asked)["cost"]["highest"] == pytest.approx(0.5)
        assert quote(api, **asked, budget="0.4")["cost"]["highest"] == pytest.approx(0.4)


def test_the_range_goes_from_the_cheapest_node_to_the_dearest(api: httpx.Client, open_url: str):
    gpu = f"Quoted {uuid4().hex}"
    with Worker(open_url, gpuModel=gpu) as cheap, Worker(open_url, gpuModel=gpu) as dear:
        for node, price in ((cheap, "0.001"), (dear, "5")):
            node.poll({"kind": "hello", "engines": [{"jobType": "render", "pricePerUnit": price}]})

        found = quote(api, jobType="render", input=SCENE, requirements={"gpuModel": gpu})

    assert found["matchingNodes"] == 2
    assert found["cost"] == {"lowest": 0.001, "highest": 5}  # A render is a known number of samples: here a million.


def test_parts_cost_together_what_the_whole_costs(api: httpx.Client, worker: Worker):
    worker.poll({"kind": "hello", "engines": [{"jobType": "render", "pricePerUnit": "3"}]})
    frames = {**SCENE, "frames": [1, 2, 3, 4, 5]}

    found = quote(api, jobType="render", input=frames, requirements=worker.requirements, parts=2)

    assert found["cost"] == {"lowest": 15, "highest": 15}


def test_where_no_node_matches_it_says_what_would_help_and_makes_nothing(customer: Customer, worker: Worker):
    worker.ready()
    needed = {**worker.requirements, "allowNodes": [worker.node_id], "minVRAM": 12}  # All others lack two of these.
    asked = {"walletAddress": customer.wallet, "requirements": needed}

    found = quote(customer, **asked)

    assert (found["cost"], found["expectedWaitSeconds"], found["matchingNodes"]) == (None, None, 0)
    assert "minVRAM" in {each["requirement"] for each in found["explanation"]["obstacles"]}
    assert found["explanation"]["relaxation"]["change"] == {"minVRAM": 0}
    assert found["explanation"]["status"] == "queued"
    assert customer.get("/api/jobs", params={"walletAddress": customer.wallet}).json()["count"] == 0


def test_a_budget_of_nothing_asks_for_a_node_that_works_for_nothing(api: httpx.Client, worker: Worker):
    worker.ready(pricePerUnit="1")

    found = quote(api, requirements=worker.requirements, budget=0)

    assert found["cost"] is None
    assert {"budget"} <= {each["requirement"] for each in found["explanation"]["obstacles"]}


def test_a_node_for_its_owners_jobs_alone_matches_its_owner_alone(api: httpx.Client, worker: Worker):
    worker.poll({"kind": "hello", "engines": [{"jobType": "generic_compute"}], "ownJobsOnly": True})

    assert quote(api, requirements=worker.requirements)["matchingNodes"] == 0
    assert quote(api, requirements=worker.requirements, walletAddress=wallet())["matchingNodes"] == 0
    assert quote(api, requirements=worker.requirements, walletAddress=worker.wallet)["matchingNodes"] == 1


def test_the_wait_grows_with_the_jobs_ahead(customer: Customer, worker: Worker, api_network: TestNetwork):
    engines = [{"jobType": "generic_compute"}, {"jobType": "rag_indexing"}]
    worker.poll({"kind": "hello", "capacity": 1, "engines": engines})
    # Of a type that no other test of this network completes.
    asked = {"jobType": "rag_indexing", "input": {"texts": {"a": "b"}}, "requirements": worker.requirements}
    customer.submit(requirements=worker.requirements)
    assert quote(customer, **asked)["freeNodes"] == 0
    assert quote(customer, **asked)["expectedWaitSeconds"] is None

    api_network.rows(
        "INSERT INTO tally (subject, label, kind, count, amount, ms)"
        " VALUES ('completed in hour', hour_of(now()), 'rag_indexing', 10, 0, $1) RETURNING 1",
        10 * TYPICAL_S * 1000,
    )
    assert quote(customer, **asked)["expectedWaitSeconds"] == TYPICAL_S
    customer.submit(**asked)

    assert quote(customer, **asked)["expectedWaitSeconds"] == 2 * TYPICAL_S
    assert quote(customer, **asked, priority=1)["expectedWaitSeconds"] == TYPICAL_S


@pytest.mark.parametrize(
    "wrong",
    [
        {"jobType": "knitting"},
        {"jobType": 7},
        {"input": {"runtime": "wasm"}},
        {"input": {"runtime": "wasm", "module": {"wat": "x"}, "fuel": 0}, "budget": -1},
        {"requirements": {"minVRAM": "much"}},
        {"requirements": {"maxPrice": "free", "allowNodes": ["nobody"]}},
        {"maxDuration": 0, "priority": 1000},
        {"walletAddress": "somebody"},
    ],
)
def test_what_is_wrong_with_a_job_is_wrong_with_its_quote(customer: Customer, wrong: dict):
    refused = customer.post("/api/jobs", json=customer.body(**wrong))
    quoted = customer.post("/api/jobs/quote", json=customer.body(**wrong))

    body = problem(quoted, refused.status_code)
    assert body == {**refused.json(), "instance": "/api/jobs/quote"}


def test_anybody_may_ask_and_is_counted(signed: httpx.Client):
    answer = signed.post("/api/jobs/quote", json={"jobType": "generic_compute", "input": MODULE})

    assert answer.status_code == 200
    assert "ratelimit" in answer.headers


def test_a_quote_of_a_job_that_is_made_then_is_kept(customer: Customer, worker: Worker):
    worker.ready(pricePerUnit="1")
    asked = {"requirements": worker.requirements, "budget": 2}
    customer.deposit("2")
    told = quote(customer, **asked)["cost"]

    made = job_of(customer.post("/api/jobs", json=customer.body(**asked)), 201)
    worker.report(made["jobId"], metrics={"units": 300_000_000})

    assert told["lowest"] <= customer.job(made["jobId"])["metrics"]["cost"] == 0.3 <= told["highest"]
