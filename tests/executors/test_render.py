"""render on the real Blender, with scenes that it makes itself."""

import base64
import hashlib
import io
import os
import pickle
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import msgspec
import numpy as np
import pytest
from PIL import Image

from hypernode.domain.receipt import Verdict
from hypernode.executors.render import Input, Output, Render
from hypernode.executors.render.blender import Blender, find
from hypernode.executors.render.checks import ODD_SHARE, choose_parts
from hypernode.ports import Claim, ExecutionFailed, JobContext, Outcome, engine_folder

WIDTH, HEIGHT, SAMPLES = 64, 48, 8
GLOW = (255, 188, 0)
"""The left part's light of (1, 0.5, 0), as sRGB."""
PYTHON = engine_folder("render") / "bin" / "python"
SIZE = {"width": WIDTH, "height": HEIGHT, "samples": SAMPLES, "scene": {"sha256": "0" * 64}}


def parse(**given: Any) -> Input:
    return msgspec.convert(SIZE | given, Input)


@dataclass
class Job:
    """A run in folders of its own, and what was heard of it."""

    given: Input
    context: JobContext
    streamed: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)
    outcome: Outcome | None = None

    @property
    def output(self) -> Output:
        assert self.outcome and isinstance(self.outcome.output, Output)
        return self.outcome.output

    def picture(self, number: int = 0) -> np.ndarray:
        return np.asarray(Image.open(self.context.outputs / self.output.frames[number].file))

    def claim(self, folder: Path | None = None, **changed: Any) -> Claim:
        """What an honest node reports; `folder` gets a copy of the files, to be forged."""
        assert self.outcome
        files = shutil.copytree(self.context.outputs, folder / "claimed") if folder else self.context.outputs
        claim = {"output": self.output, "units": self.outcome.units, "fingerprint": self.outcome.fingerprint}
        return Claim(**{**claim, "model": "", "files": files, **changed})

    def verify(self, claim: Claim, seed: int = 5) -> tuple[Verdict, str]:
        finding = Render().verify(self.given, claim, self.context, seed)
        return finding.verdict, finding.evidence


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    maker = Path(__file__).parent / "render_scenes.py"
    subprocess.run([PYTHON, "-I", "-B", maker, folder], check=True, capture_output=True, timeout=120)
    return folder


Start = Callable[..., Job]


@pytest.fixture(scope="module")
def prepare(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """The folders of a job, with its scene and its assets."""

    def prepare(
        name: str = "main", *, seconds: float = 120, files: Mapping[str, bytes] = MappingProxyType({}), **given: Any
    ) -> Job:
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(scenes / name, folder / "inputs" / "scene")
        for path, content in files.items():
            (folder / "inputs" / "scene" / path).parent.mkdir(exist_ok=True)
            (folder / "inputs" / "scene" / path).write_bytes(content)
        (folder / "outputs").mkdir()
        streamed, logged, fractions = list[str](), list[str](), list[float]()
        context = JobContext(
            model="",
            inputs=folder / "inputs",
            outputs=folder / "outputs",
            max_duration_s=seconds,
            progress=lambda fraction, _: fractions.append(fraction),
            log=logged.append,
            stream=streamed.append,
        )
        return Job(parse(**{"frames": [1], **given}), context, streamed, logged, fractions)

    return prepare


@pytest.fixture(scope="module")
def run(prepare: Start) -> Start:
    def run(name: str = "main", **given: Any) -> Job:
        job = prepare(name, **given)
        job.outcome = Render().run(job.given, job.context)
        return job

    return run


@pytest.fixture(scope="module")
def honest(run: Start) -> Job:
    return run(frames=[3, 1], tiles={"rows": 2, "columns": 2})


@pytest.fixture(scope="module")
def hasty(run: Start) -> Job:
    """The same with half the samples."""
    return run(frames=[1, 3], samples=SAMPLES // 2)


# --- rendering


def test_frames_are_rendered_in_times_order(honest: Job):
    output = honest.output

    assert [(frame.frame, frame.file) for frame in output.frames] == [(1, "frame_0001.png"), (3, "frame_0003.png")]
    assert sorted(path.name for path in honest.context.outputs.iterdir()) == ["frame_0001.png", "frame_0003.png"]
    assert {(frame.width, frame.height, frame.samples) for frame in output.frames} == {(WIDTH, HEIGHT, SAMPLES)}
    assert output.units == honest.outcome.units == 2 * WIDTH * HEIGHT * SAMPLES
    assert output.engine.startswith("Blender 4.5")
    assert output.device == honest.outcome.fingerprint["device"] == "CPU"


def test_a_picture_shows_what_the_scene_holds(honest: Job):
    first, second = honest.picture(0), honest.picture(1)

    assert first.shape == (HEIGHT, WIDTH, 3)
    assert (first[:, :22] == GLOW).all()
    assert (first[:, 26:] != GLOW).any(axis=2).all()
    assert np.abs(first[:, 26:].astype(int) - second[:, 26:]).mean() > 5, "the ball does not move"


def test_the_digest_is_that_of_the_pixels_alone(honest: Job):
    digests = [hashlib.sha256(honest.picture(number).tobytes()).hexdigest() for number in range(2)]

    assert [frame.pixel_digest for frame in honest.output.frames] == digests


def test_a_frame_is_the_same_without_tiles_and_without_the_frame_before(honest: Job, run: Start):
    alone = run(frames=[3])

    assert alone.output.frames[0].pixel_digest == honest.output.frames[1].pixel_digest


def test_a_small_picture_is_streamed_first(honest: Job):
    (uri,) = honest.streamed
    header, _, data = uri.partition(",")
    thumbnail = Image.open(io.BytesIO(base64.b64decode(data)))

    assert header == "data:image/png;base64"
    assert len(uri) < 16_384
    assert thumbnail.format == "PNG"
    assert thumbnail.getpixel((thumbnail.width // 8, thumbnail.height // 2)) == GLOW


def test_progress_grows_to_the_end(honest: Job):
    assert honest.fractions == sorted(honest.fractions)
    assert honest.fractions[-1] == 1
    assert any("Blender" in line and "CPU" in line for line in honest.logged)
    assert any("frame_0003.png" in line for line in honest.logged)


def test_an_exr_holds_linear_floats_and_alpha(run: Start):
    job = run("main", output="exr", transparent=True, camera="left", samples=2)
    with av.open(str(job.context.outputs / "frame_0001.exr")) as file:
        frame = next(file.decode(video=0))
    green, blue, red, alpha = (
        np.frombuffer(plane, "<f4").reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes
    )
    pixels = np.stack([red, green, blue, alpha], axis=2)

    assert frame.format.name == "gbrapf32le"
    assert (pixels[:, 30] == (1, 0.5, 0, 1)).all()
    assert hashlib.sha256(pixels.astype("<f4").tobytes()).hexdigest() == job.output.frames[0].pixel_digest


def test_textures_come_as_assets(run: Start):
    blue = io.BytesIO()
    Image.new("RGB", (4, 4), (0, 0, 255)).save(blue, "PNG")
    files = {"textures/blue.png": blue.getvalue()}
    job = run("textured", files=files, assets={"textures/blue.png": "1" * 64})

    assert (job.picture()[:, :22] == (0, 0, 255)).all()
    assert Render().artifacts(job.given) == {
        "scene/scene.blend": "0" * 64,
        "scene/textures/blue.png": "1" * 64,
    }


# --- scenes that harm or fail


@pytest.fixture(scope="module")
def blender() -> Iterator[Blender]:
    """One for many scenes: it takes a while to start."""
    with Blender(find(os.environ), 300) as blender:
        yield blender


def test_scripts_in_a_scene_never_run(run: Start, scenes: Path):
    job = run("hostile", frames=[2], samples=1)

    assert list(scenes.glob("canary*")) == []
    (note,) = [line for line in job.logged if "Python in drivers" in line]
    assert "ball.scale[0]" in note
    assert "ball.scale[1]" not in note, "a driver that only calculates works"

    trusting = (
        f"import bpy, os; bpy.ops.wm.open_mainfile(filepath={str(scenes / 'hostile' / 'scene.blend')!r}, "
        "use_scripts=True); os._exit(0)"
    )
    subprocess.run([PYTHON, "-I", "-B", "-c", trusting], check=True, capture_output=True, timeout=60)
    assert {path.name for path in scenes.glob("canary*")} == {"canary-text", "canary-driver"}, "they would run"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("textured", "picture needs //textures/blue.png, which is not among the assets"),
        ("absolute", "picture needs /etc/hostname, which is outside of the job"),
        ("windows", "which is outside of the job"),
        ("escaping", "picture needs //../../secret.png, which is outside of the job"),
        ("linked", "outside of the job"),
        ("importing", "reader has a node that reads a file"),
        ("blind", "no camera at frame 1"),
    ],
)
def test_a_scene_that_can_be_rendered_nowhere_is_refused(prepare: Start, blender: Blender, name: str, message: str):
    job = prepare(name, files={"../../secret.png": b"secret"} if name == "escaping" else {})
    scene = job.context.inputs / "scene" / "scene.blend"

    with pytest.raises(ExecutionFailed, match=message) as failure:
        blender.ask("open", scene=str(scene), job=msgspec.to_builtins(job.given))
        blender.ask("preview", frame=1)

    assert failure.value.blames_input


def test_a_camera_that_is_not_there_is_named_beside_those_that_are(prepare: Start):
    job = prepare(camera="right")

    with pytest.raises(ExecutionFailed, match="no camera right; it has main, left") as failure:
        Render().run(job.given, job.context)

    assert failure.value.blames_input


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(pickle.dumps({"model": 1}), "no .blend file", id="pickle"),
        pytest.param(b"", "no .blend file", id="empty"),
        pytest.param(b"\x1f\x8b" + b"no gzip at all", "no .blend file", id="no-gzip"),
        pytest.param(b"BLENDER-v405" + b"\0" * 100, "cannot open", id="broken"),
        pytest.param(b"\x28\xb5\x2f\xfd" + b"no zstd at all", "cannot open", id="no-zstd"),
    ],
)
def test_what_is_no_scene_blames_the_input(prepare: Start, content: bytes, message: str):
    job = prepare(files={"scene.blend": content})

    with pytest.raises(ExecutionFailed, match=message) as failure:
        Render().run(job.given, job.context)

    assert failure.value.blames_input


def test_a_gpu_that_is_not_there_does_not_blame_the_input(prepare: Start, monkeypatch: pytest.MonkeyPatch):
    for vendor in ("CUDA", "HIP", "ROCR"):
        monkeypatch.setenv(f"{vendor}_VISIBLE_DEVICES", "")
    job = prepare(device="gpu")

    with pytest.raises(ExecutionFailed, match="finds no GPU here") as failure:
        Render().run(job.given, job.context)

    assert not failure.value.blames_input


def test_the_time_limit_ends_a_render(prepare: Start):
    job = prepare(samples=60_000, seconds=4)

    with pytest.raises(ExecutionFailed, match="longer than 4 s") as failure:
        Render().run(job.given, job.context)

    assert not failure.value.blames_input


# --- the engine


def test_the_probe_names_the_engine_and_imports_none():
    check = (
        "import sys; from hypernode.executors import load_one; found = load_one('render').probe()\n"
        "assert found.available and found.engine.startswith('Blender 4.5'), found\n"
        "assert not {'bpy', 'numpy', 'PIL'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)


@pytest.mark.parametrize(
    ("program", "missing"),
    [("/no/blender", "names no program"), ("/", "names no program"), (sys.executable, "exited with")],
)
def test_the_probe_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, program: str, missing: str):
    monkeypatch.setenv("HYPERNODE_BLENDER", program)

    found = Render().probe()

    assert not found.available
    assert missing in found.missing
    assert found.fix == "hypernode node doctor --fix render"


# --- input, parts


@pytest.mark.parametrize(
    "given",
    [
        {"scene": {"sha256": "0"}},
        {"scene": {}},
        {"width": 3},
        {"width": 16_385},
        {"width": 8_192, "height": 8_192},
        {"samples": 0},
        {"samples": 65_537},
        {"frames": []},
        {"frames": [1, 1]},
        {"frames": [-1]},
        {"frames": list(range(1_001))},
        {"frames": {"start": 2, "end": 1}},
        {"frames": {"start": 0, "end": 1_000}},
        {"frames": {"start": 0, "end": 2_000, "step": 0}},
        {"frames": {"start": 1, "end": 1_000}, "width": 7_680, "height": 4_320, "samples": 65_536},
        {"tiles": {"rows": 33}},
        {"tiles": {"rows": 2}, "denoise": True},
        {"width": 4, "tiles": {"columns": 5}},
        {"output": "jpeg"},
        {"device": "tpu"},
        {"seed": 2**31},
        {"assets": {"../x.png": "0" * 64}},
        {"assets": {"/x.png": "0" * 64}},
        {"assets": {"scene.blend": "0" * 64}},
        {"assets": {"Scene.blend/x": "0" * 64}},
        {"camera": "x" * 257},
        {"python": "import os"},
    ],
)
def test_a_bad_input_is_refused_by_the_schema(given: dict[str, Any]):
    with pytest.raises(msgspec.ValidationError):
        parse(**given)


def test_frames_are_split_into_equal_shares_and_joined_again(honest: Job):
    given = parse(frames={"start": 10, "end": 30, "step": 4})
    frame = honest.output.frames[0]

    def rendered(part: Input) -> Output:
        frames = [msgspec.structs.replace(frame, frame=number) for number in part.numbers]
        return Output(frames, "Blender 4.5.15 LTS", "CPU", part.units)

    parts = Render().split(given, 4)
    whole = Render().join(given, [rendered(part) for part in reversed(parts)])

    assert [list(part.numbers) for part in parts] == [[10], [14, 18], [22], [26, 30]]
    assert sum(part.units for part in parts) == given.units == whole.units
    assert [frame.frame for frame in whole.frames] == list(given.numbers)
    assert (whole.engine, whole.device) == ("Blender 4.5.15 LTS", "CPU")
    assert len(Render().split(given, 100)) == 6
    assert Render().split(parse(frames=[7]), 4) == [parse(frames=[7])]
    for outputs in ([], [rendered(parts[0])], [rendered(given), rendered(parts[0])]):
        with pytest.raises(ValueError, match="each of the 6 frames once"):
            Render().join(given, outputs)


def test_units_are_known_from_the_input(honest: Job):
    given = parse(frames={"start": 1, "end": 10}, width=100, height=10, samples=3)

    assert Render().most_units(given, honest.output) == 10 * 100 * 10 * 3


# --- checking others


def test_an_honest_claim_passes_bit_for_bit(honest: Job):
    finding = Render().verify(honest.given, honest.claim(), honest.context, seed=1)

    assert finding.verdict is Verdict.PASSED
    assert finding.figures == {"files": 2, "parts": 4, "share": 0, "psnr_db": 200}


def test_an_honest_claim_of_another_processor_passes(run: Start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CYCLES_CPU_NO_AVX2", "1")
    job = run(output="exr")
    monkeypatch.delenv("CYCLES_CPU_NO_AVX2")

    finding = Render().verify(job.given, job.claim(fingerprint=elsewhere(job)), job.context, seed=2)

    assert finding.verdict is Verdict.PASSED
    assert finding.figures["share"] <= ODD_SHARE


@pytest.fixture(scope="module")
def falling(run: Start) -> Job:
    return run("falling", frames=[4, 14])


def test_a_frame_of_a_simulation_is_the_same_without_those_before(falling: Job, run: Start):
    alone = run("falling", frames=[14])

    assert alone.output.frames[0].pixel_digest == falling.output.frames[1].pixel_digest
    assert (falling.picture(0) != falling.picture(1)).any(), "nothing falls"


def elsewhere(job: Job) -> dict[str, str]:
    assert job.outcome
    return {**job.outcome.fingerprint, "isa": "x86_64 sse42"}


def forge(claim: Claim, make: Callable[[Path], None]) -> Claim:
    """Another picture for each frame, with digests that fit."""
    frames = []
    for frame in claim.output.frames:
        path = claim.files / frame.file
        make(path)
        digest = hashlib.sha256(np.asarray(Image.open(path)).tobytes()).hexdigest()
        frames.append(msgspec.structs.replace(frame, pixel_digest=digest))
    return with_frames(claim, frames)


def with_frames(claim: Claim, frames: list[Any]) -> Claim:
    output = msgspec.structs.replace(claim.output, frames=frames)
    return Claim(output, claim.units, claim.model, claim.fingerprint, claim.files)


def blank(path: Path) -> None:
    Image.new("RGB", (WIDTH, HEIGHT), (90, 90, 90)).save(path)


def enlarge(path: Path) -> None:
    """As if rendered at half the size."""
    picture = Image.open(path)
    picture.resize((WIDTH // 2, HEIGHT // 2)).resize((WIDTH, HEIGHT)).save(path)


def retouch(path: Path) -> None:
    """One of the two by two tiles is a copy of its neighbour."""
    picture = Image.open(path)
    picture.paste(picture.crop((WIDTH // 2, 0, WIDTH, HEIGHT // 2)), (WIDTH // 2, HEIGHT // 2))
    picture.save(path)


def copy_first(path: Path) -> None:
    if path.name != "frame_0001.png":
        shutil.copy(path.parent / "frame_0001.png", path)


@pytest.mark.parametrize("make", [blank, enlarge, retouch, copy_first])
def test_a_forged_picture_fails(honest: Job, tmp_path: Path, make: Callable[[Path], None]):
    claim = forge(honest.claim(tmp_path), make)

    verdict, evidence = honest.verify(claim)

    assert verdict is Verdict.FAILED, evidence
    assert "PSNR" in evidence


@pytest.mark.parametrize("same_processor", [True, False])
def test_fewer_samples_than_paid_fail(honest: Job, hasty: Job, tmp_path: Path, same_processor: bool):
    fingerprint = honest.outcome.fingerprint if same_processor else elsewhere(honest)
    claim = honest.claim(tmp_path, fingerprint=fingerprint)

    verdict, evidence = honest.verify(forge(claim, lambda path: shutil.copy(hasty.context.outputs / path.name, path)))

    assert verdict is Verdict.FAILED, evidence


def test_another_scenes_picture_fails(honest: Job, falling: Job, tmp_path: Path):
    claim = honest.claim(tmp_path, fingerprint=elsewhere(honest))
    other = falling.context.outputs / "frame_0004.png"

    verdict, evidence = honest.verify(forge(claim, lambda path: shutil.copy(other, path)))

    assert verdict is Verdict.FAILED, evidence


def test_another_engines_pictures_are_no_evidence(honest: Job, hasty: Job, tmp_path: Path):
    claim = honest.claim(tmp_path, fingerprint={**honest.outcome.fingerprint, "engine": "Blender 4.2.0"})

    verdict, evidence = honest.verify(forge(claim, lambda path: shutil.copy(hasty.context.outputs / path.name, path)))

    assert verdict is Verdict.UNVERIFIED
    assert "no evidence" in evidence


def test_denoised_parts_are_checked_within_their_surroundings(run: Start, tmp_path: Path):
    size = {"width": 120, "height": 90, "denoise": True}
    job, hasty = run(**size), run(**size, samples=SAMPLES // 2)

    verdict, evidence = job.verify(job.claim())
    assert verdict is Verdict.PASSED, evidence

    claim = forge(job.claim(tmp_path), lambda path: shutil.copy(hasty.context.outputs / path.name, path))
    verdict, evidence = job.verify(claim)
    assert verdict is Verdict.FAILED, evidence


def test_the_seed_chooses_parts_all_over_the_frames():
    given = parse(frames={"start": 1, "end": 100}, width=1920, height=1080)
    drawn = [part for seed in range(200) for part in choose_parts(given, seed)]

    assert choose_parts(given, 1) == choose_parts(given, 1) != choose_parts(given, 2)
    assert {frame for frame, _ in drawn} == set(range(1, 101))
    assert all(0 <= box.left < box.right <= 1920 and 0 <= box.top < box.bottom <= 1080 for _, box in drawn)
    assert {(box.right - box.left, box.bottom - box.top) for _, box in drawn} == {(240, 135)}
    lower_right = [
        any(box.right > 960 and box.bottom > 540 for _, box in choose_parts(given, seed)) for seed in range(200)
    ]
    assert sum(lower_right) / 200 > 0.7


# --- claims that need no second look


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*, width: int = WIDTH, height: int = HEIGHT, colours: int = 2, more: bytes = b"", tail: bytes = b"") -> bytes:
    rows = zlib.compress(b"\0" * (WIDTH * 3 + 1) * HEIGHT)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", rows) + chunk(b"IEND", b"") + tail


BOMB = zlib.compress(b"\0" * (50 << 20))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "no such picture", id="empty"),
        pytest.param(b"GIF89a", "does not begin as a PNG", id="gif"),
        pytest.param(png(width=60_000, height=60_000), "60000 x 60000 pixels", id="bomb-by-size"),
        pytest.param(png(more=chunk(b"zTXt", b"note\0\0" + BOMB)), "such a picture has at most", id="bomb-in-a-note"),
        pytest.param(png(more=chunk(b"tEXt", b"\0") * 9_000), "such a picture has at most", id="many-notes"),
        pytest.param(png(colours=6), "kind of colours 6", id="other-colours"),
        pytest.param(png(more=chunk(b"PLTE", b"\0" * 3)), "a chunk 'PLTE'", id="palette"),
        pytest.param(png(tail=b"PK\3\4"), "goes on behind its end", id="zip-behind"),
        pytest.param(png()[:-20], "no such picture", id="cut-off"),
        pytest.param(png(), "digest is another than is claimed", id="black"),
    ],
)
def test_a_file_that_is_no_render_fails(honest: Job, tmp_path: Path, content: bytes, reason: str):
    claim = honest.claim(tmp_path)
    (claim.files / "frame_0003.png").write_bytes(content)

    verdict, evidence = honest.verify(claim)

    assert verdict is Verdict.FAILED
    assert "frame_0003.png" in evidence
    assert reason in evidence


def test_a_missing_file_a_link_and_a_folder_fail(honest: Job, tmp_path: Path):
    claim = honest.claim(tmp_path)
    path = claim.files / "frame_0001.png"
    path.unlink()

    assert honest.verify(claim) == (Verdict.FAILED, "frame_0001.png is missing")
    path.symlink_to(honest.context.outputs / "frame_0001.png")
    assert honest.verify(claim) == (Verdict.FAILED, "frame_0001.png is no plain file")
    path.unlink()
    path.mkdir()
    assert honest.verify(claim) == (Verdict.FAILED, "frame_0001.png is no plain file")


@pytest.mark.parametrize(
    "change",
    [
        {"frame": 2},
        {"file": "../../inputs/scene/scene.blend"},
        {"file": "frame_0001.png\0"},
        {"width": WIDTH * 2},
        {"samples": SAMPLES * 2},
        {"height": -1},
    ],
)
def test_a_claim_that_is_not_of_this_job_fails(honest: Job, change: dict[str, Any]):
    claim = honest.claim()
    first, second = claim.output.frames

    verdict, _ = honest.verify(with_frames(claim, [first, msgspec.structs.replace(second, **change)]))

    assert verdict is Verdict.FAILED


def test_a_claim_with_too_little_or_too_much_fails(honest: Job):
    claim = honest.claim()
    first, second = claim.output.frames

    for frames in ([], [first], [second, first], [first, first], [first, second, second]):
        assert honest.verify(with_frames(claim, frames))[0] is Verdict.FAILED
    assert honest.verify(honest.claim(units=claim.units + 1))[0] is Verdict.FAILED
    assert honest.verify(honest.claim(output={"frames": "all"}))[0] is Verdict.FAILED


EXR_SIZE = struct.pack("<2i", WIDTH - 1, HEIGHT - 1)
COMPRESSION = b"compression\0\1\0\0\0"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"\x76\x2f\x31\x01\2\0\0\0", b"\x76\x2f\x31\x01\2\x10\0\0", id="many-parts"),
        pytest.param(EXR_SIZE, struct.pack("<2i", 60_000, 60_000), id="bomb"),
        pytest.param(COMPRESSION + b"\3", COMPRESSION + b"\6", id="lossy"),
        pytest.param(b"R\0\2", b"R\0\1", id="half-floats"),
        pytest.param(b"channels", b"c\0annels", id="broken"),
    ],
)
def test_an_exr_of_another_kind_fails(exr: Job, tmp_path: Path, old: bytes, new: bytes):
    claim = exr.claim(tmp_path)
    path = claim.files / "frame_0001.exr"
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))

    verdict, evidence = exr.verify(claim)

    assert verdict is Verdict.FAILED
    assert "no such picture" in evidence


@pytest.fixture(scope="module")
def exr(run: Start) -> Job:
    return run(output="exr", samples=1)


def test_a_result_for_a_scene_that_nobody_can_render_fails(honest: Job, prepare: Start):
    job = prepare("absolute", frames=[1, 3])

    verdict, evidence = job.verify(honest.claim())

    assert verdict is Verdict.FAILED
    assert "here the scene is refused" in evidence
