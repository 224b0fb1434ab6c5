"""The short way of reads and registrations answers as the framework's does, and all read what was just written."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.parties import Customer, Worker, problem, wallet

ORDINARY = {"idempotency-key": "sends a request the framework's way"}
NOBODY = "018f0000-0000-7000-8000-000000000000"
VARIES = {"nodeId", "nodeToken", "registeredAt", "lastUpdate", "lastSeen", "machineId"}


def both(api: httpx.Client, path: str) -> tuple[httpx.Response, httpx.Response]:
    """The answers of both ways, which must be alike to the byte."""
    short, ordinary = api.get(path), api.get(path, headers=ORDINARY)
    assert (short.status_code, short.content) == (ordinary.status_code, ordinary.content)
    assert short.headers["content-type"] == ordinary.headers["content-type"]
    assert "ratelimit" in short.headers and "ratelimit" in ordinary.headers
    return short, ordinary


def registering(api: httpx.Client, body: Mapping[str, Any], kind: str = "application/json") -> httpx.Response:
    return api.post("/api/nodes/register", content=json.dumps(body), headers={"content-type": kind})


def same(value: Any) -> Any:
    """An answer without what differs from one machine to the next."""
    if isinstance(value, dict):
        return {key: same(item) for key, item in value.items() if key not in VARIES}
    return value


def test_a_job_is_told_alike(customer: Customer):
    job_id = customer.submit(budget=1)["jobId"]

    assert both(customer, f"/api/jobs/{job_id}")[0].json()["job"]["jobId"] == job_id
    assert both(customer, f"/api/jobs/{job_id.upper()}")[0].status_code == 200


@pytest.mark.parametrize("job_id", [NOBODY, "nonsense", "a%00b", "%ED%A0%80", f"{NOBODY}?x=1", "{" + NOBODY + "}", ""])
def test_a_job_that_is_not_there_is_told_alike(api: httpx.Client, job_id: str):
    both(api, f"/api/jobs/{job_id}")


def test_only_its_parties_are_told_what_is_private_of_a_job(
    alice: Customer, bob: Customer, signed: httpx.Client, signed_worker: Worker
):
    job = alice.submit()
    path = f"/api/jobs/{job['jobId']}"

    asked = (alice, bob, signed, signed_worker)
    with ThreadPoolExecutor(len(asked)) as threads:  # At once, so that one group answers them all.
        inputs = list(threads.map(lambda each: each.get(path).json()["job"]["input"], asked))

    assert inputs == [job["input"], {}, {}, {}]
    for each in asked:
        both(each, path)


@pytest.mark.parametrize(
    "query",
    ["?limit=1", "?limit=0", "?limit=1001", "?limit=x", "?limit=", "?limit=01", "?limit=%31", "?limit=1&limit=2", "?",
     "?cursor=x", "?cursor=", f"?cursor={NOBODY}&limit=2", f"?limit=1&cursor={NOBODY.upper()}", "?limit=1&x=y", "?x",
     "?limit=1000000000000000000000", "?limit=+1", "?limit=1_0", "?limit=%C2%B2", "?limit=1&", "?status=busy&limit=1"],
)  # fmt: skip
def test_nodes_are_listed_alike(api: httpx.Client, query: str):
    registering(api, {"walletAddress": wallet()})

    both(api, f"/api/nodes{query}")


@pytest.mark.parametrize(
    "body",
    [{}, {"walletAddress": "x"}, {"walletAddress": None}, {"vram": -1}, {"price": "x"}, {"price": -1, "vram": 24},
     {"location": {"lat": 91}}, {"gpuModel": "a\x00b"}, {"capabilities": ["x"] * 65}, {"unknown": 1},
     {"gpuModel": "RTX 4090", "price": "0.5", "location": {"country": "Chile"}, "capabilities": ["a\"b", "{,}"]}],
)  # fmt: skip
def test_a_machine_is_registered_or_refused_alike(api: httpx.Client, body: dict[str, Any]):
    body = {"walletAddress": wallet(), **body} if body else body

    short = registering(api, body)
    ordinary = registering(api, {**body, "machineId": "two"} if body else body, "application/json; charset=utf-8")

    assert short.status_code == ordinary.status_code
    assert same(short.json()) == same(ordinary.json())
    if short.status_code == 201:
        again = registering(api, body), registering(api, body, "application/json; charset=utf-8")
        assert [answer.status_code for answer in again] == [200, 200]
        assert same(again[0].json()) == same(again[1].json())


def test_one_machine_that_registers_many_times_at_once_is_one_node(open_url: str, signed_url: str):
    body = {"walletAddress": wallet(), "machineId": "rig"}
    with httpx.Client(base_url=open_url) as api, ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda number: registering(api, {**body, "vram": 1024 + number}), range(48)))
        nodes = api.get(f"/api/nodes/wallet/{body['walletAddress']}").json()["nodes"]

    assert sorted(answer.status_code for answer in answers) == [200] * 47 + [201]
    assert {answer.json()["node"]["nodeId"] for answer in answers} == {node["nodeId"] for node in nodes}
    assert len(nodes) == 1


def test_the_token_of_a_machine_registered_in_a_group_is_its_own(open_url: str):
    owner = wallet()
    with httpx.Client(base_url=open_url) as api, ThreadPoolExecutor(16) as threads:
        made = list(threads.map(
            lambda number: registering(api, {"walletAddress": owner, "machineId": str(number)}).json(), range(32)
        ))  # fmt: skip
        for one in made:
            told = api.get("/api/nodes/self", headers={"authorization": f"Bearer {one['nodeToken']}"}).json()["node"]
            assert (told["nodeId"], told["machineId"]) == (one["node"]["nodeId"], one["node"]["machineId"])


def test_whoever_reads_after_a_write_reads_it_here_and_at_another_coordinator(
    api: httpx.Client, signed: httpx.Client, customer: Customer
):
    owner = wallet()
    for number in range(10):
        node = registering(api, {"walletAddress": owner, "machineId": str(number)}).json()["node"]
        for reader in (api, signed):
            assert reader.get("/api/nodes?limit=1").json()["nodes"] == [node]
        changed = registering(api, {"walletAddress": owner, "machineId": str(number), "vram": 48}).json()["node"]
        for reader in (signed, api):
            assert reader.get("/api/nodes?limit=1").json()["nodes"] == [changed]
            assert reader.get(f"/api/nodes/wallet/{owner}?limit=1").json()["nodes"] == [changed]
        job = customer.submit(budget=1)
        for reader in (signed, api):
            assert reader.get(f"/api/jobs/{job['jobId']}").json()["job"]["status"] == "pending"
        customer.post(f"/api/jobs/{job['jobId']}/cancel", json={"walletAddress": customer.wallet})
        for reader in (signed, api):
            assert reader.get(f"/api/jobs/{job['jobId']}").json()["job"]["status"] == "cancelled"
        api.request("DELETE", f"/api/nodes/{node['nodeId']}", json={"walletAddress": owner})
        for reader in (signed, api):
            assert reader.get(f"/api/nodes/wallet/{owner}").json()["count"] == 0
    problem(api.get(f"/api/nodes/{node['nodeId']}"), 404)


def test_a_list_tells_of_a_node_that_gets_work_that_it_is_busy(customer: Customer, worker: Worker, api: httpx.Client):
    path = f"/api/nodes/wallet/{worker.wallet}"
    worker.ready()
    assert api.get(path).json()["nodes"][0]["status"] == "online"

    customer.submit(requirements=worker.requirements)
    offer = worker.offer()

    assert api.get(path).json()["nodes"][0]["status"] == "busy"
    worker.tell({"kind": "decline", "leaseId": offer["leaseId"], "reason": "busy"})
    assert api.get(path).json()["nodes"][0]["status"] == "online"
