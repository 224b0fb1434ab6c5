"""The chunks of a streamed answer in OpenAI's chat format, put together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from hypernode.executors.llm_inference.input import FunctionCall, ToolCall
from hypernode.ports import ExecutionFailed

FinishReason = Literal["stop", "length", "tool_calls"]


class Entry(msgspec.Struct, frozen=True):
    """A token of an answer, or several that make one character, as the engine tells of it."""

    token: str
    logprob: float
    id: int | None = None  #: Of llama.cpp only; the last one's where there are several tokens.
    bytes: list[int] | None = None
    top_logprobs: list["Entry"] = []


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer."""

    text: str
    reasoning: str  #: What the model thought first, where the engine tells it apart.
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    tool_calls: list[ToolCall]
    entries: list[Entry]  #: Empty where log-probabilities were not asked for.


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    index: int = 0
    id: str | None = None
    function: _Function = msgspec.field(default_factory=_Function)


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None  #: llama.cpp, SGLang, vLLM before 0.12.
    reasoning: str | None = None  #: vLLM, Ollama.
    tool_calls: list[_ToolCall] | None = None


class _Logprobs(msgspec.Struct):
    content: list[Entry] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


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
    chunks: int = 0  #: As many of the answer came in so far; about a token each.
    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)
    _calls: dict[int, _ToolCall] = field(default_factory=dict)
    _entries: list[Entry] = field(default_factory=list)
    _finish_reason: str = ""
    _usage: _Usage | None = None

    def take(self, data: Any) -> None:
        """One chunk, decoded. Raises ExecutionFailed for an engine's error, and what `on_text` raises."""
        try:
            chunk = msgspec.convert(data, _Chunk)
        except msgspec.ValidationError as error:
            raise ExecutionFailed(f"the engine answered in an unknown form: {error}") from None
        if chunk.error:
            raise failure(chunk.error)
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices:
            self._take(choice)

    def take_whole(self, data: Any) -> None:
        """An answer that was not streamed. Raises as `take` does."""
        for choice in data.get("choices", []):
            choice["delta"] = choice.pop("message", {})
            for index, call in enumerate(choice["delta"].get("tool_calls") or []):
                call["index"] = index
        self.take(data)

    def _take(self, choice: _Choice) -> None:
        self.chunks += 1
        self._finish_reason = choice.finish_reason or self._finish_reason
        self._entries += (choice.logprobs and choice.logprobs.content) or []
        self._reasoning.append(choice.delta.reasoning_content or choice.delta.reasoning or "")
        for piece in choice.delta.tool_calls or []:
            call = self._calls.setdefault(piece.index, _ToolCall(function=_Function(arguments="")))
            call.id = piece.id or call.id
            call.function.name = piece.function.name or call.function.name
            call.function.arguments = (call.function.arguments or "") + (piece.function.arguments or "")
        if choice.delta.content:
            self._text.append(choice.delta.content)
            self.on_text(choice.delta.content)

    def completion(self) -> Completion:
        """The whole answer. Raises ExecutionFailed if the engine broke off."""
        if not self._usage or not self._finish_reason:
            raise ExecutionFailed("the engine's answer broke off")
        calls = [_call(number, call) for number, call in sorted(self._calls.items())]
        finish_reason: FinishReason = "tool_calls" if calls else "stop"
        return Completion(
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            finish_reason="length" if self._finish_reason == "length" else finish_reason,
            prompt_tokens=self._usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens,
            tool_calls=calls,
            entries=self._entries,
        )


def _call(number: int, call: _ToolCall) -> ToolCall:
    # Ids that an engine makes up differ from run to run: the place among the calls does not.
    return ToolCall(id=f"call_{number}", function=FunctionCall(call.function.name or "", call.function.arguments or ""))


def failure(error: Any) -> ExecutionFailed:
    """Engines give an object with message and code, or a bare text. Code 400: the request itself is at fault."""
    if isinstance(error, dict):
        given = msgspec.convert(error, dict[str, Any])
        return ExecutionFailed(str(given.get("message", given)), blames_input=given.get("code") == 400)
    return ExecutionFailed(str(error))
