"""Where a pixel of the picture that the steps have made lies in the item's own picture."""

from dataclasses import dataclass
from typing import Final, Self

from PIL import Image

from hypernode.executors.vision_pipeline.shots import Unreadable, check_size
from hypernode.executors.vision_pipeline.steps import Crop, Fit, Resize

_GREY: Final = (114, 114, 114)
"""Of the bars around a padded picture, as YOLO models were trained with."""
_DECIMALS: Final = 2


@dataclass(frozen=True, slots=True)
class View:
    """A picture, and how it lies in its origin: x there = left + x here * scale_x."""

    image: Image.Image
    size: tuple[int, int]  #: Width and height of the origin.
    left: float = 0.0
    top: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0

    @classmethod
    def whole(cls, image: Image.Image) -> Self:
        """The origin itself."""
        return cls(image, image.size)

    def outwards(self, x: float, y: float) -> tuple[float, float]:
        """A point of this picture in the origin; one outside of it moves to its edge."""
        width, height = self.size
        return _within(self.left + x * self.scale_x, width), _within(self.top + y * self.scale_y, height)

    def inwards(self, x: float, y: float) -> tuple[float, float]:
        """A point of the origin in this picture, or beside it."""
        return (x - self.left) / self.scale_x, (y - self.top) / self.scale_y

    def crop(self, step: Crop) -> Self:
        """Only a rectangle of this picture. Raises Unreadable where none of it is inside."""
        width, height = self.image.size
        right, bottom = min(step.x + step.width, width), min(step.y + step.height, height)
        if step.x >= right or step.y >= bottom:
            raise Unreadable(f"crop at {step.x}, {step.y} leaves nothing of {width} x {height} pixels")
        return self._moved(self.image.crop((step.x, step.y, right, bottom)), step.x, step.y)

    def resize(self, step: Resize) -> Self:
        """Scaled. Raises Unreadable where the result would be too large."""
        width, height = self.image.size
        wanted_width = step.width or max(1, round(width * (step.height or height) / height))
        wanted_height = step.height or max(1, round(height * (step.width or width) / width))
        check_size(wanted_width, wanted_height)
        return self.fit(wanted_width, wanted_height, step.fit if step.width and step.height else "stretch")

    def fit(self, width: int, height: int, how: Fit) -> Self:
        """Brought to a size, in pixels; `inside` may be smaller."""
        own_width, own_height = self.image.size
        if how == "stretch":
            return self._scaled(width, height, (0, 0, own_width, own_height))
        if how == "cover":
            factor = max(width / own_width, height / own_height)
            used_width, used_height = width / factor, height / factor
            left, top = (own_width - used_width) / 2, (own_height - used_height) / 2
            right, bottom = min(left + used_width, own_width), min(top + used_height, own_height)
            return self._scaled(width, height, (max(left, 0), max(top, 0), right, bottom))
        factor = min(width / own_width, height / own_height)
        inner = max(1, round(own_width * factor)), max(1, round(own_height * factor))
        scaled = self._scaled(*inner, (0, 0, own_width, own_height))
        if how == "inside":
            return scaled
        left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
        canvas = Image.new("RGB", (width, height), _GREY)
        canvas.paste(scaled.image, (left, top))
        return scaled._moved(canvas, -left, -top)

    def _scaled(self, width: int, height: int, box: tuple[float, float, float, float]) -> Self:
        """The part `box` of this picture, scaled."""
        image = self.image.resize((width, height), Image.Resampling.BICUBIC, box)
        left, top = self.left + box[0] * self.scale_x, self.top + box[1] * self.scale_y
        scale_x = self.scale_x * (box[2] - box[0]) / width
        scale_y = self.scale_y * (box[3] - box[1]) / height
        return type(self)(image, self.size, left, top, scale_x, scale_y)

    def _moved(self, image: Image.Image, x: float, y: float) -> Self:
        """Another picture at the same scale, whose corner lies at a point of this one."""
        left, top = self.left + x * self.scale_x, self.top + y * self.scale_y
        return type(self)(image, self.size, left, top, self.scale_x, self.scale_y)


def _within(value: float, most: int) -> float:
    return round(min(max(value, 0.0), float(most)), _DECIMALS)
