"""A job's events on a terminal, as they happen: states, progress, logs and tokens."""

import sys
from collections.abc import Iterable
from typing import Final, Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from hypernode.cli.session import console, print_json
from hypernode.cli.show import COLOURS, printable
from hypernode.protocol.jobs import Event


def follow(events: Iterable[Event], *, json: bool = False) -> None:
    """Show events to the last; with `json` each on a line of its own."""
    if json:
        for event in events:
            print_json(event, indent=-1)
        return
    with Follower() as follower:
        for event in events:
            follower.show(event)


PICTURE: Final = "data:image/"


class Follower:
    """Draws a progress bar below what scrolls by; tokens flow where the cursor stands, so they end the bar."""

    def __init__(self) -> None:
        self._console = console()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task: TaskID | None = None
        self._in_line = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._break_line()
        self._end_bar()

    def show(self, event: Event) -> None:
        """Show one event. A kind that this version does not know is left out."""
        match event.kind:
            case "status":
                self._status(str(event.data["status"]))
            case "progress":
                self._progress(float(event.data["fraction"]), str(event.data.get("message", "")))
            case "log":
                self._break_line()
                self._console.print(Text(printable("\n".join(event.data["lines"])), style="dim"))
            case "stream":
                self._stream(str(event.data["text"]))
            case _:
                pass

    def _status(self, status: str) -> None:
        self._break_line()
        self._console.print(Text(f"● {printable(status)}", style=COLOURS.get(status, "")))

    def _progress(self, fraction: float, message: str) -> None:
        if self._in_line or not self._console.is_terminal:
            return
        if self._task is None:
            self._task = self._bar.add_task("", total=1.0)
        self._bar.start()
        self._bar.update(self._task, completed=fraction, description=printable(message))

    def _stream(self, text: str) -> None:
        if text.startswith(PICTURE):
            self._break_line()
            self._console.print(Text(f"a first picture of {len(text)} bytes has come", style="dim"))
            return
        self._end_bar()
        sys.stdout.write(printable(text))
        sys.stdout.flush()
        self._in_line = True

    def _end_bar(self) -> None:
        if self._task is not None:  # Else it would print an empty line where there is no terminal.
            self._bar.stop()

    def _break_line(self) -> None:
        if self._in_line:
            sys.stdout.write("\n")
            self._in_line = False
