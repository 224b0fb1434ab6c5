"""Which frames of an item are taken, and what is taken."""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from av.error import FFmpegError
from PIL import Image, UnidentifiedImageError

from hypernode.executors.vision_pipeline.steps import MAX_PIXELS, Frames
from hypernode.ports import ExecutionFailed

_ROUNDING: Final = 1e-6
"""Seconds times frames: a frame at 0.1 + 0.2 s is one at 0.3 s."""

Tick = Callable[[], None]
"""Called often; raises ExecutionFailed when the job's time is over."""


class Unreadable(Exception):
    """An item that cannot be read, or that a step cannot work on; every honest node finds the same."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture, upright, in RGB."""

    frame: int
    seconds: float | None
    image: Image.Image


class Chooser:
    """Says of one frame after another whether it is taken."""

    def __init__(self, frames: Frames | None) -> None:
        self._every = (frames.every if frames else None) or 1
        self._per_second = frames.per_second if frames else None
        self._room = frames.most if frames else 1
        self._next = 0

    @property
    def done(self) -> bool:
        """No further frame is taken."""
        return self._room == 0

    def takes(self, index: int, seconds: float) -> bool:
        """Frames must be shown in their order."""
        if self.done:
            return False
        if self._per_second is None:
            taken = index % self._every == 0
        else:
            position = seconds * self._per_second + _ROUNDING
            taken = position >= self._next
            self._next = math.floor(position) + 1 if taken else self._next
        self._room -= taken
        return taken


def check_size(width: int, height: int) -> None:
    """Raises Unreadable for a picture that would not fit into memory, before it is decoded."""
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise Unreadable(f"{width} x {height} pixels: a picture has 1 to {MAX_PIXELS}")


@contextlib.contextmanager
def blaming() -> Iterator[None]:
    """Decoders raise whatever damaged data lead them to; but a disk or a memory that fails is not the item's fault."""
    try:
        yield
    except (Unreadable, ExecutionFailed, MemoryError):
        raise
    except FFmpegError as error:
        raise Unreadable(f"damaged: {error.strerror}") from error
    except UnidentifiedImageError as error:  # Its text is the path.
        raise Unreadable("damaged: its header cannot be read") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise Unreadable(f"damaged: {error}") from error
