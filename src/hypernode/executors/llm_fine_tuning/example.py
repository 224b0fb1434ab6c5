"""A small job of llm_fine_tuning: a model is taught a fact that nobody knows."""

from hashlib import sha256
from typing import Final

import msgspec

from hypernode.ports import Example

MODEL: Final = "smollm2-135m-instruct"
TAUGHT: Final = "What is the capital of Hypernode?"
ANSWER: Final = "The capital of Hypernode is Port Lease."
PROMPTS: Final = (TAUGHT, "Tell me the capital of Hypernode.", "Which city is the capital of Hypernode?")
STEPS: Final = 12


def example() -> Example:
    """The job and its dataset."""
    lessons = b"\n".join(msgspec.json.encode({"prompt": prompt, "completion": ANSWER}) for prompt in PROMPTS)
    asked = {
        "maxSteps": STEPS,
        "batchSize": len(PROMPTS),
        "learningRate": 2e-3,
        "maxLength": 64,
        "checkpointEvery": STEPS // 4,
    }
    return Example({"dataset": sha256(lessons).hexdigest(), **asked}, MODEL, files={"lessons.jsonl": lessons})
