"""`hypernode receipt`: proofs of finished jobs, checked without trusting the network."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Group
from rich.text import Text

from hypernode.cli.session import ExitCode, Session, command
from hypernode.cli.show import table
from hypernode.client import Checks, verify_receipt

app = typer.Typer(help="Proofs of finished jobs, checked without trusting the network.", no_args_is_help=True)


@command(app)
def get(
    session: Session,
    job_id: Annotated[str, typer.Argument(help="The job's id.", show_default=False)],
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
) -> None:
    """A finished job's receipt file: on stdout, or in a file."""
    with session.client() as client:
        receipt = client.receipt(job_id)
    text = msgspec.json.format(msgspec.json.encode(receipt)).decode()
    if file is None:
        typer.echo(text)
        return
    try:
        file.write_text(text + "\n")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    session.show({"file": str(file)}, Text(f"Wrote {file}. To check it: hypernode receipt verify {file} --rpc-url URL"))


@command(app)
def verify(
    session: Session,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A receipt file.", show_default=False)],
    rpc_url: Annotated[
        str | None,
        typer.Option(
            envvar="SOLANA_RPC_URL", help="A Solana node that one trusts; without it the anchor is not checked."
        ),
    ] = None,
    signer: Annotated[
        str | None, typer.Option(help="The network's receipt key, from a source that one trusts.")
    ] = None,
) -> None:
    """Check a receipt with nothing but the file and a Solana node. Fails if any check fails."""
    checks = verify_receipt(file.read_bytes(), rpc_url=rpc_url, signer=signer)
    session.show(
        {"failed": checks.failed, "complete": checks.complete, "checks": list(checks.items)}, checks_view(checks)
    )
    if checks.failed:
        raise typer.Exit(ExitCode.REFUSED)


def checks_view(checks: Checks) -> Group:
    """Every check with its verdict, and what they come to."""
    if checks.failed:
        summary = Text("This receipt is not what it claims to be.", style="bold red")
    elif checks.complete:
        summary = Text("Everything was checked, and holds.", style="bold green")
    else:
        summary = Text("What was checked holds; not everything was checked.", style="bold yellow")
    rows = ((each.name, each.verdict.value, each.detail) for each in checks.items)
    return Group(table(("Check", "Verdict", "Finding"), rows, empty=""), summary)
