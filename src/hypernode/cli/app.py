"""The `hypernode` command."""

import typer

from hypernode.cli import artifacts, jobs, keys, network, node, nodes, rag, receipt, wallet
from hypernode.cli.session import root

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
app.callback()(root)

for name, part in {
    "jobs": jobs.app,
    "nodes": nodes.app,
    "wallet": wallet.app,
    "keys": keys.app,
    "receipt": receipt.app,
    "artifacts": artifacts.app,
    "rag": rag.app,
    "node": node.app,
}.items():
    app.add_typer(part, name=name)

for own in (network.up, network.coordinator, network.localnet, network.demo):
    app.command()(own)


def main() -> None:
    """Run the command line."""
    app()
