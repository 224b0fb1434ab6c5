"""rag_indexing: a few texts become an index, which answers a question in other words than theirs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from hypernode.cli.show import details
from hypernode.cli.stories import Story
from hypernode.client import Client
from hypernode.protocol.jobs import Job

QUESTION: Final = "How soon does somebody with a graphics card get their money?"
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


def _input(_: Mapping[str, str]) -> dict[str, Any]:
    return {"texts": TEXTS, "chunkTokens": 64, "overlapTokens": 8}


def _show(out: Console, _client: Client, job: Job, folder: Path) -> None:
    from hypernode.client.rag import Index

    result = job.result or {}
    out.print(details(documents=result.get("documents"), chunks=result.get("chunks"), index=str(folder)))
    out.print(f"The index is asked: {QUESTION}")
    for passage in Index.open(folder).query(QUESTION, top=1):
        out.print(details(document=passage.document, score=f"{passage.score:.3f}", passage=passage.text))


STORY: Final = Story(asks="three texts to be indexed", input=_input, show=_show)
