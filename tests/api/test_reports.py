"""What nodes say of their leases in one message: taken together where that is possible, each by itself where not."""

import time
from datetime import datetime
from uuid import uuid4

import pytest

from tests.api.parties import JSON, RESULT, Customer, Worker

REPORTED_TOO_LATE = {"kind": "reported", "accepted": False}


def accept(lease_id: str) -> JSON:
    return {"kind": "accept", "leaseId": lease_id}


def report(lease_id: str, **fields: object) -> JSON:
    return {"kind": "report", "leaseId": lease_id, "result": RESULT, "units": 7, **fields}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("assurance", ["none", "always"])
def test_a_job_that_is_accepted_and_reported_at_once_ran_since_it_was_offered(
    customer: Customer, worker: Worker, assurance: str
):
    job = customer.submit(requirements=worker.ready().requirements, assurance=assurance)
    offer = worker.offer()
    time.sleep(0.5)

    answers = worker.poll(accept(offer["leaseId"]), report(offer["leaseId"]))

    assert answers == [{"kind": "reported", "leaseId": offer["leaseId"], "accepted": True}]
    done = customer.job(job["jobId"])
    assert (done["status"], done["units"], done["result"]) == ("completed", 7, RESULT)
    assert moment(done["metrics"]["startTime"]) - moment(done["createdAt"]) < 0.5
    assert moment(done["metrics"]["endTime"]) - moment(done["metrics"]["startTime"]) >= 0.5


def test_a_report_of_a_failure_that_comes_with_the_acceptance_counts_against_the_job(
    customer: Customer, worker: Worker
):
    job = customer.submit(requirements=worker.ready().requirements, assurance="none")

    for _ in range(3):
        lease_id = worker.offer()["leaseId"]
        worker.tell(accept(lease_id), report(lease_id, result=None, error="no disk"))

    assert customer.job(job["jobId"])["status"] == "failed"
    assert customer.job(job["jobId"])["error"]["message"] == "no disk"


def test_leases_that_are_lost_do_not_keep_the_others_of_a_message_from_being_taken(customer: Customer, worker: Worker):
    job = customer.submit(requirements=worker.ready().requirements, assurance="none")
    lease_id, other, third = worker.offer()["leaseId"], str(uuid4()), str(uuid4())

    answers = worker.poll(
        *(accept(each) for each in (other, third, lease_id)),
        *(report(each) for each in ("no lease at all", other, lease_id)),
    )

    assert {"kind": "revoke", "leaseId": third, "reason": "lost"} in answers
    assert {**REPORTED_TOO_LATE, "leaseId": other} in answers
    assert {**REPORTED_TOO_LATE, "leaseId": "no lease at all"} in answers
    assert {"kind": "reported", "leaseId": lease_id, "accepted": True} in answers
    assert customer.job(job["jobId"])["status"] == "completed"
