"""How many tokens an honest run can have used at most, told from the job and its result alone."""

from typing import Final

import msgspec

from hypernode.executors.llm_inference.input import Input, Message
from hypernode.executors.llm_inference.output import Output

TEMPLATE_TOKENS: Final = 256
"""What a chat template adds to a request at most: a system prompt of its own, dates, the turn of the assistant.
SmolLM2 adds 31, Llama 3 about 40, gpt-oss about 70."""
MESSAGE_TOKENS: Final = 16
"""What a chat template adds to a message at most: role and end marks, a space that the tokenizer puts in front.
Also what an embedding model adds to a text."""
UNSEEN_TOKENS: Final = 8
"""Tokens of an answer that leave no text: its end mark, and an unfinished character."""
UNFINISHED_TOKENS: Final = 3
"""Of a character of four bytes, that the answer is cut off in."""
FENCE_TOKENS: Final = 16
"""The fence of Markdown around JSON, which an engine may have the model write and then cuts off."""
TOOLS_TOKENS: Final = 512
"""What a chat template says about tools in general."""
CALL_TOKENS: Final = 64
"""The marks around a call."""
JSON_EXPANSION: Final = 8
"""Tokens for a byte of compact JSON, at most: templates and models indent it, and escape up to six letters for one."""


def most_tokens(given: Input, output: Output) -> int:
    """A token stands for at least a byte of text, and the rest is bounded by the constants above.

    Holds for byte-level and byte-fallback tokenizers that do not rewrite the text, which all common models have.
    """
    claimed = max(0, output.prompt_tokens) + max(0, output.completion_tokens)
    if given.embed is not None:
        return min(claimed, _prompt(given))
    return min(claimed, _prompt(given) + min(given.max_tokens, _completion(given, output)))


def asked_tokens(given: Input) -> tuple[int, int]:
    """The fewest and the most tokens of an honest run, before there is an answer.

    Each text is a token at least, and so is an answer.
    """
    if given.embed is not None:
        return len(given.embed), _prompt(given)
    return len(given.chat()) + 1, _prompt(given) + given.max_tokens


def hidden_tokens(given: Input, finish_reason: str) -> tuple[int, int]:
    """How many tokens of an answer, at least and at most, leave no text and no id: an engine streams neither."""
    if finish_reason == "length":
        return 0, UNFINISHED_TOKENS
    # A stop text, and the token that completed it, were generated but cut off.
    return (0, UNSEEN_TOKENS + max(map(_bytes, given.stop))) if given.stop else (1, 1)


def _prompt(given: Input) -> int:
    if given.embed is not None:
        return sum(MESSAGE_TOKENS + _bytes(text) for text in given.embed)
    return TEMPLATE_TOKENS + sum(map(_message, given.chat())) + _tools(given)


def _message(message: Message) -> int:
    return MESSAGE_TOKENS + _bytes(message.content or "") + _json(message.tool_calls)


def _tools(given: Input) -> int:
    tools = given.callable_tools()
    # Some templates, and llama.cpp's own for models without one, also tell the model the schema of the answer.
    return (TOOLS_TOKENS + _json(tools) if tools else 0) + _json(given.response_format)


def _completion(given: Input, output: Output) -> int:
    unseen = UNSEEN_TOKENS + max(map(_bytes, given.stop), default=0) + FENCE_TOKENS * bool(given.response_format)
    calls = CALL_TOKENS * len(output.tool_calls) + _json(output.tool_calls)
    return _bytes(output.text) + _bytes(output.reasoning) + unseen + calls


def _json(value: object) -> int:
    return JSON_EXPANSION * len(msgspec.json.encode(value)) if value else 0


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))
