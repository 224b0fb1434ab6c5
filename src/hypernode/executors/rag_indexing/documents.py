"""Reads a document by the ending of its name: plain text, Markdown, HTML, PDF, Word."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Final

from hypernode.executors.rag_indexing.markup import read_docx, read_html
from hypernode.executors.rag_indexing.outline import MAX_CHARS, Document, Outline, Unreadable, decode
from hypernode.executors.rag_indexing.pdf import read_pdf
from hypernode.ports import ExecutionFailed

MAX_BYTES: Final = 128 << 20
"""Of one document."""
MAX_REASON_CHARS: Final = 200
"""Kept of what a parser says."""

Check = Callable[[], None]
"""Called often by readers; raises ExecutionFailed when the job's time is over."""

_ENDINGS: Final = {
    ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".pdf": "pdf", ".docx": "docx",
}  # fmt: skip


def reader_of(name: str) -> str:
    """How a document of this name is read. Where two machines name it alike, they read the same text."""
    match format_of(name):
        case "pdf":
            return f"pdf 1, pypdf {version('pypdf')}"
        case own:
            return f"{own} 1"


def format_of(name: str) -> str:
    """One of text, markdown, html, pdf, docx."""
    return _ENDINGS.get(PurePosixPath(name).suffix.lower(), "text")


def read(name: str, source: Path | bytes, check: Check) -> Document:
    """The document's text and outline. Raises Unreadable, and what `check` raises."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MAX_BYTES:
        raise Unreadable(f"is larger than {MAX_BYTES} bytes")
    data = source if isinstance(source, bytes) else source.read_bytes()
    readers = {"markdown": _read_markdown, "html": read_html, "pdf": read_pdf, "docx": read_docx}
    try:
        return readers.get(format_of(name), _read_text)(data, check)
    except (Unreadable, ExecutionFailed, MemoryError, ImportError):
        raise
    except Exception as error:  # Parsers of damaged files fail in countless ways, and on every node alike.
        raise Unreadable(f"cannot be read: {type(error).__name__}: {str(error)[:MAX_REASON_CHARS]}") from error


def _read_text(data: bytes, check: Check) -> Document:
    outline = Outline()
    outline.add(_plain(data))
    return outline.document()


def _read_markdown(data: bytes, check: Check) -> Document:
    """The text as it is; `#` headings outside of code make the outline."""
    outline = Outline()
    fence = ""
    for line in _plain(data).splitlines(keepends=True):
        bare = line.strip()
        if bare.startswith(("```", "~~~")) and fence in ("", bare[:3]):
            fence = "" if fence else bare[:3]
        level = len(bare) - len(bare.lstrip("#"))
        if not fence and 1 <= level <= 6 and not bare[level : level + 1].strip():
            outline.heading(level, bare.strip("# \t"), line)
        else:
            outline.add(line)
    return outline.document()


def _plain(data: bytes) -> str:
    text = decode(data)
    if len(text) > MAX_CHARS:  # Before it is split into lines.
        raise Unreadable(f"holds more than {MAX_CHARS} characters of text")
    return text
