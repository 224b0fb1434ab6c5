"""Takes one picture after another through the steps of a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from hypernode.executors.onnx import onnxruntime
from hypernode.executors.processor import isa
from hypernode.executors.vision_pipeline.models import OnnxModel
from hypernode.executors.vision_pipeline.ocr import Reader
from hypernode.executors.vision_pipeline.results import AnyFound, Picture, annotated_file
from hypernode.executors.vision_pipeline.shots import Shot
from hypernode.executors.vision_pipeline.steps import Crop, Input, Model, Ocr, Resize
from hypernode.executors.vision_pipeline.view import View


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture after all steps but the drawing."""

    view: View
    picture: Picture


class Pipeline:
    """The loaded engines of one job. Raises ExecutionFailed, which blames the input, for models that cannot be used."""

    def __init__(self, given: Input, inputs: Path, threads: int) -> None:
        self._given = given
        self._threads = threads
        digests = {step.model for step in given.steps if isinstance(step, Model)}
        self._models = {each: OnnxModel(inputs / each, threads) for each in sorted(digests)}
        self._reader = Reader(threads) if any(isinstance(step, Ocr) for step in given.steps) else None

    def see(self, item: str, shot: Shot) -> Seen:
        """What the steps find. Raises Unreadable."""
        view = View.whole(shot.image)
        found: list[AnyFound] = []
        for step in self._given.steps:
            match step:
                case Crop():
                    view = view.crop(step)
                case Resize():
                    view = view.resize(step)
                case Ocr():
                    assert self._reader
                    found.append(self._reader.read(view, step))
                case Model():
                    found.append(self._models[step.model].run(view, step))
                case _:
                    pass  # Frames were chosen before; drawing comes after.
        file = annotated_file(item, shot.frame) if self._given.annotate else ""
        width, height = shot.image.size
        return Seen(view, Picture(item, shot.frame, width, height, found, shot.seconds, file))

    def fingerprint(self) -> Mapping[str, str]:
        """Versions, CPU and models: where they are equal, results are equal bit for bit."""
        found = {"engine": engine(), "isa": isa(), "threads": str(self._threads)}
        if self._reader:
            found["ocr"] = self._reader.digest
        return found | ({"model": " ".join(self._models)} if self._models else {})


def engine() -> str:
    """All that makes a result, with versions. Raises ImportError where something is missing."""
    modules = {"opencv": "cv2", "pillow": "PIL", "pyav": "av"}
    found = [f"{name} {import_module(module).__version__}" for name, module in modules.items()]
    return ", ".join([f"onnxruntime {onnxruntime().__version__}", f"rapidocr {version('rapidocr')}", *found])
