"""Job types: schemas to make a form of, and examples that work."""

from hashlib import sha256

import httpx
import pytest
from jsonschema import Draft202012Validator

from hypernode.domain.job import JobType
from tests.api.parties import Customer, job_of, problem


@pytest.fixture(scope="module")
def entries(api: httpx.Client) -> dict[str, dict]:
    body = api.get("/api/job-types").json()
    assert body["success"] is True
    assert body["count"] == len(body["jobTypes"])
    return {entry["jobType"]: entry for entry in body["jobTypes"]}


def test_they_come_in_an_order_that_stays(entries: dict[str, dict]):
    assert list(entries) == [job_type.value for job_type in JobType]


def test_each_says_what_a_customer_must_know(entries: dict[str, dict]):
    for job_type, entry in entries.items():
        assert set(entry) == {
            "jobType", "title", "description", "capability", "inputSchema", "example", "exampleFiles", "unit", "needs",
        }  # fmt: skip
        assert entry["title"]
        assert entry["description"]
        assert entry["unit"]["per"] > 0
        assert entry["needs"] == f"hypernode node doctor --fix {job_type}"


def test_each_schema_takes_its_example_and_says_what_its_fields_mean(entries: dict[str, dict]):
    for job_type, entry in entries.items():
        Draft202012Validator.check_schema(entry["inputSchema"])
        validator = Draft202012Validator(entry["inputSchema"])
        validator.validate(entry["example"]["input"])
        assert not validator.is_valid({"nonsense": 1})
        told = [
            field.get("description")
            for part in entry["inputSchema"]["$defs"].values()
            for field in part["properties"].values()
        ]
        assert any(told), job_type


@pytest.mark.parametrize("job_type", list(JobType))
def test_each_example_works_as_it_stands(customer: Customer, entries: dict[str, dict], job_type: str):
    entry = entries[job_type]
    for file in entry["exampleFiles"]:
        content = customer.get(file["url"]).content
        assert (sha256(content).hexdigest(), len(content)) == (file["sha256"], file["size"])
        customer.post("/api/artifacts", params={"walletAddress": customer.wallet}, content=content)
    nowhere = {"requirements": {"minVRAM": 990}}  # No node of other tests is to take it.

    job_of(customer.post("/api/jobs", json={**entry["example"], **nowhere, "walletAddress": customer.wallet}), 201)


def test_a_file_that_no_example_has_is_not_found(api: httpx.Client):
    problem(api.get("/api/job-types/render/files/nothing"), 404, "not_found", "Example not found")
    problem(api.get("/api/job-types/knitting/files/scene.blend"), 404, "not_found", "Example not found")
