"""A small job of render: two frames of a scene that `example_scene.py` made."""

from hashlib import sha256
from importlib.resources import files

from hypernode.ports import Example


def example() -> Example:
    """The job and its scene."""
    scene = files("hypernode.executors.render").joinpath("example.blend").read_bytes()
    asked = {"frames": [1, 2], "width": 320, "height": 240, "samples": 16, "denoise": True}
    return Example({"scene": {"sha256": sha256(scene).hexdigest()}, **asked}, files={"scene.blend": scene})
