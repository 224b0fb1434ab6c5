"""`hypernode rag`: asks an index that the job type rag_indexing made."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from hypernode.cli.session import Session, command
from hypernode.cli.show import printable
from hypernode.client import ClientError

if TYPE_CHECKING:
    from hypernode.client.rag import Passage

app = typer.Typer(no_args_is_help=True)


@app.callback()  # Without one, Typer takes a group's only command for the group.
def rag() -> None:
    """Ask an index of documents."""


@command(app)
def query(
    session: Session,
    index: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="The folder with its files.", show_default=False)
    ],
    question: Annotated[str, typer.Argument(help="What to look for.", show_default=False)],
    top: Annotated[int, typer.Option(min=1, max=1_000, help="At most this many passages.")] = 5,
    models: Annotated[
        Path | None,
        typer.Option(
            envvar="HYPERNODE_MODELS_DIR", exists=True, file_okay=False, help="Where models lie, a folder each."
        ),
    ] = None,
) -> None:
    """The passages nearest to a question, found on this machine by the model that made the index."""
    try:
        from hypernode.client.rag import Index
    except ImportError as error:
        raise ClientError(f"{error.name} is not installed: pip install 'hypernode[rag]'") from error
    passages = Index.open(index, models).query(question, top)
    session.show(passages, passages_view(passages))


def passages_view(passages: "list[Passage]") -> Group:
    """Each with its score, where it stands, and its text."""
    parts: list[Text | Padding] = []
    for number, passage in enumerate(passages, 1):
        place = [passage.document]
        if passage.page:
            place.append(f"page {passage.page}")
        if passage.headings:
            place.append(" > ".join(passage.headings))
        parts.append(Text(f"{number}. {passage.score:.3f}  {printable(', '.join(place))}", style="bold"))
        parts.append(Padding(Text(printable(passage.text)), (0, 0, 1, 3)))
    return Group(*parts)
