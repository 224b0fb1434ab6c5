"""Answers of the network as tables and texts for people.

Names, logs and tokens come from strangers' machines: whatever could steer a terminal is made visible first.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

COLOURS: Final = {
    "completed": "green", "online": "green", "finalized": "green", "ok": "green", "passed": "green",
    "running": "cyan", "busy": "cyan", "queued": "yellow", "pending": "yellow", "draining": "yellow", "due": "yellow",
    "batched": "yellow", "missing": "yellow", "not checked": "yellow", "unverified": "yellow",
    "failed": "red", "cancelled": "red", "suspended": "red", "offline": "red", "broken": "red",
}  # fmt: skip

_HUMP: Final = re.compile(r"(?<=[a-z])[A-Z](?=[a-z])")


def printable(text: str) -> str:
    """The text without anything that a terminal would obey."""
    return "".join(each if each in "\n\t" or each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def cell(value: Any) -> Text:
    """A value as a table shows it."""
    match value:
        case None | "":
            return Text("-", style="dim")
        case bool():
            return Text("yes" if value else "no")
        case float():
            return Text(f"{value:,.6f}".rstrip("0").rstrip("."))
        case int():
            return Text(f"{value:,}")
        case str():
            return Text(printable(value), style=COLOURS.get(value, ""))
        case _:
            return Text(printable(msgspec.json.format(msgspec.json.encode(value)).decode()))


def when(time: str | None) -> str | None:
    """A wire time to the second."""
    return time and time[:19].replace("T", " ")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> Table | Text:
    """A list. The first column is an id, which is never cut."""
    lines = [[cell(value) for value in row] for row in rows]
    if not lines:
        return Text(empty, style="dim")
    view = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for number, column in enumerate(columns):
        view.add_column(column, no_wrap=number == 0)
    for line in lines:
        view.add_row(*line)
    return view


def details(**values: Any) -> Table:
    """One thing's values under their names."""
    view = Table(box=None, show_header=False, pad_edge=False)
    view.add_column(style="bold", no_wrap=True)
    view.add_column()
    for name, value in values.items():
        view.add_row(_label(name), cell(value))
    return view


def _label(name: str) -> Text:
    """A name of Python or of JSON in words: `inputDigest` and `input_digest` become `Input digest`."""
    words = _HUMP.sub(lambda hump: f" {hump[0].lower()}", printable(name)).replace("_", " ")
    return Text(words[:1].upper() + words[1:])
