"""Merkle trees as Certificate Transparency has them (RFC 6962, section 2.1): one root for many receipts."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry. Its prefix differs from a node's, so that no node can pass for an entry."""
    return sha256(_LEAF + data).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()


class Tree:
    """A tree over leaf hashes, all its levels built once: O(n) to build, O(log n) a proof."""

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        self.size = len(leaf_hashes)
        self._levels = [list(leaf_hashes)]
        while len(self._levels[-1]) > 1:
            level = self._levels[-1]
            above = [_node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            # RFC 6962 splits at the largest power of two: that is, a last node without a sibling moves up as it is.
            self._levels.append(above + level[len(above) * 2 :])

    @property
    def root(self) -> bytes:
        """The Merkle tree hash; that of an empty tree is the hash of nothing."""
        return self._levels[-1][0] if self.size else sha256().digest()

    def proof(self, index: int) -> list[bytes]:
        """The siblings from a leaf up to the root (its audit path). Raises IndexError."""
        if not 0 <= index < self.size:
            raise IndexError(f"no leaf {index} in a tree of {self.size}")
        path: list[bytes] = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                path.append(level[sibling])
            index //= 2
        return path


def verify(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf hash stands at an index of a tree of this size and root (RFC 9162, section 2.1.3.2).

    The root does not pin the size in every case: compare size and root with what was anchored.
    """
    if not 0 <= index < size:
        return False
    position, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            reached = _node_hash(sibling, reached)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            reached = _node_hash(reached, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and reached == root
