"""The Idempotency-Key of every POST that creates."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from tests.api.parties import Customer, problem, wallet

Create = Callable[[Customer, str], httpx.Response]


def post(path: str, **body: object) -> Create:
    def create(customer: Customer, key: str) -> httpx.Response:
        given = {"walletAddress": customer.wallet, **body}
        return customer.post(path.format(customer=customer), json=given, headers={"Idempotency-Key": key})

    return create


def upload(customer: Customer, key: str, content: bytes = b"content") -> httpx.Response:
    headers = {"Idempotency-Key": key}
    return customer.post("/api/artifacts", params={"walletAddress": customer.wallet}, content=content, headers=headers)


JOB = {"jobType": "llm_inference", "input": {"prompt": "x"}, "model": "nobody has it"}
CREATES: dict[str, tuple[Create, Create]] = {
    "job": (post("/api/jobs", **JOB), post("/api/jobs", **JOB, priority=1)),
    "key": (post("/api/keys", name="a"), post("/api/keys", name="b")),
    "node": (post("/api/nodes/register", machineId="a"), post("/api/nodes/register", machineId="b")),
    "withdrawal": (
        post("/api/wallets/{customer.wallet}/withdraw", amount=1),
        post("/api/wallets/{customer.wallet}/withdraw", amount="1.0"),
    ),
    "artifact": (upload, lambda customer, key: upload(customer, key, b"other")),
}


@pytest.mark.parametrize("what", CREATES)
def test_the_same_key_and_body_get_the_same_answer_and_another_body_none(customer: Customer, what: str):
    create, other = CREATES[what]
    if what == "withdrawal":
        customer.deposit("3")
    key = uuid4().hex

    first = create(customer, key)
    again = create(customer, key)

    assert first.status_code == 201, first.text
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    problem(other(customer, key), 422, "idempotency_key_reused")
    fresh = create(customer, uuid4().hex)
    assert fresh.status_code in (200, 201)
    if what not in ("artifact", "node"):
        assert fresh.json() != first.json()


def test_no_secret_is_stored_with_the_answers(customer: Customer, api_network):
    for what, field in (("key", "token"), ("node", "nodeToken")):
        create, _ = CREATES[what]
        key = uuid4().hex
        token = create(customer, key).json()[field]
        assert create(customer, key).json()[field] == token
        [row] = api_network.rows("SELECT response FROM idempotency WHERE key = $1", key)
        assert field not in json.loads(row["response"])
        assert token.encode() not in row["response"]


def test_many_at_once_make_one(customer: Customer):
    create, _ = CREATES["job"]
    key = uuid4().hex

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: create(customer, key), range(16)))

    made = [answer.json()["job"]["jobId"] for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(set(made)) == 1
    for answer in refused:
        problem(answer, 409, "request_in_flight")
    listed = customer.get("/api/jobs", params={"walletAddress": customer.wallet}).json()["jobs"]
    assert [job["jobId"] for job in listed] == made[:1]


def test_a_request_in_flight_keeps_its_key(customer: Customer, api_network):
    key = uuid4().hex
    create, _ = CREATES["job"]
    create(customer, key)
    api_network.rows("UPDATE idempotency SET status = NULL, response = NULL WHERE key = $1", key)

    problem(create(customer, key), 409, "request_in_flight")


def test_a_request_whose_coordinator_died_is_made_again_under_the_same_id(customer: Customer, api_network):
    for what in ("job", "node", "key"):
        create, _ = CREATES[what]
        key = uuid4().hex
        first = create(customer, key)
        api_network.rows(
            "UPDATE idempotency SET status = NULL, response = NULL, created_at = now() - interval '1 hour' "
            "WHERE key = $1", key,
        )  # fmt: skip

        again = create(customer, key)

        assert again.status_code == first.status_code
        ids = {"job": ("job", "jobId"), "node": ("node", "nodeId"), "key": ("key", "keyId")}[what]
        assert again.json()[ids[0]][ids[1]] == first.json()[ids[0]][ids[1]]
        for field in ("token", "nodeToken"):
            assert again.json().get(field) == first.json().get(field)


def test_a_failed_request_releases_its_key(customer: Customer):
    key = uuid4().hex
    wrong = post("/api/jobs", **{**JOB, "jobType": "mining"})
    problem(wrong(customer, key), 400, "invalid_job_type")

    assert CREATES["job"][0](customer, key).status_code == 201


def test_a_withdrawal_is_paid_once(customer: Customer):
    customer.deposit("1")
    create, _ = CREATES["withdrawal"]
    key = uuid4().hex

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: create(customer, key), range(8)))

    assert create(customer, key).status_code == 201
    payouts = customer.get(f"/api/wallets/{customer.wallet}/payouts").json()["payouts"]
    assert [payout["amount"] for payout in payouts] == [1]
    problem(create(customer, uuid4().hex), 400, "insufficient_balance")


def test_a_key_belongs_to_its_wallet(customer: Customer, open_url: str):
    key = uuid4().hex
    with Customer(open_url) as other:
        ids = {CREATES["job"][0](who, key).json()["job"]["jobId"] for who in (customer, other)}

    assert len(ids) == 2


def test_a_key_of_another_route_is_a_conflict(customer: Customer):
    key = uuid4().hex
    assert post("/api/jobs", **JOB)(customer, key).status_code == 201

    problem(post("/api/keys", **JOB)(customer, key), 422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "x" * 257])
def test_a_key_out_of_bounds_is_refused(customer: Customer, key: str):
    body = problem(CREATES["job"][0](customer, key), 422, "invalid_request")

    assert body["errors"][0]["path"] == "Idempotency-Key"


def test_a_key_in_any_letters_is_a_key(customer: Customer):
    key = b"cl\xc3\xa9 \xff"
    body = {"walletAddress": wallet(), **JOB}
    answers = [customer.post("/api/jobs", json=body, headers=[(b"Idempotency-Key", key)]) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
