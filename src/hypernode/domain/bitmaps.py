"""A block of nodes that is searched by bitmaps: what `matching` is made of."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from hypernode.domain.demand import DEFAULT_MODEL, Demand, NodeFacts, model_offered

_MAX_UNIONS: Final = 128
"""Unions of one attribute that a block remembers at most; one has a bit for each of its nodes."""

_EVERYONE: Final = ""
"""What a node is open to that takes jobs of any wallet."""

Rank = tuple[int, float, int]
LEAST_RANK: Final[Rank] = (-1, 0.0, 0)
"""Before the rank of any node."""

Label = tuple[str, Any]
"""An attribute and one of its values."""


@dataclass(frozen=True, slots=True)
class _Attribute:
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
    "isolation": _Attribute(lambda node: node.isolation.rank, _at_least),
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
        if engine.audits:
            yield "audits", job_type
    for capability in node.capabilities:
        yield "capability", capability
    yield "open to", node.wallet if node.own_jobs_only else _EVERYONE
    for name, attribute in _ATTRIBUTES.items():
        if name not in _UNLABELLED:
            value = attribute.value(node)
            yield name, attribute.band(value) if attribute.band else value


class Query(NamedTuple):
    """A demand in a block's terms: all but price and node ids."""

    warm: Label  #: What a node should have.
    labels: list[Label]  #: What it must have.
    unions: list[Label]  #: Of these attributes, it must have a label that what is asked for accepts.
    customer: str  #: It must be open to this wallet.
    doubts: list[tuple[Label, Any]]  #: Labels of bands that hold values on both sides of what is asked for, and that.

    @classmethod
    def of(cls, demand: Demand) -> "Query":
        """The terms of a demand; those that most nodes fail come first."""
        warm, offered = (demand.job_type, demand.model), (demand.job_type, model_offered(demand.model))
        query = cls(("warm", warm), [("model", offered)], [], demand.customer, [])
        if demand.audit:
            query.labels.append(("audits", demand.job_type))
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
            ("isolation", demand.min_isolation.rank),
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
    """Nodes of neighbouring rank. Each has a bit of its own, and each label that occurs has the bitmap of its nodes.

    The bits are in no order. So that the best of many is found soon, the nodes stand in runs, a bitmap each, by rank.
    """

    def __init__(self, start: Rank, max_run: int) -> None:
        self.start = start  #: No node's rank here is less.
        self._max_run = max_run  #: Nodes in a run; each of those found in the first run is looked at.
        self.free = 0
        self._bits: dict[UUID, int] = {}  #: Each node's bit, by its number.
        self._nodes: dict[int, NodeFacts] = {}  #: By bit.
        self._taken = 0
        self._starts = [start]  #: The least rank of each run, rising.
        self._runs = [0]
        self._labels: defaultdict[str, dict[Any, int]] = defaultdict(dict)
        self._unions: defaultdict[str, dict[Any, int]] = defaultdict(dict)  #: Remembered until a node's value changes.

    def __len__(self) -> int:
        return len(self._nodes)

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
            self._runs[self._run(old)] ^= 1 << bit
            self._flip(bit, set(_labels_of(old)) ^ set(_labels_of(node)))
            for name, attribute in _ATTRIBUTES.items():
                if attribute.value(old) != attribute.value(node):
                    self._unions.pop(name, None)
        self._nodes[bit] = node
        run = self._run(node)
        self._runs[run] |= 1 << bit
        if self._runs[run].bit_count() > self._max_run:
            self._cut(run)
        self.set_free(node.node_id, free)

    def remove(self, node_id: UUID) -> None:
        """Drop a node that is here."""
        self.set_free(node_id, False)
        bit = self._bits.pop(node_id)
        node = self._nodes.pop(bit)
        self._taken ^= 1 << bit
        self._flip(bit, _labels_of(node))
        self._unions.clear()
        run = self._run(node)
        self._runs[run] ^= 1 << bit
        if run and not self._runs[run]:
            del self._runs[run], self._starts[run]

    def give(self, other: "Block", nodes: Iterable[NodeFacts]) -> None:
        """Move nodes that are here to another block."""
        for node in nodes:
            other.put(node, bool(self.free & self.bitmap(node.node_id)))
            self.remove(node.node_id)

    def ranked(self) -> list[NodeFacts]:
        """All its nodes, the best first."""
        return sorted(self._nodes.values(), key=rank_of)

    def search(self, query: Query, *, warm: bool, busy: bool = False) -> int:
        """The bitmap of the nodes that meet a query: free ones, or all; with `warm`, that have the model loaded."""
        found = self._taken if busy else self.free
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
        open_to = self._labels["open to"]
        found &= open_to.get(_EVERYONE, 0) | open_to.get(query.customer, 0)
        for (name, band), asked in query.doubts:
            attribute = _ATTRIBUTES[name]
            for node in self._among(found & self._labels[name].get(band, 0)):
                if not attribute.accepts(asked, attribute.value(node)):
                    found ^= self.bitmap(node.node_id)
        return found

    def best(self, found: int) -> NodeFacts:
        """The node of the best rank in a bitmap that is not empty."""
        first = next(here for run in self._runs if (here := found & run))
        return min(self._among(first), key=rank_of)

    def _run(self, node: NodeFacts) -> int:
        """The index of the run that holds a node, or where it belongs."""
        return bisect_right(self._starts, rank_of(node)) - 1

    def _cut(self, run: int) -> None:
        """Make two runs of one."""
        nodes = sorted(self._among(self._runs[run]), key=rank_of)
        upper = nodes[len(nodes) // 2 :]
        bitmap = sum(self.bitmap(node.node_id) for node in upper)
        self._runs[run] ^= bitmap
        self._runs.insert(run + 1, bitmap)
        self._starts.insert(run + 1, rank_of(upper[0]))

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
        union = remembered[asked] = sum(bitmaps)  # No node is in two of them.
        return union
