"""Reads pictures with Pillow: their size first, then upright and in plain RGB."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from hypernode.executors.vision_pipeline.shots import Chooser, Shot, Tick, Unreadable, blaming, check_size
from hypernode.executors.vision_pipeline.steps import Frames

_TIMED: Final = frozenset({"GIF", "WEBP", "PNG"})
_OF_FRAMES: Final = _TIMED | {"TIFF"}


def shots(path: Path, kind: str, frames: Frames | None, tick: Tick) -> Iterator[Shot]:
    """The chosen frames of a picture whose format Pillow calls `kind`. Raises Unreadable."""
    for frame, seconds, image in _walk(path, kind, frames, tick):
        with blaming():
            upright = _plain(ImageOps.exif_transpose(image))
        yield Shot(frame, seconds, upright)


def outline(path: Path, kind: str, frames: Frames | None, tick: Tick) -> list[tuple[int, float | None]]:
    """The chosen frames by number and time, as far as headers tell. Raises Unreadable."""
    return [(frame, seconds) for frame, seconds, _ in _walk(path, kind, frames, tick)]


def _walk(path: Path, kind: str, frames: Frames | None, tick: Tick) -> Iterator[tuple[int, float | None, Image.Image]]:
    """Frame numbers, their seconds, and the open file at that frame."""
    chooser, seconds = Chooser(frames), 0.0
    with blaming(), Image.open(path, formats=[kind]) as image:
        timed = kind in _TIMED and frames is not None and getattr(image, "is_animated", False)
        for index in itertools.count():
            tick()
            if index and (chooser.done or kind not in _OF_FRAMES or not _turn(image, index)):
                return
            check_size(*image.size)
            if chooser.takes(index, seconds):
                yield index, seconds if timed else None, image
            if timed:
                seconds += _duration_s(image)


def _turn(image: Image.Image, index: int) -> bool:
    """Go to a frame, if there is one."""
    try:
        image.seek(index)
    except EOFError:
        return False
    return True


def _duration_s(image: Image.Image) -> float:
    if image.format == "WEBP":
        image.load()  # Known only then.
    duration_ms = image.info.get("duration", 0)
    return duration_ms / 1_000 if isinstance(duration_ms, int | float) and duration_ms > 0 else 0.0


def _plain(image: Image.Image) -> Image.Image:
    """RGB. What is transparent becomes white; of 16 bits the upper 8 count."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        raise Unreadable("its pixels are 32-bit numbers: 8 and 16 bits can be read")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")
