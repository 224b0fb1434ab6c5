"""The OpenAPI description and the page that shows it."""

import json
import re
import subprocess
import sys

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.api.parties import PROBLEM

ROUTES = [
    "",
    "POST /api/nodes/register",
    "POST /api/nodes/{node_id}/heartbeat",
    "POST /api/nodes/{node_id}/frames",
    "GET /api/nodes",
    "GET /api/nodes/{node_id}",
    "GET /api/nodes/wallet/{wallet}",
    "DELETE /api/nodes/{node_id}",
    "POST /api/jobs",
    "POST /api/jobs/quote",
    "GET /api/job-types",
    "GET /api/job-types/{job_type}/files/{name}",
    "GET /api/jobs",
    "GET /api/jobs/{job_id}",
    "POST /api/jobs/{job_id}/cancel",
    "POST /api/jobs/{job_id}/result",
    "GET /api/jobs/stats/summary",
    "GET /api/jobs/{job_id}/explain",
    "GET /api/jobs/{job_id}/receipt",
    "GET /api/jobs/{job_id}/events",
    "GET /health",
    "GET /api/metrics",
    "GET /api/metrics/history",
    "GET /api/metrics/validation",
    "GET /api/metrics/nodes",
    "GET /api/metrics/jobs",
    "POST /api/metrics/update",
    "GET /api/metrics/health",
    "GET /metrics",
    "POST /api/auth/challenge",
    "POST /api/auth/verify",
    "POST /api/keys",
    "GET /api/keys",
    "DELETE /api/keys/{key_id}",
    "POST /api/artifacts",
    "GET /api/artifacts/{sha256}",
    "GET /api/wallets/{wallet}",
    "POST /api/wallets/{wallet}/withdraw",
    "GET /api/wallets/{wallet}/payouts",
    "GET /api/wallets/{wallet}/earnings",
    "GET /api/wallets/{wallet}/statement",
    "",
][1:-1]


@pytest.fixture(scope="module")
def described(api: httpx.Client) -> dict:
    answer = api.get("/openapi.json")
    assert answer.headers["content-type"].startswith("application/")
    return answer.json()


def test_it_is_openapi_3_1(described: dict):
    assert described["openapi"].startswith("3.1")
    assert described["info"]["title"] == "Hypernode"
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_route_of_the_contract_is_described_and_no_other(described: dict):
    found = {f"{method.upper()} {path}" for path, item in described["paths"].items() for method in item}

    assert found == set(ROUTES)


def test_every_route_says_what_it_does_and_how_it_refuses(described: dict):
    for path, item in described["paths"].items():
        for method, operation in item.items():
            assert operation["summary"] or operation["description"], path
            refusals = operation["responses"]["4XX"]["content"]
            assert list(refusals) == ["application/problem+json"], (method, path)
            reference = refusals["application/problem+json"]["schema"]["$ref"].rsplit("/", 1)[1]
            assert set(described["components"]["schemas"][reference]["required"]) == PROBLEM


def test_it_is_printed_without_a_server(described: dict):
    command = [sys.executable, "-m", "hypernode.wiring.reference", "--openapi"]

    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert json.loads(printed) == described


def test_every_reference_leads_somewhere(described: dict):
    for reference in re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(described)):
        assert reference in described["components"]["schemas"]


def test_the_page_loads_from_here_alone(api: httpx.Client):
    page = api.get("/docs")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not re.findall(
        r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.sub(r'"servers":.*?\]', "", _without_schema(page.text))
    )
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    assert any(url.endswith(".js") for url in loaded)
    assert any(url.endswith(".css") for url in loaded)
    for url in loaded:
        assert url.startswith("/docs/"), url
        assert api.get(url).status_code == 200, url


def _without_schema(page: str) -> str:
    """The description itself may name URLs; nothing loads them."""
    return re.sub(r"spec: .*?\n|const spec = .*?\n|JSON\.parse\(.*?\)", "", page, flags=re.DOTALL)
