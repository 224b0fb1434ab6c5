"""Refusals: problem details, limits of size and rate, who may ask from where."""

import httpx
import pytest

from tests.api.parties import Connection, Customer, problem, wallet
from tests.network import TestNetwork

FOREIGN = "https://evil.example"


@pytest.mark.parametrize("path", ["/", "/nothing", "/api", "/api/none", "/api/jobs/a/b/c", "/api/nodes/x/y", "/%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_an_unknown_path_has_no_endpoint(api: httpx.Client, method: str, path: str):
    problem(api.request(method, path), 404, "endpoint_not_found", "Endpoint not found")


@pytest.mark.parametrize(("method", "path"), [("PUT", "/api/jobs"), ("DELETE", "/health"), ("PATCH", "/api/nodes")])
def test_another_method_is_not_allowed(api: httpx.Client, method: str, path: str):
    answer = api.request(method, path)

    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]


def test_a_problem_has_all_of_rfc_9457_and_what_older_clients_read(api: httpx.Client):
    body = problem(api.get("/api/jobs/x"), 404)

    assert body == {
        "type": "urn:hypernode:problem:not_found", "title": "Not Found", "status": 404, "detail": "Job not found",
        "instance": "/api/jobs/x", "error": "Job not found", "code": "not_found",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content", [b"{", b"nonsense", b'{"a": 1,}', b"'x'", b'"\xff"', b"{} {}", b"\x00", b"\xef\xbb\xbf{}"]
)
def test_json_that_is_none_is_malformed(api: httpx.Client, content: bytes):
    answer = api.post("/api/jobs", content=content, headers={"Content-Type": "application/json"})

    problem(answer, 400, "malformed_request")


@pytest.mark.parametrize("content", [b"[]", b"1", b'"x"', b"null", b"true", b""])
def test_json_of_another_form_is_a_wrong_field(api: httpx.Client, content: bytes):
    answer = api.post("/api/jobs", content=content, headers={"Content-Type": "application/json"})

    assert problem(answer, 422, "invalid_request")["errors"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                  "application/xml", "application/msgpack", "nonsense", ";", "application/jsonp"])  # fmt: skip  # noqa: E501
def test_a_body_of_another_media_type_is_not_read(customer: Customer, kind: str):
    answer = customer.post("/api/jobs", content=b"{}", headers={"Content-Type": kind})

    if kind == ";":
        problem(answer, 422)
    else:
        problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/vnd.x+json"])
def test_json_by_any_of_its_names_is_read(customer: Customer, kind: str):
    import json

    answer = customer.post("/api/jobs", content=json.dumps(customer.body()), headers={"Content-Type": kind})

    assert answer.status_code == 201


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_a_mebibyte_is_too_large(api: httpx.Client, chunked: bool):
    body = b'{"walletAddress": "' + b"x" * (1 << 20) + b'"}'
    content = iter([body]) if chunked else body

    answer = api.post("/api/jobs", content=content, headers={"Content-Type": "application/json"})

    problem(answer, 413, "too_large")


def test_one_mebibyte_is_not_too_large(customer: Customer):
    body = customer.body(jobType="llm_inference", input={"prompt": "x" * (1_000_000)})

    assert customer.post("/api/jobs", json=body).status_code == 201


@pytest.mark.parametrize("address", ["x", "", "1" * 43, "1" * 33, "0OIl" * 11, "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin\n",  # noqa: E501
                                     None, 5, "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusV", "z" * 44])  # fmt: skip
@pytest.mark.parametrize("path", ["/api/jobs", "/api/nodes/register", "/api/auth/challenge", "/api/keys"])
def test_what_is_no_solana_address_is_refused(api: httpx.Client, path: str, address: object):
    answer = api.post(path, json={"walletAddress": address, "jobType": "llm_inference", "input": {"prompt": "x"}})

    if (path, address) == ("/api/keys", None):
        problem(answer, 401, "not_authenticated")
    else:
        assert "walletAddress" in [bad["path"] for bad in problem(answer, 422, "invalid_request")["errors"]]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:3001", "localhost.evil.example", "127.0.0.1.evil.example",  # noqa: E501
                                  "127.0.0.1@evil.example", "[::2]", "[", "192.168.0.1", "0.0.0.0"])  # fmt: skip
@pytest.mark.parametrize("path", ["/api/jobs", "/health", "/metrics", "/openapi.json"])
def test_open_mode_refuses_a_host_that_is_bound_to_this_machine_by_name(api: httpx.Client, path: str, host: str):
    problem(api.get(path, headers={"Host": host}), 403, "forbidden_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:3001", "127.0.0.1:1", "[::1]:3001", "LOCALHOST"])
def test_open_mode_answers_to_loopback_names(api: httpx.Client, host: str):
    assert api.get("/api/jobs", headers={"Host": host}).status_code == 200


def test_signed_mode_answers_to_any_name(signed: httpx.Client):
    assert signed.get("/api/jobs", headers={"Host": "api.hypernode.example"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8080"])
def test_open_mode_lets_pages_of_this_machine_in(api: httpx.Client, origin: str):
    preflight = api.options("/api/jobs", headers={"Origin": origin, "Access-Control-Request-Method": "POST",
                                                  "Access-Control-Request-Headers": "content-type,idempotency-key"})  # fmt: skip  # noqa: E501
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answer = api.get("/api/jobs", headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin
    assert "retry-after" in answer.headers["access-control-expose-headers"].lower()


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost.evil.example", "http://evil.example:3001", "["])
def test_open_mode_shuts_foreign_pages_out_even_where_they_do_not_read_the_answer(customer: Customer, origin: str):
    preflight = customer.options("/api/jobs", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in preflight.headers
    before = customer.get("/api/jobs", params={"walletAddress": customer.wallet}).json()["count"]

    answer = customer.post("/api/jobs", json=customer.body(), headers={"Origin": origin})

    problem(answer, 403, "forbidden_origin")
    assert "access-control-allow-origin" not in answer.headers
    assert customer.get("/api/jobs", params={"walletAddress": customer.wallet}).json()["count"] == before


@pytest.mark.parametrize("origin", [FOREIGN, "http://localhost:3000"])
def test_signed_mode_lets_all_pages_in_without_credentials(signed: httpx.Client, origin: str):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    preflight = signed.options("/api/jobs", headers=headers)
    answer = signed.get("/api/jobs", headers={"Origin": origin})

    for given in (preflight, answer):
        assert given.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in given.headers


def test_a_caller_beyond_the_rate_limit_is_told_when_to_come_again(api_network: TestNetwork):
    limited = api_network.coordinator(HYPERNODE_RATE_LIMIT="5/minute").ready()
    with Connection(limited.url) as client:
        left = []
        for _ in range(5):
            answer = client.get("/api/jobs", params={"limit": 1})
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"default";q=5;w=60'
            name, remaining, reset = answer.headers["ratelimit"].split(";")
            assert name == '"default"'
            assert 1 <= int(reset.removeprefix("t=")) <= 60
            left.append(int(remaining.removeprefix("r=")))
        assert left == [4, 3, 2, 1, 0]

        refused = client.post("/api/jobs", json={"walletAddress": wallet(), "jobType": "x"})

        body = problem(refused, 429, "too_many_requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["retry-after"] in body["error"]
        assert refused.headers["ratelimit"] == f'"default";r=0;t={refused.headers["retry-after"]}'
        assert refused.headers["ratelimit-policy"] == '"default";q=5;w=60'
        assert client.get("/health").status_code == 200
    limited.stop()
