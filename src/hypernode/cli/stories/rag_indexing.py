"""rag_indexing: a few texts become an index, which answers a question in other words than theirs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from hypernode.cli.show import details
from hypernode.cli.stories import Story
from hypernode.client import Client
from hypernode.executors.rag_indexing.example import EXAMPLE
from hypernode.protocol.jobs import Job

QUESTION: Final = "How soon does somebody with a graphics card get their money?"


def _input(_: Mapping[str, str]) -> dict[str, Any]:
    return dict(EXAMPLE.input)


def _show(out: Console, _client: Client, job: Job, folder: Path) -> None:
    from hypernode.client.rag import Index

    result = job.result or {}
    out.print(details(documents=result.get("documents"), chunks=result.get("chunks"), index=str(folder)))
    out.print(f"The index is asked: {QUESTION}")
    for passage in Index.open(folder).query(QUESTION, top=1):
        out.print(details(document=passage.document, score=f"{passage.score:.3f}", passage=passage.text))


STORY: Final = Story(asks="three texts to be indexed", input=_input, show=_show)
