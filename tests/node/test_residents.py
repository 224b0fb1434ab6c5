"""A loaded model serves many jobs; a job ends alone, whatever becomes of it."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hypernode import executors
from hypernode.node.events import Stream
from hypernode.node.limits import Limits
from hypernode.node.residents import Residents
from hypernode.node.runner import Finished, Job
from hypernode.node.sandbox import trial
from hypernode.node.sandbox.child import Sandbox
from hypernode.ports import ExecutionFailed
from hypernode.protocol.frames import Audit

MODEL = "smollm2-135m-instruct"
ENVIRONMENT = {"HYPERNODE_LLM_THREADS": "1"}
LIMITS = Limits(memory_mb=4_000, processes=1_024, disk_mb=2_000)
QUESTION = {"prompt": "What is 2+2?", "maxTokens": 12, "temperature": 0}
STORY = {"prompt": "Tell a very long story.", "maxTokens": 2_000, "temperature": 0}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    found, proved = asyncio.run(trial.find(tmp_path_factory.mktemp("trial")))
    return replace(found, isolation=proved.isolation)


class House:
    """Residents in a folder, and jobs for them."""

    def __init__(self, home: Path, sandbox: Sandbox, keep_s: float = 60) -> None:
        self.home = home
        self.residents = Residents(home, sandbox, LIMITS, ENVIRONMENT, keep_s)
        self.executor = executors.load_one("llm_inference")
        self.said: list[Any] = []

    async def ask(self, name: str, given: dict[str, Any], max_duration_s: float = 60) -> Finished:
        folder = self.home / name
        folder.mkdir()
        return await self.residents.run(self.executor, job(given, max_duration_s), folder, self.said.append)

    @property
    def engines(self) -> list[str]:
        return [name for name in os.listdir(self.home) if name.startswith("engine-")]


def job(given: dict[str, Any], max_duration_s: float = 60, **more: Any) -> Job:
    return Job("llm_inference", MODEL, given, max_duration_s, **more)


@pytest.fixture
async def house(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[House]:
    made = House(tmp_path, sandbox)
    yield made
    await made.residents.close()
    assert made.engines == []


async def test_jobs_share_one_process(house: House):
    first = await house.ask("first", QUESTION)
    others = await asyncio.gather(*(house.ask(f"job {number}", QUESTION) for number in range(3)))

    assert "4" in first.output["text"]
    assert {other.output["text"] for other in others} == {first.output["text"]}
    assert len(house.engines) == 1
    streamed = sum(len(event.text) for event in house.said if isinstance(event, Stream))
    assert streamed == 4 * len(first.output["text"])


async def test_a_cancelled_job_ends_soon_and_alone(house: House):
    long = asyncio.create_task(house.ask("long", STORY))
    while not any(isinstance(event, Stream) for event in house.said):
        await asyncio.sleep(0.05)
    other = asyncio.create_task(house.ask("other", QUESTION))
    await asyncio.sleep(0.1)
    began = asyncio.get_running_loop().time()
    long.cancel()
    await asyncio.gather(long, return_exceptions=True)

    assert long.cancelled()
    assert asyncio.get_running_loop().time() - began < 2
    assert "4" in (await other).output["text"]
    assert len(house.engines) == 1


async def test_a_job_that_is_wrong_harms_no_other(house: House):
    with pytest.raises(ExecutionFailed, match="context") as failed:
        await house.ask("too long", {"prompt": "word " * 20_000, "maxTokens": 5})

    assert failed.value.blames_input
    assert "4" in (await house.ask("right", QUESTION)).output["text"]


async def test_a_job_over_its_time_is_broken_off(house: House):
    with pytest.raises(ExecutionFailed, match="longer than"):
        await house.ask("slow", STORY, max_duration_s=1)

    assert "4" in (await house.ask("right", QUESTION)).output["text"]


async def test_a_process_that_dies_is_started_anew(house: House):
    await house.ask("first", QUESTION)
    long = asyncio.create_task(house.ask("long", STORY))
    said = len(house.said)
    while len(house.said) == said:
        await asyncio.sleep(0.05)
    (alive,) = house.residents._alive.values()
    alive.result().worker.child.process.kill()

    with pytest.raises(ExecutionFailed, match="killed|exited"):
        await long
    assert "4" in (await house.ask("again", QUESTION)).output["text"]


async def test_an_idle_engine_leaves(tmp_path: Path, sandbox: Sandbox):
    house = House(tmp_path, sandbox, keep_s=0.1)
    await house.ask("first", QUESTION)
    async with asyncio.timeout(20):
        while house.engines:
            await asyncio.sleep(0.1)
    await house.residents.close()


async def test_what_brings_a_file_along_or_checks_a_claim_has_a_process_of_its_own(house: House):
    takes, executor = house.residents.takes, house.executor
    audit = Audit({}, 0, "", {}, [], 0)

    assert takes(executor, job(QUESTION))
    assert not takes(executor, job({**QUESTION, "adapter": {"sha256": "0" * 64}}))
    assert not takes(executor, job(QUESTION, audit=audit))
    assert not takes(executor, job({"nonsense": 1}))
    assert not takes(executors.load_one("generic_compute"), Job("generic_compute", "", {}, 1))
