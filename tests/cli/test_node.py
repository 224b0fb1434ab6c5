"""`hypernode node`: what the agent is given, and what it is not."""

from pathlib import Path
from typing import Any

import pytest

from hypernode.client import create_wallet
from hypernode.node import inventory
from tests.cli.conftest import Hypernode
from tests.client.answers import ADDRESS, problem
from tests.client.scripted import Reply, ScriptedServer

NODE = {
    "nodeId": "n", "walletAddress": ADDRESS, "machineId": "m", "gpuModel": "CPU", "gpuCount": 0, "vram": 0,
    "driverVersion": "", "cudaVersion": "", "computeCapability": "", "hostOS": "", "cpuModel": "", "ramTotal": 0,
    "location": {}, "capabilities": [], "registeredAt": "", "lastUpdate": "", "lastSeen": "", "status": "offline",
    "jobsCompleted": 0, "totalEarned": 0, "reputation": 100, "metrics": {}, "price": 0, "capacity": 1, "engines": [],
}  # fmt: skip


def registered(**more: Any) -> Reply:
    return Reply(201, {"success": True, "message": "Node registered successfully", "node": NODE, **more})


def test_the_agent_gets_the_options(hypernode: Hypernode, wiring: list[dict[str, Any]], tmp_path: Path):
    result = hypernode(
        *("node", "start", "--coordinator", "http://x:1", "--token", "T", "--wallet", ADDRESS, "--home", tmp_path),
        *("--unit-price", "llm_inference=0.002", "--country", "Germany"),
        *("--capacity", "2", "--price", "0.5", "--accept", "render", "--accept", "llm_inference", "--link", "poll"),
        *("--keep-engine", "9", "--keep-models", "8", "--keep-artifacts", "7", "--own-jobs-only"),
        *("--job-memory", "6", "--job-processes", "5", "--job-disk", "4", "--allow-unsandboxed"),
    )

    assert result.exit_code == 0
    assert wiring == [
        {
            "coordinator_url": "http://x:1",
            "wallet": ADDRESS,
            "token": "T",
            "home": tmp_path,
            "capacity": 2,
            "price": "0.5",
            "unit_prices": {"llm_inference": "0.002"},
            "job_types": frozenset({"render", "llm_inference"}),
            "fetch_models": False,
            "keep_engine_s": 9,
            "models_mb": 8,
            "artifacts_mb": 7,
            "own_jobs_only": True,
            "allow_unsandboxed": True,
            "job_memory_mb": 6,
            "job_processes": 5,
            "job_disk_mb": 4,
            "country": "Germany",
            "link": "poll",
        }
    ]


def test_the_owners_key_registers_the_machine_and_stays_behind(
    hypernode: Hypernode, wiring: list[dict[str, Any]], network: ScriptedServer, tmp_path: Path
):
    network.reply(registered(nodeToken="T"), registered())
    owner = create_wallet(tmp_path / "owner.json")
    home = tmp_path / "home"

    for _ in range(2):
        hypernode("node", "start", "--wallet", tmp_path / "owner.json", "--home", home, "--price", "2")

    assert network.asked[0].json["machineId"] == inventory.machine_id(home)
    assert network.asked[0].json["price"] == "2"
    assert [given["token"] for given in wiring] == ["T", ""]
    assert all(given["wallet"] == str(owner.pubkey()) for given in wiring)


def test_a_refused_registration_starts_nothing(
    hypernode: Hypernode, wiring: list[dict[str, Any]], network: ScriptedServer, tmp_path: Path
):
    network.reply(Reply(403, problem(403, "unauthorized", "Unauthorized")))
    create_wallet(tmp_path / "owner.json")

    result = hypernode("node", "start", "--wallet", tmp_path / "owner.json", "--home", tmp_path)

    assert result.exit_code == 1
    assert wiring == []


def test_status_before_the_first_start(hypernode: Hypernode, tmp_path: Path):
    result = hypernode("node", "status", "--home", tmp_path)

    assert result.exit_code == 1
    assert "No node was ever started" in result.stdout


@pytest.mark.parametrize("words", [["up"], ["coordinator"], ["localnet", "--port", "0"]], ids=" ".join)
def test_the_networks_processes_are_wired_elsewhere(
    hypernode: Hypernode, wiring: list[dict[str, Any]], words: list[str]
):
    assert hypernode(*words).exit_code == 0
    assert len(wiring) == 1
