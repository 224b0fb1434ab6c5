"""vision_pipeline and render: an invoice is read, and a scene is rendered."""

from pathlib import Path
from typing import Final

from rich.console import Console

from hypernode.cli.show import details
from hypernode.cli.stories import Story, example_files
from hypernode.client import Client
from hypernode.executors.render import example as scene
from hypernode.executors.vision_pipeline import example as invoice
from hypernode.protocol.jobs import Job


def _show_text(out: Console, _client: Client, job: Job, folder: Path) -> None:
    (picture,) = (job.result or {})["pictures"]
    for found in picture["found"]:
        out.print(details(read=" | ".join(line["text"] for line in found["lines"])))
    out.print(details(annotated=str(folder)))


def _show_frames(out: Console, _client: Client, job: Job, folder: Path) -> None:
    for frame in (job.result or {})["frames"]:
        out.print(details(picture=str(folder / frame["file"]), seconds=frame["seconds"], pixels=frame["pixelDigest"]))


INVOICE: Final = Story(
    asks="an invoice to be read",
    files=example_files(invoice.example),
    input=lambda _: dict(invoice.example().input),
    show=_show_text,
)
SCENE: Final = Story(
    asks="two frames of a scene to be rendered, as two parts",
    files=example_files(scene.example),
    input=lambda _: dict(scene.example().input),
    show=_show_frames,
    options={"parts": 2},
)
