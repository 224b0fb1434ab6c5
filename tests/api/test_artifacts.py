"""Artifacts: up, down, by whom, and their part in jobs."""

import hashlib
import os
from collections.abc import Iterator

import httpx
import pytest

from tests.api.parties import RESULT, Connection, Customer, Worker, job_of, problem
from tests.network import eventually

MIB = 1 << 20


def upload(caller: httpx.Client, content: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
    claimed = {"walletAddress": caller.wallet} if isinstance(caller, Customer) else {}
    return caller.post("/api/artifacts", content=content, params=claimed, headers=headers)


def test_twenty_mebibytes_stream_up_and_down(alice: Customer):
    pieces = [os.urandom(MIB) for _ in range(20)]
    sha256 = hashlib.sha256(b"".join(pieces)).hexdigest()

    answer = upload(alice, iter(pieces), **{"X-Artifact-Name": "big%20file.bin"})

    assert answer.status_code == 201
    assert answer.json() == {
        "success": True, "artifact": {"sha256": sha256, "size": 20 * MIB, "name": "big file.bin"},
    }  # fmt: skip
    digest = hashlib.sha256()
    with alice.stream("GET", f"/api/artifacts/{sha256}") as down:
        assert down.headers["content-length"] == str(20 * MIB)
        assert down.headers["content-type"] == "application/octet-stream"
        assert down.headers["etag"] == f'"{sha256}"'
        for piece in down.iter_bytes():
            digest.update(piece)
    assert digest.hexdigest() == sha256


def test_the_same_content_again_is_the_same_artifact(alice: Customer):
    assert upload(alice, b"same").json() == upload(alice, b"same").json()


def test_an_empty_file_is_a_file(alice: Customer):
    sha256 = upload(alice, b"").json()["artifact"]["sha256"]

    assert sha256 == hashlib.sha256(b"").hexdigest()
    assert alice.get(f"/api/artifacts/{sha256}").content == b""


def test_a_stranger_does_not_even_learn_that_an_artifact_exists(alice: Customer, bob: Customer, signed_worker: Worker):
    content = os.urandom(32)
    sha256 = upload(alice, content).json()["artifact"]["sha256"]

    for caller in (bob, signed_worker):
        problem(caller.get(f"/api/artifacts/{sha256}"), 404, "not_found", "Artifact not found")
    with Connection(alice.url) as nobody:
        problem(nobody.get(f"/api/artifacts/{sha256}"), 401, "not_authenticated")
        problem(nobody.post("/api/artifacts", content=content), 401, "not_authenticated")


@pytest.mark.parametrize("sha256", ["0" * 64, "A" * 64, "x", "..%2f..%2fetc%2fpasswd", "0" * 63 + "%0a", "%00"])
@pytest.mark.parametrize("mode", ["api", "alice"])
def test_what_is_not_there_is_not_found(request: pytest.FixtureRequest, mode: str, sha256: str):
    problem(request.getfixturevalue(mode).get(f"/api/artifacts/{sha256}"), 404)


def test_a_jobs_files_are_its_parties_alone_and_its_outputs_are_linked(alice: Customer, bob: Customer, signed_worker):
    program, data, out = os.urandom(8), os.urandom(9), os.urandom(10)
    ids = {name: upload(alice, content).json()["artifact"]["sha256"] for name, content in
           (("program", program), ("data", data))}  # fmt: skip
    worker = signed_worker.ready()
    given = {"runtime": "wasm", "module": {"sha256": ids["program"]}, "files": {"d.bin": ids["data"]}}
    job = alice.submit(input=given, requirements=worker.requirements)
    assert job["status"] == "running"
    assert worker.get(f"/api/artifacts/{ids['data']}").content == data
    assert worker.get(f"/api/artifacts/{ids['program']}").content == program
    sha256 = upload(worker, out).json()["artifact"]["sha256"]
    lease_id = worker.offer()["leaseId"]
    ref = {"sha256": sha256, "size": len(out), "name": "result.bin"}

    worker.tell({"kind": "accept", "leaseId": lease_id})
    worker.tell({"kind": "report", "leaseId": lease_id, "result": RESULT, "units": 1, "artifacts": [ref]})

    done = alice.job(job["jobId"])
    assert done["status"] == "completed"
    assert done["artifacts"] == [ref]
    assert alice.get(f"/api/artifacts/{sha256}").content == out
    problem(worker.get(f"/api/artifacts/{ids['data']}"), 404)  # The lease is over, and with it the need.


def test_a_job_cannot_refer_to_what_its_customer_may_not_read(alice: Customer, bob: Customer):
    sha256 = upload(bob, os.urandom(16)).json()["artifact"]["sha256"]
    given = {"runtime": "wasm", "module": {"wat": "(module)"}, "files": {"theirs": sha256}}

    body = problem(alice.post("/api/jobs", json=alice.body(input=given)), 422, "invalid_request")

    assert "artifact" in body["error"]


def test_a_node_cannot_pass_somebody_elses_file_off_as_its_result(alice: Customer, bob: Customer, signed_worker):
    sha256 = upload(alice, os.urandom(16)).json()["artifact"]["sha256"]
    worker = signed_worker.ready()
    job = bob.submit(requirements=worker.requirements)
    lease_id = worker.offer()["leaseId"]
    ref = {"sha256": sha256, "size": 16, "name": "x"}

    worker.tell({"kind": "report", "leaseId": lease_id, "result": RESULT, "artifacts": [ref]})

    assert bob.job(job["jobId"])["status"] != "completed"
    problem(bob.get(f"/api/artifacts/{sha256}"), 404)


def test_in_open_mode_everyone_on_the_machine_reads(customer: Customer, api: httpx.Client):
    sha256 = upload(customer, b"open").json()["artifact"]["sha256"]

    assert api.get(f"/api/artifacts/{sha256}").content == b"open"
    job_of(customer.post("/api/jobs", json=customer.body()), 201)


@pytest.mark.parametrize("name", ["a\x00b", "/etc/passwd", "../up", "a/../../b", "x" * 2_000])
def test_a_result_whose_file_has_a_name_that_nobody_can_be_given_is_a_failure_of_its_node_alone(
    customer: Customer, worker: Worker, name: str
):
    job_id = customer.submit(requirements=worker.ready().requirements)["jobId"]
    lease_id = worker.offer()["leaseId"]
    file = {"sha256": "0" * 64, "size": 1, "name": name}

    worker.tell(
        # It takes no more, or the job would come back to it at once, and say nothing of the failure.
        {"kind": "hello", "capacity": 1, "engines": [], "leases": [lease_id], "draining": True},
        {"kind": "accept", "leaseId": lease_id},
        {"kind": "report", "leaseId": lease_id, "result": RESULT, "units": 1, "artifacts": [file]},
    )

    waiting = eventually(lambda: (job := customer.job(job_id))["error"] and job, "the failure")
    assert "U+0000" in waiting["error"]["message"]
