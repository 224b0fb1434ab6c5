"""Reads what a node claims to have found, and refuses what no honest node writes."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from hypernode.executors.vision_pipeline.results import (
    MAX_LINE_BYTES,
    MAX_RESULTS_BYTES,
    RESULTS_FILE,
    Embedding,
    Labels,
    Objects,
    Output,
    Picture,
    Texts,
    annotated_file,
    is_sound,
)
from hypernode.executors.vision_pipeline.steps import MAX_PIXELS, Input, Ocr
from hypernode.ports import Claim

_KINDS: Final = {"classify": Labels, "detect": Objects, "embed": Embedding}


class Refuted(Exception):
    """Evidence that an honest node cannot have produced."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is kept of the claimed pictures: there may be more than fit into memory."""

    times: dict[str, list[tuple[int, float | None]]]  #: By item, the frames and their seconds.
    chosen: list[Picture]


def count(given: Input, claim: Claim) -> int:
    """The number of claimed pictures. Raises Refuted for one that contradicts the input or itself."""
    output = claim.output
    if not isinstance(output, Output):
        raise Refuted("the output is of another type")
    if output.items.keys() != given.items.keys():
        raise Refuted("the claimed items are not those of the job")
    for name, item in output.items.items():
        if not 0 <= item.pictures <= given.most or not (item.pictures or item.error):
            raise Refuted(f"{name}: {item.pictures} pictures are claimed, where 1 to {given.most} can be")
    total = sum(item.pictures for item in output.items.values())
    if not total:
        raise Refuted("no picture is claimed, where an honest node reports a failure")
    if claim.units != total:
        raise Refuted(f"{claim.units} pictures are claimed to be done, and {total} to be found")
    return total


def read(given: Input, claim: Claim, total: int, chosen: Container[int]) -> Claimed:
    """All claimed pictures looked at, those of some positions kept. Raises Refuted for one that cannot be."""
    pictures = enumerate(_pictures(claim.output, claim.files, total))
    claimed = Claimed({}, [])
    for name in given.items:
        times = claimed.times.setdefault(name, [])
        for number, picture in islice(pictures, claim.output.items[name].pictures):
            _check(given, name, picture, claim.files)
            if times and times[-1][0] >= picture.frame:
                raise Refuted(f"{name}: the frames are not in their order")
            times.append((picture.frame, picture.seconds))
            if number in chosen:
                claimed.chosen.append(picture)
    if next(pictures, None):
        raise Refuted(f"{total} pictures are claimed to be done, and more are there")
    return claimed


def is_plain(path: Path) -> bool:
    """Whether it is a file, and no link to one."""
    return path.is_file() and not path.is_symlink()


def _check(given: Input, name: str, picture: Picture, files: Path) -> None:
    """Whether a picture of this item can come from these steps at all."""
    kinds = [Texts if isinstance(step, Ocr) else _KINDS[step.task] for step in given.finders]
    where = f"{name} frame {picture.frame}"
    if picture.item != name or picture.frame < 0:
        raise Refuted(f"{where}: the result of {picture.item} frame {picture.frame} stands in its place")
    if [type(found) for found in picture.found] != kinds:
        raise Refuted(f"{where}: the results are not those of the steps")
    if not 0 < picture.width * picture.height <= MAX_PIXELS or not is_sound(picture):
        raise Refuted(f"{where}: a number is not finite, or a box lies outside of the picture")
    if picture.file != (annotated_file(name, picture.frame) if given.annotate else ""):
        raise Refuted(f"{where}: the annotated picture is called {picture.file!r}")
    if picture.file and not is_plain(files / picture.file):
        raise Refuted(f"{where}: the annotated picture is not there")


def _pictures(output: Output, files: Path, total: int) -> Iterator[Picture]:
    """From the output, or from the file where it names one; at least `total`."""
    if not output.file:
        if len(output.pictures) < total:
            raise Refuted(f"{total} pictures are claimed to be done, and {len(output.pictures)} are there")
        yield from output.pictures
        return
    path = files / RESULTS_FILE
    if output.file != RESULTS_FILE or not is_plain(path) or path.stat().st_size > MAX_RESULTS_BYTES:
        raise Refuted(f"the file {RESULTS_FILE} is not there, or is larger than {MAX_RESULTS_BYTES} bytes")
    decode = msgspec.json.Decoder(Picture).decode
    inline = iter(output.pictures)
    with path.open("rb") as file:
        # One more than there should be shows that there are too many.
        for number in range(1, total + 2):
            line = file.readline(MAX_LINE_BYTES)
            if not line and number > total:
                return
            try:
                picture = decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise Refuted(f"line {number} of {RESULTS_FILE} is no picture: {error}") from error
            if next(inline, picture) != picture:
                raise Refuted(f"line {number} of {RESULTS_FILE} is not what the output says")
            yield picture
