"""What generated pages are made of: Markdown tables, and what the code says."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Final

_CONSTANT: Final = re.compile(
    r"^([A-Z]\w*): Final(?:\[[^=]*\])? = [^#\n]*(?:#: (?P<beside>.+))?(?:\n\"\"\"(?P<below>[^\"]+)\"\"\")?",
    re.MULTILINE,
)

Row = Sequence[object]


def table(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def code(value: object) -> str:
    """A value in code marks; nothing for nothing."""
    return f"`{value}`" if value not in ("", None) else ""


def summary(of: object) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(of) or "").split("\n")[0]


def _cell(value: object) -> str:
    return re.sub(r"\s+", " ", str(value)).replace("|", "\\|")


def constants(module: ModuleType) -> Iterator[Row]:
    """The numbers that a module names: name, value, meaning."""
    for found in _CONSTANT.finditer(inspect.getsource(module)):
        value = getattr(module, found[1])
        if isinstance(value, int | float):
            yield code(found[1]), f"{value:,}", found["beside"] or found["below"] or ""
