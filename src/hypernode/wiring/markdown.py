"""What generated pages are made of: Markdown tables, and what the code's comments say."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Final

_COMMENT: Final = "#: "
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


def comments(kind: type) -> dict[str, str]:
    """What the `#:` comments of a class say of its members."""
    source = textwrap.dedent(inspect.getsource(kind))
    lines, found = source.splitlines(), dict[str, str]()
    for member in ast.walk(ast.parse(source)):
        if isinstance(member, ast.Assign | ast.AnnAssign):
            target = member.targets[0] if isinstance(member, ast.Assign) else member.target
            comment = lines[(member.end_lineno or 0) - 1].partition(_COMMENT)[2]
            if comment and isinstance(target, ast.Name):
                found[target.id] = comment
    return found


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
