"""Renders frames of a .blend scene with Cycles, in a Blender of its own process; scripts in scenes never run."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import msgspec

from hypernode.executors.render import checks, pictures, schema
from hypernode.executors.render.blender import ENVIRONMENT, Blender, Unavailable, find, fingerprint
from hypernode.executors.render.schema import SCENE, Frame, Input, Output
from hypernode.ports import Capability, Claim, Example, ExecutionFailed, Executor, Finding, JobContext, Outcome, Unit

PROBE_TIMEOUT_S: Final = 50.0
OPENED: Final = 0.02
"""The fraction of a job that opening the scene counts as."""


class Render(Executor):
    """The job type render. Priced by samples: width x height x samples of each frame."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("pixel samples", per=1_000_000)
    title: ClassVar = "Render a Blender scene"
    about: ClassVar = "Frames of a .blend file, by Cycles; a job in parts spreads them over several nodes."
    environment: ClassVar[tuple[str, ...]] = ENVIRONMENT
    extra: ClassVar = "render"
    apart: ClassVar = True

    def probe(self) -> Capability:
        """Available where a Blender starts."""
        try:
            with Blender(find(os.environ), PROBE_TIMEOUT_S) as blender:
                about = blender.ask("about", device="auto")
        except Exception as error:
            return Capability(available=False, missing=str(error), fix="hypernode node doctor --fix render")
        return Capability(available=True, engine=f"{about['engine']} on {about['device']}")

    def artifacts(self, given: Input) -> Mapping[str, str]:
        """The scene, and its assets beside it."""
        files = {SCENE: given.scene.sha256, **given.assets}
        return {f"scene/{name}": digest for name, digest in files.items()}

    def most_units(self, given: Input, output: Output) -> int:
        """Exactly what was asked for."""
        return given.units

    def asked_units(self, given: Input) -> tuple[int, int]:
        """Exactly what is asked for."""
        return given.units, given.units

    def example(self) -> Example:
        """Two frames of a small scene."""
        from hypernode.executors.render.example import example

        return example()

    def split(self, given: Input, most: int) -> Sequence[Input]:
        """Shares of the frames, in time's order."""
        return schema.split(given, most)

    def join(self, given: Input, outputs: Sequence[Output]) -> Output:
        """All frames, in time's order. Raises ValueError where one is missing, or there twice."""
        return schema.join(given, outputs)

    def run(self, given: Input, context: JobContext) -> Outcome:
        """Render all frames; a small picture of the first is streamed before."""
        scene = _scene(context.inputs)
        boxes = schema.tile_boxes(given.width, given.height, given.tiles)
        frames: list[Frame] = []
        with _start(context) as blender:
            opened = blender.ask("open", scene=str(scene), job=msgspec.to_builtins(given))
            context.log(f"{opened['engine']} on {opened['device']}")
            for note in opened["notes"]:
                context.log(note)
            context.progress(OPENED, "the scene is open")
            preview = blender.ask("preview", frame=given.numbers[0])
            context.stream(f"data:image/png;base64,{preview['png']}")
            for number in given.numbers:
                name = given.file_name(number)

                def tell(part: float, number: int = number) -> None:
                    done = (len(frames) + part) / len(given.numbers)
                    context.progress(OPENED + (1 - OPENED) * done, f"frame {number}")

                path = str(context.outputs / name)
                made = blender.ask("frame", tell, frame=number, boxes=boxes, path=path)
                if not made["digest"]:
                    raise ExecutionFailed(f"{name} cannot be read back: {made['reason']}")
                frames.append(
                    Frame(number, name, made["digest"], made["seconds"], given.width, given.height, given.samples)
                )
                tell(0.0)
                context.log(f"{name} in {made['seconds']:.1f} s")
        output = Output(frames, opened["engine"], opened["device"], given.units)
        return Outcome(output, given.units, fingerprint(opened))

    def verify(self, given: Input, claim: Claim, context: JobContext, seed: int) -> Finding:
        """Check every file, and render small parts again that the seed selects."""
        return checks.verify(given, claim, _scene(context.inputs), seed, lambda: _start(context))


def _scene(inputs: Path) -> Path:
    """Where the scene lies. Raises ExecutionFailed for what is no .blend file."""
    path = inputs / "scene" / SCENE
    if not pictures.is_blend(path):
        raise ExecutionFailed("the scene is no .blend file", blames_input=True)
    return path


def _start(context: JobContext) -> Blender:
    """Raises ExecutionFailed where there is no Blender."""
    try:
        return Blender(find(os.environ), context.max_duration_s)
    except Unavailable as lack:
        raise ExecutionFailed(str(lack)) from None
