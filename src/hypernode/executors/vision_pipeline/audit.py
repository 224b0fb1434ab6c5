"""Checks a claim: the number of pictures of all items, and random pictures by running them again."""

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from PIL import Image

from hypernode.domain.receipt import Verdict
from hypernode.executors.vision_pipeline import claims
from hypernode.executors.vision_pipeline.annotate import annotated
from hypernode.executors.vision_pipeline.claims import Claimed, Refuted
from hypernode.executors.vision_pipeline.compare import Difference, differences, drawings
from hypernode.executors.vision_pipeline.media import Medium, look
from hypernode.executors.vision_pipeline.pipeline import Pipeline, Seen
from hypernode.executors.vision_pipeline.results import Item, Picture
from hypernode.executors.vision_pipeline.running import until
from hypernode.executors.vision_pipeline.shots import Unreadable
from hypernode.executors.vision_pipeline.steps import Input
from hypernode.ports import Claim, ExecutionFailed, Finding, JobContext

LEAST_CHECKED: Final = 3
"""Pictures that are run again; of many, as many as the square root of their number."""
BROKEN_CHECKED: Final = 3
"""Items that are claimed to be broken and are tried again."""
SAME_TIME_S: Final = 1e-3


def audit(given: Input, claim: Claim, context: JobContext, seed: int, threads: int) -> Finding:
    """Passed, or failed on evidence, or unverified where only another engine's result differs."""
    chance = random.Random(seed)
    try:
        total = claims.count(given, claim)
        chosen = chance.sample(range(total), min(total, max(LEAST_CHECKED, math.isqrt(total))))
        claimed = claims.read(given, claim, total, frozenset(chosen))
        check = _Audit(given, claim, claimed, context, threads)
    except Refuted as refuted:
        return Finding(Verdict.FAILED, str(refuted))
    except ExecutionFailed as failure:
        if not failure.blames_input:
            raise
        return Finding(Verdict.FAILED, f"no honest node can run this: {failure}")
    broken = [name for name, item in claim.output.items.items() if item.error]
    figures = {"pictures": total, "checked": len(chosen), "broken": len(broken)}
    try:
        check.all_items()
        check.chosen_pictures()
        check.broken_items(chance.sample(broken, min(len(broken), BROKEN_CHECKED)))
    except Refuted as refuted:
        return Finding(Verdict.FAILED, str(refuted), figures)
    what = f"{len(chosen)} of {total} pictures were run again"
    if check.doubts:
        return Finding(Verdict.UNVERIFIED, f"{what}, on another engine: {check.doubts[0]}", figures)
    how = "equal bit for bit" if check.exact else "equal within the tolerance between different engines"
    return Finding(Verdict.PASSED, f"{what}: {how}", figures)


class _Audit:
    """Each check raises Refuted, or adds to the doubts."""

    def __init__(self, given: Input, claim: Claim, claimed: Claimed, context: JobContext, threads: int) -> None:
        self._given, self._claim, self._claimed, self._context = given, claim, claimed, context
        self._items: Mapping[str, Item] = claim.output.items
        self._tick = until(context.max_duration_s)
        self._pipeline = Pipeline(given, context.inputs, threads)
        self.exact = dict(claim.fingerprint) == dict(self._pipeline.fingerprint())
        self.doubts: list[str] = []

    def all_items(self) -> None:
        """Whether each item has the claimed frames."""
        for name in self._given.items:
            self._count(name)

    def chosen_pictures(self) -> None:
        """Whether the pictures show what is claimed."""
        by_item: dict[str, dict[int, Picture]] = {}
        for picture in self._claimed.chosen:
            by_item.setdefault(picture.item, {})[picture.frame] = picture
        for number, (name, claimed) in enumerate(by_item.items()):
            self._context.progress(number / len(by_item), f"running {name} again")
            try:
                medium = self._medium(name)
            except Unreadable as broken:
                self._weigh(self._unread(name, broken))
                continue
            found = list(self._compare(name, medium, claimed, thorough=False))
            if found and medium.demuxer:
                # Not every codec decodes a frame alike when it starts in the middle.
                found = list(self._compare(name, medium, claimed, thorough=True))
            for difference in found:
                self._weigh(difference)

    def broken_items(self, names: Iterable[str]) -> None:
        """Whether items really stop after the claimed pictures."""
        for name in names:
            self._retry(name)

    def _weigh(self, difference: Difference) -> None:
        if difference.certain:
            raise Refuted(difference.text)
        self.doubts.append(difference.text)

    def _unread(self, name: str, broken: Unreadable) -> Difference:
        return Difference(f"{name} is claimed to be read, and {broken}", self.exact)

    def _medium(self, name: str) -> Medium:
        medium = look(self._context.inputs / self._given.items[name])
        if self._items[name].format != medium.format:
            raise Refuted(f"{name} is {medium.format}, not {self._items[name].format[:20]}")
        return medium

    def _count(self, name: str) -> None:
        """Whether the claimed frames are those that the item has."""
        item = self._items[name]
        claimed = self._claimed.times[name]
        frames = self._given.frames
        try:
            medium = self._medium(name)
            there = medium.outline(frames, self._tick)
            if medium.demuxer and not _agree(claimed, there, item):
                # A codec may decode to more or fewer frames than the container says.
                there = [(shot.frame, shot.seconds) for shot in medium.shots(frames, self._tick)]
        except Unreadable as broken:
            if not item.error:
                self._weigh(self._unread(name, broken))
            return
        if not _agree(claimed, there, item):
            raise Refuted(f"{name}: {len(claimed)} pictures are claimed, and {len(there)} others are there")

    def _compare(
        self, name: str, medium: Medium, claimed: Mapping[int, Picture], *, thorough: bool
    ) -> Iterator[Difference]:
        frames, missing = self._given.frames, set(claimed)
        shots = medium.shots(frames, self._tick) if thorough else medium.shots_at(frames, claimed, self._tick)
        try:
            for shot in shots:
                if shot.frame in missing:
                    missing.discard(shot.frame)
                    self._tick()
                    yield from self._picture(self._pipeline.see(name, shot), claimed[shot.frame])
                if not missing:
                    return
        except Unreadable as broken:
            yield self._unread(name, broken)
            return
        yield Difference(f"{name} has no frame {min(missing)}", certain=True)

    def _picture(self, seen: Seen, claimed: Picture) -> Iterator[Difference]:
        own, where = seen.picture, f"{claimed.item} frame {claimed.frame}: "
        if self.exact and own != claimed:
            yield Difference(f"{where}the same engine finds something else: {_first_difference(own, claimed)}", True)
            return
        if (own.width, own.height) != (claimed.width, claimed.height):
            yield Difference(f"{where}{own.width} x {own.height} pixels, not {claimed.width} x {claimed.height}", True)
            return
        for here, there, step in zip(own.found, claimed.found, self._given.finders, strict=True):
            for difference in differences(here, there, step):
                yield Difference(where + difference.text, difference.certain)
        if step := self._given.annotate:
            must = annotated(seen.view, claimed.found, step)
            for difference in self._drawing(seen.view.image, must, claimed):
                yield Difference(where + difference.text, difference.certain)

    def _drawing(self, plain: Image.Image, must: Image.Image, claimed: Picture) -> Iterator[Difference]:
        """Drawn here with the claimed results, so that only the drawing itself is compared."""
        try:
            medium = look(self._claim.files / claimed.file)
            if medium.format != "PNG":
                raise Unreadable(f"is {medium.format}")
            there = next(iter(medium.shots(None, self._tick))).image
        except Unreadable as broken:
            yield Difference(f"the annotated picture is no PNG: {broken}", certain=True)
            return
        if there.size != must.size:
            yield Difference(f"the annotated picture has {there.size} pixels, not {must.size}", certain=True)
            return
        yield from drawings(plain, must, there, self.exact)

    def _retry(self, name: str) -> None:
        done = len(self._claimed.times[name])
        try:
            medium = self._medium(name)
            for number, shot in enumerate(medium.shots(self._given.frames, self._tick)):
                if number >= done:
                    self._pipeline.see(name, shot)
                    break
        except Unreadable:
            return
        text = f"{name} is claimed to be broken after {done} pictures, and can be read here"
        self._weigh(Difference(text, self.exact))


def _agree(claimed: list[tuple[int, float | None]], there: list[tuple[int, float | None]], item: Item) -> bool:
    """Whether frames and times are the same; of a broken item, its beginning."""
    if item.error:
        there = there[: len(claimed)]
    return len(claimed) == len(there) and all(
        frame == other and (at is None) == (time is None) and abs((at or 0) - (time or 0)) <= SAME_TIME_S
        for (frame, at), (other, time) in zip(claimed, there, strict=True)
    )


def _first_difference(own: Picture, claimed: Picture) -> str:
    for here, there in zip(own.found, claimed.found, strict=True):
        if here != there:
            return f"{here}, not {there}" if str(here) != str(there) else f"{here} that differ"
    return "another size or time"
