"""Routes of nodes, row by row of the contract."""

import httpx
import pytest

from tests.api.parties import TIME, UUID7, Customer, Worker, problem, wallet
from tests.network import eventually

FULL = {
    "gpuModel": "NVIDIA GeForce RTX 4090",
    "gpuCount": 2,
    "vram": 24_576,
    "driverVersion": "550.54",
    "cudaVersion": "12.4",
    "computeCapability": "8.9",
    "hostOS": "Ubuntu 24.04",
    "cpuModel": "AMD EPYC",
    "ramTotal": 131_072,
    "location": {"country": "Germany", "city": "Berlin", "lat": 52.5, "lon": 13.4},
    "capabilities": ["inference", "render"],
    "price": 0.5,
}
NODE = {
    "nodeId", "walletAddress", "machineId", "gpuModel", "gpuCount", "vram", "driverVersion", "cudaVersion",
    "computeCapability", "hostOS", "cpuModel", "ramTotal", "location", "capabilities", "registeredAt", "lastUpdate",
    "lastSeen", "status", "jobsCompleted", "totalEarned", "reputation", "metrics", "price", "capacity", "engines",
    "isolation", "ownJobsOnly", "jobsFailed", "checksPassed",
}  # fmt: skip


def register(api: httpx.Client, owner: str, **fields: object) -> httpx.Response:
    return api.post("/api/nodes/register", json={"walletAddress": owner, **fields})


def test_a_bare_wallet_registers_a_node_with_the_defaults(api: httpx.Client):
    owner = wallet()
    answer = register(api, owner)

    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"success", "message", "node", "nodeToken"}
    assert (body["success"], body["message"]) == (True, "Node registered successfully")
    node = body["node"]
    assert set(node) == NODE
    assert UUID7.fullmatch(node["nodeId"])
    assert all(TIME.fullmatch(node[name]) for name in ("registeredAt", "lastUpdate", "lastSeen"))
    texts = ("gpuModel", "driverVersion", "cudaVersion", "computeCapability", "hostOS", "cpuModel")
    assert {node[name] for name in texts} == {"Unknown"}
    assert {node[name] for name in ("vram", "ramTotal", "jobsCompleted", "totalEarned", "price")} == {0}
    assert node["location"] == {"country": "Unknown", "city": "Unknown", "lat": 0, "lon": 0}
    assert node["capabilities"] == ["inference"]
    assert (node["status"], node["reputation"], node["metrics"]) == ("online", 100, {})
    assert node["walletAddress"] == owner


def test_all_that_is_told_of_a_node_is_kept(api: httpx.Client):
    node = register(api, wallet(), machineId="rig 1", **FULL).json()["node"]

    assert node == {**node, **FULL, "machineId": "rig 1"}
    assert api.get(f"/api/nodes/{node['nodeId']}").json() == {"success": True, "node": node}


def test_the_same_machine_again_is_an_update_of_the_given_fields_alone(api: httpx.Client):
    owner = wallet()
    first = register(api, owner, **FULL).json()["node"]

    again = register(api, owner, gpuModel="H100", location=None)

    assert again.status_code == 200
    body = again.json()
    assert set(body) == {"success", "message", "node"}
    assert body["message"] == "Node updated successfully"
    changed = {"gpuModel": "H100", "lastUpdate": body["node"]["lastUpdate"], "lastSeen": body["node"]["lastSeen"]}
    assert body["node"] == {**first, **changed}


def test_a_wallet_may_own_many_machines(api: httpx.Client):
    owner = wallet()
    ids = [register(api, owner, machineId=name).json()["node"]["nodeId"] for name in ("a", "b", "c")]

    answer = api.get(f"/api/nodes/wallet/{owner}").json()

    assert {key: answer[key] for key in ("success", "count", "nextCursor")} == {
        "success": True, "count": 3, "nextCursor": None,
    }  # fmt: skip
    assert [node["nodeId"] for node in answer["nodes"]] == ids[::-1]


def test_a_wallet_without_nodes_has_an_empty_list(api: httpx.Client):
    answer = api.get(f"/api/nodes/wallet/{wallet()}")

    assert answer.json() == {"success": True, "count": 0, "nodes": [], "nextCursor": None}


@pytest.mark.parametrize(("given", "kept"), [(24, 24_576), (1023, 1_047_552), (1024, 1024), (80_000, 80_000), (0, 0)])
def test_vram_under_1024_is_gigabytes(api: httpx.Client, given: int, kept: int):
    assert register(api, wallet(), vram=given).json()["node"]["vram"] == kept


def test_a_heartbeat_says_when_the_next_is_due_and_keeps_the_metrics(api: httpx.Client):
    node_id = register(api, wallet()).json()["node"]["nodeId"]
    body = {"status": "online", "metrics": {"gpuUtilization": 42, "note": "a\x00b"}}

    answer = api.post(f"/api/nodes/{node_id}/heartbeat", json=body)

    assert (answer.status_code, answer.json()) == (
        200, {"success": True, "message": "Heartbeat received", "nextHeartbeatIn": 60_000},
    )  # fmt: skip
    eventually(lambda: api.get(f"/api/nodes/{node_id}").json()["node"]["metrics"] == body["metrics"], "the metrics")


def test_a_heartbeat_needs_no_body(api: httpx.Client):
    node_id = register(api, wallet()).json()["node"]["nodeId"]

    assert api.post(f"/api/nodes/{node_id}/heartbeat").status_code == 200
    assert api.post(f"/api/nodes/{node_id}/heartbeat", json={}).status_code == 200


def test_a_node_that_says_it_drains_is_draining(api: httpx.Client):
    node_id = register(api, wallet()).json()["node"]["nodeId"]

    api.post(f"/api/nodes/{node_id}/heartbeat", json={"status": "draining"})

    eventually(lambda: api.get(f"/api/nodes/{node_id}").json()["node"]["status"] == "draining", "the state")


def test_a_node_whose_owner_drains_it_gets_no_more_jobs_until_it_is_online_again(alice: Customer, signed_url: str):
    with Worker(signed_url, alice) as worker:

        def say(status: str) -> None:
            assert alice.post(f"/api/nodes/{worker.node_id}/heartbeat", json={"status": status}).status_code == 200

        def said() -> str:
            return alice.get(f"/api/nodes/{worker.node_id}").json()["node"]["status"]

        hello(worker)
        say("draining")
        job = alice.submit(requirements=worker.requirements)
        assert job["status"] == "queued"
        hello(worker)  # As a node does whose models have changed, or that lost its connection.
        eventually(lambda: said() == "draining", "the state")
        assert worker.poll(wait_s=1) == []

        say("online")
        assert worker.offer()["jobId"] == job["jobId"]
        eventually(lambda: said() == "online", "the state")


def test_an_unknown_status_is_refused_with_the_choices(api: httpx.Client):
    node_id = register(api, wallet()).json()["node"]["nodeId"]

    body = problem(api.post(f"/api/nodes/{node_id}/heartbeat", json={"status": "asleep"}), 422, "invalid_request")

    assert body["errors"] == [{"path": "status", "expected": "one of online, busy, draining"}]


@pytest.mark.parametrize("node_id", ["018f0000-0000-7000-8000-000000000000", "nonsense", "a%00b", "%ED%A0%80"])
def test_an_unknown_node_is_not_found(api: httpx.Client, node_id: str):
    refusals = [
        api.get(f"/api/nodes/{node_id}"),
        api.post(f"/api/nodes/{node_id}/heartbeat", json={}),
        api.request("DELETE", f"/api/nodes/{node_id}", json={"walletAddress": wallet()}),
    ]
    for answer in refusals:
        problem(answer, 404, "not_found", "Node not found")


def test_only_the_owner_removes_a_node(api: httpx.Client):
    owner = wallet()
    node_id = register(api, owner).json()["node"]["nodeId"]

    stranger = api.request("DELETE", f"/api/nodes/{node_id}", json={"walletAddress": wallet()})
    problem(stranger, 403, "unauthorized", "Unauthorized")
    gone = api.request("DELETE", f"/api/nodes/{node_id}", json={"walletAddress": owner})

    assert (gone.status_code, gone.json()) == (200, {"success": True, "message": "Node deregistered successfully"})
    problem(api.get(f"/api/nodes/{node_id}"), 404, error="Node not found")
    problem(api.post(f"/api/nodes/{node_id}/heartbeat", json={}), 404, error="Node not found")
    assert register(api, owner).status_code == 201


def test_the_filters_find_what_they_name(api: httpx.Client):
    mark = wallet()[:12]
    small = register(api, wallet(), gpuModel=f"GTX {mark}", vram=8, capabilities=["inference"],
                     location={"country": f"Chile{mark}"}).json()["node"]["nodeId"]  # fmt: skip
    large = register(api, wallet(), gpuModel=f"H100 {mark}", vram=80, capabilities=["render", mark],
                     location={"country": f"Japan{mark}"}).json()["node"]["nodeId"]  # fmt: skip

    def found(**query: object) -> list[str]:
        answer = api.get("/api/nodes", params={"gpuModel": mark.swapcase(), **query}).json()
        assert answer["success"] is True
        assert answer["count"] == len(answer["nodes"])
        return [node["nodeId"] for node in answer["nodes"]]

    assert found() == [large, small]
    assert found(minVRAM=9) == [large]
    assert found(minVRAM=8) == [large, small]
    assert found(minVRAM=96) == []
    assert found(capability="render") == [large]
    assert found(capability="rend") == []
    assert found(country=f"chile{mark}".upper()) == [small]
    assert found(status="online") == [large, small]
    assert found(status="offline") == []
    assert found(gpuModel=f"h100 {mark}".lower()) == [large]
    assert found(gpuModel="%") == []


@pytest.mark.parametrize("given", ["nan", "inf", "-1", "1e400", "x", ""])
def test_a_least_vram_that_is_no_number_is_refused(api: httpx.Client, given: str):
    body = problem(api.get("/api/nodes", params={"minVRAM": given}), 422)

    assert [bad["path"] for bad in body["errors"]] == ["minVRAM"]


def test_a_node_that_works_on_all_it_can_is_busy_in_filters_too(customer: Customer, worker: Worker, api: httpx.Client):
    job = customer.submit(requirements=worker.ready().requirements)

    assert job["status"] == "running"
    assert api.get(f"/api/nodes/{worker.node_id}").json()["node"]["status"] == "busy"
    busy = api.get("/api/nodes", params={"status": "busy", "capability": worker.capability}).json()["nodes"]
    assert [node["nodeId"] for node in busy] == [worker.node_id]
    again = api.post(
        "/api/nodes/register", json={"walletAddress": worker.wallet, "price": 0}, headers=dict(worker.headers)
    )
    assert again.json()["node"]["status"] == "busy"


def test_a_new_description_counts_for_the_next_job(customer: Customer, worker: Worker):
    worker.ready()
    job = customer.submit(requirements={**worker.requirements, "minVRAM": 40})
    assert job["status"] == "queued"

    worker.post("/api/nodes/register", json={"walletAddress": worker.wallet, "vram": 48})

    assert worker.offer()["jobId"] == job["jobId"]


def test_a_silent_node_goes_offline_and_a_heartbeat_brings_it_back(api_network, api: httpx.Client):
    owner = wallet()
    node_id = register(api, owner).json()["node"]["nodeId"]
    api_network.rows("UPDATE node SET last_seen_at = now() - interval '121 s' WHERE node_id = $1", node_id)

    def status(state: str) -> bool:
        listed = api.get("/api/nodes", params={"status": state, "limit": 1000}).json()["nodes"]
        return node_id in [node["nodeId"] for node in listed]

    eventually(lambda: status("offline"), "the node to be offline")
    api.post(f"/api/nodes/{node_id}/heartbeat", json={})
    eventually(lambda: status("online"), "the node to be online again")


def hello(worker: Worker, **said: object) -> None:
    offer = {"jobType": "generic_compute"}
    worker.tell({"kind": "hello", "capacity": 4, "engines": [offer], **said})


def test_a_job_that_asks_for_isolation_goes_to_a_node_that_proved_it(customer: Customer, worker: Worker):
    hello(worker, isolation="process")
    assert customer.get(f"/api/nodes/{worker.node_id}").json()["node"]["isolation"] == "process"
    job = customer.submit(requirements={**worker.requirements, "minIsolation": "sandbox"})
    why = customer.get(f"/api/jobs/{job['jobId']}/explain").json()["explanation"]
    assert any(each["requirement"] == "minIsolation" for each in why["obstacles"])

    hello(worker, isolation="sandbox")

    assert worker.offer()["jobId"] == job["jobId"]
    bad = customer.post("/api/jobs", json=customer.body(requirements={"minIsolation": "total"}))
    assert problem(bad, 422)["code"] == "invalid_request"


def test_a_node_that_takes_its_own_wallets_jobs_alone_gets_no_others(customer: Customer, open_url: str):
    with Worker(open_url, customer) as worker, Customer(open_url) as stranger:
        waiting = customer.submit(requirements=worker.requirements)
        hello(worker, ownJobsOnly=True)
        foreign = stranger.submit(requirements=worker.requirements)
        own = customer.submit(requirements=worker.requirements)

        assert {worker.offer()["jobId"], worker.offer()["jobId"]} == {waiting["jobId"], own["jobId"]}
        assert customer.get(f"/api/nodes/{worker.node_id}").json()["node"]["ownJobsOnly"] is True
        assert stranger.job(foreign["jobId"])["status"] == "queued"
        why = stranger.get(f"/api/jobs/{foreign['jobId']}/explain").json()["explanation"]
        assert why["matchingNodes"] == 0

        hello(worker)
        assert worker.offer()["jobId"] == foreign["jobId"]
