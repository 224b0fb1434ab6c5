"""Our own OpenAPI against the living server: no 5xx, and no answer that the description does not know."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.parties import Customer
from tests.network import TestNetwork

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
)
EXAMPLES = 10


@pytest.fixture
def quick(tmp_path: Path) -> dict[str, str]:
    """A folder without anybody's configuration."""
    return {**os.environ, "HOME": str(tmp_path), "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "hypothesis")}


@pytest.fixture(scope="module")
def served(shared_network: TestNetwork) -> Iterator[TestNetwork]:
    yield shared_network


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["open", "signed"])
def test_nothing_that_fits_or_does_not_fit_the_description_breaks_the_server(
    served: TestNetwork, quick: dict[str, str], tmp_path: Path, mode: str
):
    coordinator = served.coordinator(HYPERNODE_AUTH=mode).ready()
    command = [
        str(Path(sys.executable).with_name("st")), "run", f"{coordinator.url}/openapi.json", "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing",  # noqa: E501
        "--max-examples", str(EXAMPLES), "--mode", "all", "--seed", "1", "--workers", "1", "--no-color",
        "--suppress-health-check", "all", "--continue-on-failure", "--generation-database", "none",
        # A long poll and a stream wait on purpose.
        "--exclude-path-regex", "/(frames|events)$", "--request-timeout", "30",
    ]  # fmt: skip
    with Customer(coordinator.url, signs_in=mode == "signed") as customer:
        if mode == "signed":
            command += ["--header", f"Authorization: {customer.headers['Authorization']}"]
        register = {"walletAddress": customer.wallet}
        known = {
            "job_id": customer.submit(requirements={"minVRAM": 990})["jobId"],
            "node_id": customer.post("/api/nodes/register", json=register).json()["node"]["nodeId"],
            "wallet": customer.wallet,
        }
    lines = [f'"path.{name}" = "{value}"' for name, value in known.items()]
    (tmp_path / "schemathesis.toml").write_text("[parameters]\n" + "\n".join(lines) + "\n")

    ended = subprocess.run(command, env=quick, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    assert httpx.get(f"{coordinator.url}/health").json()["status"] == "healthy"
    assert coordinator.alive()
    assert '"request_failed"' not in coordinator.log.read_text()
    coordinator.stop()
