"""What a render is asked for, and what it answers."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from hypernode.protocol.artifacts import Sha256
from hypernode.protocol.limits import MAX_OUTPUT_FILES

SCENE: Final = "scene.blend"
"""The scene's own name in the folder that it shares with its assets."""
MAX_FRAME: Final = 1_048_574
"""The last frame that Blender counts."""
MAX_FRAMES: Final = MAX_OUTPUT_FILES
"""Of one job: each is a file."""
MAX_SIDE: Final = 16_384
MAX_PIXELS: Final = 1 << 25
"""Of a frame: just above 7680 x 4320. While it is stitched, each takes 40 bytes of memory."""
MAX_SAMPLES: Final = 65_536
MAX_UNITS: Final = 10**15
"""Of a job: about a hundred GPU-years, and exact in every JSON reader."""
MAX_TILES: Final = 32
"""In a row, and in a column."""

FrameNumber = Annotated[int, Meta(ge=0, le=MAX_FRAME)]
FileName = Annotated[
    str,
    Meta(
        pattern=r"^(?![\s\S]*[\x00-\x1f\\])(?!\.{1,2}(/|$))(?!.*/\.{1,2}(/|$))[^/]+(/[^/]+)*$",
        max_length=255,
        description="Relative path without `.` and `..`.",
    ),
]
Text = Annotated[str, Meta(max_length=256)]


class Scene(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """An uploaded .blend file, compressed or not."""

    sha256: Sha256


class FrameRange(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """Every `step`-th frame from `start` up to `end`."""

    start: FrameNumber
    end: FrameNumber
    step: Annotated[int, Meta(ge=1, le=MAX_FRAME)] = 1


Frames = Annotated[list[FrameNumber], Meta(min_length=1, max_length=MAX_FRAMES)] | FrameRange


class Tiles(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A grid over a frame: one tile at a time takes less memory than the whole."""

    rows: Annotated[int, Meta(ge=1, le=MAX_TILES)] = 1
    columns: Annotated[int, Meta(ge=1, le=MAX_TILES)] = 1


class Box(NamedTuple):
    """A part of a frame in pixels: from the left and from the top, the ends excluded."""

    left: int
    top: int
    right: int
    bottom: int


class Input(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A scene and how to render it, with Cycles. What is said here goes before what the scene says."""

    scene: Scene
    assets: Annotated[dict[FileName, Sha256], Meta(max_length=1_000)] = {}  #: Textures and the like: path -> SHA-256.
    frames: Frames = msgspec.field(default_factory=lambda: [1])  #: Their numbers, or `start`, `end` and `step`.
    width: Annotated[int, Meta(ge=4, le=MAX_SIDE)]  #: Pixels.
    height: Annotated[int, Meta(ge=4, le=MAX_SIDE)]  #: Pixels.
    samples: Annotated[int, Meta(ge=1, le=MAX_SAMPLES)]  #: Of each pixel: adaptive sampling is off.
    tiles: Tiles = Tiles()  #: `rows` and `columns` that are rendered one after the other.
    output: Literal["png", "exr"] = "png"  #: 8 bits a channel as the scene's view shows it, or 32-bit linear floats.
    denoise: bool = False  #: With OpenImageDenoise.
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 0  #: Of the noise, which differs from frame to frame.
    device: Literal["auto", "cpu", "gpu"] = "auto"  #: `auto` takes a GPU where Cycles can use one.
    camera: Text = ""  #: Name of the camera; empty: the scene's.
    transparent: bool = False  #: The background has no colour, and each pixel an alpha.

    def __post_init__(self) -> None:
        if isinstance(self.frames, FrameRange) and not 1 <= len(_range(self.frames)) <= MAX_FRAMES:
            raise ValueError(f"a job renders 1 to {MAX_FRAMES} frames, not {len(_range(self.frames))}")
        if not isinstance(self.frames, FrameRange) and len(set(self.frames)) < len(self.frames):
            raise ValueError("a frame is named twice")
        if self.width * self.height > MAX_PIXELS:
            raise ValueError(f"a frame has at most {MAX_PIXELS} pixels, not {self.width} x {self.height}")
        if self.units > MAX_UNITS:
            raise ValueError(f"a job has at most {MAX_UNITS} pixel samples, not {self.units}")
        if self.tiles.rows > self.height or self.tiles.columns > self.width:
            raise ValueError("a tile has at least one pixel")
        if self.denoise and self.tiles != Tiles():
            raise ValueError("denoising needs whole frames: leave tiles away")
        if any(name.split("/")[0].casefold() == SCENE for name in self.assets):
            raise ValueError(f"{SCENE} is the scene's own name")

    @property
    def numbers(self) -> Sequence[int]:
        """The frames in the order in which they are rendered: time's."""
        return _range(self.frames) if isinstance(self.frames, FrameRange) else sorted(self.frames)

    @property
    def units(self) -> int:
        """Samples of all pixels of all frames."""
        return self.width * self.height * self.samples * len(self.numbers)

    @property
    def channels(self) -> int:
        """Of a pixel: red, green, blue, and alpha where the background is transparent."""
        return 4 if self.transparent else 3

    def file_name(self, frame: int) -> str:
        """Of a frame's picture, as in `frame_0001.png`."""
        return f"frame_{frame:04d}.{self.output}"


class Frame(msgspec.Struct, rename="camel", frozen=True):
    """A picture of the result."""

    frame: FrameNumber
    file: Text  #: Name of its artifact.
    pixel_digest: Sha256  #: Of the decoded pixels from the top left: bytes of a PNG, little-endian floats of an EXR.
    seconds: Annotated[float, Meta(ge=0)]  #: From start to file.
    width: int
    height: int
    samples: int  #: Of each pixel.


class Output(msgspec.Struct, rename="camel", frozen=True):
    """What was rendered. The pictures are the result's artifacts."""

    frames: Annotated[list[Frame], Meta(max_length=MAX_FRAMES)]  #: In time's order.
    engine: Text  #: As in `Blender 4.5.15 LTS`.
    device: Text  #: As in `CPU`, or `OPTIX NVIDIA H100`.
    units: Annotated[int, Meta(ge=0, le=MAX_UNITS)]  #: Samples of all pixels of all frames.


def _range(frames: FrameRange) -> range:
    return range(frames.start, frames.end + 1, frames.step)


def tile_boxes(width: int, height: int, tiles: Tiles) -> list[Box]:
    """The tiles, row by row from the top; no two differ by more than a pixel in a side."""
    columns = _cuts(width, tiles.columns)
    return [Box(left, top, right, bottom) for top, bottom in _cuts(height, tiles.rows) for left, right in columns]


def _cuts(length: int, parts: int) -> list[tuple[int, int]]:
    return [(length * part // parts, length * (part + 1) // parts) for part in range(parts)]


def split(given: Input, most: int) -> list[Input]:
    """At most `most` inputs with an equal share of the frames each, in time's order."""
    numbers = given.numbers
    shares = _cuts(len(numbers), max(1, min(most, len(numbers))))
    if len(shares) == 1:
        return [given]
    return [msgspec.structs.replace(given, frames=list(numbers[first:end])) for first, end in shares]


def join(given: Input, outputs: Sequence[Output]) -> Output:
    """The parts' frames in time's order. Raises ValueError where a frame is missing, or there twice."""
    frames = sorted((frame for output in outputs for frame in output.frames), key=lambda frame: frame.frame)
    if [frame.frame for frame in frames] != list(given.numbers):
        raise ValueError(f"the parts do not hold each of the {len(given.numbers)} frames once")
    return Output(
        frames=frames,
        engine=_distinct([output.engine for output in outputs]),
        device=_distinct([output.device for output in outputs]),
        units=given.units,
    )


def _distinct(names: Sequence[str]) -> str:
    text = ", ".join(dict.fromkeys(names))
    return text if len(text) <= 256 else f"{text[:253]}..."
