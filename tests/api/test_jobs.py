"""Routes of jobs, row by row of the contract."""

import httpx
import pytest

from tests.api.parties import MODULE, RESULT, TIME, UUID7, Customer, Worker, job_of, paths, problem, wallet
from tests.network import eventually

JOB = {
    "jobId", "walletAddress", "jobType", "model", "input", "requirements", "budget", "maxDuration", "status",
    "createdAt", "updatedAt", "assignedNode", "result", "logs", "metrics", "priority", "attempts", "units", "unit",
    "error", "verification", "receiptId", "artifacts", "inputSalt", "parts", "parentId", "part", "auditOf",
}  # fmt: skip
TYPES = ["generic_compute", "llm_fine_tuning", "llm_inference", "rag_indexing", "render", "vision_pipeline"]
NOBODY = {"capabilities": ["nobody-has-this"]}


def test_a_job_is_created_with_the_defaults(customer: Customer):
    answer = customer.post("/api/jobs", json=customer.body())

    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"success", "message", "job"}
    assert (body["success"], body["message"]) == (True, "Job created successfully")
    job = body["job"]
    assert set(job) == JOB
    assert UUID7.fullmatch(job["jobId"])
    assert TIME.fullmatch(job["createdAt"])
    assert job["requirements"] == {"minVRAM": 8, "capabilities": ["inference"]}
    assert job == {
        **job, "walletAddress": customer.wallet, "jobType": "generic_compute", "model": "default", "input": MODULE,
        "budget": 0, "maxDuration": 3600, "status": "queued", "updatedAt": job["createdAt"], "assignedNode": None,
        "result": None, "logs": [], "priority": 0, "attempts": 0, "error": None, "verification": None,
        "receiptId": None, "artifacts": [], "units": 0, "unit": "fuel",
        "metrics": {"startTime": None, "endTime": None, "duration": None, "cost": 0},
    }  # fmt: skip
    assert customer.get(f"/api/jobs/{job['jobId']}").json() == {"success": True, "job": job}


def test_what_is_given_is_kept(customer: Customer):
    asked = {"minVRAM": 12.5, "capabilities": ["a"], "country": ["DE", "FR"], "cudaVersion": "12.1", "maxPrice": "0.5"}
    job = customer.submit(model="m", requirements=asked, maxDuration=60, priority=7)

    assert job == {**job, "model": "m", "requirements": asked, "maxDuration": 60, "priority": 7}


def test_empty_requirements_ask_for_nothing(customer: Customer):
    job = customer.submit(requirements={"denyWallets": [customer.wallet]})
    customer.post(f"/api/jobs/{job['jobId']}/cancel", json={"walletAddress": customer.wallet})

    assert job["requirements"] == {"denyWallets": [customer.wallet]}


def test_a_job_without_funds_is_pending_and_says_what_it_needs(customer: Customer):
    job = customer.submit(budget="2.5")

    assert (job["status"], job["budget"]) == ("pending", 2.5)
    assert job["error"]["code"] == "funds_needed"
    assert job["error"]["needed"] == 2.5
    assert "2.5" in job["error"]["message"]


def test_an_unknown_job_type_is_refused_with_the_valid_ones(customer: Customer):
    body = problem(
        customer.post("/api/jobs", json=customer.body(jobType="mining")), 400, "invalid_job_type", "Invalid job type"
    )

    assert sorted(body["validTypes"]) == TYPES


def test_wallet_and_job_type_are_required(customer: Customer):
    body = problem(customer.post("/api/jobs", json={}), 422, "invalid_request")

    assert {"walletAddress", "jobType"} <= {word for bad in body["errors"] for word in bad["expected"].split("'")}


def test_a_bad_input_is_refused_at_submission(customer: Customer):
    wrong = {"runtime": "wasm", "module": {"wat": "(module)", "sha256": "zz"}, "fuel": 0, "args": [1]}
    body = problem(customer.post("/api/jobs", json=customer.body(input=wrong)), 422, "invalid_request")

    assert paths(body) >= {"input.fuel", "input.args[0]", "input.module.sha256"}


def test_every_bad_field_is_named_at_once(customer: Customer):
    wrong = customer.body(model=5, maxDuration=0, priority=1.5, requirements={"minVRAM": -1, "gpuModel": 3})
    body = problem(customer.post("/api/jobs", json=wrong), 422, "invalid_request")

    assert paths(body) >= {"model", "maxDuration", "priority", "requirements.minVRAM", "requirements.gpuModel"}
    assert all(bad["expected"] for bad in body["errors"])


def test_an_unknown_requirement_is_not_passed_over(customer: Customer):
    problem(customer.post("/api/jobs", json=customer.body(requirements={"minVram": 80})), 422)


@pytest.mark.parametrize("method", ["GET", "POST cancel", "POST result", "GET explain", "GET receipt", "GET events"])
@pytest.mark.parametrize("job_id", ["018f0000-0000-7000-8000-000000000000", "nonsense", "a%00b"])
def test_an_unknown_job_is_not_found(customer: Customer, worker: Worker, method: str, job_id: str):
    verb, _, action = method.partition(" ")
    bodies = {"cancel": {"walletAddress": customer.wallet}, "result": {"nodeId": worker.node_id, "result": {}}}

    answer = customer.request(verb, f"/api/jobs/{job_id}/{action}".rstrip("/"), json=bodies.get(action))

    problem(answer, 404, "not_found", "Job not found")


def test_a_waiting_job_is_cancelled_by_its_customer_alone(customer: Customer):
    for budget in (0, 1):
        job = customer.submit(budget=budget, requirements=NOBODY)
        path = f"/api/jobs/{job['jobId']}/cancel"
        problem(customer.post(path, json={"walletAddress": wallet()}), 403, "unauthorized", "Unauthorized")

        answer = customer.post(path, json={"walletAddress": customer.wallet})

        assert answer.json() == {**answer.json(), "success": True, "message": "Job cancelled successfully"}
        assert job_of(answer, 200)["status"] == "cancelled"
        problem(
            customer.post(path, json={"walletAddress": customer.wallet}), 400, "not_cancellable",
            "Can only cancel pending or queued jobs",
        )  # fmt: skip


def test_a_running_job_is_cancelled_only_with_stop_running(customer: Customer, worker: Worker):
    job = customer.submit(requirements=worker.ready().requirements)
    path = f"/api/jobs/{job['jobId']}/cancel"
    problem(customer.post(path, json={"walletAddress": customer.wallet}), 400, "not_cancellable")

    stopped = customer.post(path, json={"walletAddress": customer.wallet, "stopRunning": True})

    assert job_of(stopped, 200)["status"] == "cancelled"
    assert {frame["kind"]: frame.get("reason") for frame in worker.poll()}["revoke"] == "stopped"
    problem(worker.report(job["jobId"]), 409, "stale_lease")


def test_a_plain_worker_registers_beats_polls_reports_and_is_paid(customer: Customer, worker: Worker):
    worker.ready(pricePerUnit="2")
    customer.deposit("5")
    job = customer.submit(budget=3, requirements=worker.requirements)
    assert (job["status"], job["assignedNode"], job["attempts"]) == ("running", worker.node_id, 1)
    assert worker.post(f"/api/nodes/{worker.node_id}/heartbeat", json={"status": "busy"}).is_success

    offer = worker.offer()
    assert offer == {
        **offer, "jobId": job["jobId"], "attempt": 1, "jobType": "generic_compute", "model": "default",
        "input": MODULE, "maxDurationS": 3600,
    }  # fmt: skip
    answer = worker.report(job["jobId"], logs="one line", metrics={"units": 500_000_000}, leaseId=offer["leaseId"])

    done = job_of(answer, 200)
    assert answer.json()["message"] == "Job result submitted successfully"
    assert done["status"] == "completed"
    ended = customer.job(job["jobId"])
    assert ended == {**ended, "status": "completed", "result": RESULT, "logs": ["one line"], "units": 500_000_000}
    assert ended["verification"] == {"verdict": "unverified", "assurance": "sampled"}
    assert UUID7.fullmatch(ended["receiptId"])
    assert ended["metrics"]["cost"] == 1
    assert ended["metrics"]["duration"] >= 0
    assert all(TIME.fullmatch(ended["metrics"][name]) for name in ("startTime", "endTime"))
    node = customer.get(f"/api/nodes/{worker.node_id}").json()["node"]
    assert (node["jobsCompleted"], node["totalEarned"], node["status"]) == (1, 0.9, "online")
    state = customer.get(f"/api/wallets/{customer.wallet}").json()["wallet"]
    assert (state["balance"], state["held"]) == (4, 0)

    def payouts() -> list[dict]:
        paid = customer.get(f"/api/wallets/{worker.wallet}/payouts").json()["payouts"]
        return [payout for payout in paid if payout["status"] == "finalized"]

    paid = eventually(payouts, "the payout")
    assert [(payout["kind"], payout["amount"]) for payout in paid] == [("earnings", 0.9)]
    receipt = eventually(lambda: customer.get(f"/api/jobs/{job['jobId']}/receipt").json()["receipt"], "the receipt")
    assert receipt["receipt"]["jobId"] == job["jobId"]


def test_a_result_counts_once(customer: Customer, worker: Worker):
    job = customer.submit(requirements=worker.ready().requirements)
    assert worker.report(job["jobId"]).status_code == 200

    problem(worker.report(job["jobId"]), 409, "stale_lease", "This node no longer holds the job")


def test_a_node_that_was_never_asked_cannot_report_or_write_into_the_log(customer: Customer, worker: Worker, open_url):
    job = customer.submit(requirements=worker.ready().requirements)
    with Worker(open_url) as stranger:
        problem(stranger.report(job["jobId"], logs=["forged"]), 409, "stale_lease")

    assert customer.job(job["jobId"])["logs"] == []
    assert worker.report(job["jobId"], logs=["true"]).status_code == 200
    assert customer.job(job["jobId"])["logs"] == ["true"]


def test_a_report_for_an_older_lease_is_stale(customer: Customer, worker: Worker):
    job = customer.submit(requirements=worker.ready().requirements)
    first = worker.offer()["leaseId"]
    worker.poll({"kind": "decline", "leaseId": first, "reason": "busy"})
    problem(worker.report(job["jobId"], leaseId=first), 409, "stale_lease")


def test_a_result_of_another_form_fails_the_attempt(customer: Customer, worker: Worker):
    job = customer.submit(requirements=worker.ready().requirements)

    for _ in range(3):  # The same node gets it again: there is no other.
        assert worker.offer()["jobId"] == job["jobId"]
        assert worker.report(job["jobId"], result={"exitCode": "zero"}).status_code == 200

    ended = customer.job(job["jobId"])
    assert (ended["status"], ended["attempts"], ended["result"]) == ("failed", 3, None)
    assert ended["error"]["code"] == "attempt_failed"
    assert "exitCode" in ended["error"]["message"]


def test_the_summary_counts_every_state(customer: Customer):
    before = customer.get("/api/jobs/stats/summary").json()
    assert before["success"] is True
    states = {"pending", "queued", "running", "completed", "failed", "cancelled"}
    assert set(before["stats"]) == {"total", "totalCost", *states}

    customer.submit(budget=1)
    customer.submit(requirements=NOBODY)

    after = customer.get("/api/jobs/stats/summary").json()["stats"]
    changes = {name: after[name] - before["stats"][name] for name in ("total", "pending", "queued")}
    assert changes == {"total": 2, "pending": 1, "queued": 1}


def test_a_deposit_starts_what_waited_for_it(customer: Customer, worker: Worker):
    worker.ready()
    job = customer.submit(budget=1, requirements=worker.requirements)
    assert job["status"] == "pending"

    customer.deposit("1")

    assert worker.offer()["jobId"] == job["jobId"]
    assert customer.job(job["jobId"])["error"] is None


def test_explain_names_what_fails_and_what_would_help(customer: Customer, worker: Worker):
    worker.post("/api/nodes/register", json={"walletAddress": worker.wallet, "vram": 24})
    worker.ready()
    job = customer.submit(requirements={**worker.requirements, "minVRAM": 80})

    answer = customer.get(f"/api/jobs/{job['jobId']}/explain")

    assert answer.status_code == 200
    assert answer.json()["success"] is True
    told = answer.json()["explanation"]
    assert set(told) == {
        "status", "sentence", "onlineNodes", "matchingNodes", "freeMatchingNodes", "obstacles", "relaxation", "needed",
    }  # fmt: skip
    assert (told["status"], told["matchingNodes"], told["needed"]) == ("queued", 0, None)
    assert told["onlineNodes"] >= 1
    failing = {obstacle["requirement"]: obstacle for obstacle in told["obstacles"]}
    assert failing["minVRAM"]["failingNodes"] >= 1
    assert failing["minVRAM"]["onlyObstacleFor"] == 1
    assert told["relaxation"]["change"] == {"minVRAM": 24}
    assert told["relaxation"]["nodes"] == 1
    assert told["sentence"]


def test_explain_of_a_pending_job_says_what_is_needed(customer: Customer):
    job = customer.submit(budget=3)

    told = customer.get(f"/api/jobs/{job['jobId']}/explain").json()["explanation"]

    assert (told["status"], told["needed"]) == ("pending", 3)


def test_explain_of_a_job_that_does_not_wait_says_so(customer: Customer):
    job = customer.submit(requirements=NOBODY)
    customer.post(f"/api/jobs/{job['jobId']}/cancel", json={"walletAddress": customer.wallet})

    told = customer.get(f"/api/jobs/{job['jobId']}/explain").json()["explanation"]

    assert told["sentence"] == "The job was cancelled."


def test_a_job_without_a_receipt_has_none(customer: Customer):
    job = customer.submit(requirements=NOBODY)

    problem(customer.get(f"/api/jobs/{job['jobId']}/receipt"), 404, "not_found")


def test_the_readmes_curl_call_works_as_it_stands(api: httpx.Client):
    body = (
        f'{{"walletAddress": "{wallet()}", "jobType": "llm_inference", "model": "llama-2-7b", '
        '"input": {"prompt": "Hello"}, "requirements": {"minVRAM": 8, "capabilities": ["inference"]}, "budget": 10}'
    )
    answer = api.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})

    assert job_of(answer, 201)["status"] == "pending"
