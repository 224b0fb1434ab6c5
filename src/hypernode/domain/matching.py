"""Finds the best free node for a job among very many, in microseconds.

The nodes stand in blocks in the order of their rank: cheapest first, then the most reputable. For every value of every
attribute that occurs in it, a block keeps one Python int in which each node has its bit. So "free, runs llm_inference,
can do fp16" is three ints ANDed. Blocks are tried in order until one has a node, so the work depends on how soon that
is and hardly on how many nodes there are. A node that comes, goes or changes touches its own bits only.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from itertools import pairwise
from math import isqrt
from typing import Final
from uuid import UUID

from hypernode.domain.bitmaps import LEAST_RANK, Block, Query, Rank, rank_of
from hypernode.domain.demand import Demand, NodeFacts, obstacles

BLOCK_SIZE: Final = 4096
"""Nodes in a block at most. With larger blocks fewer are searched, but each longer."""


class NodeIndex:
    """The connected nodes and whether each is free, kept for `match`."""

    def __init__(self, block_size: int = BLOCK_SIZE) -> None:
        self._block_size = block_size
        self._nodes: dict[UUID, NodeFacts] = {}
        self._homes: dict[UUID, Block] = {}
        self._max_run = isqrt(block_size)  # About as many runs in a block as nodes in a run.
        self._blocks = [Block(LEAST_RANK, self._max_run)]  #: In the order of rank.

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._nodes

    def facts(self, node_id: UUID) -> NodeFacts:
        """What is known of a node. Raises KeyError for one that is not here."""
        return self._nodes[node_id]

    def put(self, node: NodeFacts, free: bool) -> None:
        """Add a node, or replace what is known of it."""
        node_id, rank = node.node_id, rank_of(node)
        home = self._homes.get(node_id)
        if home is not None and home is not self._blocks[self._position(rank)]:
            self.remove(node_id)
        position = self._position(rank)
        block = self._blocks[position]
        block.put(node, free)
        self._nodes[node_id] = node
        self._homes[node_id] = block
        if len(block) > self._block_size:
            upper = block.ranked()[len(block) // 2 :]
            self._blocks.insert(position + 1, Block(rank_of(upper[0]), self._max_run))
            self._move(upper, block, self._blocks[position + 1])

    def remove(self, node_id: UUID) -> None:
        """Forget a node. One that is not here is no error."""
        node = self._nodes.pop(node_id, None)
        if node is None:
            return
        position = self._position(rank_of(node))
        self._homes.pop(node_id).remove(node_id)
        # Blocks that together are half full become one; no more than half, so that it does not split again soon.
        for left, right in pairwise(self._blocks[max(position - 1, 0) : position + 2]):
            if len(left) + len(right) <= self._block_size // 2:
                self._move(right.ranked(), right, left)
                self._blocks.remove(right)
                return

    def set_free(self, node_id: UUID, free: bool) -> None:
        """Say whether a node takes work. Raises KeyError for one that is not here."""
        self._homes[node_id].set_free(node_id, free)

    def fits(self, node_id: UUID, demand: Demand) -> bool:
        """Whether a node, free or not, meets a demand. Raises KeyError for one that is not here."""
        return not obstacles(self._nodes[node_id], demand)

    def match(self, demand: Demand, avoid: Collection[UUID] = (), *, busy: bool = False) -> UUID | None:
        """The best free node that meets a demand: with the model loaded, then the cheapest, then the most reputable.

        Nodes in `avoid` are left out; with `busy`, those without a free slot count as well. The node stays free until
        `set_free` says otherwise.
        """
        query, limit = Query.of(demand), demand.price_limit
        allowed = self._bitmaps(demand.allow_nodes) if demand.allow_nodes else None
        denied = self._bitmaps([*demand.deny_nodes, *avoid])
        for warm in (True, False):
            for block in self._blocks:
                if block.start[0] > limit:
                    break
                found = block.search(query, warm=warm, busy=busy) & ~denied.get(block, 0)
                if allowed is not None:
                    found &= allowed.get(block, 0)
                if found and (best := block.best(found)).price <= limit:
                    return best.node_id
        return None

    def _position(self, rank: Rank) -> int:
        """The index of the block that holds a rank, or where it belongs."""
        return bisect_right(self._blocks, rank, key=lambda block: block.start) - 1

    def _move(self, nodes: list[NodeFacts], source: Block, target: Block) -> None:
        source.give(target, nodes)
        self._homes.update((node.node_id, target) for node in nodes)

    def _bitmaps(self, node_ids: Collection[UUID]) -> dict[Block, int]:
        """Those of the nodes that are here, block by block."""
        bitmaps: defaultdict[Block, int] = defaultdict(int)
        for node_id in node_ids:
            if (block := self._homes.get(node_id)) is not None:
                bitmaps[block] |= block.bitmap(node_id)
        return bitmaps
