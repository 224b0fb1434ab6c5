"""The text of HTML pages and Word documents, read from end to end: no tree, no recursion, no step but forward."""

import codecs
import re
from collections.abc import Callable, Iterator
from html import unescape
from io import BytesIO
from typing import Final, Literal
from xml.etree.ElementTree import Element, iterparse
from zipfile import ZipFile

from hypernode.executors.rag_indexing.outline import Document, Outline, Unreadable, decode

MAX_XML_BYTES: Final = 64 << 20
"""Of a Word document's text when unpacked."""
MAX_XML_ELEMENTS: Final = 500_000
"""Of a Word document's text: they are in memory until it is read, at 200 bytes each."""
_CHECK_EVERY: Final = 1_024
"""Tokens between two looks at the clock."""
_SILENT: Final = frozenset({"template", "noscript", "nav", "svg"})
"""Elements whose text is no part of what a page says; so are script and style, which hold no elements."""
_BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
        *("html", "legend", "li", "main", "ol", "option", "p", "pre", "section", "summary", "table", "tbody"),
        *("tfoot", "thead", "title", "tr", "ul"),
    )
)
_CHARSET: Final = re.compile(rb"""<meta[^>]{0,256}?charset\s{0,8}=\s{0,8}["']?([\w-]{1,40})""", re.IGNORECASE)
_CHARSETS: Final = ("utf-8", "ascii", "iso8859", "cp125", "koi8", "shift_jis", "euc", "gb", "big5", "mac")
"""How names of Python's codecs for texts begin; others can be made to take very long."""
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_TAG_STOP: Final = re.compile(r">|=\s*[\"']")
_RAW_END: Final = {tag: re.compile(f"</{tag}", re.IGNORECASE) for tag in ("script", "style")}


def read_html(data: bytes, check: Callable[[], None]) -> Document:
    """A line for each block, with single spaces; `<h1>` to `<h6>` make the outline."""
    page = _Page()
    for number, (kind, value) in enumerate(_tokens(decode(data, _charset(data)))):
        if number % _CHECK_EVERY == 0:
            check()
        page.take(kind, value)
    page.flush()
    return page.outline.document()


def _charset(data: bytes) -> str:
    """What the page declares, else UTF-8."""
    declared = _CHARSET.search(data[:4096])
    if not declared:
        return "utf-8"
    name = declared[1].decode()
    try:
        encoding = codecs.lookup(name).name
    except LookupError:
        raise Unreadable(f"declares an unknown encoding: {name}") from None
    if not encoding.startswith(_CHARSETS):
        raise Unreadable(f"declares an encoding that is not read: {name}")
    return encoding


_Kind = Literal["text", "start", "end"]


def _tokens(text: str) -> Iterator[tuple[_Kind, str]]:
    """Texts and tags of a page, comments left out; what is never closed ends the page, as in browsers.

    The standard library's parser takes quadratic time for some pages, and reads differently from version to version.
    """
    position = 0
    while position < len(text):
        opening = text.find("<", position)
        if opening != position:
            end = len(text) if opening < 0 else opening
            yield "text", unescape(text[position:end])
            position = end
        elif tag := _TAG.match(text, position):
            name = tag[2].lower()
            yield "end" if tag[1] else "start", name
            position = _end_of_tag(text, tag.end())
            if name in _RAW_END and not tag[1]:
                end = _RAW_END[name].search(text, position)
                position = end.start() if end else len(text)
        elif text.startswith("<!--", position):
            position = _after(text, "-->", position + 4)
        elif text.startswith(("<!", "<?", "</"), position):
            position = _after(text, ">", position + 2)
        else:
            yield "text", "<"
            position += 1


def _end_of_tag(text: str, position: int) -> int:
    """A value in quotation marks may hold a `>`."""
    while stop := _TAG_STOP.search(text, position):
        if stop[0] == ">":
            return stop.end()
        closing = text.find(stop[0][-1], stop.end())
        position = stop.end() if closing < 0 else closing + 1
    return len(text)


def _after(text: str, mark: str, position: int) -> int:
    found = text.find(mark, position)
    return len(text) if found < 0 else found + len(mark)


class _Page:
    """Gathers the words of a block until the next one begins."""

    def __init__(self) -> None:
        self.outline = Outline()
        self._words: list[str] = []
        self._level = 0
        self._silent: list[str] = []
        self._verbatim = False

    def take(self, kind: _Kind, value: str) -> None:
        """A text, or the name of a tag."""
        if kind == "text":
            if not self._silent:
                self._words.append(value)
        elif kind == "start":
            self._start(value)
        elif self._silent and value == self._silent[-1]:
            self._silent.pop()
        elif value in _BLOCKS:
            self.flush()
            self._level, self._verbatim = 0, False

    def _start(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BLOCKS:
            self.flush()
            self._level = int(tag[1]) if tag[0] == "h" and tag[1:].isdigit() else int(tag == "title")
            self._verbatim = tag == "pre" or (self._verbatim and tag == "br")
        elif tag in ("td", "th"):
            self._words.append(" ")

    def flush(self) -> None:
        """The block ends."""
        text = "".join(self._words)
        self._words.clear()
        line = text.strip("\n") if self._verbatim else " ".join(text.split())
        if not line.strip():
            return
        if self._level:
            self.outline.heading(self._level, line, line + "\n")
        else:
            self.outline.add(line + "\n")


_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""The second form of a text box, for old programs: it repeats the first."""
_BREAKS: Final = {f"{_WORD}tab": "\t", f"{_WORD}br": "\n", f"{_WORD}cr": "\n"}
_HEADING: Final = re.compile(r"heading ?([1-6])", re.IGNORECASE)


def read_docx(data: bytes, check: Callable[[], None]) -> Document:
    """A line for each paragraph; the styles Heading 1 to Heading 6 make the outline."""
    if not data.startswith(b"PK"):
        raise Unreadable("is no .docx document")
    with ZipFile(BytesIO(data)) as package, package.open("word/document.xml") as file:
        xml = file.read(MAX_XML_BYTES + 1)
    if len(xml) > MAX_XML_BYTES:
        raise Unreadable(f"unpacks to more than {MAX_XML_BYTES} bytes")
    if b"<!DOCTYPE" in xml.replace(b"\0", b""):  # Without NULs: UTF-16 is XML too.
        raise Unreadable("declares a DTD, which no Word document does")
    outline, elements, repeated = Outline(), 0, 0
    for event, element in iterparse(BytesIO(xml), ("start", "end")):
        elements += event == "start"
        if elements % _CHECK_EVERY == 0:
            check()
        if elements > MAX_XML_ELEMENTS:
            raise Unreadable(f"holds more than {MAX_XML_ELEMENTS} XML elements")
        if element.tag == _FALLBACK:
            repeated += 1 if event == "start" else -1
        elif event == "end" and element.tag == f"{_WORD}p":
            if not repeated:
                _add_paragraph(outline, element)
            element.clear()
    return outline.document()


def _add_paragraph(outline: Outline, paragraph: Element) -> None:
    parts = (part for run in paragraph.iter(f"{_WORD}r") for part in run)
    line = "".join(part.text or "" if part.tag == f"{_WORD}t" else _BREAKS.get(part.tag, "") for part in parts)
    if not line.strip():
        return
    style = paragraph.find(f"{_WORD}pPr/{_WORD}pStyle")
    heading = _HEADING.fullmatch("" if style is None else style.get(f"{_WORD}val", ""))
    if heading:
        outline.heading(int(heading[1]), line, line + "\n")
    else:
        outline.add(line + "\n")
