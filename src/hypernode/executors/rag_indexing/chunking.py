"""Cuts a document into chunks: windows of tokens that overlap, and end where a sentence or a word does."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from hypernode.executors.rag_indexing.outline import Document, Section

MAX_TOKEN_CHARS: Final = 64
"""A tokenizer may take a word of a megabyte for one unknown token: it counts as so many of this length."""
MAX_PIECE_CHARS: Final = 50_000
"""What is tokenized at once; a longer section is cut, without overlap, at the end of a line or word."""

Span = tuple[int, int]
"""The first character, and the one after the last."""


class Chunk(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line of chunks.jsonl; its number is that of its vector."""

    document: str
    start: int  #: Character of the document's text.
    end: int
    text: str
    page: int | None = None  #: Of a PDF; the first one is 1.
    headings: tuple[str, ...] = ()  #: From the outermost to its own.


def chunks_of(
    name: str, document: Document, tokenize: Callable[[str], list[Span]], size: int, overlap: int
) -> Iterator[Chunk]:
    """All chunks of a document, in order: `size` tokens at most, of which `overlap`, at most half, repeat.

    `tokenize` gives the spans of a text's tokens. Each chunk lies within one section, and begins after the one before.
    """
    for section in document.sections:
        for start, end in _pieces(document.text, section):
            spans = [
                (start + part, start + min(part + MAX_TOKEN_CHARS, last))
                for first, last in tokenize(document.text[start:end])
                for part in range(first, last, MAX_TOKEN_CHARS)
            ]
            for first, last in _windows(document.text, spans, size, overlap):
                left, right = spans[first][0], spans[last - 1][1]
                yield Chunk(name, left, right, document.text[left:right], section.page, section.headings)


def _pieces(text: str, section: Section) -> Iterator[Span]:
    start = section.start
    while section.end - start > MAX_PIECE_CHARS:
        middle, most = start + MAX_PIECE_CHARS // 2, start + MAX_PIECE_CHARS
        end = max(text.rfind("\n", middle, most), text.rfind(" ", middle, most)) + 1 or most
        yield start, end
        start = end
    yield start, section.end


def _windows(text: str, spans: Sequence[Span], size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """First token and the one after the last, window by window."""
    start = 0
    while start < len(spans):
        end = min(start + size, len(spans))
        if end == len(spans):
            yield start, end
            return
        # The best place in the last quarter; of equals the latest.
        end = max(range(end - size // 4, end + 1), key=lambda token: (_rank(text, spans, token), token))
        yield start, end
        # As much overlap as was asked for, less the rest of a word.
        start = next((token for token in range(end - overlap, end) if _rank(text, spans, token)), end - overlap)


def _rank(text: str, spans: Sequence[Span], token: int) -> int:
    """How good a place to cut is before this token: 0 within a word, then a space, a sentence, a line, a paragraph."""
    gap = text[spans[token - 1][1] : spans[token][0]]
    if not gap:
        return 0
    if "\n" in gap:
        return 4 if gap.count("\n") > 1 else 3
    return 2 if text[spans[token - 1][1] - 1] in ".!?" else 1
