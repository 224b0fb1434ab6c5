"""Routes of health and figures."""

import time
from datetime import datetime
from itertools import pairwise

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.parties import TIME, Customer, Worker, problem
from tests.network import eventually


def test_health(api: httpx.Client):
    answer = api.get("/health")

    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"status", "timestamp", "service", "down"}
    assert (body["status"], body["service"], body["down"]) == ("healthy", "hypernode-backend", [])
    assert TIME.fullmatch(body["timestamp"])


def test_the_overview(api: httpx.Client):
    body = api.get("/api/metrics").json()

    assert body["success"] is True
    assert set(body["metrics"]) == {"network", "recentActivity"}
    assert set(body["metrics"]["network"]) == {
        "totalNodes", "activeNodes", "totalJobs", "completedJobs", "totalValueLocked", "totalHyperPaid", "lastUpdated",
    }  # fmt: skip
    assert set(body["metrics"]["recentActivity"]) == {"last24h", "last7d"}
    for span in body["metrics"]["recentActivity"].values():
        assert set(span) == {"jobs", "nodesRegistered", "hyperPaid"}


def test_the_figures_follow_what_happens(customer: Customer, worker: Worker, api: httpx.Client, api_network):
    def network() -> dict:
        return api.get("/api/metrics").json()["metrics"]["network"]

    def jobs() -> dict:
        return api.get("/api/metrics/jobs").json()["metrics"]

    before, jobs_before = network(), jobs()
    recent = api.get("/api/metrics").json()["metrics"]["recentActivity"]["last24h"]
    customer.deposit("4")
    customer.submit(budget=1, requirements={"minVRAM": 998})
    assert network()["totalValueLocked"] == pytest.approx(before["totalValueLocked"] + 1)
    job = customer.submit(budget=3, requirements=worker.ready(pricePerUnit="2").requirements)
    worker.report(job["jobId"], metrics={"units": 1_000_000_000})

    assert network()["totalJobs"] == before["totalJobs"] + 2
    assert network()["completedJobs"] == before["completedJobs"] + 1
    assert jobs()["totalCost"] == pytest.approx(jobs_before["totalCost"] + 2)
    assert jobs()["byType"]["generic_compute"] == jobs_before["byType"].get("generic_compute", 0) + 2
    paid = round(before["totalHyperPaid"] + 1.8, 6)
    eventually(lambda: network()["totalHyperPaid"] >= paid, "the payout")
    after = api.get("/api/metrics").json()["metrics"]["recentActivity"]["last24h"]
    assert after["jobs"] == recent["jobs"] + 2
    assert after["hyperPaid"] >= round(recent["hyperPaid"] + 1.8, 6)

    def anchored() -> list[dict]:
        shown = api.get("/api/metrics/validation", params={"limit": 1000}).json()["validation"]["recentReceipts"]
        return [receipt for receipt in shown if receipt["jobId"] == job["jobId"]]

    [receipt] = eventually(anchored, "the receipt on the chain")
    assert receipt["txSignature"]
    assert (receipt["type"], receipt["cost"], receipt["verdict"]) == ("generic_compute", 2, "unverified")
    assert TIME.fullmatch(receipt["timestamp"])
    summary = api.get("/api/metrics/validation").json()["validation"]["summary"]
    assert summary["totalJobsOnChain"] >= 1
    assert summary["totalHyperPaidOnChain"] >= 1.8
    assert summary["lastBlockVerified"] > 0
    last = api.get("/api/metrics/validation").json()["validation"]["blockchain"]["lastAnchor"]
    assert set(last) == {"root", "txSignature", "timestamp", "receipts"}
    [newest] = api.get("/api/metrics/validation", params={"limit": 1}).json()["validation"]["recentReceipts"]
    proof = api.get(f"/api/jobs/{newest['jobId']}/receipt").json()["receipt"]["merkle"]
    assert (last["txSignature"], last["timestamp"]) == (newest["txSignature"], newest["timestamp"])
    assert (last["root"], last["receipts"]) == (proof["root"], proof["treeSize"])
    assert TIME.fullmatch(summary["lastVerificationTime"])


def test_the_validation_names_chain_mint_and_programs(api: httpx.Client, api_network):
    body = api.get("/api/metrics/validation").json()

    assert body["success"] is True
    assert set(body["validation"]) == {"summary", "recentReceipts", "blockchain"}
    assert set(body["validation"]["summary"]) == {
        "totalJobsOnChain", "totalHyperPaidOnChain", "activeNodesOnChain", "lastBlockVerified", "lastVerificationTime",
    }  # fmt: skip
    chain = body["validation"]["blockchain"]
    assert set(chain) >= {"network", "explorerUrl", "hyperTokenMint", "programIds"}
    assert chain["network"] == "localnet"
    assert set(chain["programIds"]) == {"nodeRegistry", "jobReceipt", "paymentSplitter"}
    assert chain["programIds"]["nodeRegistry"] is None
    assert chain["rpcUrl"] == api_network.chain.rpc_url
    assert chain["tokenProgram"] == chain["programIds"]["paymentSplitter"] == api_network.chain.token_program
    assert chain["hyperTokenDecimals"] == 6
    deposits = api.get(f"/api/wallets/{chain['vault']}").json()["vault"]
    assert (chain["vault"], chain["vaultTokenAccount"]) == (deposits["address"], deposits["tokenAccount"])


@pytest.mark.parametrize(("window", "bucket_s", "count"), [("24h", 3_600, 24), ("7d", 21_600, 28), ("30d", 86_400, 30)])
def test_the_history_ends_now_and_leaves_nothing_out(customer: Customer, window: str, bucket_s: int, count: int):
    def history() -> dict:
        return customer.get("/api/metrics/history", params={"window": window}).json()["history"]

    before = history()
    customer.submit(requirements={"minVRAM": 997})
    after = history()

    assert (after["window"], after["bucketSeconds"], len(after["points"])) == (window, bucket_s, count)
    times = [datetime.fromisoformat(point["time"]).timestamp() for point in after["points"]]
    assert {later - earlier for earlier, later in pairwise(times)} == {bucket_s}
    assert times[-1] <= time.time() < times[-1] + bucket_s
    assert set(after["points"][0]) == {"time", "jobs", "jobsCompleted", "nodesRegistered", "hyperPaid"}
    assert sum(point["jobs"] for point in after["points"]) == sum(point["jobs"] for point in before["points"]) + 1
    overview = customer.get("/api/metrics").json()["metrics"]
    assert sum(point["jobsCompleted"] for point in after["points"]) == overview["network"]["completedJobs"]


def test_a_window_that_is_not_kept_is_refused(api: httpx.Client):
    problem(api.get("/api/metrics/history", params={"window": "1y"}), 422, "invalid_request")


def test_the_figures_of_nodes(api: httpx.Client, worker: Worker):
    worker.post(
        "/api/nodes/register",
        json={"walletAddress": worker.wallet, "gpuModel": "L40S", "vram": 48, "location": {"country": "Norway"}},
    )
    body = api.get("/api/metrics/nodes").json()

    assert body["success"] is True
    figures = body["metrics"]
    assert set(figures) == {"total", "active", "offline", "byGPU", "byLocation", "averageUptime", "totalVRAM"}
    assert figures["byGPU"]["L40S"] >= 1
    assert figures["byLocation"]["Norway"] >= 1
    assert figures["totalVRAM"] >= 49_152
    assert 0 <= figures["averageUptime"] <= 100
    assert figures["total"] >= figures["active"] >= 1


def test_the_figures_of_jobs(api: httpx.Client):
    body = api.get("/api/metrics/jobs").json()

    assert set(body["metrics"]) == {
        "total", "completed", "failed", "cancelled", "averageDuration", "byType", "totalCost",
    }  # fmt: skip


def test_the_health_of_the_figures(api: httpx.Client):
    body = api.get("/api/metrics/health").json()

    assert set(body) == {"status", "timestamp", "metricsCount"}
    assert set(body["metricsCount"]) == {"nodes", "jobs", "receipts"}
    assert body["status"] == "healthy"


def test_an_update_is_for_operators_and_changes_nothing_but_the_audit_log(customer: Customer, api_network):
    note = {"type": "job_completed", "data": {"totalJobs": 10**6, "by": customer.wallet}}
    problem(customer.post("/api/metrics/update", json=note), 401, "not_authenticated")
    plain = customer.post("/api/keys", json={"walletAddress": customer.wallet}).json()["token"]
    headers = {"Authorization": f"Bearer {plain}"}
    problem(customer.post("/api/metrics/update", json=note, headers=headers), 403, "missing_scope")
    key = {"walletAddress": customer.wallet, "scopes": ["operator"]}
    token = customer.post("/api/keys", json=key).json()["token"]
    before = customer.get("/api/metrics").json()["metrics"]["network"]["totalJobs"]

    answer = customer.post("/api/metrics/update", json=note, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert customer.get("/api/metrics").json()["metrics"]["network"]["totalJobs"] == before
    [row] = api_network.rows("SELECT action, data FROM audit WHERE actor = $1", customer.wallet)
    assert row["action"] == "job_completed"


def test_an_update_of_an_unknown_type_is_refused(customer: Customer):
    body = problem(customer.post("/api/metrics/update", json={"type": "total_jobs"}), 422)

    assert [bad["path"] for bad in body["errors"]] == ["type"]


def test_prometheus_reads_the_metrics(api: httpx.Client):
    answer = api.get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"hypernode_connected_nodes", "hypernode_live_leases", "hypernode_waiting_jobs"} <= names
    assert "process_resident_memory_bytes" in names
