"""What comes out: for each picture what every step found, and for each item how it ended."""

import math
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec

from hypernode.executors.vision_pipeline.steps import MAX_OBJECTS, MAX_STEPS, MAX_TOP

RESULTS_FILE: Final = "results.jsonl"
"""Holds all pictures, one a line, where they do not fit into the output."""
MAX_INLINE_BYTES: Final = 256 << 10
"""Of pictures in the output, as JSON."""
MAX_RESULTS_BYTES: Final = 512 << 20
"""Of all pictures, as JSON."""
MAX_LINE_BYTES: Final = 8 << 20
"""Of one picture, as JSON."""
MAX_ERROR: Final = 150
"""Characters of what went wrong with an item."""
MAX_LINES: Final = 1_000
"""Of text in one picture."""
MAX_TEXT: Final = 4_096
"""Characters of a line."""
MAX_EMBEDDING: Final = 16_384
"""Numbers of one embedding."""

Point = tuple[float, float]
"""x and y in pixels of the item's picture as a person sees it: upright, before any step."""
Name = Annotated[str, msgspec.Meta(max_length=256)]


class Line(msgspec.Struct, rename="camel", frozen=True):
    """A line of text."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
    score: float  #: 0 to 1.
    box: tuple[Point, Point, Point, Point]  #: Corners, clockwise from where the text begins at its top.


class Label(msgspec.Struct, rename="camel", frozen=True):
    """A class that the whole picture belongs to."""

    name: Name
    score: float


class Thing(msgspec.Struct, rename="camel", frozen=True):
    """An object in the picture."""

    name: Name
    score: float
    box: tuple[float, float, float, float]  #: Left, top, right, bottom.


class Found(msgspec.Struct, rename="camel", frozen=True, tag_field="kind", tag=str.lower):
    """Base of what a step finds."""


class Texts(Found, frozen=True):
    """By `ocr`."""

    lines: Annotated[list[Line], msgspec.Meta(max_length=MAX_LINES)]

    def __str__(self) -> str:
        return f"{len(self.lines)} lines of text"


class Labels(Found, frozen=True):
    """By a `model` that classifies, best first."""

    labels: Annotated[list[Label], msgspec.Meta(max_length=MAX_TOP)]

    def __str__(self) -> str:
        return ", ".join(f"{label.name} {label.score:.2f}" for label in self.labels[:1]) or "no label"


class Objects(Found, frozen=True):
    """By a `model` that detects, best first."""

    objects: Annotated[list[Thing], msgspec.Meta(max_length=MAX_OBJECTS)]

    def __str__(self) -> str:
        return f"{len(self.objects)} objects"


class Embedding(Found, frozen=True):
    """By a `model` that embeds."""

    vector: Annotated[list[float], msgspec.Meta(max_length=MAX_EMBEDDING)]

    def __str__(self) -> str:
        return f"{len(self.vector)} numbers"


AnyFound = Texts | Labels | Objects | Embedding


class Picture(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """One picture of an item: itself, or one of its frames."""

    item: str
    frame: int  #: Counted from 0 in all frames of the item.
    width: int  #: Pixels, upright, before any step.
    height: int
    found: Annotated[
        list[AnyFound], msgspec.Meta(max_length=MAX_STEPS)
    ]  #: One for each `ocr` and `model` step, in their order.
    seconds: float | None = None  #: Since the first frame; only where the item is a video or an animation.
    file: str = ""  #: The annotated picture, an artifact of the result.


class Item(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """How an item ended."""

    pictures: int  #: That were taken and went through all steps.
    format: str = ""  #: As in `PNG`; empty where it is none that is known.
    error: str = ""  #: What stopped it; the pictures before that are kept.


class Output(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """The result. An item that breaks is reported in `items`; the job fails only when no item gave a picture."""

    items: dict[str, Item]
    pictures: list[Picture]  #: In the order of the items; only the first ones, where `file` is given.
    file: str = ""  #: The artifact with all pictures, one a line in JSON.


def annotated_file(item: str, frame: int) -> str:
    """The name of an annotated picture among the result's artifacts; different for each picture of a job."""
    return f"annotated/{item}/{frame:06d}.png"


def numbers(found: AnyFound) -> Iterator[float]:
    """All scores, coordinates and vector elements."""
    match found:
        case Texts(lines):
            for line in lines:
                yield line.score
                yield from (number for point in line.box for number in point)
        case Labels(labels):
            yield from (label.score for label in labels)
        case Objects(objects):
            for each in objects:
                yield each.score
                yield from each.box
        case Embedding(vector):
            yield from vector


def is_sound(picture: Picture) -> bool:
    """Whether all its numbers are finite, and all boxes lie within it."""
    if not all(math.isfinite(number) for found in picture.found for number in numbers(found)):
        return False
    return all(
        0 <= x <= picture.width and 0 <= y <= picture.height for found in picture.found for x, y in _points(found)
    )


def _points(found: AnyFound) -> Iterator[Point]:
    match found:
        case Texts(lines):
            for line in lines:
                yield from line.box
        case Objects(objects):
            for each in objects:
                yield from (each.box[:2], each.box[2:])
        case _:
            return
