"""Runs a customer's ONNX model on a picture, and reads its output as labels, objects or an embedding."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hypernode.executors.onnx import onnxruntime
from hypernode.executors.vision_pipeline import onnx_file
from hypernode.executors.vision_pipeline.results import (
    MAX_EMBEDDING,
    AnyFound,
    Embedding,
    Label,
    Labels,
    Objects,
    Thing,
)
from hypernode.executors.vision_pipeline.shots import Unreadable
from hypernode.executors.vision_pipeline.steps import Model
from hypernode.executors.vision_pipeline.view import View
from hypernode.ports import ExecutionFailed

MAX_CANDIDATES: Final = 3_000
"""Boxes that may compete; the weaker ones are dropped."""
_LARGEST: Final = 1e9
"""Coordinates beyond would overflow in what is calculated with them."""
_DTYPES: Final = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
_OUT_OF_MEMORY: Final = ("allocate memory", "bad_alloc")

Floats = NDArray[np.float32]


class OnnxModel:
    """A loaded model. Raises ExecutionFailed, which blames the input, for a file that cannot be one."""

    def __init__(self, path: Path, threads: int) -> None:
        onnx_file.check(path)
        ort = onnxruntime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.load_model_format", "ONNX")
        try:
            self._session: Any = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise _failure("the model cannot be loaded", str(error).replace(str(path), "it")) from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _DTYPES:
            taken = ", ".join(f"{each.name} {each.type}" for each in inputs)[:200]
            raise ExecutionFailed(
                f"the model takes {taken or 'nothing'}: one input of {', '.join(_DTYPES)} is possible",
                blames_input=True,
            )
        self._input = inputs[0].name
        self._dtype = _DTYPES[inputs[0].type]

    def run(self, view: View, step: Model) -> AnyFound:
        """What the model finds in a picture. Raises Unreadable where its output is not what the task needs."""
        placed = view.fit(step.width, step.height, "pad" if step.fit == "inside" else step.fit)
        try:
            raw = self._session.run(step.outputs or None, {self._input: _pixels(placed, step, self._dtype)})
        except Exception as error:
            failure = _failure("the model failed", str(error))
            if failure.blames_input:
                raise Unreadable(str(failure)) from error
            raise failure from error
        outputs = [_floats(each) for each in raw]
        if not outputs:
            raise Unreadable("the model has no output")
        match step.task:
            case "classify":
                return _labels(outputs[0], step)
            case "detect":
                return _objects(outputs, placed, step)
            case "embed":
                return _embedding(outputs[0], step)


def _failure(what: str, why: str) -> ExecutionFailed:
    """onnxruntime has one exception for a bad model and for a lack of memory."""
    blames_input = not any(sign in why for sign in _OUT_OF_MEMORY)
    return ExecutionFailed(f"{what}: {' '.join(why.split())[:300]}", blames_input=blames_input)


def _pixels(view: View, step: Model, dtype: Any) -> NDArray[Any]:
    """[1, channels, height, width], or [1, height, width, channels]."""
    image = view.image.convert("L") if step.channels == "gray" else view.image
    pixels = np.atleast_3d(np.asarray(image))
    if step.channels == "bgr":
        pixels = pixels[..., ::-1]
    if dtype != np.uint8:
        mean, std = np.asarray(step.mean, np.float32), np.asarray(step.std, np.float32)
        pixels = (pixels.astype(np.float32) * np.float32(step.scale) - mean) / std
    if step.layout == "nchw":
        pixels = pixels.transpose(2, 0, 1)
    return np.ascontiguousarray(pixels[None], dtype)


def _floats(output: Any) -> Floats:
    """Without the batch. Raises Unreadable for what are no finite numbers."""
    if not isinstance(output, np.ndarray) or output.dtype.kind not in "fiub":
        raise Unreadable("the model gives something else than arrays of numbers")
    with np.errstate(over="ignore"):
        array = output.astype(np.float32)
    if not np.isfinite(array).all():
        raise Unreadable("the model gives numbers that are not finite")
    return array[0] if array.ndim > 1 and len(array) == 1 else array


def _short(value: Any) -> float:
    """The shortest decimal number that is the same in 32 bits."""
    return float(str(np.float32(value)))


def _name(step: Model, index: int) -> str:
    return step.labels[index] if 0 <= index < len(step.labels) else str(index)


def _check_classes(count: int, step: Model) -> None:
    if step.labels and count != len(step.labels):
        raise Unreadable(f"the model has {count} classes, but there are {len(step.labels)} labels")


def _labels(output: Floats, step: Model) -> Labels:
    scores = output.reshape(-1)
    _check_classes(len(scores), step)
    if step.activation == "softmax" and len(scores):
        exponents = np.exp(scores - scores.max())
        scores = exponents / exponents.sum()
    elif step.activation == "sigmoid":
        scores = 1 / (1 + np.exp(-np.clip(scores, -80, 80)))
    best = np.argsort(-scores, kind="stable")[: step.top]
    return Labels([Label(_name(step, int(i)), _short(scores[i])) for i in best if scores[i] >= step.threshold])


def _embedding(output: Floats, step: Model) -> Embedding:
    vector = output.reshape(-1)
    if not 0 < len(vector) <= MAX_EMBEDDING:
        raise Unreadable(f"the model gives {len(vector)} numbers: an embedding has 1 to {MAX_EMBEDDING}")
    if step.normalize:
        vector = vector / max(float(np.linalg.norm(vector.astype(np.float64))), 1e-12)
    return Embedding([_short(value) for value in vector])


def _objects(outputs: list[Floats], view: View, step: Model) -> Objects:
    """The view is the one that the model saw."""
    outputs = [np.clip(output, -_LARGEST, _LARGEST) for output in outputs]
    boxes, scores, classes = _lists(outputs) if step.boxes == "lists" else _yolo(outputs[0], step)
    if step.box_unit == "relative":
        boxes = boxes * np.asarray([step.width, step.height] * 2, np.float32)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= step.threshold][:MAX_CANDIDATES]
    if step.boxes != "lists":
        order = _best(boxes, classes, order, step)
    return Objects(
        [
            Thing(_name(step, int(classes[i])), _short(scores[i]), (*view.outwards(*box[:2]), *view.outwards(*box[2:])))
            for i in order[: step.most]
            for box in [[float(value) for value in boxes[i]]]
        ]
    )


def _lists(outputs: list[Floats]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Boxes [n, 4], scores [n] and classes [n] as the model gives them."""
    shapes = [list(output.shape) for output in outputs]
    if len(outputs) < 3 or outputs[0].size % 4 or {outputs[1].size, outputs[2].size} != {outputs[0].size // 4}:
        raise Unreadable(f"the model gives arrays of {shapes}: boxes [n, 4], scores [n] and classes [n] are needed")
    return outputs[0].reshape(-1, 4), outputs[1].reshape(-1), outputs[2].reshape(-1).astype(np.int64)


def _yolo(output: Floats, step: Model) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Boxes as left, top, right, bottom; the best class of each and its score."""
    has_objectness = step.boxes == "yolo-objectness"
    rows = output if has_objectness or output.ndim != 2 else output.T
    first = 5 if has_objectness else 4
    if rows.ndim != 2 or rows.shape[1] <= first:
        wanted = "[1, n, 5 + classes]" if has_objectness else "[1, 4 + classes, n]"
        raise Unreadable(f"the model gives an array of {list(output.shape)}: {wanted} is needed")
    _check_classes(rows.shape[1] - first, step)
    scores = rows[:, first:] * rows[:, 4:5] if has_objectness else rows[:, first:]
    classes = scores.argmax(axis=1)
    centre, half = rows[:, :2], rows[:, 2:4] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
    return boxes, scores[np.arange(len(rows)), classes], classes


def _best(boxes: Floats, classes: NDArray[np.int64], order: NDArray[np.int64], step: Model) -> NDArray[np.int64]:
    """Non-maximum suppression: of boxes of a class that overlap more than `iou`, the first in `order` stays."""
    kept: list[int] = []
    while len(order) and len(kept) < step.most:
        first, rest = order[0], order[1:]
        kept.append(int(first))
        overlaps = _overlap(boxes[first], boxes[rest]) > step.iou
        order = rest[~(overlaps & (classes[rest] == classes[first]))]
    return np.array(kept, dtype=np.int64)


def _overlap(box: Floats, others: Floats) -> Floats:
    """Intersection over union of one box with each of several, 0 to 1."""
    left, top = np.maximum(box[0], others[:, 0]), np.maximum(box[1], others[:, 1])
    right, bottom = np.minimum(box[2], others[:, 2]), np.minimum(box[3], others[:, 3])
    shared = np.clip(right - left, 0, None) * np.clip(bottom - top, 0, None)
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    own = (box[2] - box[0]) * (box[3] - box[1])
    return shared / np.maximum(own + areas - shared, 1e-9)
