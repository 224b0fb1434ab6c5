"""Inside Blender: renders what it is told in JSON lines on standard input.

Each line is answered on the file descriptor that is the program's last argument: first any number of
`{"progress": 0..1}`, then a result, or `refused` (the scene's fault), or `failed` (this machine's).
"""

import base64
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from .pictures import aim, comparable, load, rounding, samples_done, save, saving_as, stored
from .scenes import Failed, Refused, choose_device, configure, is_simulated, open_scene

bpy: Any = import_module("bpy")
np: Any = import_module("numpy")

OLDEST = (4, 2)
"""Blender 4.2 LTS: older ones do not say which files a scene needs, and crash on scenes of newer ones."""
PROGRESS_EVERY_S = 0.5
PREVIEW_SIDE = 96
PREVIEW_SAMPLES = 16
PREVIEW_BYTES = 12_000
"""As base64 it stays below 16,384 characters, the most that leave a job in one piece."""

Tell = Callable[[float], None]


class Session:
    """One scene, opened once."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._folder = Path(tempfile.mkdtemp())
        self._frame: int | None = None
        self._simulated = False

    def about(self, device: str) -> dict[str, Any]:
        """Which Blender this is, and what it computes with. Raises Failed where it is too old."""
        if bpy.app.version < OLDEST:
            raise Failed(
                f"Blender {bpy.app.version_string} is too old: {'.'.join(map(str, OLDEST))} or newer is needed"
            )
        build = bpy.app.build_hash
        core = "numpy.core" if np.__version__.startswith("1.") else "numpy._core"
        features: Mapping[str, bool] = import_module(f"{core}._multiarray_umath").__cpu_features__
        return {
            "engine": f"Blender {bpy.app.version_string}",
            "build": build.decode() if isinstance(build, bytes) else str(build),
            "features": sorted(name.lower() for name, has in features.items() if has),
            "device": choose_device(device),
        }

    def open(self, scene: str, job: Mapping[str, Any]) -> dict[str, Any]:
        """Load a scene and set it up."""
        about = self.about(job["device"])
        notes = open_scene(scene)
        configure(job, about["device"])
        self._frame, self._simulated = None, is_simulated()
        return {**about, "notes": notes, "simulated": self._simulated}

    def preview(self, frame: int) -> dict[str, Any]:
        """A small, rough picture: a PNG in base64."""
        scene = bpy.context.scene
        before = scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples
        scale = min(1.0, PREVIEW_SIDE / max(before[:2]))
        width, height = (max(4, round(side * scale)) for side in before[:2])
        scene.render.resolution_x, scene.render.resolution_y = width, height
        scene.cycles.samples = min(PREVIEW_SAMPLES, before[2])
        try:
            pixels = self._pixels(frame, [0, 0, width, height], lambda _: None)
        finally:
            scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples = before
        path = self._folder / "preview.png"
        with saving_as("PNG", "RGB"):
            save(pixels, path)
            if path.stat().st_size > PREVIEW_BYTES:
                save(pixels[::2, ::2], path)
        return {"png": base64.b64encode(path.read_bytes()).decode()}

    def frame(self, frame: int, boxes: Sequence[Sequence[int]], path: str) -> dict[str, Any]:
        """Render a frame box by box, and save what they make together."""
        began = time.monotonic()
        render = bpy.context.scene.render
        whole = np.empty((render.resolution_y, render.resolution_x, 4), np.float32)
        for done, (left, top, right, bottom) in enumerate(boxes):

            def tell(part: float, done: int = done) -> None:
                self._tell((done + part) / len(boxes))

            whole[top:bottom, left:right] = self._pixels(frame, [left, top, right, bottom], tell)
        save(whole, Path(path))
        return {"seconds": round(time.monotonic() - began, 3), **self.digest(path)}

    def digest(self, path: str) -> dict[str, Any]:
        """The digest of a picture's pixels; none, and why, where it is no picture."""
        try:
            return {"digest": hashlib.sha256(stored(Path(path)).tobytes()).hexdigest()}
        except ValueError as error:
            return {"digest": "", "reason": str(error)}

    def compare(self, path: str, frame: int, box: Sequence[int], margin: int) -> dict[str, Any]:
        """How a part of a picture differs from what it should be and, if it does, by how much mere noise would.

        `share` is that of the values which differ by more than rounding, `error` and `noise` are root mean squares.
        """
        left, top, right, bottom = box
        claimed = stored(Path(path))[top:bottom, left:right]
        own = self._part(frame, box, margin)
        if claimed.tobytes() == own.tobytes():
            return {"equal": True, "share": 0.0, "error": 0.0, "noise": 0.0}
        cycles = bpy.context.scene.cycles
        before = cycles.samples, cycles.seed
        cycles.samples, cycles.seed = max(1, before[0] // 2), (before[1] + 1) % 2**31
        try:
            other = self._part(frame, box, margin)
        finally:
            cycles.samples, cycles.seed = before
        away = np.abs(comparable(claimed) - comparable(own))
        apart = comparable(other) - comparable(own)
        return {
            "equal": False,
            "share": float(np.mean(away > rounding(own))),
            "error": float(np.sqrt(np.mean(away**2))),
            "noise": float(np.sqrt(np.mean(apart**2))),
        }

    def _part(self, frame: int, box: Sequence[int], margin: int) -> Any:
        """A part of a frame as its file would hold it; rendered with a margin, at which denoising looks."""
        render = bpy.context.scene.render
        left, top, right, bottom = box
        first, above = max(0, left - margin), max(0, top - margin)
        end, below = min(render.resolution_x, right + margin), min(render.resolution_y, bottom + margin)
        path = self._folder / ("part.png" if render.image_settings.file_format == "PNG" else "part.exr")
        save(self._pixels(frame, [first, above, end, below], self._tell), path)
        return stored(path)[top - above : bottom - above, left - first : right - first]

    def _pixels(self, frame: int, box: Sequence[int], tell: Tell) -> Any:
        """Linear pixels of a part of a frame. Raises Refused, Failed."""
        self._go_to(frame)
        scene = bpy.context.scene
        if scene.camera is None:
            raise Refused(f"the scene has no camera at frame {frame}")
        aim(scene.render, box)
        path = self._folder / "tile.exr"
        scene.render.filepath = str(path)

        def watch(statistics: object, *_: object) -> None:
            if part := samples_done(str(statistics)):
                tell(part)

        bpy.app.handlers.render_stats.append(watch)
        try:
            with saving_as("OPEN_EXR", "RGBA"):
                bpy.ops.render.render(write_still=True)
            pixels, _, _ = load(path)
        except (RuntimeError, ValueError) as error:
            raise Failed(f"Cycles: {str(error).removeprefix('Error: ').strip()}") from None
        finally:
            bpy.app.handlers.render_stats.remove(watch)
        path.unlink()
        return pixels

    def _go_to(self, frame: int) -> None:
        """A frame of a simulation depends on all before it: go through them, as everybody does."""
        scene = bpy.context.scene
        if self._simulated and frame != self._frame:
            since = self._frame + 1 if self._frame is not None and self._frame < frame else scene.frame_start
            for each in range(since, frame):
                scene.frame_set(each)
        scene.frame_set(frame)
        self._frame = frame


def main() -> None:
    """Answer commands until there are none."""
    told_at = 0.0
    with os.fdopen(int(sys.argv[-1]), "w") as answers:

        def answer(what: Mapping[str, Any]) -> None:
            answers.write(json.dumps(what) + "\n")
            answers.flush()

        def tell(part: float) -> None:
            nonlocal told_at
            if time.monotonic() - told_at > PROGRESS_EVERY_S:
                told_at = time.monotonic()
                answer({"progress": part})

        session = Session(tell)
        for line in sys.stdin:
            command = json.loads(line)
            try:
                answer(getattr(session, command.pop("do"))(**command))
            except Refused as refusal:
                answer({"refused": str(refusal)})
            except Failed as failure:
                answer({"failed": str(failure)})
            except Exception as error:
                answer({"failed": f"{type(error).__name__}: {error}"})
    # Blender's threads may hang in an orderly end.
    os._exit(0)
