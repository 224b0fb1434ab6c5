"""Runs and checks jobs of llm_inference as a node does, and asserts what must hold of every run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from hypernode.executors.llm_inference import Input, LlmInference, Output
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.ports import Claim, Finding, JobContext, Outcome

WEATHER = {
    "function": {
        "name": "weather",
        "description": "Weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    }
}
CITY = {
    "type": "json_schema",
    "jsonSchema": {
        "schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "inhabitants": {"type": "integer"}},
            "required": ["city", "inhabitants"],
            "additionalProperties": False,
        }
    },
}


def asking_for_a_call(city: str) -> list[dict[str, Any]]:
    """A chat that shows even a small model by example how a tool is called."""
    turns: list[dict[str, Any]] = []
    for number, known in enumerate(("Rome", "Oslo")):
        called = {"name": "weather", "arguments": f'{{"city": "{known}"}}'}
        turns += [
            {"role": "user", "content": f"Weather in {known}?"},
            {"role": "assistant", "toolCalls": [{"id": f"call_{number}", "function": called}]},
        ]
    return [*turns, {"role": "user", "content": f"Weather in {city}?"}]


def parsed(**given: Any) -> Input:
    """A short greedy answer where nothing else is said."""
    return msgspec.convert({"temperature": 0, "maxTokens": 16} | given, Input)


@dataclass
class Jobs:
    """An executor that stays, with folders for what its jobs bring along and make."""

    settings: LlmSettings
    folder: Path
    streamed: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.executor = LlmInference(self.settings)
        for folder in (self.inputs, self.outputs):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def inputs(self) -> Path:
        return self.folder / "inputs"

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"

    def context(self, model: str = "default", **others: Any) -> JobContext:
        told: dict[str, Any] = {
            "max_duration_s": 120,
            "progress": lambda fraction, message: None,
            "log": self.logged.append,
            "stream": self.streamed.append,
        }
        return JobContext(model=model, inputs=self.inputs, outputs=self.outputs, **told | others)

    def run(self, given: Input, model: str = "default") -> Outcome:
        self.streamed.clear()
        outcome = self.executor.run(given, self.context(model))
        output = outcome.output
        assert isinstance(output, Output)
        # What comes over the wire is what the node made.
        assert msgspec.json.decode(msgspec.json.encode(output), type=Output) == output
        assert outcome.units == output.prompt_tokens + output.completion_tokens
        assert outcome.units <= self.executor.most_units(given, output)
        return outcome

    def answer(self, prompt: str | None = None, model: str = "default", **given: Any) -> Output:
        chat = {"prompt": prompt} if prompt is not None else {}
        output = self.run(parsed(**chat, **given), model).output
        assert isinstance(output, Output)
        return output

    def claim(self, outcome: Outcome, **changes: Any) -> Claim:
        """What a node reports of a run; `changes` are of its output. Units fit the changed counts."""
        output = msgspec.structs.replace(outcome.output, **changes)
        assert isinstance(output, Output)
        units = output.prompt_tokens + output.completion_tokens
        return Claim(output, units, output.model, outcome.fingerprint, self.outputs)

    def verify(self, given: Input, claim: Claim, model: str = "default", seed: int = 7) -> Finding:
        return self.executor.verify(given, claim, self.context(model), seed)
