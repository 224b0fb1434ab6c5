"""A job that is spread over parts: each an ordinary job, together one result."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.parties import JSON, Customer, Worker, problem, wallet
from tests.network import eventually

SCENE = b"BLENDER scene"


@pytest.fixture
def artist(customer: Customer) -> Iterator[Customer]:
    """A customer with a scene."""
    answer = customer.post("/api/artifacts", content=SCENE, params={"walletAddress": customer.wallet})
    assert answer.status_code == 201, answer.text
    yield customer


def order(artist: Customer, worker: Worker, frames: int, **fields: Any) -> JSON:
    scene = {"sha256": hashlib.sha256(SCENE).hexdigest()}
    given = {"scene": scene, "frames": list(range(1, frames + 1)), "width": 8, "height": 4, "samples": 2}
    fields = {"parts": 3, "requirements": worker.requirements, **fields}
    return artist.submit(jobType="render", input=given, **fields)


def parts_of(artist: Customer, job: JSON) -> list[JSON]:
    listed = artist.get("/api/jobs", params={"parentId": job["jobId"]}).json()["jobs"]
    return sorted(listed, key=lambda part: part["part"])


def rendered(numbers: list[int]) -> JSON:
    frames = [
        {
            "frame": number,
            "file": f"frame_{number:04d}.png",
            "pixelDigest": "0" * 64,
            "seconds": 1,
            "width": 8,
            "height": 4,
            "samples": 2,
        }
        for number in numbers
    ]
    return {"frames": frames, "engine": "Blender", "device": "CPU", "units": 64 * len(numbers)}


def render(worker: Worker, **report: Any) -> JSON:
    """Take the next offer and report its frames."""
    offer = worker.offer()
    numbers = offer["input"]["frames"]
    lease = {"leaseId": offer["leaseId"]}
    result = {"result": rendered(numbers), "units": 64 * len(numbers)}
    worker.tell({"kind": "accept", **lease}, {"kind": "report", **lease, **result, **report})
    return offer


def ended(artist: Customer, job: JSON) -> JSON:
    def look() -> JSON | None:
        now = artist.job(job["jobId"])
        return now if now["status"] in ("completed", "failed", "cancelled") else None

    return eventually(look, "the job's end")


def test_frames_of_one_job_are_rendered_as_parts_and_gathered(artist: Customer, worker: Worker):
    artist.deposit("1")
    worker.ready(jobType="render", pricePerUnit="100")
    job = order(artist, worker, 7, budget="0.9")

    assert (job["status"], job["parts"], job["assignedNode"]) == ("running", 3, None)
    parts = parts_of(artist, job)
    assert [len(part["input"]["frames"]) for part in parts] == [2, 2, 3]
    assert {(part["parentId"], part["budget"]) for part in parts} == {(job["jobId"], 0.3)}
    for _ in parts:
        render(worker)

    done = ended(artist, job)
    assert done["status"] == "completed"
    assert [frame["frame"] for frame in done["result"]["frames"]] == [1, 2, 3, 4, 5, 6, 7]
    assert done["units"] == 64 * 7
    paid = [part["metrics"]["cost"] for part in parts_of(artist, job)]
    assert done["metrics"]["cost"] == pytest.approx(sum(paid))
    assert all(paid)
    assert done["receiptId"] is None
    assert all(part["receiptId"] for part in parts_of(artist, job))


def test_parts_are_not_in_the_list_of_whole_jobs(artist: Customer, worker: Worker):
    job = order(artist, worker, 3)

    listed = artist.get("/api/jobs", params={"walletAddress": artist.wallet}).json()["jobs"]
    assert [each["jobId"] for each in listed] == [job["jobId"]]


def test_a_part_that_fails_ends_the_whole_and_the_rest_comes_back(artist: Customer, worker: Worker):
    artist.deposit("1")
    worker.ready(jobType="render")
    job = order(artist, worker, 3, budget="0.9")
    render(worker)
    render(worker, result=None, error="the scene has no camera", blamesInput=True)

    done = ended(artist, job)
    assert done["status"] == "failed"
    assert done["error"] == {"code": "part_failed", "message": "the scene has no camera"}
    states = [part["status"] for part in parts_of(artist, job)]
    assert sorted(states) == ["cancelled", "completed", "failed"]
    balance = artist.get(f"/api/wallets/{artist.wallet}").json()["wallet"]
    assert (balance["balance"], balance["held"]) == (1, 0)


def test_a_job_in_parts_is_cancelled_as_a_whole(artist: Customer, worker: Worker):
    worker.ready(jobType="render")
    job = order(artist, worker, 3)
    running = worker.offer()
    worker.tell({"kind": "accept", "leaseId": running["leaseId"]})
    path = f"/api/jobs/{job['jobId']}/cancel"

    problem(artist.post(path, json={"walletAddress": artist.wallet}), 400)
    answer = artist.post(path, json={"walletAddress": artist.wallet, "stopRunning": True})

    assert answer.json()["job"]["status"] == "cancelled"
    assert {part["status"] for part in parts_of(artist, job)} == {"cancelled"}


def test_all_parts_are_paid_for_or_none_begins(artist: Customer, worker: Worker):
    artist.deposit("0.5")
    body = problem(
        artist.post("/api/jobs", json=artist.body(jobType="render", budget="0.9", parts=2, input=_input())),
        400,
        "insufficient_balance",
    )

    assert "0.5" in body["error"]
    assert artist.get("/api/jobs", params={"walletAddress": artist.wallet}).json()["count"] == 0


def _input() -> JSON:
    scene = {"sha256": hashlib.sha256(SCENE).hexdigest()}
    return {"scene": scene, "frames": [1, 2], "width": 8, "height": 4, "samples": 2}


def test_what_cannot_be_divided_is_an_ordinary_job(artist: Customer, worker: Worker):
    assert order(artist, worker, 1)["parts"] == 0
    assert artist.submit(parts=4)["parts"] == 0


def test_the_number_of_parts_has_a_limit(artist: Customer):
    answer = artist.post("/api/jobs", json=artist.body(parts=65))

    assert answer.status_code == 422


def test_an_unknown_parent_has_no_parts(artist: Customer):
    assert artist.get("/api/jobs", params={"parentId": "nonsense"}).status_code == 404
    unknown = {"parentId": "018f0000-0000-7000-8000-000000000000", "walletAddress": wallet()}
    assert artist.get("/api/jobs", params=unknown).json()["jobs"] == []
