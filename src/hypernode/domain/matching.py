"""Finds the best free node for a job among very many, in microseconds.

The nodes stand in the order of their rank (cheapest first, then the most reputable) in blocks. A block keeps one Python
int for every value of every attribute that occurs in it, in which each node has its bit. So "free, runs llm_inference, can
do fp16" is three ints ANDed, and the lowest bit left is the block's best node. Blocks are tried in order, so the work
depends on how soon a node is found and hardly on how many there are. A node that comes, goes or changes touches its own
bits and a few neighbours'; one that is taken or becomes free changes one bit.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Final
from uuid import UUID

from hypernode.domain.bitmaps import Block, Query, rank_of
from hypernode.domain.demand import Demand, NodeFacts, obstacles

BLOCK_SIZE: Final = 2048
"""Nodes in a block at most; its bitmaps have twice as many bits."""


class NodeIndex:
    """The connected nodes and whether each is free, kept for `match`."""

    def __init__(self, block_size: int = BLOCK_SIZE) -> None:
        self._block_size = block_size
        self._nodes: dict[UUID, NodeFacts] = {}
        self._blocks: list[Block] = []  #: In the order of rank; none is empty.

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._nodes

    def facts(self, node_id: UUID) -> NodeFacts:
        """What is known of a node. Raises KeyError for one that is not here."""
        return self._nodes[node_id]

    def put(self, node: NodeFacts, free: bool) -> None:
        """Add a node, or replace what is known of it."""
        old = self._nodes.get(node.node_id)
        if old is not None:
            block = self._blocks[self._position(old)]
            if block.replace(old, node):
                block.set_free(node, free)
                self._nodes[node.node_id] = node
                return
            self.remove(node.node_id)
        self._nodes[node.node_id] = node
        if not self._blocks:
            self._blocks.append(Block(self._block_size))
        position = self._position(node)
        block = self._blocks[position]
        if len(block) == self._block_size or not block.insert(node, free):
            self._split(position, node, free)

    def remove(self, node_id: UUID) -> None:
        """Forget a node. One that is not here is no error."""
        node = self._nodes.pop(node_id, None)
        if node is None:
            return
        position = self._position(node)
        block = self._blocks[position]
        block.remove(node)
        if not block.nodes:
            del self._blocks[position]
        elif (
            position
            and len(block) + len(self._blocks[position - 1]) <= self._block_size // 2
        ):
            self._merge(position - 1)
        elif (
            position + 1 < len(self._blocks)
            and len(block) + len(self._blocks[position + 1]) <= self._block_size // 2
        ):
            self._merge(position)

    def set_free(self, node_id: UUID, free: bool) -> None:
        """Say whether a node takes work. Raises KeyError for one that is not here."""
        node = self._nodes[node_id]
        self._blocks[self._position(node)].set_free(node, free)

    def fits(self, node_id: UUID, demand: Demand) -> bool:
        """Whether a node, free or not, meets a demand. Raises KeyError for one that is not here."""
        return not obstacles(self._nodes[node_id], demand)

    def match(self, demand: Demand, avoid: Collection[UUID] = ()) -> UUID | None:
        """The best free node that meets a demand: with the model loaded, then the cheapest, then the most reputable.

        Nodes in `avoid` are left out. The node stays free until `set_free` says otherwise.
        """
        query, limit = Query.of(demand), demand.price_limit
        allowed = self._bitmaps(demand.allow_nodes) if demand.allow_nodes else None
        denied = self._bitmaps(demand.deny_nodes.union(avoid))
        for labels in ([query.warm, *query.labels], query.labels):
            for block in self._blocks:
                if block.ranks[0][0] > limit:
                    break
                found = block.search(labels, query.unions)
                if not found:
                    continue
                if allowed is not None:
                    found &= allowed.get(block, 0)
                found &= ~denied.get(block, 0)
                if found and (best := block.best(found)).price <= limit:
                    return best.node_id
        return None

    def _position(self, node: NodeFacts) -> int:
        """The index of the block that holds a node, or where it belongs."""
        return max(
            bisect_right(
                self._blocks, [rank_of(node)], key=lambda block: block.ranks[:1]
            )
            - 1,
            0,
        )

    def _split(self, position: int, node: NodeFacts, free: bool) -> None:
        """Cut a block in two and add a node. In a block that is not full many come to one place: there it needs room."""
        block = self._blocks[position]
        nodes, place = block.nodes.copy(), block.place(node)
        nodes.insert(place, node)
        free_nodes = block.free_nodes() | ({node.node_id} if free else set[UUID]())
        cut = len(nodes) // 2 if len(nodes) > self._block_size else min(place + 1, len(nodes) - 1)
        self._blocks[position : position + 1] = [
            Block(self._block_size, half, free_nodes) for half in (nodes[:cut], nodes[cut:])
        ]

    def _merge(self, position: int) -> None:
        """Make one block of a block and the next one."""
        left, right = self._blocks[position : position + 2]
        nodes = [*left.nodes, *right.nodes]
        self._blocks[position : position + 2] = [
            Block(self._block_size, nodes, left.free_nodes() | right.free_nodes())
        ]

    def _bitmaps(self, node_ids: AbstractSet[UUID]) -> dict[Block, int]:
        bitmaps: defaultdict[Block, int] = defaultdict(int)
        for node_id in node_ids & self._nodes.keys():
            node = self._nodes[node_id]
            block = self._blocks[self._position(node)]
            bitmaps[block] |= block.bit(node)
        return bitmaps
