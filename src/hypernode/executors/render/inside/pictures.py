"""Inside Blender: pictures as arrays, their files, and the part of a frame that is rendered.

Arrays are of rows from the top. Linear pixels are RGBA, 32-bit floats, colours multiplied by alpha.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

bpy: Any = import_module("bpy")
np: Any = import_module("numpy")

ROUNDING_8_BIT = 1.5 / 255
"""Between values of a PNG: one step either way."""
ROUNDING_FLOAT = 1e-3
_SAMPLE = re.compile(r"\bSample (\d+)/(\d+)")


def load(path: Path) -> tuple[Any, bool, int]:
    """A file's RGBA as floats, whether it holds floats, and its number of channels. Raises ValueError."""
    try:
        image = bpy.data.images.load(str(path))
    except RuntimeError as error:
        raise ValueError(str(error).strip()) from None
    try:
        width, height = image.size
        if not width or not height:
            raise ValueError("it cannot be decoded")
        image.colorspace_settings.name = "Non-Color"  # The values as they are.
        pixels = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(pixels)
        floats = bool(image.is_float)
        return pixels.reshape(height, width, image.channels)[::-1], floats, image.depth // (32 if floats else 8)
    finally:
        bpy.data.images.remove(image)


def stored(path: Path) -> Any:
    """A file's values as it holds them: bytes of a PNG, little-endian 32-bit floats of an EXR. Raises ValueError."""
    pixels, floats, channels = load(path)
    values = pixels[..., :channels]
    return np.ascontiguousarray(values, "<f4") if floats else np.rint(values * 255).astype(np.uint8)


def save(pixels: Any, path: Path) -> None:
    """Write linear pixels in the scene's format; a PNG gets the scene's view transform."""
    height, width, _ = pixels.shape
    image = bpy.data.images.new("save", width, height, alpha=True, float_buffer=True)
    try:
        image.pixels.foreach_set(np.ascontiguousarray(pixels[::-1]).ravel())
        image.save_render(str(path), scene=bpy.context.scene)
    finally:
        bpy.data.images.remove(image)


def comparable(values: Any) -> Any:
    """Stored values from 0 to 1, so that a highlight counts no more than all else; what is no number is far off."""
    if values.dtype == np.uint8:
        return values.astype(np.float64) / 255
    numbers = np.nan_to_num(values.astype(np.float64), nan=-1e9)
    return numbers / (1 + np.abs(numbers))


def rounding(values: Any) -> float:
    """By how much stored values, made comparable, differ between honest processors."""
    return ROUNDING_8_BIT if values.dtype == np.uint8 else ROUNDING_FLOAT


def choose_format(settings: Any, kind: str, mode: str) -> None:
    """Set the format of saved pictures: `PNG` or `OPEN_EXR`, with `RGB` or `RGBA`."""
    settings.file_format = kind
    settings.color_mode = mode
    settings.color_depth = "8" if kind == "PNG" else "32"
    settings.compression = 15
    settings.exr_codec = "ZIP"


@contextmanager
def saving_as(kind: str, mode: str) -> Iterator[None]:
    """Another format for a while."""
    settings = bpy.context.scene.render.image_settings
    before = settings.file_format, settings.color_mode
    choose_format(settings, kind, mode)
    try:
        yield
    finally:
        choose_format(settings, *before)


def aim(render: Any, box: Sequence[int]) -> None:
    """Render only a part. Blender counts it from below, in fractions, and drops what is beyond a whole pixel."""
    width, height = render.resolution_x, render.resolution_y
    left, top, right, bottom = box
    render.use_border = render.use_crop_to_border = [left, top, right, bottom] != [0, 0, width, height]
    render.border_min_x, render.border_max_x = _fractions(left, right, width)
    render.border_min_y, render.border_max_y = _fractions(height - bottom, height - top, height)


def _fractions(first: int, end: int, length: int) -> tuple[float, float]:
    # The middle of a pixel: a 32-bit float may be a little less than it should.
    return (first + 0.5) / length, min(1.0, (end + 0.5) / length)


def samples_done(statistics: str) -> float:
    """The fraction that Cycles speaks of, as in `... | Sample 8/64`; 0 where it does not."""
    found = _SAMPLE.search(statistics)
    return int(found[1]) / int(found[2]) if found else 0.0
