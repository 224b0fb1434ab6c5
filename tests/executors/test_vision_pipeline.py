"""vision_pipeline on the real engines, with pictures, videos and models that the tests make."""

import hashlib
import io
import json
import math
import pickle
import random
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw, ImageFont

from hypernode.domain.receipt import Verdict
from hypernode.executors.vision_pipeline import THREADS, VisionPipeline, onnx_file
from hypernode.executors.vision_pipeline.annotate import annotated
from hypernode.executors.vision_pipeline.compare import differences, likeness
from hypernode.executors.vision_pipeline.media import look
from hypernode.executors.vision_pipeline.ocr import filled
from hypernode.executors.vision_pipeline.results import (
    MAX_ERROR,
    MAX_INLINE_BYTES,
    RESULTS_FILE,
    Embedding,
    Item,
    Label,
    Labels,
    Line,
    Objects,
    Output,
    Picture,
    Texts,
    Thing,
    annotated_file,
)
from hypernode.executors.vision_pipeline.steps import (
    MAX_ANNOTATED,
    MAX_ITEMS,
    MAX_NAME_BYTES,
    Frames,
    Input,
    Model,
    Ocr,
)
from hypernode.executors.vision_pipeline.view import View
from hypernode.ports import Claim, ExecutionFailed, Finding, JobContext, Outcome
from hypernode.protocol.limits import MAX_RESULT_BYTES

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
OTHER_ENGINE = {"engine": "another engine 1.0"}


# --- what customers send


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def plain(colour: tuple[int, ...], size: tuple[int, int] = (32, 32), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size, colour)


def invoice(number: str, total: str) -> Image.Image:
    image = Image.new("RGB", (360, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.text((20, 20), f"INVOICE No. {number}", "black", ImageFont.load_default(27))
    draw.text((20, 220), f"Total due: {total} EUR", (150, 0, 0), ImageFont.load_default(28))
    return image


def animation(kind: str, colours: list[tuple[int, int, int]], **options: Any) -> bytes:
    first, *rest = [plain(colour) for colour in colours]
    return encoded(first, kind, save_all=True, append_images=rest, **options)


def video(
    colours: list[tuple[int, int, int]],
    container: str = "mp4",
    codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
) -> bytes:
    """Ten frames a second."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size = 8
        for colour in colours:
            frame = av.VideoFrame.from_ndarray(np.asarray(plain(colour, size)), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return file.getvalue()


def shades(count: int) -> list[tuple[int, int, int]]:
    """Reds of falling brightness: frame i has 255 - 5 i."""
    return [(255 - 5 * i, 0, 0) for i in range(count)]


def model(
    nodes: list[onnx.NodeProto],
    *outputs: str,
    shape: tuple[int | str, ...] = (1, 3, 8, 8),
    dtype: int = TensorProto.FLOAT,
    constants: dict[str, Any] | None = None,
    domains: tuple[str, ...] = (),
    inputs: tuple[str, ...] = ("x",),
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, dtype, shape) for name in inputs],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def mean_colour(dtype: int = TensorProto.FLOAT, layout: str = "nchw") -> bytes:
    """Scores: how red, green and blue a picture is on average."""
    axes, shape = ([2, 3], (1, 3, 8, 8)) if layout == "nchw" else ([1, 2], (1, 8, 8, 3))
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["y"], axes=axes, keepdims=0),
    ]
    return model(nodes, "y", shape=shape, dtype=dtype).SerializeToString()


def grid_embedder() -> bytes:
    """A vector of 48 numbers: the colours of 4 x 4 fields."""
    nodes = [
        helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]
    return model(nodes, "y").SerializeToString()


def red_detector() -> bytes:
    """YOLO's output for 64 boxes of 2 x 2 pixels, one around each pixel of 8 x 8; the score is how red the pixel is."""
    ys, xs = np.divmod(np.arange(64), 8)
    boxes = np.stack([xs + 0.5, ys + 0.5, np.full(64, 2), np.full(64, 2)])[None].astype(np.float32)
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axis"], ["red"]),
        helper.make_node("Reshape", ["red", "shape"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores"], ["y"], axis=1),
    ]
    constants = {"from": [0], "to": [1], "axis": [1], "shape": [1, 1, 64], "boxes": boxes}
    return model(nodes, "y", constants=constants).SerializeToString()


def listed_detector() -> bytes:
    """Always two boxes, as three outputs, in another order than the task wants them."""
    constants = {
        "c": np.float32([[[0, 0, 4, 4], [4, 4, 8, 8]]]),
        "s": np.float32([[0.4, 0.9]]),
        "k": np.int64([[0, 1]]),
        "zero": np.float32(0),
    }
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        helper.make_node("Add", ["c", "nothing"], ["corners"]),
        helper.make_node("Add", ["s", "nothing"], ["scores"]),
        helper.make_node("Identity", ["k"], ["classes"]),
    ]
    return model(nodes, "classes", "corners", "scores", constants=constants).SerializeToString()


# --- jobs


class Desk:
    """Runs and verifies jobs in folders of its own."""

    def __init__(self, folder: Path) -> None:
        self.inputs, self.outputs = folder / "inputs", folder / "outputs"
        self.inputs.mkdir(parents=True)
        self.outputs.mkdir()
        self.streamed: list[str] = []
        self.logged: list[str] = []
        self.fractions: list[float] = []

    def store(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        (self.inputs / sha256).write_bytes(content)
        return sha256

    def given(self, items: dict[str, bytes], *steps: dict[str, Any]) -> Input:
        kept = {name: self.store(content) for name, content in items.items()}
        return msgspec.convert({"items": kept, "steps": list(steps)}, Input)

    def classify(self, content: bytes | None = None, **step: Any) -> dict[str, Any]:
        labels = {} if content is not None else {"labels": ["red", "green", "blue"]}
        sha256 = self.store(mean_colour() if content is None else content)
        return {"step": "model", "task": "classify", "model": sha256, "width": 8, "height": 8, **labels, **step}

    def detect(self, **step: Any) -> dict[str, Any]:
        sha256 = self.store(red_detector())
        return {"step": "model", "task": "detect", "model": sha256, "width": 8, "height": 8, "labels": ["red"], **step}

    def embed(self, **step: Any) -> dict[str, Any]:
        sha256 = self.store(grid_embedder())
        return {"step": "model", "task": "embed", "model": sha256, "width": 8, "height": 8, **step}

    def context(self, seconds: float = 60) -> JobContext:
        return JobContext(
            model="",
            inputs=self.inputs,
            outputs=self.outputs,
            max_duration_s=seconds,
            progress=lambda fraction, message: self.fractions.append(fraction),
            log=self.logged.append,
            stream=self.streamed.append,
        )

    def run(self, given: Input, seconds: float = 60) -> Outcome:
        return VisionPipeline().run(given, self.context(seconds))

    def output(self, items: dict[str, bytes], *steps: dict[str, Any]) -> Output:
        output = self.run(self.given(items, *steps)).output
        assert isinstance(output, Output)
        return output

    def found(self, content: bytes, *steps: dict[str, Any]) -> Any:
        """What the last step finds in the only picture."""
        output = self.output({"item": content}, *steps)
        assert not output.items["item"].error, output.items["item"].error
        return output.pictures[0].found[-1]

    def verify(self, given: Input, outcome: Outcome, seed: int = 1, **changes: Any) -> Finding:
        """After the way over the wire."""
        output = msgspec.json.decode(msgspec.json.encode(outcome.output), type=Output)
        claim = Claim(output, outcome.units, "", dict(outcome.fingerprint), self.outputs)
        return VisionPipeline().verify(given, replaced(claim, **changes), self.context(), seed)


def redrawn(desk: Desk, given: Input, output: Output) -> Path:
    """A folder with annotated pictures that fit to results, as a careful forger leaves it."""
    folder = desk.outputs.parent / "redrawn"
    assert given.annotate
    for picture in output.pictures:
        (shot,) = look(desk.inputs / given.items[picture.item]).shots(None, lambda: None)
        path = folder / picture.file
        path.parent.mkdir(parents=True, exist_ok=True)
        annotated(View.whole(shot.image), picture.found, given.annotate).save(path)
    return folder


def replaced(claim: Claim, **changes: Any) -> Claim:
    fields = {name: getattr(claim, name) for name in ("output", "units", "model", "fingerprint", "files")}
    return Claim(**(fields | changes))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


# --- reading text


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Input, Outcome]:
    """An invoice that lies on its side by EXIF, read and annotated."""
    desk = Desk(tmp_path_factory.mktemp("read") / "desk")
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by 90 degrees, clockwise.
    lying = invoice("2026-0417", "22.50").transpose(Image.Transpose.ROTATE_90)
    items = {"april.jpg": encoded(lying, "JPEG", quality=95, exif=exif)}
    given = desk.given(items, {"step": "ocr"}, {"step": "annotate", "color": "#00ff00"})
    return desk, given, desk.run(given)


def lines_of(outcome: Outcome) -> list[Line]:
    assert isinstance(outcome.output, Output)
    texts = outcome.output.pictures[0].found[0]
    assert isinstance(texts, Texts)
    return texts.lines


def with_lines(outcome: Outcome, lines: list[Line]) -> Output:
    assert isinstance(outcome.output, Output)
    picture = msgspec.structs.replace(outcome.output.pictures[0], found=[Texts(lines)])
    return msgspec.structs.replace(outcome.output, pictures=[picture])


def test_the_text_of_an_invoice_is_read(read: tuple[Desk, Input, Outcome]):
    desk, _, outcome = read

    assert [line.text for line in lines_of(outcome)] == ["INVOICE No. 2026-0417", "Total due: 22.50 EUR"]
    assert outcome.units == 1
    assert {"engine", "isa", "threads", "ocr"} == set(outcome.fingerprint)
    assert desk.fractions[-1] == 1.0


def test_boxes_lie_around_the_text_and_are_drawn(read: tuple[Desk, Input, Outcome]):
    desk, _, outcome = read
    (left, top), _, (right, bottom), _ = lines_of(outcome)[0].box

    assert 0 <= left < 40 and 0 <= top < 40 and 250 < right <= 360 and 40 < bottom < 80
    drawn = Image.open(desk.outputs / "annotated" / "april.jpg" / "000000.png")
    assert drawn.size == (360, 300)
    assert drawn.getpixel((round(left), round(top + bottom) // 2)) == GREEN


def test_an_honest_reading_passes(read: tuple[Desk, Input, Outcome]):
    desk, given, outcome = read

    finding = desk.verify(given, outcome)

    assert finding.verdict is Verdict.PASSED, finding
    assert finding.evidence == "1 of 1 pictures were run again: equal bit for bit"


def test_one_changed_digit_is_proof_on_the_same_engine_and_a_doubt_on_another(read: tuple[Desk, Input, Outcome]):
    desk, given, outcome = read
    first, total = lines_of(outcome)
    forged = with_lines(outcome, [first, msgspec.structs.replace(total, text="Total due: 99.50 EUR")])

    same = desk.verify(given, outcome, output=forged)
    other = desk.verify(given, outcome, output=forged, fingerprint=OTHER_ENGINE, files=redrawn(desk, given, forged))

    assert same.verdict is Verdict.FAILED
    assert "april.jpg" in same.evidence
    assert other.verdict is Verdict.UNVERIFIED, other
    assert "99.50" in other.evidence


def test_nothing_is_downloaded_and_nothing_written_outside_of_the_job(tmp_path: Path, desk: Desk):
    """An audit hook of the child ends it at the first connection, and at a file opened for writing elsewhere."""
    given = desk.given(
        {"a.png": encoded(invoice("7", "1.00")), "b.mp4": video(shades(3))},
        {"step": "ocr"},
        desk.embed(),
        {"step": "annotate"},
    )
    program = f"""
import os, sys
from pathlib import Path
import msgspec
from hypernode.executors import load_one
from hypernode.ports import JobContext

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
        os.abort()
    if event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1]):
        if not str(arguments[0]).startswith({str(tmp_path)!r}):
            os.abort()

sys.addaudithook(watch)
executor = load_one("vision_pipeline")
context = JobContext("", Path({str(desk.inputs)!r}), Path({str(desk.outputs)!r}), 60, print, print, lambda text: None)
given = msgspec.json.decode({msgspec.json.encode(given)!r}, type=executor.Input)
print(executor.run(given, context).units)
"""
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}

    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=home, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "2"
    assert ended.stderr == ""
    assert list(home.iterdir()) == []


def test_a_strip_is_widened_before_it_is_read():
    """The engine would scale it to 736 x 73,600 pixels."""
    wide, tall, usual = (filled(plain(RED, size)) for size in ((3000, 30), (30, 3000), (40, 160)))

    assert (wide.size, tall.size, usual.size) == ((3000, 750), (750, 3000), (40, 160))
    assert wide.getpixel((2999, 29)) == tall.getpixel((29, 2999)) == RED
    assert wide.getpixel((0, 30)) == (255, 255, 255)


# --- a customer's models


def best(labels: Any) -> str:
    assert isinstance(labels, Labels)
    return labels.labels[0].name


def test_a_classifier_names_a_picture(desk: Desk):
    labels = desk.found(encoded(plain((51, 204, 0))), desk.classify(threshold=0.1))

    assert [(label.name, round(label.score, 5)) for label in labels.labels] == [("green", 0.8), ("red", 0.2)]


def test_a_model_gets_its_pixels_as_it_wants_them(desk: Desk):
    teal = encoded(plain((0, 128, 255)))

    def scores(content: bytes | None = None, **step: Any) -> dict[str, float]:
        step = {"threshold": 0, "labels": ["red", "green", "blue"], **step}
        return {label.name: label.score for label in desk.found(teal, desk.classify(content, **step)).labels}

    assert scores() == pytest.approx({"red": 0, "green": 128 / 255, "blue": 1})
    assert scores(channels="bgr") == pytest.approx({"red": 1, "green": 128 / 255, "blue": 0})
    assert scores(mean_colour(layout="nhwc"), layout="nhwc") == pytest.approx(scores())
    assert scores(scale=1, mean=[0, 28, 5], std=[1, 10, 2]) == pytest.approx({"red": 0, "green": 10, "blue": 125})
    assert scores(mean_colour(TensorProto.UINT8)) == pytest.approx({"red": 0, "green": 128, "blue": 255})
    assert scores(mean_colour(TensorProto.FLOAT16)) == pytest.approx(scores(), abs=1e-3)
    assert sum(scores(activation="softmax").values()) == pytest.approx(1, abs=1e-6)
    assert scores(activation="sigmoid")["red"] == 0.5


def test_an_embedding_tells_where_colours_are(desk: Desk):
    left_red = plain((0, 0, 0), (8, 8))
    left_red.paste(RED, (0, 0, 4, 8))

    raw, unit = (desk.found(encoded(left_red), desk.embed(normalize=normalize)) for normalize in (False, True))

    assert isinstance(raw, Embedding) and isinstance(unit, Embedding)
    assert raw.vector == [1, 1, 0, 0] * 4 + [0] * 32
    assert unit.vector == pytest.approx([0.125**0.5, 0.125**0.5, 0, 0] * 4 + [0] * 32)


def spots(*places: tuple[int, int], size: tuple[int, int] = (80, 80)) -> Image.Image:
    """Red squares of 10 x 10 pixels on black."""
    image = plain((0, 0, 0), size)
    for x, y in places:
        image.paste(RED, (x, y, x + 10, y + 10))
    return image


def boxes(objects: Any) -> list[tuple[float, ...]]:
    assert isinstance(objects, Objects)
    return sorted(thing.box for thing in objects.objects)


def test_a_detector_finds_objects_and_overlapping_boxes_are_one(desk: Desk):
    far = desk.found(encoded(spots((20, 30), (60, 50))), desk.detect(threshold=0.5))
    near = desk.found(encoded(spots((20, 30), (30, 30))), desk.detect(threshold=0.5, iou=0.2))

    assert boxes(far) == [(15, 25, 35, 45), (55, 45, 75, 65)]
    assert [thing.name for thing in far.objects] == ["red", "red"]
    assert boxes(near) in ([(15, 25, 35, 45)], [(25, 25, 45, 45)])


@pytest.mark.parametrize("fit", ["pad", "cover", "stretch"])
def test_boxes_are_told_in_the_pixels_of_the_item_whatever_the_steps_did(desk: Desk, fit: str):
    """The red square of 40 x 40 lies at (120, 40): the steps move and scale it, the model sees it in 8 x 8."""
    image = plain((0, 0, 0), (240, 120))
    image.paste(RED, (120, 40, 160, 80))
    steps = [{"step": "crop", "x": 80, "y": 0, "width": 120, "height": 120}, {"step": "resize", "width": 60}]

    (box,) = boxes(desk.found(encoded(image), *steps, desk.detect(fit=fit, iou=0.05, most=1)))

    assert box[0] < 140 < box[2] and box[1] < 60 < box[3]
    assert box[2] - box[0] == box[3] - box[1] == 30


def test_a_detector_may_list_boxes_scores_and_classes(desk: Desk):
    step = desk.detect(boxes="lists", outputs=["corners", "scores", "classes"], labels=["cat", "dog"])
    step |= {"model": desk.store(listed_detector()), "threshold": 0.5}

    (thing,) = desk.found(encoded(plain(RED, (80, 80))), step).objects

    assert (thing.name, thing.score, thing.box) == ("dog", pytest.approx(0.9), (40, 40, 80, 80))


@pytest.mark.parametrize(
    "change",
    [
        {"task": "classify", "labels": ["one"]},
        {"task": "detect", "labels": []},
        {"task": "embed", "width": 9},
        {"task": "embed", "channels": "gray"},
        {"task": "classify", "outputs": ["no such output"]},
        {"task": "classify", "scale": 1e6, "std": [1e-6], "activation": "none", "model": "overflow"},
    ],
)
def test_a_model_that_does_not_do_the_task_stops_the_item(desk: Desk, change: dict[str, Any]):
    overflow = model([helper.make_node("Exp", ["x"], ["y"])], "y").SerializeToString()
    change = {name: desk.store(overflow) if value == "overflow" else value for name, value in change.items()}
    given = desk.given({"a.png": encoded(plain(RED))}, desk.classify() | change)

    with pytest.raises(ExecutionFailed, match="a.png: the model") as failure:
        desk.run(given)

    assert failure.value.blames_input


class Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


def refused_models(marker: Path) -> dict[str, bytes]:
    identity = helper.make_node("Identity", ["x"], ["y"])
    outside = numpy_helper.from_array(np.zeros((1, 3, 8, 8), np.float32), "w")
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="/etc/passwd")
    add = helper.make_node("Add", ["x", "w"], ["y"])
    external = model([add], "y")
    external.graph.initializer.append(outside)
    constant = helper.make_node("Constant", [], ["w"], value=outside)
    branch = helper.make_graph([constant], "b", [], [helper.make_tensor_value_info("w", TensorProto.FLOAT, None)])
    nested = model(
        [helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)], "y", constants={"c": True}
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("model.onnx", mean_colour())
    deep = model([identity], "y").graph
    for _ in range(20):
        deep = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=deep)], "g", [], [])
    return {
        "is no ONNX file: pickle": pickle.dumps(Bomb(marker)),
        "is no ONNX file: old pickle": pickle.dumps(Bomb(marker), protocol=0),
        "is no ONNX file: zip": archive.getvalue(),
        "is no ONNX file: text": b"<svg>",
        "is no ONNX file: ort format": b"\x10\x00\x00\x00ORTM" + bytes(64),
        "is no ONNX file: cut off": mean_colour()[:-9],
        "has 0 bytes": b"",
        "keeps data in other files": external.SerializeToString(),
        "keeps data in other files: in a branch": nested.SerializeToString(),
        "uses operators of its own: evil": model(
            [helper.make_node("Evil", ["x"], ["y"], domain="evil")], "y", domains=("evil",)
        ).SerializeToString(),
        "nests deeper than 32": helper.make_model(deep).SerializeToString(),
        "cannot be loaded": model([helper.make_node("NoSuchOperator", ["x"], ["y"])], "y").SerializeToString(),
        "takes x tensor(float), z tensor(float)": model(
            [helper.make_node("Add", ["x", "z"], ["y"])], "y", inputs=("x", "z")
        ).SerializeToString(),
        "takes x tensor(int64)": model([identity], "y", dtype=TensorProto.INT64).SerializeToString(),
    }


def test_models_that_are_not_plain_onnx_are_refused_before_any_engine_reads_them(desk: Desk, tmp_path: Path):
    marker = tmp_path / "executed"

    for reason, content in refused_models(marker).items():
        given = desk.given({"a.png": encoded(plain(RED))}, desk.classify(content))
        with pytest.raises(ExecutionFailed, match=re.escape("the model " + reason.partition(": ")[0])) as failure:
            desk.run(given)
        assert failure.value.blames_input

    assert not marker.exists()


def test_damaged_models_never_crash_the_check(desk: Desk):
    chance = random.Random(5)
    sound = red_detector()
    for _ in range(150):
        content = bytearray(sound)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path = desk.inputs / "damaged"
        path.write_bytes(content[: chance.randint(1, len(content))])
        try:
            onnx_file.check(path)
        except ExecutionFailed as failure:
            assert failure.blames_input


def test_a_model_with_functions_of_its_own_is_run(desk: Desk):
    """Exporters write parts of a model so; they are made of known operators."""
    body = helper.make_node("ReduceMean", ["a"], ["b"], axes=[2, 3], keepdims=0)
    made = model([helper.make_node("Mean", ["x"], ["y"], domain="mine")], "y", domains=("mine",))
    made.functions.append(helper.make_function("mine", "Mean", ["a"], ["b"], [body], [helper.make_opsetid("", 17)]))

    assert best(desk.found(encoded(plain(BLUE)), desk.classify(made.SerializeToString()))) == "2"


# --- what can be read


def test_pictures_come_in_six_formats(desk: Desk):
    items = {kind: encoded(plain(GREEN), kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")}

    output = desk.output(items, desk.classify())

    assert {name: item.format for name, item in output.items.items()} == {kind: kind for kind in items}
    assert [best(picture.found[0]) for picture in output.pictures] == ["green"] * 6
    assert all(picture.seconds is None and (picture.width, picture.height) == (32, 32) for picture in output.pictures)


def half_transparent() -> bytes:
    return encoded(plain((255, 0, 0, 128), mode="RGBA"))


def test_unusual_pixels_become_plain_colours(desk: Desk):
    palette = plain(RED).convert("P")
    deep = Image.fromarray(np.full((32, 32), 0x80FF, np.uint16))
    items = {
        "half transparent": (half_transparent(), (255, 127, 127)),
        "transparent": (encoded(plain((255, 0, 0, 0), mode="RGBA")), (255, 255, 255)),
        "grey and alpha": (encoded(plain((10, 255), mode="LA")), (10, 10, 10)),
        "palette": (encoded(palette), RED),
        "cmyk": (encoded(plain((0, 255, 255, 0), mode="CMYK"), "TIFF"), RED),
        "16 bits": (encoded(deep), (128, 128, 128)),
        "1 bit": (encoded(Image.new("1", (32, 32), 1)), (255, 255, 255)),
    }
    step = desk.classify(threshold=0, scale=1)

    output = desk.output({name: content for name, (content, _) in items.items()}, step)

    for picture in output.pictures:
        scores = {label.name: label.score for label in picture.found[0].labels}
        assert [scores[name] for name in ("red", "green", "blue")] == pytest.approx(items[picture.item][1], abs=2)


def test_a_picture_is_turned_upright(desk: Desk):
    exif = Image.Exif()
    exif[0x0112] = 3
    upside_down = encoded(spots((0, 0), size=(80, 40)), exif=exif)

    output = desk.output({"a.png": upside_down}, desk.detect(most=1, iou=0.05), {"step": "annotate"})

    (picture,) = output.pictures
    assert boxes(picture.found[0])[0][2:] == (80, 40)
    assert Image.open(desk.outputs / picture.file).getpixel((75, 37)) == RED


@pytest.mark.parametrize("container, codec", [("mp4", "libx264"), ("matroska", "libvpx"), ("avi", "mpeg4")])
def test_every_nth_frame_of_a_video_is_taken(desk: Desk, container: str, codec: str):
    clip = video(shades(12), container, codec)

    output = desk.output({"clip": clip}, {"step": "frames", "every": 5}, desk.classify(threshold=0))

    assert [(picture.frame, picture.seconds) for picture in output.pictures] == [(0, 0), (5, 0.5), (10, 1)]
    for picture in output.pictures:
        assert best(picture.found[0]) == "red"
        assert picture.found[0].labels[0].score == pytest.approx((255 - 5 * picture.frame) / 255, abs=0.03)


def test_frames_are_taken_by_the_second_and_no_more_than_wanted(desk: Desk):
    clip = {"clip.mp4": video(shades(30))}

    by_time = desk.output(clip, {"step": "frames", "perSecond": 4}, desk.classify())
    few = desk.output(clip, {"step": "frames", "most": 2}, desk.classify())
    one = desk.output(clip, desk.classify())

    assert [picture.frame for picture in by_time.pictures] == [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28]
    assert [picture.frame for picture in few.pictures] == [0, 1]
    assert [picture.frame for picture in one.pictures] == [0]


def test_a_video_that_asks_to_be_turned_is_turned(desk: Desk):
    upright = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    quarter = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    head, of_track, tail = video([RED]).rpartition(upright)
    assert of_track

    output = desk.output({"phone.mp4": head + quarter + tail}, desk.classify())

    assert (output.pictures[0].width, output.pictures[0].height) == (48, 64)


@pytest.mark.parametrize("kind, seconds", [("GIF", True), ("WEBP", True), ("PNG", True), ("TIFF", False)])
def test_an_animation_gives_its_first_frame_or_all(desk: Desk, kind: str, seconds: bool):
    options = {"duration": [100, 300, 200]} if seconds else {}
    item = {"a": animation(kind, [RED, GREEN, BLUE], **options)}

    first = desk.output(item, desk.classify())
    every = desk.output(item, {"step": "frames"}, desk.classify())

    assert [best(picture.found[0]) for picture in first.pictures] == ["red"]
    assert [best(picture.found[0]) for picture in every.pictures] == ["red", "green", "blue"]
    assert [picture.seconds for picture in every.pictures] == ([0, 0.1, 0.4] if seconds else [None] * 3)


# --- what cannot be read


def sized_png(width: int, height: int) -> bytes:
    """A header that claims a size, and no such pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    sound = encoded(plain(RED))
    return sound[:12] + header + struct.pack(">I", zlib.crc32(header)) + sound[33:]


def growing_video() -> bytes:
    """The track claims 320 x 320 pixels, and its only frame, after the start code of VP8, 12,000 x 12,000."""
    clip = video([RED], "matroska", "libvpx", (320, 320))
    start = b"\x9d\x01\x2a"
    sound = start + struct.pack("<HH", 320, 320)
    assert sound in clip
    return clip.replace(sound, start + struct.pack("<HH", 12_000, 12_000))


def broken_items() -> dict[str, tuple[bytes, str]]:
    """Content, and what is said of it."""
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8))
    return {
        "bomb.png": (sized_png(100_000, 100_000), "10000000000 pixels"),
        "large.png": (sized_png(8_200, 8_200), "8200 x 8200 pixels"),
        "cut.png": (encoded(noise)[:3000], "damaged"),
        "cut.jpg": (encoded(noise, "JPEG")[:1500], "damaged"),
        "vector.png": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is no PNG"),
        "page.png": (b"<!DOCTYPE html><script>alert(1)</script>", "is no PNG"),
        "empty.png": (b"", "is no PNG"),
        "playlist.mp4": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "is no PNG"),
        "list.mp4": (b"ffconcat version 1.0\nfile /etc/passwd\n", "is no PNG"),
        "pickle.png": (pickle.dumps([1]), "is no PNG"),
        "growing.webm": (growing_video(), "damaged"),
        "noise.mp4": (b"\x00\x00\x00\x18ftypmp42" + noise.tobytes(), "damaged"),
        "cut.mp4": (video(shades(4))[:900], "holds no video"),
        "noise.gif": (b"GIF89a" + noise.tobytes()[:500], "damaged"),
        "float.tiff": (encoded(Image.new("F", (8, 8)), "TIFF"), "32-bit"),
        "thin.bmp": (b"BM" + bytes(60), "damaged"),
    }


def test_an_item_that_cannot_be_read_is_reported_and_the_others_go_on(desk: Desk):
    broken = broken_items()
    items = {name: content for name, (content, _) in broken.items()} | {"good.png": encoded(plain(GREEN))}

    outcome = desk.run(desk.given(items, {"step": "frames"}, desk.classify()))

    assert isinstance(outcome.output, Output)
    assert outcome.units == 1
    assert best(outcome.output.pictures[0].found[0]) == "green"
    for name, (_, reason) in broken.items():
        item = outcome.output.items[name]
        assert item.pictures == 0
        assert reason in item.error, (name, item)
        assert str(desk.inputs) not in item.error
    finding = desk.verify(desk.given(items, {"step": "frames"}, desk.classify()), outcome)
    assert finding.verdict is Verdict.PASSED, finding


def test_pages_before_the_damaged_one_are_kept_and_paid(desk: Desk):
    """The second page of the TIFF is of floating-point numbers."""
    pages = io.BytesIO()
    plain(RED).save(pages, "TIFF", save_all=True, append_images=[Image.new("F", (8, 8)), plain(BLUE)])
    given = desk.given({"fax.tiff": pages.getvalue()}, {"step": "frames"}, desk.classify())

    outcome = desk.run(given)

    assert outcome.units == 1
    assert isinstance(outcome.output, Output)
    assert (outcome.output.items["fax.tiff"].pictures, outcome.units) == (1, 1)
    assert "32-bit" in outcome.output.items["fax.tiff"].error
    assert desk.verify(given, outcome).verdict is Verdict.PASSED


def test_a_job_of_which_nothing_can_be_read_fails_and_names_the_item(desk: Desk):
    crop = {"step": "crop", "x": 500, "y": 0, "width": 5, "height": 5}

    for content, step in ((b"<html>", desk.classify()), (encoded(plain(RED)), crop)):
        with pytest.raises(ExecutionFailed, match=r"no item gave a picture; a\.png: ") as failure:
            desk.run(desk.given({"a.png": content}, step, desk.classify()))
        assert failure.value.blames_input


def test_a_step_cannot_make_a_picture_too_large(desk: Desk):
    thin = encoded(plain(RED, (2000, 1)))

    with pytest.raises(ExecutionFailed, match="16384000 x 8192 pixels"):
        desk.run(desk.given({"a.png": thin}, {"step": "resize", "height": 8192}, desk.classify()))


def test_a_job_ends_at_its_time(desk: Desk):
    given = desk.given({"a.mp4": video(shades(10))}, {"step": "frames"}, desk.classify())

    with pytest.raises(ExecutionFailed, match="ran longer than 0") as failure:
        desk.run(given, seconds=0)

    assert not failure.value.blames_input


# --- large results


def test_results_that_do_not_fit_into_the_output_are_in_a_file(desk: Desk):
    wide = model([helper.make_node("Flatten", ["x"], ["y"])], "y", shape=(1, 3, 40, 40)).SerializeToString()
    step = desk.embed(width=40, height=40) | {"model": desk.store(wide)}
    noise = np.random.default_rng(1).integers(0, 256, (12, 40, 40, 3), np.uint8)
    given = desk.given({f"{i:02}.png": encoded(Image.fromarray(each)) for i, each in enumerate(noise)}, step)

    outcome = desk.run(given)

    assert isinstance(outcome.output, Output)
    assert outcome.output.file == RESULTS_FILE
    listed = [msgspec.json.decode(line) for line in (desk.outputs / RESULTS_FILE).read_bytes().splitlines()]
    assert [picture["item"] for picture in listed] == list(given.items)
    inline = msgspec.json.encode(outcome.output.pictures)
    assert 0 < len(outcome.output.pictures) < 12
    assert len(inline) <= MAX_INLINE_BYTES
    assert desk.verify(given, outcome).verdict is Verdict.PASSED

    (desk.outputs / RESULTS_FILE).write_bytes(b"\n".join(map(msgspec.json.encode, listed[:-1])))
    assert desk.verify(given, outcome).verdict is Verdict.FAILED
    (desk.outputs / RESULTS_FILE).write_bytes(b"\n".join(map(msgspec.json.encode, [*listed, listed[0]])))
    assert desk.verify(given, outcome).verdict is Verdict.FAILED
    (desk.outputs / RESULTS_FILE).write_bytes(b"\xff{[" * 100)
    assert desk.verify(given, outcome).verdict is Verdict.FAILED
    (desk.outputs / RESULTS_FILE).unlink()
    (desk.outputs / RESULTS_FILE).symlink_to("/etc/passwd")
    assert desk.verify(given, outcome).verdict is Verdict.FAILED


def test_the_largest_output_fits_into_a_result():
    """The longest names and errors, all with characters that JSON writes as two."""
    names = [f"{i:04}" + '"' * (MAX_NAME_BYTES - 4) for i in range(MAX_ITEMS)]
    output = Output({name: Item(0, "MATROSKA", '"' * MAX_ERROR) for name in names}, [], RESULTS_FILE)

    assert len(msgspec.json.encode(output)) + MAX_INLINE_BYTES < MAX_RESULT_BYTES


# --- checking claims


Filmed = tuple[Desk, Input, Outcome]


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    """A video of 24 frames, two pictures and a web page, through three models."""
    desk = Desk(tmp_path_factory.mktemp("filmed") / "desk")
    items = {
        "clip.mp4": video(shades(24)),
        "green.png": encoded(plain(GREEN)),
        "spots.png": encoded(spots((20, 30), (60, 50))),
        "page.png": b"<html>",
    }
    models = [desk.classify(), desk.detect(threshold=0.5, iou=0.1), desk.embed()]
    given = desk.given(items, {"step": "frames", "every": 2}, *models, {"step": "annotate"})
    return desk, given, desk.run(given)


def test_a_video_and_pictures_are_priced_by_what_was_looked_at(filmed: Filmed):
    _, given, outcome = filmed

    assert outcome.units == 14
    assert VisionPipeline().most_units(given, outcome.output) == 14
    assert isinstance(outcome.output, Output)
    assert outcome.output.items["clip.mp4"] == Item(12, "MP4")
    assert [type(found) for found in outcome.output.pictures[0].found] == [Labels, Objects, Embedding]


def slightly_off(found: Any) -> Any:
    """As another engine calculates."""
    match found:
        case Labels(labels):
            return Labels([msgspec.structs.replace(label, score=label.score - 0.001) for label in labels])
        case Objects(objects):
            return Objects([msgspec.structs.replace(thing, score=thing.score - 0.001) for thing in objects])
        case Embedding(vector):
            return Embedding([value * 1.001 + 1e-4 for value in vector])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_honest_claims_pass_whatever_is_drawn(filmed: Filmed, tmp_path: Path, seed: int):
    desk, given, outcome = filmed
    other = msgspec.structs.replace(
        outcome.output,
        pictures=[
            msgspec.structs.replace(picture, found=[slightly_off(found) for found in picture.found])
            for picture in outcome.output.pictures
        ],
    )

    same = desk.verify(given, outcome, seed)
    near = desk.verify(given, outcome, seed, output=other, fingerprint=OTHER_ENGINE)

    assert same.verdict is Verdict.PASSED, same
    assert same.figures == {"pictures": 14, "checked": 3, "broken": 1}
    assert near.verdict is Verdict.PASSED, near
    assert "between different engines" in near.evidence
    assert desk.verify(given, outcome, seed, output=other).verdict is Verdict.FAILED


@pytest.mark.parametrize("container, codec", [("mp4", "libx264"), ("matroska", "libvpx"), ("avi", "mpeg4")])
def test_a_frame_is_the_same_from_the_key_frame_before_it(desk: Desk, container: str, codec: str):
    medium = look(desk.inputs / desk.store(video(shades(24), container, codec)))
    wanted = {3, 9, 17, 23}

    every = {shot.frame: shot for shot in medium.shots(Frames(), lambda: None)}
    some = list(medium.shots_at(Frames(), wanted, lambda: None))

    assert [shot.frame for shot in some] == sorted(wanted)
    for shot in some:
        assert shot.seconds == every[shot.frame].seconds
        assert shot.image.tobytes() == every[shot.frame].image.tobytes()


def test_checking_many_pictures_costs_a_part_of_the_run(desk: Desk):
    """Ten of a hundred frames are seen again, each from the key frame before it."""
    colours = [(int(v), 90, 200 - int(v)) for v in np.linspace(0, 200, 100)]
    given = desk.given({"clip.mp4": video(colours)}, {"step": "frames"}, desk.embed())
    outcome = desk.run(given)

    finding = desk.verify(given, outcome)

    assert finding.verdict is Verdict.PASSED, finding
    assert finding.figures["checked"] == 10


def change_pictures(change: Callable[[Picture], Picture]) -> Callable[[Output], Output]:
    return lambda output: msgspec.structs.replace(output, pictures=[change(each) for each in output.pictures])


def change_found(number: int, change: Callable[[Any], Any]) -> Callable[[Output], Output]:
    def changed(picture: Picture) -> Picture:
        found = [change(each) if i == number else each for i, each in enumerate(picture.found)]
        return msgspec.structs.replace(picture, found=found)

    return change_pictures(changed)


def copied(output: Output) -> Output:
    """All frames get the results of the first picture of another item."""
    source = output.pictures[12].found
    return change_pictures(lambda picture: msgspec.structs.replace(picture, found=source))(output)


def without(name: str, count: int) -> Callable[[Output], Output]:
    """The last frames of an item are left out."""

    def change(output: Output) -> Output:
        kept = output.items[name].pictures - count
        names = [picture for picture in output.pictures if picture.item == name][kept:]
        items = output.items | {name: msgspec.structs.replace(output.items[name], pictures=kept)}
        return Output(items, [picture for picture in output.pictures if picture not in names])

    return change


def invented_frames(output: Output) -> Output:
    """Twice as many frames as the video has."""
    clip = output.pictures[:12]
    more = [
        msgspec.structs.replace(each, frame=each.frame + 24, seconds=each.seconds + 2.4, file=each.file)
        for each in clip
    ]
    items = output.items | {"clip.mp4": Item(24, "MP4")}
    return Output(items, [*clip, *more, *output.pictures[12:]])


def shifted_frames(output: Output) -> Output:
    return change_pictures(lambda each: msgspec.structs.replace(each, frame=each.frame + (each.item == "clip.mp4")))(
        output
    )


def feigned_damage(output: Output) -> Output:
    """The video is said to break after the first frame."""
    items = output.items | {"clip.mp4": Item(1, "MP4", "damaged: too hard")}
    return Output(items, [each for each in output.pictures if each.item != "clip.mp4" or each.frame == 0])


CERTAIN = {
    "copied from another item": copied,
    "other labels": change_found(0, lambda _: Labels([Label("blue", 0.9)])),
    "no labels": change_found(0, lambda _: Labels([])),
    "other objects": change_found(1, lambda _: Objects([Thing("red", 0.9, (1, 1, 30, 30))] * 3)),
    "another embedding": change_found(2, lambda _: Embedding([(-1.0) ** i for i in range(48)])),
    "a shorter embedding": change_found(2, lambda each: Embedding(each.vector[:-1])),
    "an embedding of zeros": change_found(2, lambda _: Embedding([0.0] * 48)),
    "not a number": change_found(2, lambda _: Embedding([math.nan] * 48)),
    "infinite score": change_found(0, lambda _: Labels([Label("red", math.inf)])),
    "box outside": change_found(1, lambda _: Objects([Thing("red", 0.9, (0, 0, 1e9, 1))])),
    "another kind of result": change_found(2, lambda _: Labels([])),
    "a result too few": change_pictures(lambda each: msgspec.structs.replace(each, found=each.found[:2])),
    "another size": change_pictures(lambda each: msgspec.structs.replace(each, width=each.width + 1)),
    "impossible size": change_pictures(lambda each: msgspec.structs.replace(each, width=-1, height=-1)),
    "missing frames": without("clip.mp4", 3),
    "a missing item": without("spots.png", 1),
    "other frames": shifted_frames,
    "file elsewhere": change_pictures(lambda each: msgspec.structs.replace(each, file="../../etc/passwd")),
    "file missing": invented_frames,
    "another order": lambda output: msgspec.structs.replace(output, pictures=output.pictures[::-1]),
    "no pictures": lambda output: msgspec.structs.replace(output, pictures=[]),
    "an item too few": lambda output: Output({"green.png": output.items["green.png"]}, output.pictures[12:13]),
    "negative count": lambda output: Output(output.items | {"clip.mp4": Item(-1, "MP4", "x")}, output.pictures),
    "another format": lambda output: Output(output.items | {"green.png": Item(1, "GIF")}, output.pictures),
    "a file that is not there": lambda output: msgspec.structs.replace(output, file=RESULTS_FILE),
    "a file of another name": lambda output: msgspec.structs.replace(output, file="/etc/passwd"),
}
"""Proved on any engine."""


def verdicts(desk: Desk, given: Input, outcome: Outcome, output: Output) -> list[Verdict]:
    """For the same engine, and for another one. As Python objects, since JSON knows no NaN."""
    units = sum(item.pictures for item in output.items.values())
    same = Claim(output, units, "", outcome.fingerprint, desk.outputs)
    claims = (same, replaced(same, fingerprint=OTHER_ENGINE))
    return [VisionPipeline().verify(given, claim, desk.context(), seed=7).verdict for claim in claims]


@pytest.mark.parametrize("forgery", CERTAIN)
def test_a_forged_claim_fails(filmed: Filmed, forgery: str):
    desk, given, outcome = filmed

    assert verdicts(desk, given, outcome, CERTAIN[forgery](outcome.output)) == [Verdict.FAILED] * 2


def test_feigned_damage_fails_on_the_same_engine_and_is_a_doubt_on_another(filmed: Filmed):
    desk, given, outcome = filmed

    found = verdicts(desk, given, outcome, feigned_damage(outcome.output))

    assert found == [Verdict.FAILED, Verdict.UNVERIFIED]


def test_reading_what_cannot_be_read_fails_on_the_same_engine_and_is_a_doubt_on_another(desk: Desk):
    noise = Image.fromarray(np.random.default_rng(2).integers(0, 256, (32, 32, 3), np.uint8))
    items = {"a.png": encoded(plain(RED)), "page.png": b"<html>", "cut.png": encoded(noise)[:2000]}
    given = desk.given(items, desk.classify())
    outcome = desk.run(given)
    assert isinstance(outcome.output, Output)
    (picture,) = outcome.output.pictures

    for name in ("page.png", "cut.png"):
        read = msgspec.structs.replace(picture, item=name)
        kept = Output(outcome.output.items | {name: Item(1, outcome.output.items[name].format)}, [picture, read])
        assert verdicts(desk, given, outcome, kept) == [Verdict.FAILED, Verdict.UNVERIFIED]


@pytest.mark.parametrize("units", [13, 15, 0, -1, 10**9])
def test_more_units_than_pictures_fail(filmed: Filmed, units: int):
    desk, given, outcome = filmed

    assert desk.verify(given, outcome, units=units).verdict is Verdict.FAILED


def test_more_frames_than_there_are_fail_with_pictures_too(filmed: Filmed, tmp_path: Path):
    desk, given, outcome = filmed
    output = change_pictures(lambda each: msgspec.structs.replace(each, file=annotated_file(each.item, each.frame)))(
        invented_frames(outcome.output)
    )
    for picture in output.pictures:
        path = tmp_path / picture.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(plain(RED, (64, 48))))

    finding = desk.verify(given, outcome, output=output, units=26, files=tmp_path)

    assert finding.verdict is Verdict.FAILED
    assert finding.evidence == "clip.mp4: 24 pictures are claimed, and 12 others are there"


@pytest.mark.parametrize("fingerprint", [None, OTHER_ENGINE])
@pytest.mark.parametrize("drawing", ["nothing drawn", "white", "another size", "no picture", "a link"])
def test_an_annotated_picture_must_show_what_was_found(
    desk: Desk, tmp_path: Path, drawing: str, fingerprint: dict[str, str] | None
):
    original = spots((20, 30), (60, 50))
    given = desk.given({"a.png": encoded(original)}, desk.detect(threshold=0.5), {"step": "annotate", "lineWidth": 1})
    outcome = desk.run(given)
    contents = {
        "nothing drawn": encoded(original),
        "white": encoded(plain((255, 255, 255), original.size)),
        "another size": encoded(original.resize((42, 26))),
        "no picture": b"\x89PNG\r\n\x1a\n and no more",
    }
    path = tmp_path / "annotated" / "a.png" / "000000.png"
    path.parent.mkdir(parents=True)
    if drawing == "a link":
        path.symlink_to(desk.outputs / "annotated" / "a.png" / "000000.png")
    else:
        path.write_bytes(contents[drawing])

    finding = desk.verify(given, outcome, files=tmp_path, fingerprint=fingerprint or outcome.fingerprint)

    assert finding.verdict is Verdict.FAILED
    assert "annotated picture" in finding.evidence


def test_a_claim_for_a_model_that_nobody_can_run_fails(desk: Desk, filmed: Filmed):
    _, _, outcome = filmed
    given = desk.given({"a.png": encoded(plain(RED))}, desk.classify(pickle.dumps([1])))
    output = Output({"a.png": Item(1, "PNG")}, [Picture("a.png", 0, 32, 32, [Labels([])])])
    claim = Claim(output, 1, "", outcome.fingerprint, desk.outputs)

    assert VisionPipeline().verify(given, claim, desk.context(), 1).verdict is Verdict.FAILED


def test_a_claim_of_another_type_fails(filmed: Filmed):
    desk, given, _ = filmed

    for nonsense in (None, {}, Item(1)):
        finding = VisionPipeline().verify(given, Claim(nonsense, 1, "", {}, desk.outputs), desk.context(), 1)
        assert finding.verdict is Verdict.FAILED


def texts(*lines: str, score: float = 0.95, shift: float = 0) -> Texts:
    def box(row: int) -> Any:
        top, bottom = 20 * row + shift, 20 * row + 16 + shift
        return ((0, top), (100, top), (100, bottom), (0, bottom))

    return Texts([Line(text, score, box(row)) for row, text in enumerate(lines)])


SEEN = ("INVOICE 17", "Total 22.50", "Thank you")


@pytest.mark.parametrize(
    "claimed, proof",
    [
        (texts(*SEEN), None),
        (texts(*SEEN, shift=3, score=0.92), None),
        (Texts([*texts(*SEEN).lines, Line("smudge", 0.6, ((9, 90), (19, 90), (19, 99), (9, 99)))]), None),
        (Texts([*texts(*SEEN).lines, Line("spot", 0.95, ((9, 90), (19, 90), (19, 99), (9, 99)))]), False),
        (texts("INVOICE 17", "Total 22.5O", "Thank you"), False),
        (texts("INVOICE 17", "Total 22.50"), False),
        (texts("INVOICE 17"), True),
        (texts("Lorem ipsum", "dolor sit"), True),
        (texts(*SEEN, "and much more that nobody wrote here, line by line, to look like work"), True),
        (texts(*SEEN, shift=200), True),
        (texts(), True),
    ],
)
def test_texts_of_other_engines_differ_by_letters_and_no_more(claimed: Texts, proof: bool | None):
    found = list(differences(texts(*SEEN), claimed, Ocr()))

    assert [each.certain for each in found] == ([] if proof is None else [proof])


def test_a_quantised_models_embedding_is_a_doubt_and_no_proof():
    step = Model("embed", "0" * 64, 8, 8)
    own = Embedding([1.0, 0.0, 0.0])

    def certain(*vector: float) -> list[bool]:
        return [each.certain for each in differences(own, Embedding(list(vector)), step)]

    assert (certain(1.0, 0.1, 0.0), certain(1.0, 0.3, 0.0), certain(1.0, 0.6, 0.0)) == ([], [False], [True])
    assert certain(2.0, 0.0, 0.0) == [True]


def test_likeness_is_one_for_equal_texts_and_none_for_others():
    assert likeness("Total due", "Total due") == 1
    assert likeness("", "") == 1
    assert likeness("abcd", "wxyz") == likeness("abcd", "") == 0
    assert 0.5 < likeness("Total 22.50", "Total 22.58") < 1


# --- the contract


def test_units_are_never_more_than_the_input_allows(desk: Desk):
    given = desk.given(
        {"a": encoded(plain(RED)), "b": encoded(plain(BLUE))}, {"step": "frames", "most": 7}, desk.embed()
    )
    greedy = Output({"a": Item(10**9), "b": Item(-5), "c": Item(3)}, [])

    assert VisionPipeline().most_units(given, greedy) == 7
    assert VisionPipeline().most_units(desk.given({"a": b"x"}, desk.embed()), greedy) == 1


def test_items_and_models_are_fetched_by_their_digest(desk: Desk):
    given = desk.given({"a": b"1", "b": b"1", "c": b"2"}, desk.embed())

    fetched = VisionPipeline().artifacts(given)

    assert fetched == {name: name for name in {*given.items.values(), desk.embed()["model"]}}


def test_this_machine_can_run_it(monkeypatch: pytest.MonkeyPatch):
    found = VisionPipeline().probe()

    assert found.available
    assert "onnxruntime" in found.engine and "rapidocr" in found.engine

    monkeypatch.setenv(THREADS, "many")
    assert THREADS in VisionPipeline().probe().missing


DIGEST = "0" * 64
EMBED = {"step": "model", "task": "embed", "model": DIGEST, "width": 8, "height": 8}


@pytest.mark.parametrize(
    "items, steps, reason",
    [
        ({}, [EMBED], "length >= 1"),
        ({"a": DIGEST}, [], "length >= 1"),
        ({"a": "short"}, [EMBED], "matching regex"),
        ({"../a": DIGEST}, [EMBED], "matching regex"),
        ({"/a": DIGEST}, [EMBED], "matching regex"),
        ({"a": DIGEST, "a/b": DIGEST}, [EMBED], "within another item"),
        ({"ü" * 120: DIGEST}, [EMBED], "longer than 200 bytes"),
        ({"a": DIGEST}, [{"step": "resize", "width": 5}], "give no result"),
        ({"a": DIGEST}, [{"step": "resize"}, EMBED], "width, height or both"),
        ({"a": DIGEST}, [{"step": "resize", "width": 10**6}, EMBED], "<= 8192"),
        ({"a": DIGEST}, [EMBED, {"step": "frames"}], "frames must be the first"),
        ({"a": DIGEST}, [{"step": "annotate"}, EMBED], "annotate must be the last"),
        ({"a": DIGEST}, [{"step": "frames", "every": 2, "perSecond": 1}, EMBED], "not both"),
        ({"a": DIGEST}, [{"step": "frames", "most": 10**6}, EMBED], "<= 10000"),
        ({"a": DIGEST}, [{"step": "frames", "most": MAX_ANNOTATED + 1}, {"step": "annotate"}], "lower `most`"),
        ({str(i): DIGEST for i in range(11)}, [{"step": "frames", "most": 10_000}, EMBED], "lower `most`"),
        ({"a": DIGEST}, [EMBED | {"mean": [0, 0]}], "one for each channel"),
        ({"a": DIGEST}, [EMBED | {"channels": "gray", "std": [1, 1, 1]}], "one for each channel"),
        ({"a": DIGEST}, [EMBED | {"std": [0]}], ">= 1e-06"),
        ({"a": DIGEST}, [EMBED | {"trust": True}], "unknown field"),
        ({"a": DIGEST}, [{"step": "shell"}], "Invalid value"),
    ],
)
def test_bad_input_is_refused_with_a_reason(items: dict[str, str], steps: list[dict[str, Any]], reason: str):
    with pytest.raises(msgspec.ValidationError, match=re.escape(reason)):
        msgspec.convert({"items": items, "steps": steps}, Input)


GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "run-vision-jobs.md"


def test_the_examples_of_the_guide_are_sound():
    examples = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)]
    submitted = json.loads(re.findall(r"--input '(.*)'", GUIDE.read_text())[0].replace("'$SHA'", DIGEST))

    result, given = msgspec.convert(examples[0], Output), msgspec.convert(examples[1], Input)

    assert [type(found) for found in result.pictures[0].found] == [Texts]
    assert len(given.finders) == 2
    assert msgspec.convert(submitted, Input).annotate
