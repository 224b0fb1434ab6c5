"""The runner against real child processes, well-behaved and not."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hypernode import executors
from hypernode.node.events import Log, Progress, Stream
from hypernode.node.runner import Finished, Job, Limits, run
from hypernode.ports import ExecutionFailed
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.protocol.frames import Audit

PLUGIN = Path(__file__).parent / "plugin"
LOOP = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start") (loop (br 0))))'}, "fuel": 10**13}


class Runner:
    """Runs deeds of the plug-in in `plugin/`, and keeps the events."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Progress | Log | Stream] = []
        self.fetched: list[str] = []

    async def __call__(
        self,
        deed: str,
        *,
        limits: Limits = Limits(),
        artifacts: Mapping[str, str] = {},
        environment: Mapping[str, str] = {},
        audit: Audit | None = None,
    ) -> Finished:
        job = Job("mischief", "", {"deed": deed, "artifacts": dict(artifacts)}, max_duration_s=30, audit=audit)
        return await run(
            executors.load_one("mischief"),
            job,
            self.folder,
            fetch=self.fetch,
            on_event=self.events.append,
            limits=limits,
            environment=environment,
            prefix=("/usr/bin/env", f"PYTHONPATH={PLUGIN}"),
        )

    async def fetch(self, sha256: str, path: Path) -> None:
        self.fetched.append(sha256)
        path.write_text("fetched")

    @property
    def lines(self) -> list[str]:
        return [event.line for event in self.events if isinstance(event, Log)]


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.syspath_prepend(PLUGIN)
    return Runner(tmp_path)


def alive(pid: int) -> bool:
    """Runs, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(condition: Any) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def test_files_come_in_and_go_out(runner: Runner):
    finished = await runner("folder", artifacts={"one.txt": "1" * 64})

    assert finished.output == {"text": "['one.txt']"}
    assert runner.fetched == ["1" * 64]
    assert [(file.name, file.size) for file in finished.files] == [("a/b.txt", 1)]
    assert finished.files[0].sha256.startswith("3e23e816")


async def test_the_child_sees_nothing_of_the_nodes_environment(runner: Runner, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HYPERNODE_NODE_TOKEN", "secret")
    given = {"MISCHIEF_DECLARED": "yes", "MISCHIEF_OTHER": "secret"}

    finished = await runner("environ", environment=given)

    seen = json.loads(finished.output["text"])
    assert seen.keys() <= {
        "PATH",
        "LANG",
        "HOME",
        "TMPDIR",
        "MISCHIEF_DECLARED",
        "PYTHONPATH",
        "LC_CTYPE",
        "ORT_DISABLE_TELEMETRY",
    }
    assert seen["MISCHIEF_DECLARED"] == "yes"
    assert seen["HOME"] == str(runner.folder)


def claim(*names: str, **fields: Any) -> Audit:
    artifacts = [ArtifactRef(f"{number:064}", 7, name) for number, name in enumerate(names)]
    given: dict[str, Any] = {"output": {"text": "claimed"}, "units": 3, "model": "small", "fingerprint": {"isa": "x"}}
    return Audit(**{**given, "artifacts": artifacts, "seed": 42, **fields})


async def test_an_audit_gets_the_claim_with_its_files_and_runs_nothing(runner: Runner):
    finished = await runner("crash", audit=claim("a.txt", "folder/b.txt"))

    assert finished.output == {
        "verdict": "passed",
        "evidence": "claimed 3 small {'isa': 'x'} ['a.txt', 'folder/b.txt']",
        "figures": {"seed": 42.0},
    }
    assert (finished.units, finished.files) == (0, [])
    assert runner.fetched == ["0" * 64, "0" * 63 + "1"]


@pytest.mark.parametrize(
    "names", [["../a"], ["/etc/a"], ["a", "a"], ["a", "a/b"], ["a/b", "a"], ["x" * 300], ["a\0"], [""]]
)
async def test_claimed_files_with_impossible_names_fail_the_audit(runner: Runner, names: list[str]):
    finished = await runner("folder", audit=claim(*names))

    assert finished.output["verdict"] == "failed"
    assert "impossible name" in finished.output["evidence"]
    assert runner.fetched == []


async def test_a_claimed_output_of_another_shape_fails_the_audit(runner: Runner):
    finished = await runner("folder", audit=claim(output={"text": 7}))

    assert finished.output["verdict"] == "failed"
    assert "Expected `str`, got `int`" in finished.output["evidence"]


async def test_an_audit_that_breaks_is_no_finding(runner: Runner):
    with pytest.raises(ExecutionFailed, match="the check broke"):
        await runner("fail", audit=claim())


async def test_stray_prints_do_not_corrupt_the_events(runner: Runner):
    assert (await runner("prints")).output == {"text": "unharmed"}


async def test_files_of_the_job_do_not_shadow_modules(runner: Runner):
    assert not (await runner("shadowed")).output["text"].startswith(str(runner.folder))


@pytest.mark.parametrize(
    ("deed", "message", "blames_input"),
    [
        ("fail", "as asked", True),
        ("bug", "exited with 1 without a result: RuntimeError: a bug in the plug-in", False),
        ("crash", "killed by SIGSEGV without a result", False),
        ("leave", "exited with 3", False),
        ("boasts", "result is larger", True),
        ("links", "passwd is not a plain file", True),
        ("folder_links", "etc is not a plain file", True),
        ("hard_links", "a is not a plain file", True),
        ("pipes", "pipe is not a plain file", True),
        ("sockets", "socket is not a plain file", True),
        ("many_files", "more than 10 output files", True),
        ("large_file", "File too large", False),
        ("fills_the_disk", "more than 1000000 bytes", True),
    ],
)
async def test_a_bad_end_is_told_apart(runner: Runner, deed: str, message: str, blames_input: bool):
    with pytest.raises(ExecutionFailed, match=message) as failure:
        await runner(deed, limits=Limits(output_files=10, output_bytes=1_000_000))

    assert failure.value.blames_input is blames_input


async def test_floods_are_cut(runner: Runner):
    await runner("streams", limits=Limits(stream_chars=120_000))
    streamed = sum(len(event.text) for event in runner.events if isinstance(event, Stream))
    assert streamed == 120_000


async def test_log_floods_are_cut(runner: Runner):
    await runner("logs", limits=Limits(log_lines=10))

    assert len(runner.lines) == 11
    assert "dropped" in runner.lines[-1]
    assert max(map(len, runner.lines)) <= 4096


async def test_a_bad_input_never_starts_a_process(runner: Runner):
    with pytest.raises(ExecutionFailed, match="'pascal'") as failure:
        await run(
            executors.load_one("generic_compute"),
            Job("generic_compute", "", {"runtime": "pascal"}, 1),
            runner.folder,
            fetch=runner.fetch,
            on_event=runner.events.append,
        )

    assert failure.value.blames_input


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside"])
async def test_an_artifact_cannot_be_named_out_of_the_folder(runner: Runner, name: str):
    with pytest.raises(ExecutionFailed, match="no name of a file"):
        await runner("folder", artifacts={name: "1" * 64})

    assert runner.fetched == []


async def test_a_cancelled_job_leaves_no_process(runner: Runner):
    task = asyncio.create_task(runner("stubborn"))
    await until(lambda: runner.lines)
    pids = [int(pid) for pid in runner.lines[0].split()]
    assert all(map(alive, pids))

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not any(map(alive, pids))


async def test_a_second_cancellation_does_not_save_the_job(runner: Runner):
    task = asyncio.create_task(runner("stubborn"))
    await until(lambda: runner.lines)
    pids = [int(pid) for pid in runner.lines[0].split()]

    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await until(lambda: not any(map(alive, pids)))


async def test_the_time_limit_ends_a_job(runner: Runner):
    with pytest.raises(ExecutionFailed, match="longer than"):
        await run(
            executors.load_one("generic_compute"),
            Job("generic_compute", "", LOOP, max_duration_s=0.5),
            runner.folder,
            fetch=runner.fetch,
            on_event=runner.events.append,
        )


AGENT = """
import asyncio, json, sys
from pathlib import Path
from hypernode import executors
from hypernode.node.runner import Job, run
async def main():
    job = Job("generic_compute", "", json.loads(sys.argv[2]), 600)
    await run(executors.load_one("generic_compute"), job, Path(sys.argv[1]), fetch=None, on_event=print)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the child in /proc")
async def test_an_agent_that_was_killed_leaves_no_child(tmp_path: Path):
    agent = subprocess.Popen([sys.executable, "-c", AGENT, str(tmp_path), json.dumps(LOOP)])
    children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children")
    # Only a child that has set its death signal counts: it does so before it makes its first event.
    await until(lambda: children.read_text().split() and (tmp_path / "inputs" / "files").is_dir())
    child = int(children.read_text().split()[0])
    assert alive(child)

    os.kill(agent.pid, signal.SIGKILL)
    agent.wait()

    await until(lambda: not alive(child))
