"""Finds the best free node for a job among very many, in microseconds.

The nodes stand in blocks in the order of their rank: cheapest first, then the most reputable. A search ANDs the bitmaps
of what the job asks for, block by block, until one has a node; so the work depends on how soon that is, and otherwise
grows by a few bitmaps for every 10,000 nodes. A node that comes, goes or changes touches its own bits only.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise, repeat
from operator import invert
from typing import Final
from uuid import UUID

from hypernode.domain.bitmaps import Bitmaps, Column, both, either
from hypernode.domain.blocks import LEAST_RANK, Block, Rank, Window, rank_of
from hypernode.domain.demand import REQUIREMENTS, Demand, NodeFacts

WIDTH: Final = 256
"""Nodes in a window at most. In wider ones the best is found more slowly; of narrower ones there are more to split."""

WINDOWS: Final = 64
"""Windows in a block at most. With larger blocks fewer are searched, but a change copies more of each bitmap."""

LARGE_FLEET: Final = 64
"""A wallet with as many nodes has a bitmap of its own."""


class NodeIndex:
    """The connected nodes and whether each is free, kept for `match`."""

    def __init__(self, width: int = WIDTH, windows: int = WINDOWS) -> None:
        self._width = width
        self._windows = windows
        self._few = width // 8  #: A window with no more nodes is joined with the one before.
        self._bitmaps = Bitmaps()
        self._blocks = [Block([Window(LEAST_RANK)], width)]  #: In the order of rank.
        self._starts = [LEAST_RANK]  #: The blocks'.
        self._homes: dict[UUID, tuple[Window, int]] = {}  #: Each node's window, and its place there.
        self._fleets: dict[str, tuple[UUID, ...]] = {}  #: A wallet's nodes, where they are not so many.

    def __len__(self) -> int:
        return len(self._homes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._homes

    def facts(self, node_id: UUID) -> NodeFacts:
        """What is known of a node. Raises KeyError for one that is not here."""
        window, place = self._homes[node_id]
        return window.nodes[place]

    def put(self, node: NodeFacts, free: bool) -> None:
        """Add a node, or replace what is known of it."""
        node_id, rank = node.node_id, rank_of(node)
        window, place = self._homes.get(node_id, (None, 0))
        if window is None or window.nodes[place].wallet != node.wallet:
            self.remove(node_id)
            self._add(node, rank)
            self._join_fleet(node.wallet, node_id)
        else:
            self._change(node, rank, window, place)
        self.set_free(node_id, free)

    def remove(self, node_id: UUID) -> None:
        """Forget a node. One that is not here is no error."""
        window, place = self._homes.pop(node_id, (None, 0))
        if window is not None:
            self._leave_fleet(self._drop(window, place).wallet, node_id)

    def set_free(self, node_id: UUID, free: bool) -> None:
        """Say whether a node takes work. Raises KeyError for one that is not here."""
        window, place = self._homes[node_id]
        self._bitmaps.set_free(window.block.position, self._bit(window, place), free)

    def fits(self, node_id: UUID, demand: Demand) -> bool:
        """Whether a node, free or not, meets a demand. Raises KeyError for one that is not here."""
        facts = self.facts(node_id)
        return all(is_met(facts, demand) for is_met in REQUIREMENTS.values())

    def match(self, demand: Demand, avoid: Collection[UUID] = (), *, busy: bool = False) -> UUID | None:
        """The best free node that meets a demand: with the model loaded, then the cheapest, then the most reputable.

        Nodes in `avoid` are left out; with `busy`, those without a free slot count as well. The node stays free until
        `set_free` says otherwise.
        """
        found, warm, doubts = self._bitmaps.search(demand, busy)
        for column in self._named(demand, avoid):
            found = both(found, column)
        limit = demand.price_limit
        cold: NodeFacts | None = None
        for block, here, warm_here in zip(self._within(limit), found, warm or repeat(0), strict=False):
            if not here:
                continue
            loaded = here & warm_here
            if loaded and (best := block.best(loaded, doubts)) and best.price <= limit:
                return best.node_id
            cold = cold or block.best(here, doubts)
            if cold and not warm:
                break
        return cold.node_id if cold and cold.price <= limit else None

    def matching(self, demand: Demand) -> Iterator[NodeFacts]:
        """All nodes that meet a demand, free or not: the cheapest first, then the most reputable."""
        found, _, doubts = self._bitmaps.search(demand, busy=True)
        for column in self._named(demand, ()):
            found = both(found, column)
        limit = demand.price_limit
        for block, here in zip(self._within(limit), found, strict=False):
            for node in block.ranked(here, doubts):
                if node.price > limit:
                    return
                yield node

    def _within(self, limit: int) -> list[Block]:
        """The blocks that have nodes of this price or less."""
        return self._blocks[: bisect_left(self._starts, (limit + 1,))]

    def _named(self, demand: Demand, avoid: Collection[UUID]) -> Iterator[Iterable[int]]:
        """The columns of the nodes that a demand names itself, by their ids or their wallets."""
        if demand.allow_nodes:
            yield self._column(demand.allow_nodes)
        if demand.allow_wallets:
            yield either(map(self._fleet, demand.allow_wallets))
        if avoid or demand.deny_nodes or demand.deny_wallets:
            denied = self._column({*demand.deny_nodes, *avoid})
            yield map(invert, either([denied, *map(self._fleet, demand.deny_wallets)]))

    def _column(self, node_ids: Iterable[UUID]) -> Column:
        """Those of the nodes that are here."""
        column = [0] * len(self._blocks)
        for node_id in node_ids:
            if home := self._homes.get(node_id):
                column[home[0].block.position] |= 1 << self._bit(*home)
        return column

    def _fleet(self, wallet: str) -> Column:
        return self._bitmaps.fleet(wallet) or self._column(self._fleets.get(wallet, ()))

    def _join_fleet(self, wallet: str, node_id: UUID) -> None:
        if self._bitmaps.fleet(wallet):
            return
        fleet = (*self._fleets.get(wallet, ()), node_id)
        if len(fleet) < LARGE_FLEET:
            self._fleets[wallet] = fleet
        else:
            self._bitmaps.add_fleet(wallet, self._column(fleet))
            del self._fleets[wallet]

    def _leave_fleet(self, wallet: str, node_id: UUID) -> None:
        if others := tuple(other for other in self._fleets.pop(wallet, ()) if other != node_id):
            self._fleets[wallet] = others

    def _bit(self, window: Window, place: int) -> int:
        return window.number * self._width + place

    def _block(self, rank: Rank) -> Block:
        return self._blocks[bisect_right(self._starts, rank) - 1]

    def _add(self, node: NodeFacts, rank: Rank) -> None:
        window = self._block(rank).window(rank)
        if len(window.nodes) == self._width:
            self._split(window)
            window = self._block(rank).window(rank)
        place = window.put(node)
        self._homes[node.node_id] = (window, place)
        self._bitmaps.change(None, node, window.block.position, self._bit(window, place))

    def _change(self, node: NodeFacts, rank: Rank, window: Window, place: int) -> None:
        target = self._block(rank).window(rank)
        if target is window:
            old = window.replace(node, place)
            self._bitmaps.change(old, node, window.block.position, self._bit(window, place))
        elif target.block is window.block and len(target.nodes) < self._width:
            self._move(node, window, place, target)
            if len(window.nodes) <= self._few:
                self._join(window)
        else:
            self._drop(window, place)
            self._add(node, rank)

    def _drop(self, window: Window, place: int) -> NodeFacts:
        node = window.remove(place)
        self._bitmaps.change(node, None, window.block.position, self._bit(window, place))
        if len(window.nodes) <= self._few:
            self._join(window)
        return node

    def _split(self, window: Window) -> None:
        """Make two windows of one, and two blocks of one with too many."""
        block, (upper, moved) = window.block, window.split()
        first = window.number * self._width
        self._bitmaps.spread(block.position, moved << first, first + self._width, self._width)
        self._homes.update((node.node_id, (upper, place)) for place, node in upper.nodes.items())
        windows = [*block.windows[: window.number + 1], upper, *block.windows[window.number + 1 :]]
        half = len(windows) // 2
        block.arrange(windows)
        if len(windows) > self._windows:
            self._bitmaps.split(block.position, half * self._width)
            block.arrange(windows[:half])
            self._blocks.insert(block.position + 1, Block(windows[half:], self._width))
            self._arrange()

    def _move(self, node: NodeFacts, window: Window, place: int, target: Window) -> None:
        """Give a node, of which other things may be known now, a place in another window of its block."""
        position, before = window.block.position, self._bit(window, place)
        old, place = window.remove(place), target.put(node)
        self._homes[node.node_id] = (target, place)
        self._bitmaps.move(old, position, before, self._bit(target, place))
        if node is not old:
            self._bitmaps.change(old, node, position, self._bit(target, place))

    def _join(self, window: Window) -> None:
        """Make one window of two, where this one has few nodes; then one block of two that have few windows."""
        block = window.block
        if len(block.windows) > 1:
            other = block.windows[window.number - 1 if window.number else 1]
            if window.nodes and len(window.nodes) + len(other.nodes) > self._width // 2:
                return
            for place, node in list(window.nodes.items()):
                self._move(node, window, place, other)
            other.start = min(other.start, window.start)
            self._bitmaps.close(block.position, (window.number + 1) * self._width, self._width)
            block.arrange([each for each in block.windows if each is not window])
        for left, right in pairwise(self._blocks[max(block.position - 1, 0) : block.position + 2]):
            if len(left.windows) + len(right.windows) <= self._windows // 2:
                self._bitmaps.join(left.position, len(left.windows) * self._width)
                left.arrange([*left.windows, *right.windows])
                self._blocks.remove(right)
                self._arrange()
                return

    def _arrange(self) -> None:
        self._starts = [block.start for block in self._blocks]
        for position, block in enumerate(self._blocks):
            block.position = position
