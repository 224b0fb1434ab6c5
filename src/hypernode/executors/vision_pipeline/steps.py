"""What a customer asks for: pictures and videos by name, and the steps that each of them goes through."""

from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

import msgspec

from hypernode.protocol.artifacts import Sha256
from hypernode.protocol.limits import MAX_OUTPUT_FILES

MAX_ITEMS: Final = 1_000
MAX_NAME_BYTES: Final = 200
"""Of an item's name in UTF-8: all names and errors together must fit into a result."""
MAX_STEPS: Final = 16
MAX_SIDE: Final = 8_192
"""Pixels that a step may ask for in one direction."""
MAX_PIXELS: Final = 64 << 20
"""Pixels of one picture, before and after any step. A larger one is refused by its header."""
MAX_FRAMES: Final = 10_000
"""Pictures that may be taken from one item."""
MAX_PICTURES: Final = 100_000
"""Pictures of one job."""
MAX_ANNOTATED: Final = MAX_OUTPUT_FILES - 1
"""Pictures of a job that draws: each is a file of the result, and so is the list of all results."""
MAX_LABELS: Final = 10_000
MAX_LABEL: Final = 128
"""Characters of a label."""
MAX_OBJECTS: Final = 1_000
MAX_TOP: Final = 100

Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE, description="Pixels.")]
Offset = Annotated[int, msgspec.Meta(ge=0, le=MAX_PIXELS, description="Pixels.")]
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
Level = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]
Positive = Annotated[float, msgspec.Meta(ge=1e-6, le=1e6)]
ItemName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?![\s\S]*[\x00-\x1f\\])(?!\.{1,2}(/|$))(?!.*/\.{1,2}(/|$))[^/]+(/[^/]+)*$",
        max_length=MAX_NAME_BYTES,
        description=f"Relative path without `.` and `..`, at most {MAX_NAME_BYTES} bytes.",
    ),
]

Fit = Literal["stretch", "inside", "cover", "pad"]
"""How a picture meets a size: distorted; within it; filling it, cut around its centre; within it, with grey bars."""


class Step(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, tag_field="step", tag=str.lower):
    """Base of all steps."""


class Frames(Step, frozen=True):
    """Which frames of a video, an animation or a TIFF of many pages are taken: every n-th, or so many a second.

    Without this step each item gives one picture, its first. Pages of a TIFF have no time: all are at second 0.
    """

    every: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    per_second: Annotated[float, msgspec.Meta(ge=1e-4, le=1_000)] | None = None
    most: Annotated[int, msgspec.Meta(ge=1, le=MAX_FRAMES)] = 100  #: Of one item; what comes after is not looked at.

    def __post_init__(self) -> None:
        if self.every and self.per_second:
            raise ValueError("give every or perSecond, not both")


class Resize(Step, frozen=True):
    """Scales the picture for the steps after it. With one of width and height the other follows."""

    width: Side | None = None
    height: Side | None = None
    fit: Fit = "inside"  #: Used where both width and height are given.

    def __post_init__(self) -> None:
        if not self.width and not self.height:
            raise ValueError("give width, height or both")


class Crop(Step, frozen=True):
    """Keeps as much of a rectangle as lies within the picture. An item whose picture is wholly outside of it stops."""

    x: Offset
    y: Offset
    width: Offset
    height: Offset


class Ocr(Step, frozen=True):
    """Reads lines of text in Chinese, Japanese, Greek and Latin letters. Gives `texts`."""

    min_score: Score = 0.5  #: Lines below are left out.


class Model(Step, frozen=True):
    """Runs a customer's ONNX model, with one input of a single picture. Gives `labels`, `objects` or `embedding`.

    Pixels reach the model as (value x scale - mean) / std with values from 0 to 255, or as they are where its input is
    uint8.
    """

    task: Literal["classify", "detect", "embed"]
    model: Sha256  #: The ONNX file, an artifact; without external data and without operators of its own.
    width: Side  #: Of the model's input.
    height: Side
    fit: Fit = "stretch"  #: How the picture meets the input; `inside` acts as `pad` does.
    layout: Literal["nchw", "nhwc"] = "nchw"
    channels: Literal["rgb", "bgr", "gray"] = "rgb"
    scale: Positive = 1 / 255
    mean: Annotated[tuple[Level, ...], msgspec.Meta(min_length=1, max_length=3)] = (0.0,)  #: One, or one a channel.
    std: Annotated[tuple[Positive, ...], msgspec.Meta(min_length=1, max_length=3)] = (1.0,)
    labels: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=MAX_LABEL)]], msgspec.Meta(max_length=MAX_LABELS)
    ] = []
    """Names of the classes in their order; without, a class is called by its number."""
    threshold: Score = 0.25  #: classify, detect: what scores less is left out.
    top: Annotated[int, msgspec.Meta(ge=1, le=MAX_TOP)] = 5  #: classify: at most so many labels.
    activation: Literal["none", "softmax", "sigmoid"] = "none"  #: classify: what makes scores of the model's output.
    boxes: Literal["yolo", "yolo-objectness", "lists"] = "yolo"
    """detect: how the model tells its boxes. `yolo`: one output [1, 4 + classes, n], box as centre x, centre y, width,
    height. `yolo-objectness`: [1, n, 5 + classes], the fifth multiplies the classes. `lists`: three outputs, boxes
    [n, 4] as left, top, right, bottom, then scores [n], then classes [n], taken as they are."""
    box_unit: Literal["pixels", "relative"] = "pixels"  #: detect: of the model's input, or 0 to 1.
    iou: Score = 0.45  #: detect, not for `lists`: of two boxes of a class that overlap more, the better one stays.
    most: Annotated[int, msgspec.Meta(ge=1, le=MAX_OBJECTS)] = 100  #: detect: at most so many objects.
    normalize: bool = False  #: embed: to length 1.
    outputs: Annotated[list[Annotated[str, msgspec.Meta(max_length=256)]], msgspec.Meta(max_length=3)] = []
    """Names of the model's outputs to use, in the order that the task wants; without, the model's own order."""

    def __post_init__(self) -> None:
        if {len(self.mean), len(self.std)} - {1, 1 if self.channels == "gray" else 3}:
            raise ValueError("mean and std have one number, or one for each channel")


class Annotate(Step, frozen=True):
    """Draws what was found onto the picture as the steps left it, and saves that as PNG. Always the last step."""

    color: Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$", max_length=7)] = "#ff0000"
    line_width: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2  #: Pixels.
    font_size: Annotated[int, msgspec.Meta(ge=6, le=256)] = 16  #: Pixels.


AnyStep = Frames | Resize | Crop | Ocr | Model | Annotate


class Input(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """Pictures (PNG, JPEG, WebP, BMP, TIFF, GIF), videos (MP4, MOV, Matroska, WebM, AVI), and what is done to each."""

    items: Annotated[dict[ItemName, Sha256], msgspec.Meta(min_length=1, max_length=MAX_ITEMS)]  #: Name -> artifact.
    steps: Annotated[list[AnyStep], msgspec.Meta(min_length=1, max_length=MAX_STEPS)]  #: In their order.

    def __post_init__(self) -> None:
        for name in self.items:
            if len(name.encode()) > MAX_NAME_BYTES:
                raise ValueError(f"the item's name {name[:40]}... is longer than {MAX_NAME_BYTES} bytes")
            if any(str(parent) in self.items for parent in PurePosixPath(name).parents):
                raise ValueError(f"{name} lies within another item")
        self._check_order()
        most = len(self.items) * self.most
        if most > MAX_PICTURES or (self.annotate and most > MAX_ANNOTATED):
            limit = f"{MAX_ANNOTATED} that annotate draws" if self.annotate else MAX_PICTURES
            raise ValueError(
                f"{len(self.items)} items of up to {self.most} pictures are more than {limit}: lower `most`"
            )

    def _check_order(self) -> None:
        if any(isinstance(step, Frames) for step in self.steps[1:]):
            raise ValueError("frames must be the first step")
        if any(isinstance(step, Annotate) for step in self.steps[:-1]):
            raise ValueError("annotate must be the last step")
        if not any(isinstance(step, Ocr | Model | Annotate) for step in self.steps):
            raise ValueError("these steps give no result: add ocr, model or annotate")

    @property
    def artifacts(self) -> set[str]:
        """All that must be fetched, by SHA-256."""
        return {*self.items.values(), *(step.model for step in self.steps if isinstance(step, Model))}

    @property
    def frames(self) -> Frames | None:
        """The first step, where it chooses frames."""
        first = self.steps[0]
        return first if isinstance(first, Frames) else None

    @property
    def annotate(self) -> Annotate | None:
        """The last step, where it draws."""
        last = self.steps[-1]
        return last if isinstance(last, Annotate) else None

    @property
    def finders(self) -> list[Ocr | Model]:
        """The steps that give a result, in their order."""
        return [step for step in self.steps if isinstance(step, Ocr | Model)]

    @property
    def most(self) -> int:
        """Pictures that one item can give."""
        return self.frames.most if self.frames else 1
