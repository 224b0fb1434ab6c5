"""The short way of busy requests and the framework's way take, refuse and answer alike."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hypernode.chain.keys import Keypair, address_of
from tests.network import Coordinator, TestNetwork

SHORT = {"content-type": "application/json"}
ORDINARY = {"content-type": "application/json; charset=utf-8"}
VARIES = {"jobId", "createdAt", "updatedAt", "inputSalt"}
WALLET = address_of(Keypair())
JOB: dict[str, Any] = {"walletAddress": WALLET, "jobType": "llm_inference", "input": {"prompt": "hello"}}


@pytest.fixture(scope="module")
def coordinator(shared_network: TestNetwork) -> Iterator[Coordinator]:
    """One for all."""
    yield shared_network.coordinator().ready()


def same(value: Any) -> Any:
    """An answer without what differs from one job to the next."""
    if isinstance(value, dict):
        return {key: same(item) for key, item in value.items() if key not in VARIES}
    return value


def both(url: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[httpx.Response, httpx.Response]:
    """The answers of both ways."""
    short, ordinary = (httpx.post(url, content=body, headers=kind | (headers or {})) for kind in (SHORT, ORDINARY))
    return short, ordinary


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"budget": 3, "model": "some-model", "priority": 5, "maxDuration": 60},
        {"requirements": {"minVRAM": 0, "capabilities": ["inference"], "maxPrice": "1.5"}},
        {"requirements": None},
        {"requirements": {"minVram": 8}},
        {"jobType": "nonsense"},
        {"jobType": "render"},
        {"jobType": 3, "walletAddress": "x", "budget": []},
        {"budget": -1, "input": {"promp": 1}},
        {"budget": "1.0000001"},
        {"maxDuration": 0},
        {"model": "a\x00b"},
        {"walletAddress": None},
        {"unknown": True},
    ],
)
def test_a_job_is_taken_or_refused_alike(coordinator: Coordinator, change: dict[str, Any]):
    short, ordinary = both(f"{coordinator.url}/api/jobs", json.dumps({**JOB, **change}).encode())

    assert short.status_code == ordinary.status_code
    assert same(short.json()) == same(ordinary.json())
    assert short.headers["content-type"] == ordinary.headers["content-type"]
    assert "ratelimit" in short.headers and "ratelimit" in ordinary.headers


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'{"walletAddress":"\xff"}', b'{"walletAddress":"\\ud800"}', b"[" * 100_000]
)
def test_what_is_no_job_is_refused_alike(coordinator: Coordinator, body: bytes):
    short, ordinary = both(f"{coordinator.url}/api/jobs", body)

    assert short.status_code == ordinary.status_code
    assert 400 <= short.status_code < 500
    assert short.json() == ordinary.json()


@pytest.mark.parametrize(
    "body", [b"{}", b'{"status":"draining","metrics":{"load":1}}', b'{"status":"lost"}', b'{"metrics":3}', b""]
)
def test_a_heartbeat_is_taken_or_refused_alike(coordinator: Coordinator, body: bytes):
    registered = httpx.post(f"{coordinator.url}/api/nodes/register", json={"walletAddress": WALLET}).json()
    for node_id in (registered["node"]["nodeId"], "00000000-0000-7000-8000-000000000000", "nonsense"):
        short, ordinary = both(f"{coordinator.url}/api/nodes/{node_id}/heartbeat", body)

        assert short.status_code == ordinary.status_code
        assert short.json() == ordinary.json()


def test_a_foreign_host_and_a_bad_token_are_refused_alike(coordinator: Coordinator):
    for headers in ({"host": "evil.example"}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic eA=="}):
        short, ordinary = both(f"{coordinator.url}/api/jobs", json.dumps(JOB).encode(), headers)

        assert short.status_code == ordinary.status_code
        assert short.json() == ordinary.json()
