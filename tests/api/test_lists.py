"""Lists: newest first, by pages, filtered."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.parties import Customer, problem, wallet

NOBODY = "1" * 32  #: A wallet that is the same in each process that collects the tests.


def pages(api: httpx.Client, path: str, **query: object) -> Iterator[dict]:
    cursor: str | None = None
    while True:
        answer = api.get(path, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        yield answer.json()
        if (cursor := answer.json()["nextCursor"]) is None:
            return


def test_all_pages_of_jobs_are_walked_without_gap_or_repeat_newest_first(customer: Customer):
    made = [customer.submit(budget=1)["jobId"] for _ in range(7)]

    walked = list(pages(customer, "/api/jobs", walletAddress=customer.wallet, limit=3))

    assert [page["count"] for page in walked] == [3, 3, 1]
    assert [job["jobId"] for page in walked for job in page["jobs"]] == made[::-1]


def test_a_page_is_not_disturbed_by_what_comes_meanwhile(customer: Customer):
    made = [customer.submit(budget=1)["jobId"] for _ in range(4)]
    walk = pages(customer, "/api/jobs", walletAddress=customer.wallet, limit=2)
    seen = [job["jobId"] for job in next(walk)["jobs"]]
    customer.submit(budget=1)
    seen += [job["jobId"] for page in walk for job in page["jobs"]]

    assert seen == made[::-1]


def test_all_pages_of_nodes_are_walked(api: httpx.Client):
    owner = wallet()
    made = [
        api.post("/api/nodes/register", json={"walletAddress": owner, "machineId": str(i)}).json()["node"]["nodeId"]
        for i in range(5)
    ]

    walked = list(pages(api, f"/api/nodes/wallet/{owner}", limit=2))

    assert [node["nodeId"] for page in walked for node in page["nodes"]] == made[::-1]


def test_all_pages_of_keys_are_walked(customer: Customer):
    owner = {"walletAddress": customer.wallet}
    made = [customer.post("/api/keys", json=owner).json()["key"]["keyId"] for _ in range(3)]

    walked = list(pages(customer, "/api/keys", limit=2, **owner))

    assert [key["keyId"] for page in walked for key in page["keys"]] == made[::-1]


def test_jobs_are_filtered_by_wallet_status_and_type(customer: Customer):
    pending = customer.submit(budget=1)["jobId"]
    queued = customer.submit(jobType="llm_inference", input={"prompt": "x"}, model="none")["jobId"]

    def found(**query: object) -> list[str]:
        return [
            job["jobId"]
            for job in customer.get("/api/jobs", params={"walletAddress": customer.wallet, **query}).json()["jobs"]
        ]

    assert found() == [queued, pending]
    assert found(status="pending") == [pending]
    assert found(status="queued") == [queued]
    assert found(status="completed") == []
    assert found(jobType="llm_inference") == [queued]
    assert found(jobType="no such type") == []
    assert found(limit=1) == [queued]
    answer = customer.get("/api/jobs", params={"walletAddress": customer.wallet, "limit": 1}).json()
    assert set(answer) == {"success", "count", "jobs", "nextCursor"}


@pytest.mark.parametrize("path", ["/api/jobs", "/api/nodes", f"/api/nodes/wallet/{NOBODY}",
                                  f"/api/wallets/{NOBODY}/payouts", "/api/metrics/validation"])  # fmt: skip
@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "1.5", "99999999999999999999", ""])
def test_a_limit_outside_1_to_1000_is_refused(api: httpx.Client, path: str, limit: str):
    body = problem(api.get(path, params={"limit": limit}), 422, "invalid_request")

    assert [bad["path"] for bad in body["errors"]] == ["limit"]


@pytest.mark.parametrize("path", ["/api/jobs", "/api/nodes", f"/api/nodes/wallet/{NOBODY}",
                                  f"/api/wallets/{NOBODY}/payouts"])  # fmt: skip
@pytest.mark.parametrize("cursor", ["x", "", "\x00", "0" * 5000, "'; DROP TABLE job; --"])
def test_a_cursor_that_was_never_given_out_is_refused(api: httpx.Client, path: str, cursor: str):
    body = problem(api.get(path, params={"cursor": cursor}), 422, "invalid_request")

    assert [bad["path"] for bad in body["errors"]] == ["cursor"]


@pytest.mark.parametrize("limit", ["1", "1000"])
def test_the_bounds_themselves_are_allowed(api: httpx.Client, limit: str):
    assert api.get("/api/jobs", params={"limit": limit}).status_code == 200
