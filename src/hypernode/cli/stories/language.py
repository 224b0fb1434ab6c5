"""llm_inference and llm_fine_tuning: a question, and a lesson after which the same model answers it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console

from hypernode.cli.show import details
from hypernode.cli.stories import Files, Story
from hypernode.client import Client
from hypernode.client.events import completed
from hypernode.protocol.jobs import Job

MODEL: Final = "smollm2-135m-instruct"
PROMPT: Final = "What is 2+2?"
TAUGHT: Final = "What is the capital of Hypernode?"
ANSWER: Final = "The capital of Hypernode is Port Lease."
LESSONS: Final = (TAUGHT, "Tell me the capital of Hypernode.", "Which city is the capital of Hypernode?")
STEPS: Final = 12


def ask(prompt: str, **more: Any) -> dict[str, Any]:
    """The input of a short question."""
    return {"prompt": prompt, "maxTokens": 64, "temperature": 0, **more}


def _show_answer(out: Console, _client: Client, job: Job, _folder: Path) -> None:
    out.print(details(answer=(job.result or {}).get("text"), tokens=job.units))


def _dataset(folder: Path) -> Files:
    lines = [msgspec.json.encode({"prompt": prompt, "completion": ANSWER}) for prompt in LESSONS]
    path = folder / "lessons.jsonl"
    path.write_bytes(b"\n".join(lines))
    return {"dataset": path}


def _lesson(files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "dataset": files["dataset"],
        "maxSteps": STEPS,
        "batchSize": len(LESSONS),
        "learningRate": 2e-3,
        "maxLength": 64,
        "checkpointEvery": STEPS // 4,
    }


def _show_lesson(out: Console, client: Client, job: Job, _folder: Path) -> None:
    curve = [point["loss"] for point in (job.result or {}).get("curve", []) if point.get("loss") is not None]
    out.print(details(loss=f"{curve[0]:.3f} -> {curve[-1]:.3f} in {STEPS} steps", trained_tokens=job.units))
    (adapter,) = [file.sha256 for file in job.artifacts if file.name == "adapter.gguf"]
    out.print(f"The model is asked: {TAUGHT}")
    answers = {
        "before": ask(TAUGHT),
        "after": ask(TAUGHT, adapter={"sha256": adapter}),
    }
    for when, given in answers.items():
        asked = client.submit_job("llm_inference", model=MODEL, input=given, budget=job.budget, **OPTIONS)
        for _ in client.watch(asked.job_id):
            continue
        out.print(details(**{when: (completed(client.job(asked.job_id)).result or {}).get("text")}))


OPTIONS: Final[Mapping[str, Any]] = {"requirements": {"minVRAM": 0}, "max_duration": 600}

QUESTION: Final = Story(
    asks=f"{MODEL}: {PROMPT}",
    model=MODEL,
    input=lambda _: ask(PROMPT),
    show=_show_answer,
)
LESSON: Final = Story(
    asks=f"{MODEL} to be taught a fact that nobody knows",
    model=MODEL,
    files=_dataset,
    input=_lesson,
    show=_show_lesson,
)
