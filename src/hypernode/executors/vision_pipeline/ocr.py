"""Reads text with RapidOCR and the models inside its package: it downloads nothing and writes nothing."""

import hashlib
import logging
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from hypernode.executors.onnx import onnxruntime
from hypernode.executors.vision_pipeline.results import MAX_LINES, MAX_TEXT, Line, Texts
from hypernode.executors.vision_pipeline.steps import Ocr
from hypernode.executors.vision_pipeline.view import View

MAX_ASPECT: Final = 4
"""RapidOCR brings the shorter side to 736 pixels: a strip of 30 x 3000 would take 5 GB and minutes. White widens it."""
_MODELS: Final = {"Det": "*_det_*.onnx", "Cls": "*_cls_*.onnx", "Rec": "*_rec_*.onnx"}
"""What finds the lines, turns them upright, and reads them."""


def model_files() -> dict[str, Path]:
    """The three models by their part. Raises FileNotFoundError where they are not installed."""
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("rapidocr is not installed")
    folder = Path(spec.origin).parent / "models"
    found = {part: next(iter(sorted(folder.glob(pattern))), None) for part, pattern in _MODELS.items()}
    files = {part: file for part, file in found.items() if file}
    if missing := _MODELS.keys() - files.keys():
        raise FileNotFoundError(f"rapidocr came without its models {', '.join(sorted(missing))}")
    return files


class Reader:
    """The loaded engine."""

    def __init__(self, threads: int) -> None:
        # Named models are taken as they are; without a name RapidOCR checks its own, and may download others.
        files = model_files()
        models = {f"{part}.model_path": str(file) for part, file in files.items()}
        engine = "EngineConfig.onnxruntime."
        onnxruntime()
        import_module("cv2").setNumThreads(threads)
        self._engine: Any = import_module("rapidocr").RapidOCR(
            params={
                "Global.log_level": "critical",
                f"{engine}intra_op_num_threads": threads,
                f"{engine}inter_op_num_threads": 1,
                **models,
            }
        )
        logging.getLogger("RapidOCR").handlers.clear()
        self.digest = " ".join(hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files.values())

    def read(self, view: View, step: Ocr) -> Texts:
        """The lines of text, from top to bottom as the engine orders them."""
        found = self._engine(np.asarray(filled(view.image))[..., ::-1].copy(), text_score=step.min_score)
        if found.txts is None or found.boxes is None:
            return Texts([])
        lines = zip(found.txts, found.scores, found.boxes, strict=True)
        return Texts(
            [_line(view, str(text)[:MAX_TEXT], float(score), box.tolist()) for text, score, box in lines][:MAX_LINES]
        )


def _line(view: View, text: str, score: float, box: list[list[float]]) -> Line:
    a, b, c, d = (view.outwards(x, y) for x, y in box)
    return Line(text, score, (a, b, c, d))


def filled(image: Image.Image) -> Image.Image:
    """With white to the right of or below a strip; points keep their places."""
    width, height = image.size
    size = max(width, -(-height // MAX_ASPECT)), max(height, -(-width // MAX_ASPECT))
    if size == image.size:
        return image
    canvas = Image.new("RGB", size, "white")
    canvas.paste(image, (0, 0))
    return canvas
