"""Says how two nodes' results for the same picture differ, where their engines are not the same.

Measured with the OCR models of RapidOCR 3.10: without onnxruntime's optimizations, or with more threads, results were
equal; with every pixel changed by up to one of 256 levels, or with JPEG in between, one line in twenty changed by a
letter or a space. So a changed line is a doubt, and another text is a proof.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from PIL import Image

from hypernode.executors.vision_pipeline.results import (
    AnyFound,
    Embedding,
    Label,
    Labels,
    Line,
    Objects,
    Texts,
    Thing,
)
from hypernode.executors.vision_pipeline.steps import Model, Ocr

SURE_SCORE: Final = 0.9
"""Of a line of text that another engine reads alike."""
LIKE: Final = 0.5
"""Two texts with fewer of their pairs of letters in common (Sørensen-Dice, 0 to 1) are different texts."""
PROOF_CHARS: Final = 12
"""Fewer letters prove nothing: a speck can be read as one."""
PROOF_LINES: Final = 6
"""So many lines on both sides together, none of them in its place, prove that the boxes are invented."""
ALIKE_PLACE, SAME_PLACE = 0.8, 0.5
"""Intersection over union of two boxes around the same thing: as engines give it, and at the least."""
NEAR_SCORE, FAR_SCORE = 0.02, 0.25
"""Scores that differ by less are equal, by more come from something else; between, nobody can tell."""
SURE_MARGIN: Final = 0.1
"""An object that scores so much above the threshold is found by every engine."""
SAME_DIRECTION, OTHER_DIRECTION = 0.99, 0.9
"""Cosine of two embeddings: an honest one is above the first; quantised models may come below it."""
NEAR_LENGTH, FAR_LENGTH = 0.02, 0.25
"""How much the lengths of two embeddings differ."""
NEAR_DRAWN, FAR_DRAWN = 0.2, 0.5
"""Where something was drawn: the mean difference as a share of what drawing changes. Edges of letters move a little."""
NEAR_PLAIN, FAR_PLAIN = 4.0, 16.0
"""Beside it: the mean difference, of 256 levels."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What was found to differ."""

    text: str
    certain: bool  #: No honest node can have found that; else it is a reason for doubt.


def differences(own: AnyFound, claimed: AnyFound, step: Ocr | Model) -> Iterator[Difference]:
    """Between what one step found here, and what it is claimed to have found; of the same kind and sound."""
    match own, claimed, step:
        case Texts(), Texts(), Ocr():
            yield from _texts(own.lines, claimed.lines)
        case Labels(), Labels(), Model():
            yield from _labels(own.labels, claimed.labels, step)
        case Objects(), Objects(), Model():
            yield from _objects(own.objects, claimed.objects, step)
        case Embedding(), Embedding(), Model():
            yield from _vectors(own.vector, claimed.vector)
        case _:
            yield Difference("another kind of result", certain=True)


def _texts(own: Sequence[Line], claimed: Sequence[Line]) -> Iterator[Difference]:
    """Only lines that one of both is sure of must be in the other."""
    odd = [line.text for line in own if line.score >= SURE_SCORE and not _is_among(line, claimed)]
    odd += [line.text for line in claimed if line.score >= SURE_SCORE and not _is_among(line, own)]
    if odd:
        here, there = (" ".join(line.text for line in lines) for lines in (own, claimed))
        displaced = len(odd) == len(own) + len(claimed) >= PROOF_LINES
        unlike = likeness(here, there) < LIKE and sum(map(len, odd)) >= PROOF_CHARS
        yield Difference(f"{here[:60]!r} was read, {there[:60]!r} is claimed", unlike or displaced)


def _is_among(line: Line, others: Sequence[Line]) -> bool:
    return any(line.text == other.text and _overlap(_around(line), _around(other)) >= SAME_PLACE for other in others)


def likeness(a: str, b: str) -> float:
    """Sørensen-Dice coefficient over pairs of letters: 1 for equal texts, 0 for texts without a common pair."""
    pairs_a, pairs_b = Counter(pairwise(a)), Counter(pairwise(b))
    total = pairs_a.total() + pairs_b.total()
    return 2 * (pairs_a & pairs_b).total() / total if total else float(a == b)


def _labels(own: Sequence[Label], claimed: Sequence[Label], step: Model) -> Iterator[Difference]:
    here, there = {label.name: label.score for label in own}, {label.name: label.score for label in claimed}
    farthest = 0.0
    for name in here.keys() | there.keys():
        a, b = here.get(name), there.get(name)
        # What is not listed scored less than the last one that is, or than the threshold.
        a = a if a is not None else min(b or 0.0, _least(own, step))
        b = b if b is not None else min(a, _least(claimed, step))
        farthest = max(farthest, abs(a - b) / max(1.0, abs(a)))
    if farthest > NEAR_SCORE:
        best = own[0].name if own else "nothing"
        yield Difference(f"{best} was found, and scores are off by {farthest:.3f}", farthest > FAR_SCORE)


def _least(labels: Sequence[Label], step: Model) -> float:
    return labels[-1].score if len(labels) == step.top else step.threshold


def _objects(own: Sequence[Thing], claimed: Sequence[Thing], step: Model) -> Iterator[Difference]:
    """Only what scores well above the threshold must be in both."""
    sure = step.threshold + SURE_MARGIN
    pairs = [(thing, claimed) for thing in own if thing.score >= sure]
    pairs += [(thing, own) for thing in claimed if thing.score >= sure]
    odd = [thing for thing, others in pairs if not _is_seen(thing, others, ALIKE_PLACE, NEAR_SCORE)]
    alone = [thing for thing, others in pairs if not _is_seen(thing, others, SAME_PLACE, FAR_SCORE)]
    if odd:
        text = f"{len(own)} objects were found, {len(claimed)} are claimed, and {len(odd)} of both have no partner"
        yield Difference(text, len(alone) > len(pairs) / 2)


def _is_seen(thing: Thing, others: Sequence[Thing], place: float, score: float) -> bool:
    return any(
        thing.name == other.name
        and abs(thing.score - other.score) <= score * max(1.0, abs(thing.score))
        and _overlap(thing.box, other.box) >= place
        for other in others
    )


def _vectors(own: Sequence[float], claimed: Sequence[float]) -> Iterator[Difference]:
    if len(own) != len(claimed):
        yield Difference(f"an embedding of {len(own)} numbers was made, one of {len(claimed)} is claimed", certain=True)
        return
    a, b = np.asarray(own, np.float64), np.asarray(claimed, np.float64)
    length_a, length_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if not length_a or not length_b:
        if length_a != length_b:
            yield Difference("one embedding is zero, the other is not", certain=True)
        return
    cosine, stretch = float(a @ b) / length_a / length_b, abs(math.log(length_b / length_a))
    if cosine < SAME_DIRECTION or stretch > NEAR_LENGTH:
        text = f"the embeddings have a cosine of {cosine:.4f} and lengths of {length_a:.4g} and {length_b:.4g}"
        yield Difference(text, cosine < OTHER_DIRECTION or stretch > FAR_LENGTH)


def drawings(plain: Image.Image, own: Image.Image, claimed: Image.Image, exact: bool) -> Iterator[Difference]:
    """Between the annotated picture as it must be and the claimed one; `plain` is without annotation, of equal size."""
    before, must, there = (np.asarray(image, np.int16) for image in (plain, own, claimed))
    off = np.abs(must - there).mean(axis=2)
    if not off.any():
        return
    drawn = (before != must).any(axis=2)
    change = np.abs(must - before).mean(axis=2)[drawn].sum()
    inside = float(off[drawn].sum() / change) if drawn.any() else 0.0
    outside = float(off[~drawn].mean()) if not drawn.all() else 0.0
    if exact or inside > NEAR_DRAWN or outside > NEAR_PLAIN:
        text = f"the annotated picture lacks {inside:.0%} of what is drawn, and is off by {outside:.1f} levels beside"
        yield Difference(text, exact or inside > FAR_DRAWN or outside > FAR_PLAIN)


def _around(line: Line) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in line.box], [y for _, y in line.box]
    return min(xs), min(ys), max(xs), max(ys)


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes; 1 for equal ones, also where they are empty."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / both if both > 0 else float(a == b)
