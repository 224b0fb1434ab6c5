"""A small job of vision_pipeline: an invoice is read, and the lines that were found are drawn onto it."""

from hashlib import sha256
from importlib.resources import files
from typing import Final

from hypernode.ports import Example

NAME: Final = "invoice.png"
LINES: Final = ("INVOICE 2026-117", "Render, 48 frames", "Total: 129.50 HYPER")
"""What the picture says."""


def example() -> Example:
    """The job and its picture."""
    picture = files("hypernode.executors.vision_pipeline").joinpath("example.png").read_bytes()
    steps = [{"step": "ocr"}, {"step": "annotate"}]
    return Example({"items": {NAME: sha256(picture).hexdigest()}, "steps": steps}, files={NAME: picture})
