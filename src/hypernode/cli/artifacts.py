"""`hypernode artifacts`: files for jobs and files from them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from hypernode.cli.session import Session, command
from hypernode.cli.show import details

app = typer.Typer(help="Files for jobs and files from them.", no_args_is_help=True)


@command(app)
def put(
    session: Session,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What to store.", show_default=False)],
    name: Annotated[str, typer.Option(help="What jobs call it; by default the file's name.")] = "",
) -> None:
    """Store a file for the wallet's jobs."""
    with session.client() as client:
        artifact = client.upload(file, name=name).artifact
    session.show(artifact, details(sha256=artifact.sha256, name=artifact.name, bytes=artifact.size))


@command(app)
def get(
    session: Session,
    sha256: Annotated[str, typer.Argument(help="The artifact's name.", show_default=False)],
    file: Annotated[Path, typer.Option("--output", "-o", help="Where to write it.", show_default=False)],
) -> None:
    """Fetch a file; its content is checked against its name."""
    if not file.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.parent}")
    with session.client() as client:
        client.download(sha256, file)
    session.show({"sha256": sha256, "file": str(file)}, Text(f"Wrote {file}"))
