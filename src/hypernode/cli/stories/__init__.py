"""What `hypernode demo` shows of each job type: a small job, and what comes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from hypernode.client import Client
from hypernode.ports import Example
from hypernode.protocol.jobs import Job

Files = Mapping[str, Path]


def _none(_: Path) -> Files:
    return {}


def example_files(of: Callable[[], Example]) -> Callable[[Path], Files]:
    """What makes an example's files."""

    def make(folder: Path) -> Files:
        given = of().files
        for name, content in given.items():
            (folder / name).write_bytes(content)
        return {name: folder / name for name in given}

    return make


@dataclass(frozen=True, slots=True)
class Story:
    """One job, from its files to its results."""

    asks: str  #: As a heading says it: the customer asks for ...
    input: Callable[[Mapping[str, str]], dict[str, Any]]  #: Given the digests of the files by their names.
    show: Callable[[Console, Client, Job, Path], None]  #: The job's files are in the folder.
    model: str = "default"
    files: Callable[[Path], Files] = _none  #: Made in an empty folder.
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])  #: Of the job, besides.


def story(job_type: str) -> Story:
    """The story of a job type. Raises KeyError."""
    from hypernode.cli.stories import generic_compute, language, pictures, rag_indexing

    stories: Final[Mapping[str, Story]] = {
        "llm_inference": language.QUESTION,
        "llm_fine_tuning": language.LESSON,
        "rag_indexing": rag_indexing.STORY,
        "vision_pipeline": pictures.INVOICE,
        "render": pictures.SCENE,
        "generic_compute": generic_compute.STORY,
    }
    return stories[job_type]
