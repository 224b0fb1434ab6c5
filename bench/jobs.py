"""What a node's agent and sandbox add to a bare engine, and what a check costs: `python -m bench.jobs [JOB_TYPE...]`.

The job of each demo is run by the bare executor in a fresh Python process, and by the runner of a node in its sandbox.
Then its result is checked in the sandbox. A short question is also asked of a loaded language model, by its executor
and through the node. Times are medians of several rounds, in turn.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from bench import report
from hypernode import executors
from hypernode.cli.stories import story
from hypernode.domain.job import JobType
from hypernode.node.limits import Limits
from hypernode.node.residents import Residents
from hypernode.node.runner import INPUTS, OUTPUTS, Finished, Job, run
from hypernode.node.sandbox import trial
from hypernode.node.sandbox.child import Sandbox
from hypernode.ports import JobContext
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.protocol.frames import Audit

ROUNDS: Final = 3
HEADING: Final = "Jobs: what a node adds to a bare engine, and what a check costs"
COLUMNS: Final = ("job type", "engine", "bare s", "on the node s", "added ms", "added", "check s", "check / run")
QUESTIONS: Final = 15
DURATION_S: Final = 600.0
SEED: Final = 1
LIMITS: Final = Limits(memory_mb=8_000, processes=1_024, disk_mb=10_000)
ENVIRONMENT: Final = {"HYPERNODE_LLM_THREADS": "1"}


BARE: Final = """
import os, sys
from pathlib import Path
import msgspec
from hypernode.executors import load_one
from hypernode.ports import JobContext
job_type, model, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
executor = load_one(job_type)
given = msgspec.json.decode((folder / "input.json").read_bytes(), type=executor.Input)
ignore = lambda *_: None
executor.run(given, JobContext(model, folder / "inputs", folder / "outputs", 600, ignore, ignore, ignore))
os._exit(0)  # As a node's worker, which is killed: engines take long to fold up, or stumble over it.
"""
"""The executor and nothing of the node, in a process of its own."""


class Bench:
    """One job type's job."""

    def __init__(self, job_type: str, home: Path, sandbox: Sandbox) -> None:
        self.job_type, self.home, self.sandbox = job_type, home, sandbox
        self.executor = executors.load_one(job_type)
        made = home / "made"
        made.mkdir()
        digests = {name: (_digest(path), path) for name, path in story(job_type).files(made).items()}
        self.files = dict(digests.values())
        self.input = story(job_type).input({name: digest for name, (digest, _) in digests.items()})
        self._count = 0

    def folder(self) -> Path:
        self._count += 1
        made = self.home / f"run-{self._count}"
        made.mkdir()
        return made

    async def fetch(self, sha256: str, path: Path) -> None:
        shutil.copyfile(self.files[sha256], path)

    def run_bare(self) -> float:
        """Seconds of the whole process."""
        folder = self.folder()
        for name in (INPUTS, OUTPUTS):
            (folder / name).mkdir()
        (folder / "input.json").write_bytes(msgspec.json.encode(self.input))
        given = msgspec.convert(self.input, self.executor.Input)
        for name, sha256 in self.executor.artifacts(given).items():
            path = folder / INPUTS / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.files[sha256], path)
        began = time.perf_counter()
        command = [sys.executable, "-P", "-c", BARE, self.job_type, story(self.job_type).model, str(folder)]
        subprocess.run(command, check=True, env={**os.environ, **ENVIRONMENT})
        return time.perf_counter() - began

    async def run_on_node(self, audit: Audit | None = None) -> tuple[float, Finished]:
        """Seconds, and the result."""
        began = time.perf_counter()
        finished = await run(
            self.executor,
            Job(self.job_type, story(self.job_type).model, self.input, DURATION_S, audit),
            self.folder(),
            fetch=self.fetch,
            on_event=lambda _: None,
            limits=LIMITS,
            environment=ENVIRONMENT,
            sandbox=self.sandbox,
        )
        return time.perf_counter() - began, finished

    async def measure(self) -> list[str]:
        """A row of the table."""
        alone: list[float] = []
        on_node: list[float] = []
        checks: list[float] = []
        finished: Finished | None = None
        for _ in range(ROUNDS):
            alone.append(self.run_bare())
            took, finished = await self.run_on_node()
            on_node.append(took)
            claim = self._claim(finished)
            took, found = await self.run_on_node(claim)
            checks.append(took)
            assert found.output["verdict"] == "passed", found.output
        assert finished
        run_s, node_s, check_s = median(alone), median(on_node), median(checks)
        row = [
            self.job_type,
            finished.fingerprint.get("engine", "").partition(",")[0],
            f"{run_s:.2f}",
            f"{node_s:.2f}",
            f"{(node_s - run_s) * 1000:+.0f}",
            f"{(node_s / run_s - 1) * 100:+.0f} %",
            f"{check_s:.2f}",
            f"{check_s / node_s:.2f}",
        ]
        print(*row, sep="  ", flush=True)
        return row

    def _claim(self, finished: Finished) -> Audit:
        refs = [ArtifactRef(file.sha256, file.size, file.name) for file in finished.files]
        self.files |= {file.sha256: file.path for file in finished.files}
        model = str(finished.output.get("model", ""))
        return Audit(finished.output, finished.units, model, finished.fingerprint, refs, SEED)


async def warm(home: Path, sandbox: Sandbox) -> str:
    """A short question to a loaded engine: asked of the executor itself, and through the node."""
    executor = executors.load_one("llm_inference")
    told = story("llm_inference")
    asked = {**told.input({}), "maxTokens": 1}
    given = msgspec.convert(asked, executor.Input)
    residents = Residents(home, sandbox, LIMITS, ENVIRONMENT, 600)
    count = 0

    def folder() -> Path:
        nonlocal count
        count += 1
        made = home / f"warm-{count}"
        (made / OUTPUTS).mkdir(parents=True)
        return made

    async def directly() -> None:
        place = folder()
        context = JobContext(told.model, place, place, DURATION_S, lambda *_: None, lambda _: None, lambda _: None)
        await asyncio.to_thread(executor.run, given, context)

    async def on_node() -> None:
        place = folder()
        (place / OUTPUTS).rmdir()
        await residents.run(executor, Job("llm_inference", told.model, asked, DURATION_S), place, lambda _: None)

    times: Mapping[str, list[float]] = {"directly": [], "on_node": []}
    ways: Mapping[str, Callable[[], Awaitable[None]]] = {"directly": directly, "on_node": on_node}
    try:
        for number in range(QUESTIONS):
            for name, way in ways.items():
                began = time.perf_counter()
                await way()
                if number:  # The first one loads the model.
                    times[name].append(time.perf_counter() - began)
    finally:
        await residents.close()
    alone, node = (median(each) * 1000 for each in times.values())
    return f"Warm engine, one token: {alone:.0f} ms directly, {node:.0f} ms through the node: {node - alone:+.0f} ms."


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


async def main(job_types: list[str]) -> None:
    os.environ.update(ENVIRONMENT)
    with TemporaryDirectory() as folder:
        home = Path(folder)
        found, proved = await trial.find(home)
        sandbox = replace(found, isolation=proved.isolation)
        rows: list[list[str]] = []
        for job_type in job_types:
            place = home / job_type
            place.mkdir()
            rows.append(await Bench(job_type, place, sandbox).measure())
        place = home / "warm"
        place.mkdir()
        kept = await warm(place, sandbox)
    how = f"The jobs of the demos, medians of {ROUNDS} rounds. The sandbox: {proved.sentence()}."
    report.publish(HEADING, f"{how}\n\n{report.table(COLUMNS, rows)}\n\n{kept}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or sorted(JobType)))
