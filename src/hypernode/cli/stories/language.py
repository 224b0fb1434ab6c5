"""llm_inference and llm_fine_tuning: a question, and a lesson after which the same model answers it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from hypernode.cli.show import details
from hypernode.cli.stories import Story, example_files
from hypernode.client import Client
from hypernode.client.events import completed
from hypernode.executors.llm_fine_tuning.example import MODEL, STEPS, TAUGHT, example
from hypernode.protocol.jobs import Job

PROMPT: Final = "What is 2+2?"


def ask(prompt: str, **more: Any) -> dict[str, Any]:
    """The input of a short question."""
    return {"prompt": prompt, "maxTokens": 64, "temperature": 0, **more}


def _show_answer(out: Console, _client: Client, job: Job, _folder: Path) -> None:
    out.print(details(answer=(job.result or {}).get("text"), tokens=job.units))


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
    files=example_files(example),
    input=lambda _: dict(example().input),
    show=_show_lesson,
)
