"""Runs a job: every picture of every item through the steps, with results as they come."""

import time
from pathlib import Path
from typing import Final

import msgspec

from hypernode.executors.vision_pipeline.annotate import annotated
from hypernode.executors.vision_pipeline.media import look
from hypernode.executors.vision_pipeline.pipeline import Pipeline, Seen
from hypernode.executors.vision_pipeline.results import (
    MAX_ERROR,
    MAX_INLINE_BYTES,
    MAX_RESULTS_BYTES,
    RESULTS_FILE,
    Item,
    Output,
    Picture,
)
from hypernode.executors.vision_pipeline.shots import Tick, Unreadable
from hypernode.executors.vision_pipeline.steps import Input
from hypernode.ports import ExecutionFailed, JobContext, Outcome

_PNG_EFFORT: Final = 3
"""Of 9: half the time of the default for a tenth more bytes."""


def until(max_duration_s: float) -> Tick:
    """Raises ExecutionFailed when it is called later than that from now."""
    end = time.monotonic() + max_duration_s

    def tick() -> None:
        if time.monotonic() > end:
            raise ExecutionFailed(f"ran longer than {max_duration_s:g} s")

    return tick


class Run:
    """One job."""

    def __init__(self, given: Input, context: JobContext, threads: int) -> None:
        self._given, self._context = given, context
        self._tick = until(context.max_duration_s)
        self._pipeline = Pipeline(given, context.inputs, threads)

    def outcome(self) -> Outcome:
        """Do all the work. Raises ExecutionFailed, blaming the input where no item gave a picture."""
        items: dict[str, Item] = {}
        with _Results(self._context.outputs) as results:
            for number, name in enumerate(self._given.items):
                items[name] = self._item(number, name, results)
        taken = sum(item.pictures for item in items.values())
        if not taken:
            name, item = next(iter(items.items()))
            raise ExecutionFailed(f"no item gave a picture; {name}: {item.error}", blames_input=True)
        return Outcome(results.output(items), taken, self._pipeline.fingerprint())

    def _item(self, number: int, name: str, results: "_Results") -> Item:
        kind, error, taken = "", "", 0
        total = len(self._given.items)
        try:
            medium = look(self._context.inputs / self._given.items[name])
            kind = medium.format
            for shot in medium.shots(self._given.frames, self._tick):
                self._tick()
                seen = self._pipeline.see(name, shot)
                self._draw(seen)
                self._context.stream(results.add(seen.picture))
                taken += 1
                found = "; ".join(map(str, seen.picture.found))
                self._context.log(f"{name} frame {shot.frame}: {found}")
                self._context.progress((number + taken / self._given.most) / total, f"{number + 1} of {total}: {name}")
        except Unreadable as broken:
            error = _printable(str(broken))
            self._context.log(f"{name} stopped after {taken} pictures: {error}")
        self._context.progress((number + 1) / total, f"{number + 1} of {total}: {name}")
        return Item(taken, kind, error)

    def _draw(self, seen: Seen) -> None:
        if step := self._given.annotate:
            path = self._context.outputs / seen.picture.file
            path.parent.mkdir(parents=True, exist_ok=True)
            annotated(seen.view, seen.picture.found, step).save(path, "PNG", compress_level=_PNG_EFFORT)


class _Results:
    """All pictures' results in a file, and the first ones in the output; without the file where that is all."""

    def __init__(self, outputs: Path) -> None:
        self._path = outputs / RESULTS_FILE
        self._inline: list[Picture] = []
        self._room = MAX_INLINE_BYTES
        self._all_inline = True

    def __enter__(self) -> "_Results":
        self._file = self._path.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, picture: Picture) -> str:
        """The picture as a line of JSON, which is also written."""
        line = msgspec.json.encode(picture) + b"\n"
        self._file.write(line)
        if self._file.tell() > MAX_RESULTS_BYTES:
            raise ExecutionFailed(f"the results are larger than {MAX_RESULTS_BYTES} bytes", blames_input=True)
        self._all_inline = self._all_inline and len(line) <= self._room
        if self._all_inline:
            self._inline.append(picture)
            self._room -= len(line)
        return line.decode()

    def output(self, items: dict[str, Item]) -> Output:
        """After the last picture."""
        if self._all_inline:
            self._path.unlink()
        return Output(items, self._inline, "" if self._all_inline else RESULTS_FILE)


def _printable(text: str) -> str:
    """Plain and short: the errors of all items together must fit into the result."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)[:MAX_ERROR]
