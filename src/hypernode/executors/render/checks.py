"""Checks another node's pictures: their files as a whole, and a few small parts by rendering them again."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from hypernode.domain.receipt import Verdict
from hypernode.executors.render import pictures
from hypernode.executors.render.blender import Blender, fingerprint
from hypernode.executors.render.schema import Box, Input, Output
from hypernode.ports import Claim, ExecutionFailed, Finding

PARTS: Final = 4
PART_OF_SIDE: Final = 8
"""A part is an eighth of the frame's width and height: four of them are a sixteenth of one frame."""
MIN_PART_SIDE: Final = 16
MARGIN: Final = 32
"""Pixels around a denoised part that are rendered, too: denoising looks at a pixel's surroundings. Parts so cut came
within 44 to 59 dB of the whole frame's; a margin of 64 brought them no nearer."""

ODD_SHARE: Final = 0.01
"""Most of the values that may differ by more than rounding. Between kernels for AVX2 and SSE4.2 it was 0.00006, since
now and then a ray takes another way; denoised 0.002. With one sample less than 32 it was 0.36."""
NEAR_NOISE: Final = 0.4
FAR_NOISE: Final = 0.6
"""Of the distance to a picture with other noise. Any other number of samples, or seed, draws all noise anew: half the
samples lay at 0.7 to 1.3, denoised or not; honest denoised parts, taken together, at 0.2 to 0.31."""
VISIBLE: Final = 0.5 / 255
VISIBLE_CUT: Final = 2.5 / 255
VISIBLE_APART: Final = 4 / 255
"""Differences below are no evidence: between CPUs, where parts are denoised, and where a GPU is involved. Blender's own
tests of Cycles allow 0.016 between devices."""
CPU: Final = "CPU"
MAX_PSNR_DB: Final = 200.0
WORST_FIRST: Final = (Verdict.FAILED, Verdict.UNVERIFIED, Verdict.PASSED)


def verify(given: Input, claim: Claim, scene: Path, seed: int, start: Callable[[], Blender]) -> Finding:
    """Passed where the parts agree, failed where no honest node can have made them."""
    try:
        paths = check_claim(given, claim)
    except ValueError as wrong:
        return Finding(Verdict.FAILED, str(wrong))
    with start() as blender:
        return _verify_pixels(given, claim, paths, scene, seed, blender)


def _verify_pixels(
    given: Input, claim: Claim, paths: Mapping[int, Path], scene: Path, seed: int, blender: Blender
) -> Finding:
    # A processor's pixels are the same everywhere; a GPU's are nearest to a GPU's.
    device = "cpu" if claim.fingerprint.get("device") == CPU else "auto"
    own = fingerprint(blender.ask("about", device=device))
    job = msgspec.to_builtins(given) | {"device": device}
    try:
        opened = blender.ask("open", scene=str(scene), job=job)
        for frame in claim.output.frames:
            found = blender.ask("digest", path=str(paths[frame.frame]))
            if found["digest"] != frame.pixel_digest:
                why = found.get("reason", "their digest is another than is claimed")
                return Finding(Verdict.FAILED, f"the pixels of {frame.file}: {why}")
        return _compare(given, claim, paths, seed, blender, own, steady=not opened["simulated"])
    except ExecutionFailed as refusal:
        if not refusal.blames_input:
            raise
        verdict = Verdict.FAILED if _same_engine(claim.fingerprint, own) else Verdict.UNVERIFIED
        return Finding(verdict, f"a result is claimed; here the scene is refused: {refusal}")


def check_claim(given: Input, claim: Claim) -> dict[int, Path]:
    """The files by frame. Raises ValueError where output or files cannot come from an honest run."""
    output = claim.output
    if not isinstance(output, Output):
        raise ValueError("the claimed output is none of this job type")
    if not claim.units == output.units == given.units:
        raise ValueError(f"{claim.units} units are claimed; the job has {given.units}")
    if [frame.frame for frame in output.frames] != list(given.numbers):
        raise ValueError(f"{len(output.frames)} frames are claimed, which are not the {len(given.numbers)} of the job")
    paths: dict[int, Path] = {}
    for frame in output.frames:
        name = given.file_name(frame.frame)
        if frame.file != name:
            raise ValueError(f"frame {frame.frame} is claimed to be in {frame.file!r}, not in {name}")
        if (frame.width, frame.height, frame.samples) != (given.width, given.height, given.samples):
            raise ValueError(f"{name} is claimed with {frame.width} x {frame.height} pixels, {frame.samples} samples")
        paths[frame.frame] = claim.files / name
        pictures.check(paths[frame.frame], given)
    return paths


def choose_parts(given: Input, seed: int) -> list[tuple[int, Box]]:
    """Frames and parts of them, in time's order: of as many frames as can be."""
    draw = random.Random(seed)
    frames = draw.sample(given.numbers, len(given.numbers))
    width, height = (min(side, max(MIN_PART_SIDE, side // PART_OF_SIDE)) for side in (given.width, given.height))
    parts: list[tuple[int, Box]] = []
    for number in range(PARTS):
        left, top = draw.randint(0, given.width - width), draw.randint(0, given.height - height)
        parts.append((frames[number % len(frames)], Box(left, top, left + width, top + height)))
    return sorted(parts, key=lambda part: part[0])


def judge(
    compared: Mapping[str, Any], claimed: Mapping[str, str], own: Mapping[str, str], *, cut: bool, steady: bool
) -> Verdict:
    """What the differences of one part say.

    `cut`: it was denoised without all of its frame. `steady`: no simulation, which may go another way on each machine.
    """
    if compared["equal"]:
        return Verdict.PASSED
    on_cpus = claimed.get("device") == own["device"] == CPU
    if dict(claimed) == dict(own) and on_cpus and steady and not cut:
        return Verdict.FAILED
    share, error, noise = compared["share"], compared["error"], compared["noise"]
    if share <= ODD_SHARE or error <= NEAR_NOISE * noise:
        return Verdict.PASSED
    visible = VISIBLE_APART if not on_cpus else VISIBLE_CUT if cut else VISIBLE
    certain = error >= max(FAR_NOISE * noise, visible) and steady and _same_engine(claimed, own)
    return Verdict.FAILED if certain else Verdict.UNVERIFIED


def _compare(
    given: Input,
    claim: Claim,
    paths: Mapping[int, Path],
    seed: int,
    blender: Blender,
    own: Mapping[str, str],
    *,
    steady: bool,
) -> Finding:
    """Render parts again. The worst of them decides."""
    margin = MARGIN if given.denoise else 0
    places, found, verdicts = choose_parts(given, seed), list[Mapping[str, Any]](), list[Verdict]()
    for frame, box in places:
        one = blender.ask("compare", path=str(paths[frame]), frame=frame, box=list(box), margin=margin)
        found.append(one)
        verdicts.append(judge(one, claim.fingerprint, own, cut=_is_cut(given, box), steady=steady))
    worst = min(range(len(found)), key=lambda each: (WORST_FIRST.index(verdicts[each]), -found[each]["error"]))
    verdict, (frame, box), one = verdicts[worst], places[worst], found[worst]
    if verdict is Verdict.UNVERIFIED:  # A smooth part may not tell, where all together do.
        verdict = judge(_together(found), claim.fingerprint, own, cut=given.denoise, steady=steady)
    share, decibels = one["share"], psnr(one["error"])
    figures = {"files": float(len(paths)), "parts": float(len(found)), "share": share, "psnr_db": decibels}
    where = f"frame {frame} from ({box.left}, {box.top}) to ({box.right}, {box.bottom})"
    what = f"{where}: {share:.1%} of the values differ by more than rounding, PSNR {decibels:.0f} dB"
    if verdict is Verdict.PASSED:
        return Finding(verdict, f"{len(found)} parts were rendered again and agree; the furthest is {what}", figures)
    return Finding(verdict, what if verdict is Verdict.FAILED else f"{what}; here that is no evidence", figures)


def _together(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Parts of equal size as one: root mean squares, and the mean share."""
    count = len(found)
    mean = {name: math.sqrt(sum(each[name] ** 2 for each in found) / count) for name in ("error", "noise")}
    return {"equal": False, "share": sum(each["share"] for each in found) / count, **mean}


def psnr(error: float) -> float:
    """Peak signal to noise, in dB, of a root mean square error of values from 0 to 1; at most MAX_PSNR_DB."""
    return MAX_PSNR_DB if error <= 0 else min(MAX_PSNR_DB, -20 * math.log10(error))


def _is_cut(given: Input, box: Box) -> bool:
    """Whether a part with its margin is less than a frame that is denoised as a whole."""
    from_start = box.left <= MARGIN and box.top <= MARGIN
    to_end = box.right + MARGIN >= given.width and box.bottom + MARGIN >= given.height
    return given.denoise and not (from_start and to_end)


def _same_engine(claimed: Mapping[str, str], own: Mapping[str, str]) -> bool:
    """Other versions of Blender, and of our script, draw other pictures."""
    return all(claimed.get(name) == own[name] for name in ("engine", "script"))
