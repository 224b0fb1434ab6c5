"""Hostile input: every answer is a refusal that explains itself, never a 5xx, and the server works on."""

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.parties import MODULE, Customer, Worker, paths, problem, wallet

MIB = 1 << 20


@pytest.fixture(autouse=True)
def survives(api: httpx.Client) -> Iterator[None]:
    """After each attack the server still works."""
    yield
    assert api.get("/health").json()["status"] == "healthy"


def raw_job(budget: str) -> bytes:
    job = {"walletAddress": wallet(), "jobType": "generic_compute", "input": MODULE}
    return json.dumps(job).encode()[:-1] + b', "budget": ' + budget.encode() + b"}"


def send(api: httpx.Client, content: bytes, path: str = "/api/jobs") -> httpx.Response:
    return api.post(path, content=content, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("budget", [
    "-1", '"-1"', "-0.000001", '"NaN"', '"Infinity"', '"-Infinity"', '"sNaN"', '"1.0000001"', "1.0000001",
    "18446744073709551616", '"18446744073709551616"', "1000000001", '"1000000000.000001"', "true", "[]", "{}", "null",
    '"1_0"', '"0x10"', '"\\uff11"', '""', '"."', '"1e"',
    '"1e1000"', '"' + "1" * 41 + '"',
    '"1\\u0000"', "1e308", "1e-7", "123456789012345678901234567890",
])  # fmt: skip
def test_a_budget_that_is_none_is_refused(api: httpx.Client, budget: str):
    body = problem(send(api, raw_job(budget)), 422, "invalid_request")

    assert paths(body) == {"budget"}


@pytest.mark.parametrize(
    "budget", ["NaN", "Infinity", "-Infinity", "1e400", "01", "+1", "0x10", "1" * 5000, "1.", ".5"]
)
def test_a_number_that_json_does_not_have_is_malformed(api: httpx.Client, budget: str):
    problem(send(api, raw_job(budget)), 400, "malformed_request")


@pytest.mark.parametrize(("budget", "kept"), [
    ("0", 0), ("-0", 0), ('"0.5"', 0.5), ("1e2", 100), ("0.1", 0.1), ('"1000000000"', 10**9), ("0.000001", 0.000001),
    ('"007"', 7),
])  # fmt: skip
def test_a_budget_that_is_one_is_kept_exactly(api: httpx.Client, budget: str, kept: float):
    answer = send(api, raw_job(budget))

    assert answer.status_code == 201
    assert answer.json()["job"]["budget"] == kept


@pytest.mark.parametrize(("path", "field"), [
    ("/api/nodes/register", "price"), ("/api/jobs", "requirements.maxPrice"), ("/api/keys", "spendingLimit"),
])  # fmt: skip
@pytest.mark.parametrize("value", [-1, "NaN", "1.0000001", 2**64, True, [], "1_0", "1e99"])
def test_other_amounts_are_checked_alike(customer: Customer, path: str, field: str, value: object):
    given = {"requirements": {"maxPrice": value}} if "." in field else {field: value}

    assert paths(problem(customer.post(path, json=customer.body(**given)), 422)) == {field}


def test_a_body_of_ten_mebibytes_is_too_large(api: httpx.Client, worker: Worker):
    body = json.dumps({"walletAddress": "x" * 10 * MIB}).encode()
    for path in (
        "/api/jobs",
        "/api/nodes/register",
        "/api/auth/verify",
        "/api/keys",
        f"/api/nodes/{worker.node_id}/frames",
    ):
        problem(send(api, body, path), 413, "too_large")
    problem(api.post("/api/jobs", content=iter([body[:MIB]] * 10), headers={"Content-Type": "application/json"}), 413)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("depth", [65, 990, 100_000])
@pytest.mark.parametrize("path", ["/api/jobs", "/api/nodes/register", "/api/metrics/update"])
def test_json_a_hundred_thousand_deep_is_malformed(
    api: httpx.Client, path: str, depth: int, opening: str, closing: str
):
    for content in (opening * depth + "1" + closing * depth, opening * depth):
        for whole in (content, f'{{"walletAddress": "{wallet()}", "input": {content}}}'):
            problem(send(api, whole.encode()[: MIB - 1], path), 400, "malformed_request")


def test_json_of_sixty_levels_and_brackets_in_texts_are_fine(customer: Customer):
    deep = json.loads('{"a":' * 50 + "1" + "}" * 50)
    node_id = customer.post("/api/nodes/register", json={"walletAddress": customer.wallet}).json()["node"]["nodeId"]

    assert customer.post(f"/api/nodes/{node_id}/heartbeat", json={"metrics": deep}).status_code == 200
    text = '[{"' * 1000
    assert customer.post(f"/api/nodes/{node_id}/heartbeat", json={"metrics": {"text": text}}).status_code == 200


TEXTS = ["model", "jobType", "walletAddress", "assurance", "requirements.gpuModel", "requirements.country",
         "requirements.cudaVersion", "requirements.capabilities[0]", "requirements.allowNodes[0]",
         "requirements.denyWallets[0]", "input.args[0]", "input.module.sha256", "input.module.wat"]  # fmt: skip


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("text", ['"a\\u0000b"', '"a\x00b"', '"\\ud800"', '"\\udfff x"', '"\\ud800\\ud800"'])
def test_nul_and_lone_surrogates_in_any_text_are_refused(api: httpx.Client, field: str, text: str):
    name, _, inner = field.partition(".")
    value = text
    for part in reversed(inner.split(".")) if inner else ():
        key, _, indexed = part.partition("[")
        value = f'{{"{key}": {f"[{value}]" if indexed else value}}}'
    given = {
        "walletAddress": f'"{wallet()}"',
        "jobType": '"generic_compute"',
        "input": '{"runtime": "wasm", "module": {"wat": "()"}}',
    }
    given[name] = value
    body = "{" + ", ".join(f'"{key}": {value}' for key, value in given.items()) + "}"

    answer = send(api, body.encode())

    if (field, text) == ("input.module.wat", '"a\\u0000b"'):
        return  # Only the program's own text: the node judges it.
    problem(answer, 422 if "u0000" in text else 400) if field != "jobType" or "u0000" not in text else problem(
        answer, 400 if answer.json()["code"] == "invalid_job_type" else 422
    )


@pytest.mark.parametrize("field", ["machineId", "gpuModel", "driverVersion", "hostOS", "cpuModel", "location.country",
                                   "location.city", "capabilities[0]"])  # fmt: skip
def test_nul_in_a_nodes_description_is_refused(customer: Customer, field: str):
    name, _, inner = field.partition(".")
    value: object = {inner: "a\x00"} if inner else ["a\x00"] if name.endswith("[0]") else "a\x00"

    answer = customer.post(
        "/api/nodes/register", json={"walletAddress": customer.wallet, name.removesuffix("[0]"): value}
    )

    assert paths(problem(answer, 422)) == {field}


@pytest.mark.parametrize("name", ["walletAddress", "status", "jobType", "cursor", "limit", "gpuModel", "capability", "country",  # noqa: E501
                                  "minVRAM", "nobody"])  # fmt: skip
@pytest.mark.parametrize("value", ["%00", "a%00b", "%ff%fe", "%ED%A0%80", "%f0%9f", "%", "%zz", "x" * 60_000])
@pytest.mark.parametrize("path", ["/api/jobs", "/api/nodes"])
def test_a_query_of_anything_is_answered_or_refused(api: httpx.Client, path: str, name: str, value: str):
    answer = api.get(httpx.URL(f"{api.base_url}{path}").copy_with(raw_path=f"{path}?{name}={value}".encode()))

    assert answer.status_code in (200, 400, 422), answer.text
    if answer.status_code != 200:
        problem(answer, answer.status_code)


@pytest.mark.parametrize("value", ["%00", "%ff", "%ED%A0%80", "..%2f..", "%0a", "x" * 5000, "%E2%80%AE"])
@pytest.mark.parametrize("path", ["/api/jobs/{}", "/api/jobs/{}/explain", "/api/jobs/{}/receipt", "/api/jobs/{}/events",
                                  "/api/nodes/{}", "/api/wallets/{}", "/api/artifacts/{}", "/{}", "/docs/assets/{}"])  # fmt: skip  # noqa: E501
def test_a_path_of_anything_is_not_found(api: httpx.Client, path: str, value: str):
    answer = api.get(httpx.URL(api.base_url).copy_with(raw_path=path.format(value).encode()))

    problem(answer, 404)


def test_a_wallet_of_anything_has_no_nodes(api: httpx.Client):
    for value in ("%00", "%ff", "%ED%A0%80", "x" * 5000):
        answer = api.get(httpx.URL(api.base_url).copy_with(raw_path=f"/api/nodes/wallet/{value}".encode()))
        assert answer.status_code in (200, 404, 422)


def exchange(url: str, request: bytes) -> bytes:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
            if b"\r\n\r\n" in answer:
                return answer
        return answer


@pytest.mark.parametrize("header", [b"X-Artifact-Name: a\x00b", b"Idempotency-Key: \x00", b"Bad\x00Name: x", b"Authorization: Bearer \x00",  # noqa: E501
                                    b"X: \r\n folded", b"Content-Length: -1", b"Content-Length: 5\r\nContent-Length: 6",
                                    b"Transfer-Encoding: chunked\r\nContent-Length: 3"])  # fmt: skip
def test_a_request_that_is_no_http_is_refused_before_it_gets_anywhere(open_url: str, header: bytes):
    answer = exchange(open_url, b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("header", ["Authorization", "Idempotency-Key", "X-Artifact-Name", "X-Anything", "Cookie"])
def test_a_gigantic_header_is_refused(customer: Customer, header: str):
    answer = customer.post("/api/jobs", json=customer.body(), headers={header: "Bearer " + "x" * 200_000})

    problem(answer, 431, "headers_too_large")


@pytest.mark.parametrize("token", ["", "Basic x", "Bearer", "Bearer \xff", "bearer " + "x" * 1000, "Bearer a b"])
def test_a_token_that_is_none_is_refused(api: httpx.Client, token: str):
    answer = api.get("/api/jobs", headers=[(b"Authorization", token.encode("latin-1"))])

    if token:
        problem(answer, 401, "not_authenticated")
    else:
        assert answer.status_code == 200


def test_the_last_of_two_equal_names_counts(api: httpx.Client):
    mine = wallet()
    body = f'{{"walletAddress": "x", "walletAddress": "{mine}", "jobType": "generic_compute", "input": {json.dumps(MODULE)}}}'  # noqa: E501

    answer = send(api, body.encode())

    assert (answer.status_code, answer.json()["job"]["walletAddress"]) == (201, mine)


@pytest.mark.parametrize("field", ["maxDuration", "priority", "vram", "gpuCount", "ramTotal", "expiresIn"])
@pytest.mark.parametrize(
    "number", ["99999999999999999999", "-99999999999999999999", "1e300", "1.5", "true", '"x"', "9" * 300]
)
def test_a_number_beyond_its_bounds_is_refused(api: httpx.Client, field: str, number: str):
    paths_of = {"maxDuration": "/api/jobs", "priority": "/api/jobs", "expiresIn": "/api/keys"}
    path = paths_of.get(field, "/api/nodes/register")
    body = f'{{"walletAddress": "{wallet()}", "jobType": "llm_inference", "input": {{"prompt": "x"}}, "{field}": {number}}}'  # noqa: E501

    answer = send(api, body.encode(), path)

    assert paths(problem(answer, 422)) == {field}


def test_frames_of_anything_are_refused(worker: Worker):
    worker.ready()
    hostile = [
        {"kind": "nonsense"}, {}, {"kind": "hello", "capacity": "x"}, {"kind": "accept"},
        {"kind": "hello", "engines": [{"jobType": "x", "pricePerUnit": "-1"}]},
        {"kind": "hello", "engines": [{"jobType": "x", "pricePerUnit": "1_0"}]},
        {"kind": "progress", "leaseId": "x", "fraction": "half"}, {"kind": 5}, {"kind": "beat", "leases": [1]},
    ]  # fmt: skip
    for frame in hostile:
        answer = worker.post(f"/api/nodes/{worker.node_id}/frames", json=[frame], params={"waitSeconds": 0})
        problem(answer, 422, "invalid_request")
    for harmless in (
        {"kind": "accept", "leaseId": "\x00"}, {"kind": "hello", "capacity": -5}, {"kind": "hello", "capacity": 10**9},
        {"kind": "beat", "leases": ["x", "\x00"]}, {"kind": "report", "leaseId": "x", "error": "a\x00"},
        {"kind": "hello", "engines": [{"jobType": "\x00", "models": ["\x00"]}]},
    ):  # fmt: skip
        answer = worker.post(f"/api/nodes/{worker.node_id}/frames", json=[harmless], params={"waitSeconds": 0})
        assert answer.status_code < 500, (harmless, answer.text)
    for wait in ("nan", "inf", "-1", "26", "x"):
        problem(worker.post(f"/api/nodes/{worker.node_id}/frames", json=[], params={"waitSeconds": wait}), 422)


def test_a_report_with_anything_in_it_never_breaks_the_settlement(customer: Customer, worker: Worker):
    worker.ready()
    for fields in ({"logs": ["a\x00b", "\x00" * 100]}, {"metrics": {"units": 10**18}}, {"metrics": {"units": -5}},
                   {"metrics": {"units": True}}, {"metrics": {"units": 1e300}}, {"metrics": {"units": 2**64}},
                   {"logs": "\x00"}, {"logs": ["x"] * 5000}):  # fmt: skip
        job = customer.submit(requirements=worker.requirements)
        assert worker.offer()["jobId"] == job["jobId"]
        answer = worker.report(job["jobId"], **fields)
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 422:
            assert worker.report(job["jobId"]).status_code == 200
        assert customer.job(job["jobId"])["status"] == "completed"
