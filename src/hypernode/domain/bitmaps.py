"""Who has what among the nodes, as bitmaps: what `matching` searches.

The nodes stand in blocks, and each has a bit in its block. A label is an attribute and a value that some node has; its
column holds one Python int a block, in which the bits of the nodes with that value are set. So "free, runs
llm_inference, can do fp16" is three columns ANDed, block by block, by `map` and without a loop in Python.
"""

import operator
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from hypernode.domain.demand import DEFAULT_MODEL, Demand, NodeFacts, model_offered
from hypernode.domain.isolation import Isolation

Column = list[int]
"""A bitmap for each block, in the blocks' order."""

Label = tuple[str, Any]
"""An attribute and one of its values."""

_EVERYONE: Final = ""
"""What a node is open to that takes jobs of any wallet."""

_NOBODY: Final[Sequence[int]] = ()
"""Where no node has what is asked for: `map` ends with the shortest, so that nothing is searched."""

_AND: Final = cast(Callable[[int, int], int], operator.and_)
_OR: Final = cast(Callable[[int, int], int], operator.or_)
_LAST_CUDA: Final = (31, 31)


@dataclass(frozen=True, slots=True)
class _Amount:
    """Something of which a node has so much, and a demand asks for at least so much."""

    of: Callable[[NodeFacts], Any]
    asked: Callable[[Demand], Any]
    band: Callable[[Any], Any]
    """Makes the values few, since each that occurs has a column. It is at most its values, and rises with them."""


def _size_band(mb: int) -> int:
    """A size cut to its 6 highest bits: exact for every size that is sold by the GB."""
    shift = max(0, mb.bit_length() - 6)
    return mb >> shift << shift


def _cuda_band(version: tuple[int, ...]) -> tuple[int, ...]:
    """Its first two numbers: exact for every version there is."""
    return min((version[0], *(min(number, _LAST_CUDA[1]) for number in version[1:2])), _LAST_CUDA) if version else ()


_RANKS: Final = {level: level.rank for level in Isolation}
_AMOUNTS: Final = (
    _Amount(operator.attrgetter("vram_mb"), operator.attrgetter("min_vram_mb"), _size_band),
    _Amount(operator.attrgetter("reputation"), operator.attrgetter("min_reputation"), lambda points: points // 5 * 5),
    _Amount(operator.attrgetter("ram_mb"), operator.attrgetter("min_ram_mb"), _size_band),
    _Amount(operator.attrgetter("cuda"), operator.attrgetter("cuda"), _cuda_band),
    _Amount(lambda node: _RANKS[node.isolation], lambda job: _RANKS[job.min_isolation], int),
)


def _labels_of(node: NodeFacts) -> Iterator[Label]:
    for job_type, engine in node.engines.items():
        for model in {*engine.models, DEFAULT_MODEL}:
            yield "model", (job_type, model)
            if engine.has_warm(model):
                yield "warm", (job_type, model)
        if not engine.unit_price:
            yield "no unit price", job_type
        if engine.audits:
            yield "audits", job_type
    for capability in node.capabilities:
        yield "capability", capability
    yield "open to", node.wallet if node.own_jobs_only else _EVERYONE
    yield "gpu", node.gpu_model.lower()
    yield "country", node.country


class _Levels:
    """For each amount that occurs, cut to its band, which nodes have at least as much."""

    def __init__(self, amount: _Amount) -> None:
        self.amount = amount
        self.bands: list[Any] = []  #: Rising.
        self.columns: dict[Any, Column] = {}
        self._counts = Counter[Any]()
        self._spans: dict[Any, tuple[Any, Any]] = {}  #: The least and the most that occurred in a band.

    def change(self, old: NodeFacts | None, new: NodeFacts | None, position: int, bitmap: int, blocks: int) -> None:
        """A node has another amount now; None: it was not here, or is no more."""
        before, after = (None if node is None else self.amount.of(node) for node in (old, new))
        if before == after:
            return
        old_band, new_band = (None if not value else self.amount.band(value) or None for value in (before, after))
        if new_band is not None:
            self._counts[new_band] += 1
            if new_band not in self.columns:
                place = bisect_left(self.bands, new_band)
                self.columns[new_band] = self.columns[self.bands[place]].copy() if self.bands[place:] else [0] * blocks
                self.bands.insert(place, new_band)
            least, most = self._spans.get(new_band, (after, after))
            self._spans[new_band] = min(least, after), max(most, after)
        ends = sorted(0 if band is None else bisect_right(self.bands, band) for band in (old_band, new_band))
        for band in self.bands[ends[0] : ends[1]]:
            self.columns[band][position] ^= bitmap
        if old_band is not None:
            self._counts[old_band] -= 1
            if not self._counts[old_band]:
                del self._counts[old_band], self._spans[old_band], self.columns[old_band]
                self.bands.remove(old_band)

    def up_to(self, node: NodeFacts) -> Iterable[Column]:
        """The columns that a node is in."""
        value = self.amount.of(node)
        end = bisect_right(self.bands, self.amount.band(value)) if value else 0
        return map(self.columns.__getitem__, self.bands[:end])

    def at_least(self, asked: Any) -> tuple[Sequence[int] | None, bool]:
        """The column of the nodes with no less than a value, None for all nodes; and whether some may have less."""
        band = self.amount.band(asked)
        least, most = self._spans.get(band, (asked, asked))
        place = (bisect_left if asked <= most else bisect_right)(self.bands, band)
        column = self.columns[self.bands[place]] if place < len(self.bands) else _NOBODY
        return (column, least < asked <= most) if band else (None, True)


Doubt = tuple[Callable[[NodeFacts], Any], Any]
"""An amount, and how much of it is asked for: more than the least in its band."""


class Search(NamedTuple):
    """What is found by columns, and what they leave open."""

    found: Iterator[int]  #: Bitmaps, block by block; each is worked out when it is asked for.
    warm: Sequence[int]  #: Of the nodes that have the model loaded; empty where none has.
    doubts: list[Doubt]  #: What those that are found must be asked for.


class Bitmaps:
    """The columns of all labels."""

    def __init__(self) -> None:
        self.taken = [0]  #: Bits that stand for a node.
        self.free = [0]
        self._columns: defaultdict[str, dict[Any, Column]] = defaultdict(dict)
        self._levels = [_Levels(amount) for amount in _AMOUNTS]

    def set_free(self, position: int, bit: int, free: bool) -> None:
        """Say whether a node takes work."""
        bitmap = 1 << bit
        self.free[position] |= bitmap
        if not free:
            self.free[position] ^= bitmap

    def change(self, old: NodeFacts | None, new: NodeFacts | None, position: int, bit: int) -> None:
        """Other things are known of a node now; None: it was not here, or is no more."""
        bitmap, blocks = 1 << bit, len(self.taken)
        if old is None or new is None:
            self.taken[position] ^= bitmap
            self.free[position] &= self.taken[position]
        had, has = (set[Label]() if node is None else set(self._labels_of(node)) for node in (old, new))
        for name, value in had ^ has:
            columns = self._columns[name]
            column = columns.setdefault(value, [0] * blocks)
            column[position] ^= bitmap
            if not column[position] and not any(column):
                del columns[value]
        for levels in self._levels:
            levels.change(old, new, position, bitmap, blocks)

    def move(self, node: NodeFacts, position: int, old: int, new: int) -> None:
        """Give a node another bit of its block."""
        both = 1 << old | 1 << new
        self.taken[position] ^= both
        if self.free[position] >> old & 1:
            self.free[position] ^= both
        for name, value in self._labels_of(node):
            self._columns[name][value][position] ^= both
        for levels in self._levels:
            for column in levels.up_to(node):
                column[position] ^= both

    def spread(self, position: int, moved: int, end: int, width: int) -> None:
        """Move the bits from `end` on, and those of a bitmap before it, up by a width."""
        kept = (1 << end) - 1 ^ moved
        for column in self._all():
            if bits := column[position]:
                column[position] = bits & kept | (bits & moved) << width | bits >> end << end + width

    def close(self, position: int, end: int, width: int) -> None:
        """Move the bits from `end` on down by a width; below it as many are nobody's."""
        below = (1 << end - width) - 1
        for column in self._all():
            if bits := column[position]:
                column[position] = bits & below | bits >> end << end - width

    def split(self, position: int, end: int) -> None:
        """Make two blocks of one: the bits from `end` on are the second's."""
        below = (1 << end) - 1
        for column in self._all():
            column[position : position + 1] = column[position] & below, column[position] >> end

    def join(self, position: int, end: int) -> None:
        """Make one block of two: from `end` on the bits are the second's."""
        for column in self._all():
            column[position : position + 2] = (column[position] | column[position + 1] << end,)

    def search(self, job: Demand, busy: bool) -> Search:
        """What is found for a demand, but for its price and node ids; with `busy`, not only free nodes."""
        found = both(self.taken if busy else self.free, self._offering(job))
        doubts: list[Doubt] = []
        for levels in self._levels:
            if asked := levels.amount.asked(job):
                column, doubtful = levels.at_least(asked)
                if column is not None:
                    found = both(found, column)
                if doubtful:
                    doubts.append((levels.amount.of, asked))
        for column in self._described(job):
            found = both(found, column)
        return Search(found, self._columns["warm"].get((job.job_type, job.model), _NOBODY), doubts)

    def fleet(self, wallet: str) -> Column | None:
        """The nodes of a wallet that was given a column."""
        return self._columns["wallet"].get(wallet)

    def add_fleet(self, wallet: str, column: Column) -> None:
        """Give a wallet a column: that of all its nodes. It is lost with the last of them."""
        self._columns["wallet"][wallet] = column

    def _labels_of(self, node: NodeFacts) -> Iterator[Label]:
        yield from _labels_of(node)
        if node.wallet in self._columns["wallet"]:
            yield "wallet", node.wallet

    def _offering(self, job: Demand) -> Sequence[int]:
        """Who serves the job's type and model."""
        return self._columns["model"].get((job.job_type, model_offered(job.model)), _NOBODY)

    def _described(self, job: Demand) -> Iterator[Iterable[int]]:
        """What a node must be in, each."""
        columns = self._columns
        for capability in job.capabilities:
            yield columns["capability"].get(capability, _NOBODY)
        if job.countries:
            yield either(column for country in job.countries if (column := columns["country"].get(country)))
        if job.gpu_model:
            yield either(column for name, column in columns["gpu"].items() if job.gpu_model in name)
        if job.audit:
            yield columns["audits"].get(job.job_type, _NOBODY)
        if not job.budget:
            yield columns["no unit price"].get(job.job_type, _NOBODY)
        open_to_all = columns["open to"].get(_EVERYONE, _NOBODY)
        open_to_one = columns["open to"].get(job.customer, _NOBODY) if job.customer else _NOBODY
        yield either(column for column in (open_to_all, open_to_one) if column) if open_to_one else open_to_all

    def _all(self) -> Iterator[Column]:
        yield from (self.taken, self.free)
        for columns in self._columns.values():
            yield from columns.values()
        for levels in self._levels:
            yield from levels.columns.values()


def both(first: Iterable[int], second: Iterable[int]) -> Iterator[int]:
    """Who is in two columns; worked out as it is asked for."""
    return map(_AND, first, second)


def either(columns: Iterable[Iterable[int]]) -> Iterable[int]:
    """Who is in at least one of the columns; worked out as it is asked for."""
    found: Iterable[int] = _NOBODY
    for column in columns:
        found = column if found is _NOBODY else map(_OR, found, column)
    return found
