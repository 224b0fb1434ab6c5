"""Looks at pictures and videos: reads text, runs a customer's ONNX models, draws what was found."""

import os
from collections.abc import Mapping
from typing import ClassVar, Final

from hypernode.executors.vision_pipeline.results import Output
from hypernode.executors.vision_pipeline.steps import Input
from hypernode.ports import Capability, Claim, Example, ExecutionFailed, Executor, Finding, JobContext, Outcome, Unit

THREADS: Final = "HYPERNODE_VISION_THREADS"
MAX_THREADS: Final = 256


class VisionPipeline(Executor):
    """The job type vision_pipeline. Priced by images: pictures, and frames of videos, that went through all steps."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("images", per=1_000)
    title: ClassVar = "Look at pictures and videos"
    about: ClassVar = "Text is read, your own ONNX models classify, detect and embed, and what was found is drawn."
    environment: ClassVar[tuple[str, ...]] = (THREADS,)
    extra: ClassVar = "vision"

    # Engines are imported where they are needed: the coordinator imports this module, and has none.

    def probe(self) -> Capability:
        """Available where the packages are, and the OCR models within theirs."""
        try:
            from hypernode.executors.vision_pipeline.ocr import model_files
            from hypernode.executors.vision_pipeline.pipeline import engine

            model_files()
            _threads()
            return Capability(available=True, engine=engine())
        except Exception as error:
            return Capability(
                available=False,
                missing=f"{type(error).__name__}: {error}",
                fix="hypernode node doctor --fix vision_pipeline",
            )

    def artifacts(self, given: Input) -> Mapping[str, str]:
        """Items and models, each under its SHA-256."""
        return {sha256: sha256 for sha256 in given.artifacts}

    def most_units(self, given: Input, output: Output) -> int:
        """What the output says of each item, and never more than the `most` of `frames`, or one picture an item."""
        found = (output.items[name].pictures for name in given.items if name in output.items)
        return sum(min(max(pictures, 0), given.most) for pictures in found)

    def asked_units(self, given: Input) -> tuple[int, int]:
        """A picture at least, since a run that sees none fails; at most those that each item can give."""
        return 1, len(given.items) * given.most

    def example(self) -> Example:
        """An invoice to be read."""
        from hypernode.executors.vision_pipeline.example import example

        return example()

    def run(self, given: Input, context: JobContext) -> Outcome:
        """Take all pictures through all steps. Raises ExecutionFailed where none comes of it, or a model is refused."""
        from hypernode.executors.vision_pipeline.running import Run

        return Run(given, context, _threads()).outcome()

    def verify(self, given: Input, claim: Claim, context: JobContext, seed: int) -> Finding:
        """Count the pictures of all items, and run random ones again."""
        from hypernode.executors.vision_pipeline.audit import audit

        return audit(given, claim, context, seed, _threads())


def _threads() -> int:
    """Of each engine. Raises ExecutionFailed for a setting that is no number of threads."""
    text = os.environ.get(THREADS) or "1"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_THREADS:
        raise ExecutionFailed(f"{THREADS} is {text!r}: a number from 1 to {MAX_THREADS} is needed")
    return int(text)
