"""Tells what an item is by its first bytes, never by its name, and reads it accordingly."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hypernode.executors.vision_pipeline import pictures, videos
from hypernode.executors.vision_pipeline.shots import Shot, Tick, Unreadable
from hypernode.executors.vision_pipeline.steps import Frames

_HEAD_BYTES: Final = 16
_PICTURES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (8, b"WEBP", "WEBP"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"BM", "BMP"),
)
"""Offset, bytes, and the format in Pillow's words."""
_VIDEOS: Final = (
    (4, b"ftyp", "MP4", "mp4"),
    (0, b"\x1a\x45\xdf\xa3", "MATROSKA", "matroska"),
    (8, b"AVI ", "AVI", "avi"),
)
"""Offset, bytes, format, and the demuxer in FFmpeg's words."""


@dataclass(frozen=True, slots=True)
class Medium:
    """An item's file, and how to read it."""

    path: Path
    format: str
    demuxer: str = ""  #: Only of a video.

    def shots(self, frames: Frames | None, tick: Tick) -> Iterator[Shot]:
        """The chosen frames. Raises Unreadable, also after some of them."""
        if self.demuxer:
            return videos.shots(self.path, self.demuxer, frames, tick)
        return pictures.shots(self.path, self.format, frames, tick)

    def outline(self, frames: Frames | None, tick: Tick) -> list[tuple[int, float | None]]:
        """The chosen frames by number and time, without decoding them. Raises Unreadable."""
        if self.demuxer:
            return videos.outline(self.path, self.demuxer, frames, tick)
        return pictures.outline(self.path, self.format, frames, tick)

    def shots_at(self, frames: Frames | None, wanted: Collection[int], tick: Tick) -> Iterator[Shot]:
        """Some of the chosen frames, the shortest way; may end early. Raises Unreadable."""
        if self.demuxer:
            return videos.shots_at(self.path, self.demuxer, wanted, tick)
        return (shot for shot in self.shots(frames, tick) if shot.frame in wanted)


def look(path: Path) -> Medium:
    """What the file is. Raises Unreadable for anything but the known formats."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for offset, magic, kind in _PICTURES:
        if head.startswith(magic, offset):
            return Medium(path, kind)
    for offset, magic, kind, demuxer in _VIDEOS:
        if head.startswith(magic, offset):
            return Medium(path, kind, demuxer)
    raise Unreadable("is no PNG, JPEG, WebP, BMP, TIFF or GIF picture, and no MP4, MOV, Matroska, WebM or AVI video")
