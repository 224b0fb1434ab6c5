"""Runs a job on an engine: an answer to a chat, or vectors of texts."""

import secrets
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from hypernode.executors.llm_inference.bounds import hidden_tokens
from hypernode.executors.llm_inference.chat import Completion, Entry, Gathering
from hypernode.executors.llm_inference.claims import form_flaw
from hypernode.executors.llm_inference.engine import Engine, LoraAdapter
from hypernode.executors.llm_inference.input import Input
from hypernode.executors.llm_inference.output import (
    EMBEDDINGS_FILE,
    MAX_INLINE_NUMBERS,
    Alternative,
    Output,
    TokenLogprob,
)
from hypernode.executors.llm_inference.request import chat_body
from hypernode.executors.llm_inference.server import Server
from hypernode.executors.llm_inference.vectors import write_npy
from hypernode.ports import ExecutionFailed, JobContext

EMBED_BATCH: Final = 32
"""Texts in one request to the engine."""
MAX_SEED: Final = 2**32 - 1
"""Exclusive: llama.cpp takes this number as: seed it with chance."""
LEAST_LOGPROB: Final = -9_999.0
"""What stands for the logarithm of nothing, as in OpenAI's API."""


class Pulse:
    """Asked twice a second whether to go on: tells the progress, and ends the job at its time limit."""

    def __init__(self, context: JobContext, message: str) -> None:
        self.fraction = 0.0
        self.message = message
        self._context = context
        self._deadline = time.monotonic() + context.max_duration_s

    def __call__(self) -> None:
        """Raises ExecutionFailed at the time limit, and what the context raises where the job was cancelled."""
        if time.monotonic() > self._deadline:
            raise ExecutionFailed(f"ran longer than {self._context.max_duration_s:g} s")
        self._context.progress(self.fraction, self.message)


def run(engine: Engine, model: str, given: Input, adapter: LoraAdapter | None, context: JobContext) -> Output:
    """Load the model where it is not yet, and use it. Raises ExecutionFailed."""
    pulse = Pulse(context, f"loading {model}")
    pulse()
    task = "chat" if given.embed is None else "embed"
    with engine.serve(model, task, adapter) as server:
        pulse()
        if given.embed is not None:
            return embed(server, model, given.embed, context.outputs, pulse)
        seed = secrets.randbelow(MAX_SEED) if given.seed is None else given.seed
        started = time.monotonic()
        answer, tokens = chat(engine, server, chat_body(given, model, seed), given, context, pulse)
    took_s = time.monotonic() - started
    context.log(f"{answer.prompt_tokens} + {answer.completion_tokens} tokens in {took_s:.1f} s")
    output = _output(given, model, seed, answer, tokens)
    if flaw := form_flaw(given, output):
        raise ExecutionFailed(f"{engine.name} did not keep to the form that was asked for: {flaw}")
    return output


def chat(
    engine: Engine,
    server: Server,
    body: dict[str, Any],
    given: Input,
    context: JobContext,
    pulse: Pulse,
) -> tuple[Completion, list[int]]:
    """An answer, and the ids of its tokens where the engine tells them; its text is streamed meanwhile."""
    body = engine.dialect(body)
    engine.check(server, body)
    gathering = Gathering(context.stream)

    def take(chunk: Any) -> None:
        gathering.take(chunk)
        pulse.fraction = min(0.99, gathering.chunks / given.max_tokens)
        pulse.message = f"{gathering.chunks} tokens"

    pulse.message = "reading the prompt"
    if body["stream"]:
        server.stream("/v1/chat/completions", body, take, pulse)
    else:
        gathering.take_whole(server.post("/v1/chat/completions", body, pulse))
    answer = gathering.completion()
    fewest, most = hidden_tokens(given, answer.finish_reason)
    count = answer.completion_tokens
    return answer, engine.token_ids(server, answer.entries, count - most, count - fewest)


class _Embedding(msgspec.Struct):
    embedding: list[float]
    index: int


class _Usage(msgspec.Struct):
    prompt_tokens: int


class _Embeddings(msgspec.Struct):
    data: list[_Embedding]
    usage: _Usage


def vectors_of(server: Server, model: str, texts: list[str], pulse: Pulse) -> tuple[list[list[float]], int]:
    """A vector for each text, and the tokens of all."""
    vectors: list[list[float]] = []
    tokens = 0
    for start in range(0, len(texts), EMBED_BATCH):
        pulse.fraction, pulse.message = start / len(texts), f"{start} of {len(texts)} texts"
        part = texts[start : start + EMBED_BATCH]
        answer = server.post("/v1/embeddings", {"model": model, "input": part, "encoding_format": "float"}, pulse)
        try:
            found = msgspec.convert(answer, _Embeddings)
        except msgspec.ValidationError as error:
            raise ExecutionFailed(f"the engine answered in an unknown form: {error}") from None
        if len(found.data) != len(part):
            raise ExecutionFailed(f"the engine gave {len(found.data)} vectors for {len(part)} texts")
        vectors += (each.embedding for each in sorted(found.data, key=lambda each: each.index))
        tokens += found.usage.prompt_tokens
    return vectors, tokens


def embed(server: Server, model: str, texts: list[str], outputs: Path, pulse: Pulse) -> Output:
    """Vectors within the result, or in a file where they are many."""
    vectors, tokens = vectors_of(server, model, texts, pulse)
    inline = len(vectors) * len(vectors[0]) <= MAX_INLINE_NUMBERS
    if not inline:
        write_npy(outputs / EMBEDDINGS_FILE, vectors)
    return Output(
        text="",
        finish_reason="stop",
        prompt_tokens=tokens,
        completion_tokens=0,
        model=model,
        embeddings=vectors if inline else [],
        embeddings_file="" if inline else EMBEDDINGS_FILE,
    )


def _output(given: Input, model: str, seed: int, answer: Completion, tokens: list[int]) -> Output:
    return Output(
        text=answer.text,
        finish_reason=answer.finish_reason,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        model=model,
        reasoning=answer.reasoning,
        tool_calls=answer.tool_calls,
        logprobs=[_logprob(entry, given.top_logprobs) for entry in answer.entries if entry.token and given.logprobs],
        seed=seed if given.temperature else None,
        tokens=tokens,
    )


def _logprob(entry: Entry, alternatives: int) -> TokenLogprob:
    return TokenLogprob(
        token=entry.token,
        logprob=_finite(entry.logprob),
        top_logprobs=[Alternative(each.token, _finite(each.logprob)) for each in entry.top_logprobs[:alternatives]],
    )


def _finite(logprob: float) -> float:
    return max(LEAST_LOGPROB, round(logprob, 6))
