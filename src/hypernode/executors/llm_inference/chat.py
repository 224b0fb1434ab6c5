"""OpenAI's chat format, which both engines speak: the request, and the chunks of the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from hypernode.ports import ExecutionFailed


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer."""

    text: str
    reasoning: str  #: What the model thought first, where the engine tells it apart.
    finish_reason: str  #: stop, length
    prompt_tokens: int
    completion_tokens: int


class Engine(Protocol):
    """Something that completes chats."""

    name: str  #: With its version.

    def models(self) -> list[str]:
        """The models that it can serve now; the first is the default. Raises OSError or RuntimeError."""
        ...

    def complete(self, body: dict[str, Any], on_text: Callable[[str], None]) -> Completion:
        """Answer a request in OpenAI's format. Raises ExecutionFailed."""
        ...

    def fingerprint(self, model: str) -> dict[str, str]:
        """What a run of this model depends on."""
        ...


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None  #: llama.cpp, SGLang, vLLM before 0.12.
    reasoning: str | None = None  #: vLLM, Ollama.


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None


@dataclass(slots=True)
class Gathering:
    """Puts an answer together from its chunks, and passes its text on at once."""

    on_text: Callable[[str], None]
    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)
    _finish_reason: str = ""
    _usage: _Usage | None = None
    _failure: ExecutionFailed | None = None

    def take(self, chunk: Any) -> None:
        """Never raises: llama.cpp calls it from native code, which would swallow an exception."""
        try:
            self._take(msgspec.convert(chunk, _Chunk))
        except msgspec.ValidationError as error:
            self._failure = ExecutionFailed(f"the engine answered in an unknown form: {error}")

    def _take(self, chunk: _Chunk) -> None:
        if chunk.error:
            self._failure = _failure(chunk.error)
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices:
            self._finish_reason = choice.finish_reason or self._finish_reason
            self._reasoning.append(choice.delta.reasoning_content or choice.delta.reasoning or "")
            if choice.delta.content:
                self._text.append(choice.delta.content)
                self.on_text(choice.delta.content)

    def completion(self) -> Completion:
        """The whole answer. Raises ExecutionFailed if the engine gave an error or broke off."""
        if self._failure:
            raise self._failure
        if not self._usage or not self._finish_reason:
            raise ExecutionFailed("the engine's answer broke off")
        return Completion(
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            finish_reason="length" if self._finish_reason == "length" else "stop",
            prompt_tokens=self._usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens,
        )


def _failure(error: Any) -> ExecutionFailed:
    """Engines give an object with message and code, or a bare text. Code 400: the request itself is at fault."""
    if isinstance(error, dict):
        given = msgspec.convert(error, dict[str, Any])
        return ExecutionFailed(str(given.get("message", given)), blames_input=given.get("code") == 400)
    return ExecutionFailed(str(error))
