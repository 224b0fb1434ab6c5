"""The text of a PDF, page by page, by pypdf."""

from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import Any, Final

from hypernode.executors.rag_indexing.outline import Document, Outline, Unreadable

MAX_PAGES: Final = 5_000
MAX_OPERATORS: Final = 5_000_000
"""Drawing operators of one document; a full page of text has about a thousand."""
_ENCRYPTED: Final = "is encrypted: remove its password"
_LIMITS: Final = {
    "zlib_maximum_output_length": 32 << 20,
    "stream_parsing_work_maximum_count": 500_000,
    "xform_maximum_invocations_per_extraction": 500,
}
"""Of pypdf for one stream and one page: less than its own, so that no step between two checks takes long."""


def read_pdf(data: bytes, check: Callable[[], None]) -> Document:
    """Every page is a section. Pictures are not read. Raises Unreadable, and whatever pypdf makes of damaged files."""
    pypdf: Any = import_module("pypdf")
    if b"%PDF-" not in data[:1024]:
        raise Unreadable("is no PDF")
    outline, count = Outline(), _Count(check)
    with pypdf.apply_configuration(**_LIMITS):
        try:
            reader = pypdf.PdfReader(BytesIO(data), strict=False)
        except pypdf.errors.DependencyError:  # Some ciphers need a package that not every node has.
            raise Unreadable(_ENCRYPTED) from None
        if reader.is_encrypted:
            raise Unreadable(_ENCRYPTED)
        if len(reader.pages) > MAX_PAGES:
            raise Unreadable(f"has more than {MAX_PAGES} pages")
        for number, page in enumerate(reader.pages, 1):
            check()
            outline.turn(number)
            text = page.extract_text(visitor_operand_before=count)
            # pypdf swallows what is raised within a form.
            count.confirm()
            # Damaged fonts give lone surrogates and NULs, which no JSON holds.
            outline.add(text.encode(errors="replace").decode().replace("\0", "") + "\n")
    return outline.document()


class _Count:
    """Looks at every operator on its way, of nested forms too."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._seen = 0

    def __call__(self, *_: object) -> None:
        self._seen += 1
        self.confirm()
        if self._seen % 256 == 0:
            self._check()

    def confirm(self) -> None:
        if self._seen > MAX_OPERATORS:
            raise Unreadable(f"draws with more than {MAX_OPERATORS} operators")
