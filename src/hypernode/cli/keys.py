"""`hypernode keys`: API keys for programs and agents."""

from typing import Annotated, Final

import typer
from rich.console import Group
from rich.text import Text

from hypernode.cli.session import Session, command
from hypernode.cli.show import details, table, when

app = typer.Typer(help="API keys for programs and agents.", no_args_is_help=True)

_DAY_S: Final = 86_400


@command(app)
def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="What it is for.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="jobs, nodes, wallet, keys; repeatable; by default jobs.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=366, help="Until it expires; by default never.")] = None,
    spending_limit: Annotated[str | None, typer.Option(help="HYPER that its jobs may hold, all together.")] = None,
) -> None:
    """Make an API key. Its token is shown this once."""
    with session.client() as client:
        created = client.create_key(
            name, scopes=scope, expires_in=days and days * _DAY_S, spending_limit=spending_limit
        )
    session.show(
        created,
        Group(
            details(key=created.key.key_id, scopes=", ".join(created.key.scopes), token=created.token),
            Text("Keep the token now: it is not shown again. To use it: --token, or HYPERNODE_TOKEN.", style="yellow"),
        ),
    )


@command(app, "list")
def list_(session: Session) -> None:
    """The wallet's API keys, newest first."""
    with session.client() as client:
        keys = client.keys()
    columns = ("Key", "Name", "Scopes", "Spent", "Limit", "Created", "Expires", "Revoked")
    rows = (
        (
            key.key_id,
            key.name,
            ", ".join(key.scopes),
            key.spent,
            key.spending_limit,
            when(key.created_at),
            when(key.expires_at),
            when(key.revoked_at),
        )
        for key in keys
    )
    session.show(keys, table(columns, rows, empty="No keys."))


@command(app)
def revoke(session: Session, key_id: Annotated[str, typer.Argument(help="The key's id.", show_default=False)]) -> None:
    """Make an API key worthless."""
    with session.client() as client:
        message = client.revoke_key(key_id)
    session.show({"success": True, "message": message}, Text(message))
