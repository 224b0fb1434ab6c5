"""Texts as tokens, by the tokenizer of a llama.cpp server."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hypernode.executors.llm_inference.chat import Entry

if TYPE_CHECKING:
    from hypernode.executors.llm_inference.server import Server

DATE_TOKENS: Final = 4
"""By which a prompt may differ whose template puts the date in."""
_DATED: Final = re.compile("strftime_now|date_string")


@dataclass(frozen=True, slots=True)
class Piece:
    """A token, and how much text it stands for."""

    id: int
    size: int  #: Bytes.


def tokenize(server: "Server", text: str, *, begins: bool = True, marks: bool = False) -> list[int]:
    """Ids of a text's tokens; with the mark of its beginning if it `begins`, and a template's marks as tokens."""
    return server.post("/tokenize", {"content": text, "add_special": begins, "parse_special": marks})["tokens"]


def pieces(server: "Server", text: str) -> list[Piece]:
    """The tokens of a text with their sizes."""
    found = server.post("/tokenize", {"content": text, "with_pieces": True})["tokens"]
    # A piece comes as text, or as bytes where it is no text alone.
    sizes = (len(each["piece"].encode() if isinstance(each["piece"], str) else each["piece"]) for each in found)
    return [Piece(each["id"], size) for each, size in zip(found, sizes, strict=True)]


def text_of(server: "Server", tokens: Sequence[int]) -> str:
    """What tokens stand for, marks included. Raises ExecutionFailed where there is no such token."""
    return server.post("/detokenize", {"tokens": list(tokens)})["content"]


def prompt_tokens(server: "Server", body: dict[str, Any]) -> tuple[list[int], int]:
    """A chat's request as the model reads it; and by how many tokens it may differ on another day."""
    prompt = server.post("/apply-template", body)["prompt"]
    dated = _DATED.search(server.get("/props").get("chat_template", ""))
    return tokenize(server, prompt, marks=True), DATE_TOKENS if dated else 0


def aligned(entries: Iterable[Entry], text: Iterable[Piece]) -> list[int]:
    """Ids of all tokens, those within an entry taken from the tokenizer's pieces of the same text.

    llama.cpp tells of the last token only where several make one character, or were held back as the possible start of
    a stop text. Empty where the two do not fit: the model wrote the text with other tokens than the tokenizer would.
    """
    ids: list[int] = []
    rest = iter(text)
    for entry in entries:
        missing, within = len(entry.bytes or []), list[int]()
        while missing > 0:
            piece = next(rest, None)
            if piece is None:
                return []
            missing -= piece.size
            within.append(piece.id)
        if missing or within[-1:] != [entry.id]:
            return []
        ids += within
    return ids
