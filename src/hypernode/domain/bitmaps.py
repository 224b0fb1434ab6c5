"""A block of nodes of neighbouring rank, searchable by bitmaps: what `matching` is made of."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple
from uuid import UUID

from hypernode.domain.demand import DEFAULT_MODEL, Demand, NodeFacts

_REACH: Final = 32
"""Nodes that are moved at most to make room for one more; beyond that, the block is cut in two."""

_GAP: Final = 3
"""Bits from a node to the next where there is room: some for nodes that come between, the rest for those after the last."""

_MAX_UNIONS: Final = 256
"""Unions that a block remembers at most; one is as long as the block is wide, in bits."""

Rank = tuple[int, float, int]
Label = tuple[str, Any]
"""An attribute and one of its values."""


class _Measure(NamedTuple):
    """An attribute that is asked for as "at least"."""

    value: Callable[[NodeFacts], Any]
    band: Callable[[Any], Any]
    """Makes many values few, so that a block needs few bitmaps: at most the value, and never falling as that rises."""


def _size_band(mb: int) -> int:
    """A size cut to its 6 highest bits: exact for every size that is sold by the GB."""
    shift = max(0, mb.bit_length() - 6)
    return mb >> shift << shift


_MEASURES: Final[Mapping[str, _Measure]] = {
    "vram": _Measure(lambda node: node.vram_mb, _size_band),
    "ram": _Measure(lambda node: node.ram_mb, _size_band),
    "cuda": _Measure(lambda node: node.cuda, lambda version: version[:2]),
    "reputation": _Measure(lambda node: node.reputation, math.floor),
}


def rank_of(node: NodeFacts) -> Rank:
    return (node.price, -node.reputation, node.node_id.int)


def labels_of(node: NodeFacts) -> Iterator[Label]:
    """All attributes of a node that have bitmaps."""
    for job_type, engine in node.engines.items():
        for model in {*engine.models, DEFAULT_MODEL}:
            yield "model", (job_type, model)
            if engine.has_warm(model):
                yield "warm", (job_type, model)
        if not engine.unit_price:
            yield "no unit price", job_type
    for capability in node.capabilities:
        yield "capability", capability
    yield "country", node.country
    yield "gpu", node.gpu_model.lower()
    for name, measure in _MEASURES.items():
        yield name, measure.band(measure.value(node))


class Query(NamedTuple):
    """A demand in a block's terms."""

    warm: Label  #: What a node should have.
    labels: list[Label]  #: What it must have.
    unions: list[Label]  #: Of each of these, it must have one of several values.

    @classmethod
    def of(cls, demand: Demand) -> "Query":
        """The terms of a demand: all but price and node ids, which the rank and the index know."""
        work = (demand.job_type, demand.model)
        labels: list[Label] = [("model", work)]
        if demand.budget == 0:
            labels.append(("no unit price", demand.job_type))
        labels += [("capability", capability) for capability in demand.capabilities]
        unions = (
            ("vram", demand.min_vram_mb),
            ("ram", demand.min_ram_mb),
            ("cuda", demand.cuda),
            ("reputation", demand.min_reputation),
            ("gpu", demand.gpu_model),
            ("country", demand.countries),
            ("wallet", demand.allow_wallets),
            ("other wallet", demand.deny_wallets),
        )
        return cls(("warm", work), labels, [union for union in unions if union[1]])


class Block:
    """Nodes of neighbouring rank, each with a bit of its own, and a bitmap for each label that one of them has.

    The bits stand in the order of rank, with gaps: a node that comes takes a free bit, or moves its nearest neighbours.
    """

    def __init__(
        self, size: int, nodes: Sequence[NodeFacts] = (), free: AbstractSet[UUID] = frozenset()
    ) -> None:
        self.nodes: list[NodeFacts] = []
        self.ranks: list[Rank] = []
        self.free = 0
        self._width = 2 * size
        self._bits: list[int] = []  #: Each node's bit, rising.
        self._taken = 0
        self._labels: defaultdict[str, dict[Any, int]] = defaultdict(dict)
        self._unions: dict[
            Label, int
        ] = {}  #: Cache of `_union`, dropped when a node changes.
        step = min(_GAP, self._width // max(len(nodes), 1))
        for place, node in enumerate(nodes):
            self._fill(place, place * step, node, node.node_id in free)

    def __len__(self) -> int:
        return len(self.nodes)

    def place(self, node: NodeFacts) -> int:
        """Where a node stands, or would stand, among those here."""
        return bisect_left(self.ranks, rank_of(node))

    def bit(self, node: NodeFacts) -> int:
        """The bitmap that has the bit of a node that is here, alone."""
        return 1 << self._bits[self.place(node)]

    def best(self, found: int) -> NodeFacts:
        """The node of the lowest bit that is set."""
        return self.nodes[bisect_left(self._bits, (found & -found).bit_length() - 1)]

    def free_nodes(self) -> AbstractSet[UUID]:
        """Which of its nodes take work."""
        return {
            node.node_id
            for node, bit in zip(self.nodes, self._bits, strict=True)
            if self.free >> bit & 1
        }

    def insert(self, node: NodeFacts, free: bool) -> bool:
        """Add a node; answers False if there is no room near its place."""
        place = self.place(node)
        bit = self._room(place)
        if bit is None:
            return False
        self._fill(place, bit, node, free)
        return True

    def remove(self, node: NodeFacts) -> None:
        """Drop a node that is here."""
        place = self.place(node)
        self._flip(1 << self._bits[place], labels_of(node))
        self.free &= ~(1 << self._bits[place])
        self._taken ^= 1 << self._bits[place]
        del self.nodes[place], self.ranks[place], self._bits[place]

    def replace(self, old: NodeFacts, new: NodeFacts) -> bool:
        """Change what is known of a node if that leaves it in its place; otherwise answers False."""
        place, rank, ranks = self.place(old), rank_of(new), self.ranks
        between = (
            0 < place < len(ranks) - 1 and ranks[place - 1] < rank < ranks[place + 1]
        )
        if rank != ranks[place] and not between:
            return False
        self.nodes[place], ranks[place] = new, rank
        self._flip(1 << self._bits[place], set(labels_of(old)) ^ set(labels_of(new)))
        return True

    def set_free(self, node: NodeFacts, free: bool) -> None:
        """Say whether a node that is here takes work."""
        bit = self.bit(node)
        self.free = self.free | bit if free else self.free & ~bit

    def search(self, labels: Iterable[Label], unions: Iterable[Label]) -> int:
        """The bitmap of free nodes that have all the labels and unions."""
        found = self.free
        for name, value in labels:
            found &= self._labels[name].get(value, 0)
            if not found:
                return 0
        for union in unions:
            bits = self._unions.get(union)
            found &= self._remember(union) if bits is None else bits
            if not found:
                return 0
        return found

    def _fill(self, place: int, bit: int, node: NodeFacts, free: bool) -> None:
        self.nodes.insert(place, node)
        self.ranks.insert(place, rank_of(node))
        self._bits.insert(place, bit)
        self._taken |= 1 << bit
        self.free |= free << bit
        self._flip(1 << bit, labels_of(node))

    def _room(self, place: int) -> int | None:
        """A bit for a node that comes to a place: a free one, or one made free by moving its neighbours by one bit."""
        low = self._bits[place - 1] if place else -1
        high = self._bits[place] if place < len(self._bits) else self._width
        if high - low > 1:
            return min(low + _GAP, (low + high) // 2)
        vacant = ~self._taken & (1 << self._width) - 1
        above, below = vacant >> high, vacant & (1 << high) - 1
        up = (above & -above).bit_length() - 1 if above else _REACH
        down = low - (below.bit_length() - 1) if below else _REACH
        if min(up, down) >= _REACH:
            return None
        if up <= down:
            for moved in range(place + up - 1, place - 1, -1):
                self._move(moved, 1)
            return high
        for moved in range(place - down, place):
            self._move(moved, -1)
        return low

    def _move(self, place: int, by: int) -> None:
        bit = 1 << self._bits[place]
        self._bits[place] += by
        both = bit | 1 << self._bits[place]
        self._flip(both, labels_of(self.nodes[place]))
        self._taken ^= both
        if self.free & bit:
            self.free ^= both

    def _flip(self, bits: int, labels: Iterable[Label]) -> None:
        for name, value in labels:
            bitmaps = self._labels[name]
            bitmap = bitmaps.get(value, 0) ^ bits
            if bitmap:
                bitmaps[value] = bitmap
            else:
                del bitmaps[value]
        self._unions.clear()

    def _remember(self, union: Label) -> int:
        if len(self._unions) >= _MAX_UNIONS:
            self._unions.clear()
        bits = self._unions[union] = self._union(*union)
        return bits

    def _union(self, name: str, asked: Any) -> int:
        """The nodes that have one of several values: for a measure, at least the one asked for."""
        values = self._labels[name]
        match name:
            case "wallet":
                return self._where(self._taken, lambda node: node.wallet in asked)
            case "other wallet":
                return self._where(self._taken, lambda node: node.wallet not in asked)
            case "country":
                return reduce(or_, (values.get(country, 0) for country in asked))
            case "gpu":
                return reduce(
                    or_, (bits for model, bits in values.items() if asked in model), 0
                )
            case _:
                measure = _MEASURES[name]
                band = measure.band(asked)
                found = reduce(
                    or_, (bits for value, bits in values.items() if value > band), 0
                )
                if band == asked:
                    return found | values.get(band, 0)
                # The band holds values on both sides of the one asked for: look at each.
                return found | self._where(
                    values.get(band, 0), lambda node: measure.value(node) >= asked
                )

    def _where(self, among: int, test: Callable[[NodeFacts], bool]) -> int:
        """Those of some nodes that pass a test."""
        found = bytearray(self._width // 8 + 1)
        for node, bit in zip(self.nodes, self._bits, strict=True):
            if among >> bit & 1 and test(node):
                found[bit >> 3] |= 1 << (bit & 7)
        return int.from_bytes(found, "little")
