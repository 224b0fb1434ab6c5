"""`hypernode wallet`: keys, balance, deposits, withdrawals, payouts."""

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from hypernode.cli.session import Session, command, console
from hypernode.cli.show import details, table, when
from hypernode.client import create_wallet
from hypernode.domain.money import InvalidAmount, parse

app = typer.Typer(help="Keys, balance, deposits, withdrawals, payouts.", no_args_is_help=True)


def amount_of(text: str) -> str:
    """An amount of HYPER from the command line, as it was written."""
    try:
        parse(text)
    except InvalidAmount as error:
        raise typer.BadParameter(str(error)) from error
    return text


Amount = Annotated[str, typer.Argument(parser=amount_of, metavar="HYPER", help="As in 12.5.", show_default=False)]
Address = Annotated[str | None, typer.Argument(help="Whose; by default that of --wallet.", show_default=False)]
Limit = Annotated[int, typer.Option(min=1, help="At most this many.")]


@command(app)
def new(
    session: Session,
    file: Annotated[Path, typer.Argument(help="Where to keep the key, in the Solana CLI's format.")] = Path(
        "wallet.json"
    ),
) -> None:
    """Make a key. Who has the file has the money: keep it safe, and a copy elsewhere."""
    try:
        keypair = create_wallet(file)
    except FileExistsError as error:
        raise typer.BadParameter(f"{file} exists, and a key is never replaced") from error
    address = str(keypair.pubkey())
    session.show(
        {"address": address, "file": str(file)},
        Text(f"{address}\nKept in {file}. To use it: export HYPERNODE_WALLET={file.resolve()}"),
    )


@command(app)
def balance(session: Session, address: Address = None) -> None:
    """What a wallet has in the network."""
    with session.client() as client:
        answer = client.wallet(address)
    wallet = answer.wallet
    session.show(
        answer,
        details(
            wallet=wallet.wallet_address,
            balance=f"{wallet.balance} HYPER",
            held_by_jobs=f"{wallet.held} HYPER",
            earned=f"{wallet.earned} HYPER",
            being_paid_out=f"{wallet.paying_out} HYPER",
        ),
    )


@command(app)
def deposit(
    session: Session,
    amount: Amount,
    rpc_url: Annotated[
        str | None, typer.Option(envvar="SOLANA_RPC_URL", help="A Solana node; only a localnet needs none.")
    ] = None,
) -> None:
    """Send HYPER from the wallet to its balance in the network, and wait until it is there."""
    with session.client() as client, console(stderr=True).status("Waiting for the chain to finalize the deposit"):
        signature = client.deposit(amount, rpc_url=rpc_url)
        answer = client.wallet()
    session.show(
        {"txSignature": signature, "wallet": answer.wallet},
        details(deposited=f"{amount} HYPER", balance=f"{answer.wallet.balance} HYPER", chain_transaction=signature),
    )


@command(app)
def withdraw(session: Session, amount: Amount) -> None:
    """Send HYPER from the balance back to the wallet."""
    with session.client() as client:
        payout = client.withdraw(amount)
    session.show(payout, details(payout=payout.payout_id, amount=f"{payout.amount} HYPER", status=payout.status))


@command(app)
def payouts(session: Session, address: Address = None, limit: Limit = 20) -> None:
    """Payments on the chain to a wallet, newest first."""
    with session.client() as client:
        found = list(islice(client.payouts(address), limit))
    columns = ("Payout", "Kind", "HYPER", "Status", "Chain transaction", "Created")
    rows = (
        (each.payout_id, each.kind, each.amount, each.status, each.tx_signature, when(each.created_at))
        for each in found
    )
    session.show(found, table(columns, rows, empty="No payouts."))


@command(app)
def statement(session: Session, address: Address = None, limit: Limit = 20) -> None:
    """Movements of a wallet's balance, newest first."""
    with session.client() as client:
        found = list(islice(client.statement(address), limit))
    rows = ((when(each.at), each.kind, each.amount, each.reference) for each in found)
    session.show(found, table(("Time", "Kind", "HYPER", "Reference"), rows, empty="No movements."))


@command(app)
def airdrop(
    session: Session,
    hyper: Annotated[str, typer.Option(parser=amount_of, metavar="HYPER", help="Play HYPER.")] = "100",
    sol: Annotated[float, typer.Option(min=0, help="Play SOL, for fees.")] = 1,
) -> None:
    """Play money for the wallet on the chain, from a localnet's faucet. `deposit` brings it into the network."""
    with session.client() as client:
        client.airdrop(hyper=hyper, sol=sol)
        address = client.address
    session.show(
        {"address": address, "hyper": hyper, "sol": sol}, Text(f"{address} got {hyper} HYPER and {sol:g} SOL.")
    )
