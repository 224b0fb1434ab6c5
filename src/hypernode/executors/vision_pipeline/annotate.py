"""Draws what was found onto a picture."""

import io
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from hypernode.executors.vision_pipeline.results import AnyFound, Labels, Objects, Texts
from hypernode.executors.vision_pipeline.steps import Annotate
from hypernode.executors.vision_pipeline.view import View

_MOST_CHARS: Final = 100
"""Of one caption."""


def annotated(view: View, found: list[AnyFound], step: Annotate) -> Image.Image:
    """The view's picture with a frame and a caption for each text and object, and the labels in its upper left."""
    image = view.image.copy()
    draw = ImageDraw.Draw(image)
    row = 0
    for each in found:
        match each:
            case Texts(lines):
                for line in lines:
                    corners = [view.inwards(x, y) for x, y in line.box]
                    draw.line([*corners, corners[0]], step.color, step.line_width)
                    _caption(draw, corners[0], line.text, step)
            case Objects(objects):
                for thing in objects:
                    left, top, right, bottom = thing.box
                    a, b = view.inwards(left, top), view.inwards(right, bottom)
                    corners = [a, (b[0], a[1]), b, (a[0], b[1])]
                    draw.line([*corners, a], step.color, step.line_width)
                    _caption(draw, corners[0], f"{thing.name} {thing.score:.2f}", step)
            case Labels(labels):
                for label in labels:
                    row += 1
                    _caption(draw, (0, row * 1.25 * step.font_size), f"{label.name} {label.score:.2f}", step)
            case _:
                pass  # An embedding cannot be seen.
    return image


def _caption(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, step: Annotate) -> None:
    """Above a point, and never above the picture."""
    x, y = max(at[0], 0.0), max(at[1] - 1.25 * step.font_size, 0.0)
    draw.text((x, y), " ".join(text.split())[:_MOST_CHARS], fill=step.color, font=_font(step.font_size))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font. Laid out without Raqm, which some machines have and others lack."""
    own = ImageFont.load_default(size)
    assert isinstance(own, ImageFont.FreeTypeFont)
    return ImageFont.truetype(io.BytesIO(own.font_bytes), size, layout_engine=ImageFont.Layout.BASIC)
