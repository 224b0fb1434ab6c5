"""A small job of rag_indexing: three texts about this network."""

from typing import Final

from hypernode.ports import Example

TEXTS: Final = {
    "providers.md": (
        "# Providers\nA provider owns GPUs. What it earns is gathered into payouts, which leave for its wallet on the "
        "chain every ten seconds."
    ),
    "leases.md": (
        "# Leases\nA lease is one attempt of a job on one node. When a node falls silent its lease expires, and the "
        "job waits for another node."
    ),
    "receipts.md": (
        "# Receipts\nA receipt states what was done and what it cost. Its hash is in a Merkle tree whose root is "
        "anchored in a Solana transaction, so that anyone can check it."
    ),
}
EXAMPLE: Final = Example({"texts": TEXTS, "chunkTokens": 64, "overlapTokens": 8})
