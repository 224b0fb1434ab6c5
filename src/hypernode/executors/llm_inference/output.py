"""What a job of llm_inference gives."""

from typing import Final, Literal

import msgspec

from hypernode.executors.llm_inference.input import ToolCall

MAX_INLINE_NUMBERS: Final = 32_768
"""Numbers of vectors in a result; more of them become the artifact `EMBEDDINGS_FILE`."""
EMBEDDINGS_FILE: Final = "embeddings.npy"


class Alternative(msgspec.Struct, rename="camel", frozen=True):
    """A token that could have come."""

    token: str
    logprob: float


class TokenLogprob(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """A token of the answer; where a character is made of several, the engine may give these together."""

    token: str
    logprob: float  #: Natural logarithm of its probability, before temperature and topP.
    top_logprobs: list[Alternative] = []


class Output(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """The answer, or the vectors."""

    text: str
    finish_reason: Literal["stop", "length", "tool_calls"]
    prompt_tokens: int
    completion_tokens: int
    model: str
    reasoning: str = ""  #: What a reasoning model thought first, where the engine tells it apart; it is paid for.
    tool_calls: list[ToolCall] = []
    logprobs: list[TokenLogprob] = []
    seed: int | None = None  #: What the sampling was seeded with, the job's or the node's own.
    tokens: list[int] = []  #: Ids of the tokens of the text where the engine tells them: a check scores these.
    embeddings: list[list[float]] = []  #: A vector for each text.
    embeddings_file: str = ""  #: Where there are many: the artifact that holds them, in NumPy's format, float32.
