"""A block of nodes that is searched by bitmaps: what `matching` is made of."""

import math
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple
from uuid import UUID

from hypernode.domain.demand import DEFAULT_MODEL, Demand, NodeFacts

_FEW: Final = 48
"""Up to so many candidates are compared with each other; among more, one is soon met on a walk from the cheapest on."""

_MAX_UNIONS: Final = 128
"""Unions of one attribute that a block remembers at most; one has a bit for each of its nodes."""

Rank = tuple[int, float, int]
_NO_RANK: Final[Rank] = (0, 0.0, 0)

Label = tuple[str, Any]
"""An attribute and one of its values."""


class _Attribute(NamedTuple):
    """Something of which a node has one value, and a demand accepts several."""

    value: Callable[[NodeFacts], Any]
    accepts: Callable[[Any, Any], bool]
    """Whether what a demand asks for takes a value."""
    band: Callable[[Any], Any] | None = None
    """Where nearly every node has a value of its own: makes them few, so that they need few bitmaps.

    For "at least" only: a band is at most its values, and rises with them.
    """


def _size_band(mb: int) -> int:
    """A size cut to its 6 highest bits: exact for every size that is sold by the GB."""
    shift = max(0, mb.bit_length() - 6)
    return mb >> shift << shift


def _at_least(asked: Any, value: Any) -> bool:
    return value >= asked


_ATTRIBUTES: Final[Mapping[str, _Attribute]] = {
    "vram": _Attribute(lambda node: node.vram_mb, _at_least),
    "ram": _Attribute(lambda node: node.ram_mb, _at_least, _size_band),
    "cuda": _Attribute(lambda node: node.cuda, _at_least),
    "reputation": _Attribute(lambda node: node.reputation, _at_least, math.floor),
    "gpu": _Attribute(lambda node: node.gpu_model.lower(), lambda asked, value: asked in value),
    "country": _Attribute(lambda node: node.country, lambda asked, value: value in asked),
    "wallet": _Attribute(lambda node: node.wallet, lambda asked, value: value in asked),
    "other wallet": _Attribute(lambda node: node.wallet, lambda asked, value: value not in asked),
}
_UNLABELLED: Final = frozenset({"wallet", "other wallet"})
"""Nearly every node has a value of its own here, so bitmaps of values would save nothing."""


def rank_of(node: NodeFacts) -> Rank:
    """Sorts the cheapest node first, then the most reputable."""
    return (node.price, -node.reputation, node.node_id.int)


def _labels_of(node: NodeFacts) -> Iterator[Label]:
    for job_type, engine in node.engines.items():
        for model in {*engine.models, DEFAULT_MODEL}:
            yield "model", (job_type, model)
            if engine.has_warm(model):
                yield "warm", (job_type, model)
        if not engine.unit_price:
            yield "no unit price", job_type
    for capability in node.capabilities:
        yield "capability", capability
    for name, attribute in _ATTRIBUTES.items():
        if name not in _UNLABELLED:
            value = attribute.value(node)
            yield name, attribute.band(value) if attribute.band else value


class Query(NamedTuple):
    """A demand in a block's terms: all but price and node ids."""

    warm: Label  #: What a node should have.
    labels: list[Label]  #: What it must have.
    unions: list[Label]  #: Of these attributes, it must have a label that what is asked for accepts.
    doubts: list[tuple[Label, Any]]  #: Labels of bands that hold values on both sides of what is asked for, and that.

    @classmethod
    def of(cls, demand: Demand) -> "Query":
        """The terms of a demand; those that most nodes fail come first."""
        work = (demand.job_type, demand.model)
        query = cls(("warm", work), [("model", work)], [], [])
        if demand.budget == 0:
            query.labels.append(("no unit price", demand.job_type))
        query.labels.extend(("capability", capability) for capability in demand.capabilities)
        for name, asked in (
            ("vram", demand.min_vram_mb),
            ("gpu", demand.gpu_model),
            ("country", demand.countries),
            ("reputation", demand.min_reputation),
            ("cuda", demand.cuda),
            ("ram", demand.min_ram_mb),
            ("wallet", demand.allow_wallets),
            ("other wallet", demand.deny_wallets),
        ):
            if asked:
                band = _ATTRIBUTES[name].band
                least = band(asked) if band else asked
                query.unions.append((name, least))
                if least != asked:
                    query.doubts.append(((name, least), asked))
        return query


class Block:
    """Nodes of neighbouring rank. Each has a bit of its own, and each label that occurs has the bitmap of its nodes."""

    def __init__(self) -> None:
        self.free = 0
        self._bits: dict[UUID, int] = {}  #: Each node's bit, as its number.
        self._nodes: dict[int, NodeFacts] = {}  #: By bit.
        self._order: list[tuple[Rank, int]] = []  #: Rank and bit, sorted.
        self._taken = 0
        self._labels: defaultdict[str, dict[Any, int]] = defaultdict(dict)
        self._unions: defaultdict[str, dict[Any, int]] = defaultdict(dict)  #: Remembered until a node's value changes.

    def __len__(self) -> int:
        return len(self._order)

    @property
    def first_rank(self) -> Rank:
        """The rank of its best node."""
        return self._order[0][0] if self._order else _NO_RANK

    def bitmap(self, node_id: UUID) -> int:
        """The bit of a node that is here, alone."""
        return 1 << self._bits[node_id]

    def set_free(self, node_id: UUID, free: bool) -> None:
        """Say whether a node that is here takes work."""
        bitmap = self.bitmap(node_id)
        self.free = self.free | bitmap if free else self.free & ~bitmap

    def put(self, node: NodeFacts, free: bool) -> None:
        """Add a node, or replace what is known of it."""
        bit = self._bits.get(node.node_id)
        if bit is None:
            bit = self._bits[node.node_id] = (~self._taken & self._taken + 1).bit_length() - 1
            self._taken |= 1 << bit
            self._flip(bit, _labels_of(node))
            self._unions.clear()
        else:
            old = self._nodes[bit]
            del self._order[bisect_left(self._order, (rank_of(old), bit))]
            self._flip(bit, set(_labels_of(old)) ^ set(_labels_of(node)))
            for name, attribute in _ATTRIBUTES.items():
                if attribute.value(old) != attribute.value(node):
                    self._unions.pop(name, None)
        self._nodes[bit] = node
        insort(self._order, (rank_of(node), bit))
        self.set_free(node.node_id, free)

    def remove(self, node_id: UUID) -> None:
        """Drop a node that is here."""
        self.set_free(node_id, False)
        bit = self._bits.pop(node_id)
        node = self._nodes.pop(bit)
        self._taken ^= 1 << bit
        del self._order[bisect_left(self._order, (rank_of(node), bit))]
        self._flip(bit, _labels_of(node))
        self._unions.clear()

    def give(self, other: "Block", count: int) -> list[UUID]:
        """Move the last nodes to another block; answers their ids."""
        moved = [self._nodes[bit] for _, bit in self._order[len(self) - count :]]
        for node in moved:
            other.put(node, bool(self.free & self.bitmap(node.node_id)))
            self.remove(node.node_id)
        return [node.node_id for node in moved]

    def search(self, query: Query, *, warm: bool) -> int:
        """The bitmap of the free nodes that meet a query; with `warm`, of those that have the model loaded."""
        found = self.free
        if warm:
            name, value = query.warm
            found &= self._labels[name].get(value, 0)
        if not found:
            return 0
        for name, value in query.labels:
            found &= self._labels[name].get(value, 0)
            if not found:
                return 0
        for name, asked in query.unions:
            union = self._unions[name].get(asked)
            found &= self._union(name, asked) if union is None else union
            if not found:
                return 0
        for (name, band), asked in query.doubts:
            attribute = _ATTRIBUTES[name]
            for node in self._among(found & self._labels[name].get(band, 0)):
                if not attribute.accepts(asked, attribute.value(node)):
                    found ^= self.bitmap(node.node_id)
        return found

    def best(self, found: int) -> NodeFacts:
        """The node of the best rank in a bitmap that is not empty."""
        if found.bit_count() <= _FEW:
            return min(self._among(found), key=rank_of)
        # Indexing bytes is several times faster than shifting a long int.
        octets = found.to_bytes(self._taken.bit_length() // 8 + 1, "little")
        return next(self._nodes[bit] for _, bit in self._order if octets[bit >> 3] >> (bit & 7) & 1)

    def _among(self, bitmap: int) -> Iterator[NodeFacts]:
        while bitmap:
            bit = bitmap.bit_length() - 1
            yield self._nodes[bit]
            bitmap ^= 1 << bit

    def _flip(self, bit: int, labels: Iterable[Label]) -> None:
        for name, value in labels:
            bitmaps = self._labels[name]
            bitmap = bitmaps.get(value, 0) ^ 1 << bit
            if bitmap:
                bitmaps[value] = bitmap
            else:
                del bitmaps[value]

    def _union(self, name: str, asked: Any) -> int:
        """All nodes with a label that what is asked for accepts; remembered."""
        accepts, value = _ATTRIBUTES[name].accepts, _ATTRIBUTES[name].value
        if name in _UNLABELLED:
            bitmaps = (1 << bit for bit, node in self._nodes.items() if accepts(asked, value(node)))
        else:
            bitmaps = (bitmap for label, bitmap in self._labels[name].items() if accepts(asked, label))
        remembered = self._unions[name]
        if len(remembered) >= _MAX_UNIONS:
            remembered.clear()
        union = remembered[asked] = reduce(or_, bitmaps, 0)
        return union
