"""A document as text with an outline: which part stands on which page, under which headings."""

import codecs
from dataclasses import dataclass
from typing import Final

MAX_CHARS: Final = 10_000_000
"""Characters of text in one document: ten long books."""
MAX_HEADING_CHARS: Final = 200
"""Characters that are kept of a heading's title."""


class Unreadable(Exception):
    """A document that no honest node can read; the message says why, in words that follow its name."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part that chunks do not cross."""

    start: int  #: Character of the document's text.
    end: int  #: The character after its last one.
    headings: tuple[str, ...] = ()  #: From the outermost to its own.
    page: int | None = None  #: The first one is 1.


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader makes of a file."""

    text: str
    sections: tuple[Section, ...]


class Outline:
    """Puts a document together, from its first piece to its last."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._sections: list[Section] = []
        self._path: list[tuple[int, str]] = []
        self._page: int | None = None
        self._start = self._end = 0
        self._has_body = False

    def add(self, text: str) -> None:
        """More text of the current section."""
        self._has_body = self._has_body or not text.isspace()
        self._append(text)

    def heading(self, level: int, title: str, text: str) -> None:
        """A heading of level 1 to 6, as it stands in the text. Right below another one it begins no new section."""
        if self._has_body:
            self._close()
        self._path = [(above, name) for above, name in self._path if above < level]
        self._path.append((level, " ".join(title[: 2 * MAX_HEADING_CHARS].split())[:MAX_HEADING_CHARS]))
        self._append(text)

    def turn(self, page: int) -> None:
        """What follows is on this page."""
        self._close()
        self._page = page

    def document(self) -> Document:
        """The whole."""
        self._close()
        return Document("".join(self._pieces), tuple(self._sections))

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._end += len(text)
        if self._end > MAX_CHARS:
            raise Unreadable(f"holds more than {MAX_CHARS} characters of text")

    def _close(self) -> None:
        if self._end > self._start:
            self._sections.append(Section(self._start, self._end, tuple(name for _, name in self._path), self._page))
        self._start, self._has_body = self._end, False


def decode(data: bytes, declared: str = "utf-8") -> str:
    """Bytes as text: by their byte order mark, else as declared. Raises Unreadable."""
    encoding = declared
    if data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"is no {encoding} text: byte {error.start} is {data[error.start]:#04x}") from None
    if "\0" in text:
        raise Unreadable(f"is no text: character {text.index(chr(0))} is NUL")
    return text
