"""`hypernode demo`: the whole story of one job, from a customer's HYPER to receipts that the chain confirms."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

import msgspec
from rich.console import Console
from rich.rule import Rule

from hypernode.cli.follow import follow
from hypernode.cli.receipt import checks_view
from hypernode.cli.session import Session, console, reporting
from hypernode.cli.show import details
from hypernode.cli.stories import Story, story
from hypernode.client import ApiError, Client, ClientError, Keypair, verify_receipt
from hypernode.client.events import completed
from hypernode.protocol.jobs import Job
from hypernode.protocol.wallets import PayoutView
from hypernode.protocol.wire import JsonObject

T = TypeVar("T")

DEPOSIT: Final = "10"
BUDGET: Final = "1"
PATIENCE_S: Final = 90.0
"""How long a payout or an anchor may take on the demo's fast chain."""
_POLL_S: Final = 0.2
_NOT_FOUND: Final = 404


class DemoFailed(ClientError):
    """A step of the demo did not end as it should."""


def tell(job_type: str) -> None:
    """The story, step by step. Any step that fails ends it."""
    from hypernode.wiring.up import demo_settings, start

    out = console()
    told, settings = story(job_type), demo_settings()
    folder = settings.home / "results" / job_type
    with reporting(Session()), ExitStack() as running:
        out.print(Rule("1. A network of one's own: PostgreSQL, a Solana localnet, a coordinator, two nodes"))
        with out.status("Starting"):
            network = running.enter_context(start(settings))
        out.print(details(API=network.url, chain=network.rpc_url))
        with Client(network.url, wallet=Keypair()) as customer:
            deposit(out, customer)
            job = ask(out, customer, job_type, told)
            show_result(out, customer, job, told, folder)
            # Of a job in parts, each part is paid and has a receipt.
            runs = list(customer.jobs(parent_id=job.job_id)) if job.parts else [job]
            show_payout(out, customer, runs[-1])
            out.print(Rule("6. The receipt, checked against the chain"))
            for run in runs:
                show_proof(out, customer, run, network.rpc_url)


def deposit(out: Console, customer: Client) -> None:
    """A new wallet gets play money and brings some of it into the network."""
    out.print(Rule(f"2. A customer deposits {DEPOSIT} HYPER"))
    with out.status("Waiting for the chain"):
        customer.airdrop(hyper=DEPOSIT)
        signature = customer.deposit(DEPOSIT)
        balance = customer.wallet().wallet.balance
    out.print(details(customer=customer.address, chain_transaction=signature, balance=f"{balance} HYPER"))


def ask(out: Console, customer: Client, job_type: str, told: Story) -> Job:
    """The customer submits the job, and follows it."""
    out.print(Rule(f"3. The customer asks {told.asks}"))
    with TemporaryDirectory() as made:
        files = {name: customer.upload(path).artifact.sha256 for name, path in told.files(Path(made)).items()}
    job = customer.submit_job(
        job_type,
        model=told.model,
        input=told.input(files),
        requirements={"minVRAM": 0},
        budget=BUDGET,
        max_duration=600,
        assurance="always",
        **told.options,
    )
    if job.parts:
        with out.status(f"Waiting for {job.parts} parts"):
            for _ in customer.watch(job.job_id):
                continue
    else:
        follow(customer.watch(job.job_id))
    return completed(customer.job(job.job_id))


def show_result(out: Console, customer: Client, job: Job, told: Story, folder: Path) -> None:
    """What the customer got, and what it cost."""
    out.print(Rule("4. The result, how it was checked, and its cost"))
    for file in job.artifacts:
        path = folder / PurePosixPath(file.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        customer.download(file.sha256, path)
    told.show(out, customer, job, folder)
    checked = job.verification
    out.print(
        details(
            verdict=f"{checked.verdict}: {checked.evidence}" if checked else None,
            cost=f"{job.metrics.cost} HYPER of {job.budget} locked; the rest came back",
            units=f"{job.units} {job.unit}",
            seconds=job.metrics.duration,
        )
    )


def show_payout(out: Console, customer: Client, job: Job) -> None:
    """The provider's part arrives in its wallet on the chain."""
    out.print(Rule("5. The provider is paid on the chain"))
    if job.assigned_node is None:
        raise DemoFailed("the job says of no node that it ran there")
    provider = customer.node(job.assigned_node).wallet_address

    def paid() -> PayoutView | None:
        """The first payout since the job began: it gathers what the job earned."""
        since = [each for each in customer.payouts(provider) if each.created_at >= job.created_at]
        return since[-1] if since and since[-1].finalized_at else None

    payout = wait_for(out, "the payout to be final", paid)
    out.print(details(provider=provider, paid=f"{payout.amount} HYPER", chain_transaction=payout.tx_signature))


def show_proof(out: Console, customer: Client, job: Job, rpc_url: str) -> None:
    """The receipt is checked as a stranger would check it: with the file, the chain, and the network's key."""

    def anchored() -> JsonObject | None:
        try:
            receipt = customer.receipt(job.job_id)
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            return None
        return receipt if receipt.get("anchor") else None

    receipt = wait_for(out, "the receipt to be anchored", anchored)
    out.print(details(**receipt["receipt"]))
    signer = customer.validation().blockchain.anchor_key
    checks = verify_receipt(msgspec.json.encode(receipt), rpc_url=rpc_url, signer=signer)
    out.print(checks_view(checks))
    if not checks.complete:
        raise DemoFailed("the receipt does not prove the job")


def wait_for(out: Console, what: str, look: Callable[[], T | None]) -> T:
    """Look until there is something."""
    deadline = time.monotonic() + PATIENCE_S
    with out.status(f"Waiting for {what}"):
        while time.monotonic() < deadline:
            if (found := look()) is not None:
                return found
            time.sleep(_POLL_S)
    raise DemoFailed(f"waited {PATIENCE_S:.0f} s for {what}, in vain")
