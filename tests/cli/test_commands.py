"""Commands against a scripted network: options, output, exit codes."""

import json
from pathlib import Path

import pytest
from typer.main import get_command

from hypernode.chain import keys
from hypernode.cli.app import app
from tests.cli.conftest import Hypernode
from tests.client.answers import ADDRESS, JOB_ID, job, job_answer, problem, sse
from tests.client.scripted import Reply, ScriptedServer

UNREACHABLE = "http://127.0.0.1:1"


def all_commands() -> list[list[str]]:
    groups = {name: getattr(each, "commands", {}) for name, each in get_command(app).commands.items()}  # pyright: ignore
    return [[group, *rest] for group, own in groups.items() for rest in ([[]] + [[name] for name in own])]


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_every_command_explains_itself(hypernode: Hypernode, words: list[str]):
    result = hypernode(*words, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_options_hold_before_and_after_the_command(hypernode: Hypernode, network: ScriptedServer):
    page = {"success": True, "count": 1, "jobs": [job("running")], "nextCursor": None}
    network.reply(Reply(body=page), Reply(body=page))

    before = hypernode("--json", "--token", "T", "jobs", "list")
    after = hypernode("jobs", "list", "--json", "--token", "T")

    assert before.stdout == after.stdout
    assert json.loads(after.stdout)[0]["jobId"] == JOB_ID
    assert [asked.headers["Authorization"] for asked in network.asked] == ["Bearer T", "Bearer T"]


def test_a_list_is_cut_at_its_limit(hypernode: Hypernode, network: ScriptedServer):
    network.reply(Reply(body={"success": True, "count": 2, "jobs": [job(), job()], "nextCursor": "more"}))

    result = hypernode("jobs", "list", "--limit", "2", "--mine", "--wallet", ADDRESS)

    assert result.stdout.count(JOB_ID) == 2
    assert network.asked[0].path == f"/api/jobs?walletAddress={ADDRESS}&limit=2"


def test_submit_sends_what_the_options_say(hypernode: Hypernode, network: ScriptedServer, tmp_path: Path):
    network.reply(Reply(201, job_answer()))
    asked = tmp_path / "input.json"
    asked.write_text('{"maxTokens": 5}')

    result = hypernode(
        *("jobs", "submit", "llm_inference", "--wallet", ADDRESS, "--model", "m", "--input", f"@{asked}"),
        *("--prompt", "Hi", "--budget", "0.1", "--requirements", '{"minVRAM": 0}', "--max-duration", "60"),
        *("--assurance", "always", "--parts", "3"),
    )

    assert result.exit_code == 0
    assert JOB_ID in result.stdout
    assert network.asked[0].json == {
        "walletAddress": ADDRESS,
        "jobType": "llm_inference",
        "model": "m",
        "input": {"maxTokens": 5, "prompt": "Hi"},
        "requirements": {"minVRAM": 0},
        "budget": "0.1",
        "maxDuration": 60,
        "assurance": "always",
        "priority": 0,
        "parts": 3,
    }


def test_tokens_flow_while_a_job_is_watched(hypernode: Hypernode, network: ScriptedServer):
    hostile = "Four.\x1b[2J[red]"
    events = [
        sse(1, "status", status="running"),
        sse(2, "progress", fraction=0.5, message="half"),
        sse(3, "log", lines=["[bold]loaded"]),
        sse(4, "stream", text=hostile),
        sse(5, "receipt", receiptId="r"),
        sse(6, "status", status="completed"),
    ]
    network.reply(Reply(raw=b"".join(events)), Reply(body=job_answer("completed", result={"text": hostile})))

    result = hypernode("jobs", "watch", JOB_ID)

    assert result.exit_code == 0
    assert "● running\n[bold]loaded\nFour.\ufffd[2J[red]\n● completed\n" in result.stdout
    assert "\x1b" not in result.stdout


def test_watching_as_json_gives_one_value_a_line(hypernode: Hypernode, network: ScriptedServer):
    failed = job_answer("failed", error={"code": "x", "message": "The module does not start"})
    network.reply(Reply(raw=sse(1, "status", status="failed")), Reply(body=failed))

    result = hypernode("jobs", "watch", JOB_ID, "--json")

    event, last = (json.loads(line) for line in result.stdout.splitlines())
    assert (event["kind"], last["error"]["message"]) == ("status", "The module does not start")
    assert result.exit_code == 1


def test_a_refusal_says_why_and_what_to_do(hypernode: Hypernode, network: ScriptedServer):
    refusal = problem(400, "not_cancellable", "Can only cancel pending or queued jobs")
    network.reply(Reply(400, refusal), Reply(400, refusal))

    result = hypernode("jobs", "cancel", JOB_ID, "--wallet", ADDRESS)
    as_json = hypernode("jobs", "cancel", JOB_ID, "--wallet", ADDRESS, "--json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Can only cancel pending or queued jobs" in result.stderr
    assert "--stop-running" in result.stderr
    assert json.loads(as_json.stderr)["code"] == "not_cancellable"


def test_an_unreachable_network_is_exit_code_3(hypernode: Hypernode, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hypernode.client.conversation.PAUSES_S", ())

    result = hypernode("jobs", "list", "--url", UNREACHABLE)

    assert result.exit_code == 3
    assert UNREACHABLE in result.stderr
    assert "hypernode up" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["jobs", "submit"],
        ["jobs", "submit", "x"],  # No wallet.
        ["jobs", "submit", "x", "--wallet", "neither-file-nor-address"],
        ["jobs", "submit", "x", "--wallet", ADDRESS, "--input", "[]"],
        ["jobs", "submit", "x", "--wallet", ADDRESS, "--input", "@/no/such/file"],
        ["jobs", "list", "--limit", "0"],
        ["jobs", "list", "--url", "localhost:3001"],
        ["wallet", "deposit", "-1"],
        ["wallet", "deposit", "1.0000001"],
        ["wallet", "new", __file__],
        ["wallet", "balance", "--wallet", __file__],
        ["receipt", "verify", "/no/such/file"],
        ["artifacts", "get", "00", "-o", "/no/such/folder/file"],
        ["node", "start"],
        ["node", "start", "--accept", "dance"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_exit_code_2(hypernode: Hypernode, wiring: list[object], words: list[str]):
    result = hypernode(*words)

    assert result.exit_code == 2
    assert result.stderr
    assert wiring == []


def test_a_new_wallet_is_a_key_file_for_its_owner_alone(hypernode: Hypernode, tmp_path: Path):
    file = tmp_path / "wallet.json"

    result = hypernode("wallet", "new", file, "--json")

    assert json.loads(result.stdout)["address"] == keys.address_of(keys.load(file))
    assert file.stat().st_mode & 0o077 == 0
