"""The nodes in the order of their rank, in blocks of windows: what `matching` takes the best of many by."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hypernode.domain.bitmaps import Doubt
from hypernode.domain.demand import NodeFacts

FEW: Final = 6
"""So many candidates at most are compared with each other; more are looked for in the order of rank."""

Rank = tuple[int, float, int]
LEAST_RANK: Final[Rank] = (-1, 0.0, 0)
"""Before the rank of any node."""


def rank_of(node: NodeFacts) -> Rank:
    """Sorts the cheapest node first, then the most reputable."""
    return (node.price, -node.reputation, node.node_id.int)


class Window:
    """Nodes of neighbouring rank, each with a place: a bit of the block's. The places are in no order."""

    def __init__(self, start: Rank) -> None:
        self.start = start  #: No node's rank here is less.
        self.block: Block
        self.number = 0  #: Among the block's windows.
        self.nodes: dict[int, NodeFacts] = {}  #: By place.
        self._order: list[int] = []  #: Places, by rank.
        self._taken = 0

    def put(self, node: NodeFacts) -> int:
        """Add a node. Returns its place."""
        place = (~self._taken & self._taken + 1).bit_length() - 1
        self._taken |= 1 << place
        self._insert(node, place)
        return place

    def replace(self, node: NodeFacts, place: int) -> NodeFacts:
        """Know other things of the node that has this place. Returns what was known."""
        old = self.nodes[place]
        if rank_of(old) == rank_of(node):
            self.nodes[place] = node
        else:
            self._order.remove(place)
            self._insert(node, place)
        return old

    def remove(self, place: int) -> NodeFacts:
        """Drop a node that is here."""
        self._order.remove(place)
        self._taken ^= 1 << place
        return self.nodes.pop(place)

    def split(self) -> tuple["Window", int]:
        """A window of the upper half of the nodes, which are here no more, and a bitmap of their places."""
        half = len(self._order) // 2
        upper = Window(self._rank(self._order[half]))
        upper._order, self._order = self._order[half:], self._order[:half]
        upper.nodes = {place: self.nodes.pop(place) for place in upper._order}
        upper._taken = sum(1 << place for place in upper._order)
        self._taken ^= upper._taken
        return upper, upper._taken

    def ranked(self, bitmap: int) -> Iterable[NodeFacts]:
        """The nodes of a bitmap of places, the best first."""
        if bitmap.bit_count() > FEW:
            return (self.nodes[place] for place in self._order if bitmap >> place & 1)
        nodes: list[NodeFacts] = []
        while bitmap:
            place = bitmap.bit_length() - 1
            nodes.append(self.nodes[place])
            bitmap ^= 1 << place
        return sorted(nodes, key=rank_of) if len(nodes) > 1 else nodes

    def _insert(self, node: NodeFacts, place: int) -> None:
        self._order.insert(bisect_right(self._order, rank_of(node), key=self._rank), place)
        self.nodes[place] = node

    def _rank(self, place: int) -> Rank:
        return rank_of(self.nodes[place])


class Block:
    """Windows of neighbouring rank, which lie one after the other in the block's bitmaps."""

    def __init__(self, windows: list[Window], width: int) -> None:
        self.position = 0  #: Among the blocks.
        self._width = width  #: Places in a window.
        self._places = (1 << width) - 1
        self.arrange(windows)

    def arrange(self, windows: list[Window]) -> None:
        """Have these windows, in this order."""
        self.windows = windows
        self._starts = [window.start for window in windows]
        for number, window in enumerate(windows):
            window.block, window.number = self, number

    @property
    def start(self) -> Rank:
        """No node's rank here is less."""
        return self._starts[0]

    def window(self, rank: Rank) -> Window:
        """Where a rank belongs."""
        return self.windows[bisect_right(self._starts, rank) - 1]

    def best(self, found: int, doubts: Sequence[Doubt]) -> NodeFacts | None:
        """Of the nodes of a bitmap that have as much as is asked for, the one of the best rank."""
        return next(self.ranked(found, doubts), None)

    def ranked(self, found: int, doubts: Sequence[Doubt]) -> Iterator[NodeFacts]:
        """The nodes of a bitmap that have as much as is asked for, the best first."""
        skipped = 0
        while found:
            windows = ((found & -found).bit_length() - 1) // self._width
            skipped += windows
            found >>= windows * self._width
            for node in self.windows[skipped].ranked(found & self._places):
                if not doubts or all(of(node) >= asked for of, asked in doubts):
                    yield node
            skipped += 1
            found >>= self._width
