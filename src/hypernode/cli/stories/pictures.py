"""vision_pipeline and render: an invoice is read, and a scene is rendered."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from hypernode.cli.show import details
from hypernode.cli.stories import Files, Story
from hypernode.client import Client
from hypernode.protocol.jobs import Job

LINES: Final = ("INVOICE 2026-117", "Render, 48 frames", "Total: 129.50 HYPER")


def _invoice(folder: Path) -> Files:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (640, 60 + 60 * len(LINES)), "white")
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(LINES):
        draw.text((40, 30 + 60 * number), line, fill="black", font=ImageFont.load_default(32))
    path = folder / "invoice.png"
    picture.save(path)
    return {"invoice.png": path}


def _read(files: Mapping[str, str]) -> dict[str, Any]:
    return {"items": {"invoice.png": files["invoice.png"]}, "steps": [{"step": "ocr"}, {"step": "annotate"}]}


def _show_text(out: Console, _client: Client, job: Job, folder: Path) -> None:
    (picture,) = (job.result or {})["pictures"]
    for found in picture["found"]:
        out.print(details(read=" | ".join(line["text"] for line in found["lines"])))
    out.print(details(annotated=str(folder)))


def _scene(folder: Path) -> Files:
    """A .blend file, made by the Blender that renders it: there is none small enough to be carried along."""
    from hypernode.ports import engine_folder

    path = folder / "scene.blend"
    script = Path(__file__).with_name("blender_scene.py")
    python = engine_folder("render") / "bin" / "python"
    subprocess.run([str(python), str(script), str(path)], check=True, capture_output=True)
    return {"scene": path}


def _render(files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "scene": {"sha256": files["scene"]},
        "frames": [1, 2],
        "width": 320,
        "height": 240,
        "samples": 16,
        "denoise": True,
    }


def _show_frames(out: Console, _client: Client, job: Job, folder: Path) -> None:
    for frame in (job.result or {})["frames"]:
        out.print(details(picture=str(folder / frame["file"]), seconds=frame["seconds"], pixels=frame["pixelDigest"]))


INVOICE: Final = Story(asks="an invoice to be read", files=_invoice, input=_read, show=_show_text)
SCENE: Final = Story(
    asks="two frames of a scene to be rendered, as two parts",
    files=_scene,
    input=_render,
    show=_show_frames,
    options={"parts": 2},
)
