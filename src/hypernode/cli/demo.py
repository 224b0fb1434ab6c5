"""`hypernode demo`: the whole story of one job, from a customer's HYPER to a receipt that the chain confirms."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, TypeVar

import msgspec
from rich.console import Console
from rich.rule import Rule

from hypernode.cli.follow import follow
from hypernode.cli.receipt import checks_view
from hypernode.cli.session import Session, console, reporting
from hypernode.cli.show import details
from hypernode.client import ApiError, Client, ClientError, Keypair, verify_receipt
from hypernode.client.events import completed
from hypernode.protocol.jobs import Job
from hypernode.protocol.wallets import PayoutView
from hypernode.protocol.wire import JsonObject

T = TypeVar("T")

MODEL: Final = "smollm2-135m-instruct"
PROMPT: Final = "What is 2+2?"
DEPOSIT: Final = "10"
BUDGET: Final = "1"
PATIENCE_S: Final = 90.0
"""How long a payout or an anchor may take on the demo's fast chain."""
_POLL_S: Final = 0.2
_NOT_FOUND: Final = 404


class DemoFailed(ClientError):
    """A step of the demo did not end as it should."""


def tell() -> None:
    """The story, step by step. Any step that fails ends it."""
    from hypernode.wiring.up import demo_settings, start

    out = console()
    with reporting(Session()), ExitStack() as running:
        out.print(Rule("1. A network of one's own: PostgreSQL, a Solana localnet, a coordinator, a node"))
        with out.status("Starting"):
            network = running.enter_context(start(demo_settings()))
        out.print(details(API=network.url, chain=network.rpc_url))
        with Client(network.url, wallet=Keypair()) as customer:
            deposit(out, customer)
            job = ask(out, customer)
            show_result(out, job)
            show_payout(out, customer, job)
            show_proof(out, customer, job, network.rpc_url)


def deposit(out: Console, customer: Client) -> None:
    """A new wallet gets play money and brings some of it into the network."""
    out.print(Rule(f"2. A customer deposits {DEPOSIT} HYPER"))
    with out.status("Waiting for the chain"):
        customer.airdrop(hyper=DEPOSIT)
        signature = customer.deposit(DEPOSIT)
        balance = customer.wallet().wallet.balance
    out.print(details(customer=customer.address, chain_transaction=signature, balance=f"{balance} HYPER"))


def ask(out: Console, customer: Client) -> Job:
    """The customer asks a language model; the node's answer arrives token by token."""
    out.print(Rule(f"3. The customer asks {MODEL}: {PROMPT}"))
    job = customer.submit_job(
        "llm_inference",
        model=MODEL,
        input={"prompt": PROMPT, "maxTokens": 64, "temperature": 0},
        requirements={"minVRAM": 0, "capabilities": ["inference"]},
        budget=BUDGET,
        max_duration=120,
    )
    follow(customer.watch(job.job_id))
    return completed(customer.job(job.job_id))


def show_result(out: Console, job: Job) -> None:
    """What the customer got, and what it cost."""
    out.print(Rule("4. The result, and its cost"))
    answer = job.result or {}
    out.print(
        details(
            answer=answer.get("text"),
            tokens=job.units,
            cost=f"{job.metrics.cost} HYPER of {job.budget} locked; the rest came back",
            seconds=job.metrics.duration,
            node=job.assigned_node,
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
    out.print(Rule("6. The receipt, checked against the chain"))

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
