"""Reads videos with FFmpeg, through PyAV."""

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from hypernode.executors.vision_pipeline.shots import Chooser, Shot, Tick, Unreadable, blaming, check_size
from hypernode.executors.vision_pipeline.steps import MAX_PIXELS, Frames

_UPRIGHT: Final = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
"""By the angle in degrees, counter-clockwise, that the file asks for."""


def shots(path: Path, demuxer: str, frames: Frames | None, tick: Tick) -> Iterator[Shot]:
    """The chosen frames, decoded from the beginning. Raises Unreadable."""
    chooser = Chooser(frames)
    with blaming(), _opened(path, demuxer) as (container, stream):
        first = None
        for index, frame in enumerate(container.decode(stream)):
            tick()
            if first is None:
                first = frame.pts or 0
            seconds = _seconds(stream, index, frame.pts, first)
            if chooser.takes(index, seconds):
                yield Shot(index, seconds, _image(frame))
            if chooser.done:
                return
        if first is None:
            raise Unreadable("holds no frame that can be decoded")


def outline(path: Path, demuxer: str, frames: Frames | None, tick: Tick) -> list[tuple[int, float | None]]:
    """The chosen frames by number and time, told by the container without decoding.

    A codec may decode to more or fewer frames than that: compare with `shots` where it matters. Raises Unreadable.
    """
    chooser = Chooser(frames)
    with blaming(), _opened(path, demuxer) as (container, stream):
        stamps = _stamps(container, stream, tick)
        timed = ((i, _seconds(stream, i, stamp, stamps[0])) for i, stamp in enumerate(stamps))
        return [(index, seconds) for index, seconds in timed if chooser.takes(index, seconds)]


def shots_at(path: Path, demuxer: str, wanted: Collection[int], tick: Tick) -> Iterator[Shot]:
    """Frames by number, each decoded from the key frame before it. Ends early where the file cannot be cut so."""
    with blaming(), _opened(path, demuxer) as (container, stream):
        stamps = _stamps(container, stream, tick)
        for index in sorted(wanted):
            stamp = stamps[index] if index < len(stamps) else None
            if stamp is None:
                return
            container.seek(stamp, stream=stream)
            reached = next((each for each in container.decode(stream) if (each.pts or 0) >= stamp), None)
            if reached is None or reached.pts != stamp:
                return
            yield Shot(index, _seconds(stream, index, stamp, stamps[0]), _image(reached))


def _stamps(container: InputContainer, stream: VideoStream, tick: Tick) -> list[int | None]:
    """When each frame is shown, in units of the stream, in that order; None where the container does not tell."""
    found: list[int | None] = []
    for packet in container.demux(stream):
        tick()
        if packet.size and not packet.is_discard:
            found.append(packet.pts)
    return sorted(found, key=lambda stamp: (stamp is None, stamp))


def _seconds(stream: VideoStream, index: int, stamp: int | None, first: int | None) -> float:
    """Since the first frame, to the microsecond."""
    if stamp is not None and first is not None and stream.time_base:
        return round(float((stamp - first) * stream.time_base), 6)
    return round(float(index / stream.average_rate), 6) if stream.average_rate else 0.0


def _image(frame: VideoFrame) -> Image.Image:
    check_size(frame.width, frame.height)
    image = frame.to_image()
    turn = _UPRIGHT.get(round(frame.rotation) % 360)
    return image if turn is None else image.transpose(turn)


@contextlib.contextmanager
def _opened(path: Path, demuxer: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container is the named one, never guessed: a playlist would make FFmpeg open other files."""
    options = {"protocol_whitelist": "file"}
    with av.open(str(path), format=demuxer, options=options, metadata_errors="replace") as container:
        stream = next(iter(container.streams.video), None)
        if stream is None or not isinstance(stream.codec_context, VideoCodecContext):
            raise Unreadable("holds no video that can be decoded")
        check_size(stream.codec_context.width, stream.codec_context.height)
        # A stream may change its size later on: the decoder itself must refuse.
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        stream.codec_context.thread_count = 1
        yield container, stream
