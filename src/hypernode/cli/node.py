"""`hypernode node`: this machine as a node of the network."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.text import Text

from hypernode.cli.session import DEFAULT_URL, ExitCode, Session, reporting, wallet_of
from hypernode.cli.show import details, table
from hypernode.client import Client, Keypair
from hypernode.client.nodes import NodeDescription
from hypernode.node.limits import DISK_MB
from hypernode.node.settings import ARTIFACTS_MB, KEEP_ENGINE_S, MODELS_MB

app = typer.Typer(help="This machine as a node of the network.", no_args_is_help=True)

Coordinator = Annotated[str, typer.Option(envvar="HYPERNODE_URL", help="The network's coordinator.")]
Home = Annotated[
    Path | None, typer.Option(help="Keeps the node's identity, models and caches; by default ~/.hypernode/node.")
]
Token = Annotated[str | None, typer.Option(envvar="HYPERNODE_NODE_TOKEN", help="Made by `hypernode nodes register`.")]
Wallet = Annotated[str | None, typer.Option(envvar="HYPERNODE_WALLET", metavar="FILE|ADDRESS", help="Who is paid.")]
Capacity = Annotated[int, typer.Option(min=1, help="Jobs at once.")]
Price = Annotated[str, typer.Option(help="HYPER per hour.")]
UnitPrices = Annotated[
    list[str] | None,
    typer.Option(metavar="TYPE=HYPER", help="Price of a job type's unit instead of time; repeatable."),
]
Accepted = Annotated[list[str] | None, typer.Option(metavar="TYPE", help="Take only this job type; repeatable.")]
FetchModels = Annotated[
    bool, typer.Option("--fetch-models", help="Take models that jobs bring along, read by native engines.")
]
KeepEngine = Annotated[
    float,
    typer.Option(min=0, metavar="SECONDS", help="How long a loaded model waits for the next job; 0: not at all."),
]
KeepModels = Annotated[
    int, typer.Option(min=0, metavar="MB", help="Fetched models that are kept; the least used go first.")
]
KeepArtifacts = Annotated[int, typer.Option(min=0, metavar="MB", help="The same of jobs' input files.")]
OwnJobsOnly = Annotated[bool, typer.Option("--own-jobs-only", help="Take jobs of the wallet that is paid alone.")]
AllowUnsandboxed = Annotated[
    bool,
    typer.Option(
        "--allow-unsandboxed",
        envvar="HYPERNODE_ALLOW_UNSANDBOXED",
        help="Take jobs of strangers even where the sandbox does not hold.",
    ),
]
JobMemory = Annotated[
    int | None, typer.Option(min=1, metavar="MB", help="Memory of one job; by default a fair share of the machine.")
]
JobProcesses = Annotated[int | None, typer.Option(min=1, help="Processes and threads of one job.")]
JobDisk = Annotated[int, typer.Option(min=1, metavar="MB", help="All files of one job.")]
Country = Annotated[str, typer.Option(help="Where the machine stands.")]
HowToConnect = Annotated[Literal["auto", "websocket", "poll"], typer.Option(help="How to connect.")]


def home_of(given: Path | None) -> Path:
    """The node's folder."""
    network = Path(os.environ.get("HYPERNODE_HOME") or "~/.hypernode").expanduser()
    return given or network / "node"


@app.command()
def start(
    coordinator: Coordinator = DEFAULT_URL,
    token: Token = None,
    wallet: Wallet = None,
    home: Home = None,
    capacity: Capacity = 1,
    price: Price = "0",
    unit_price: UnitPrices = None,
    accept: Accepted = None,
    fetch_models: FetchModels = False,
    keep_engine: KeepEngine = KEEP_ENGINE_S,
    keep_models: KeepModels = MODELS_MB,
    keep_artifacts: KeepArtifacts = ARTIFACTS_MB,
    own_jobs_only: OwnJobsOnly = False,
    allow_unsandboxed: AllowUnsandboxed = False,
    job_memory: JobMemory = None,
    job_processes: JobProcesses = None,
    job_disk: JobDisk = DISK_MB,
    country: Country = "",
    link: HowToConnect = "auto",
) -> None:
    """Offer this machine to the network. Ctrl-C once finishes the jobs in hand, twice stops at once."""
    from hypernode.node.identity import RegistrationRefused
    from hypernode.wiring.node import run

    owner, token = _owner_and_token(coordinator, wallet, token, home_of(home), price)
    try:
        run(
            coordinator_url=coordinator,
            wallet=owner,
            token=token,
            home=home_of(home),
            capacity=capacity,
            price=price,
            unit_prices=_prices(unit_price or []),
            job_types=frozenset(accept) if accept else None,
            fetch_models=fetch_models,
            keep_engine_s=keep_engine,
            models_mb=keep_models,
            artifacts_mb=keep_artifacts,
            own_jobs_only=own_jobs_only,
            allow_unsandboxed=allow_unsandboxed,
            job_memory_mb=job_memory,
            job_processes=job_processes,
            job_disk_mb=job_disk,
            country=country,
            link=link,
        )
    except RegistrationRefused as error:
        sys.exit(f"Error: {error}")


@app.command()
def status(home: Home = None, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """What the node of this machine does now."""
    from hypernode.node.status import read

    session = Session(json=json)
    found = read(home_of(home))
    if found is None:
        session.show(None, Text(f"No node was ever started in {home_of(home)}."))
        raise typer.Exit(ExitCode.REFUSED)
    offers = "; ".join(f"{kind}: {', '.join(models) or 'any'}" for kind, models in found.offers.items())
    values = msgspec.structs.asdict(found)
    del values["started_at"], values["updated_at"]
    session.show(found, details(**(values | {"pid": str(found.pid), "jobs": ", ".join(found.jobs), "offers": offers})))


@app.command()
def doctor(
    coordinator: Annotated[str, typer.Option(envvar="HYPERNODE_URL", help="The network's coordinator.")] = DEFAULT_URL,
    home: Home = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="JOB_TYPE", help="First install the engine of this job type; repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What this machine can run, what is missing for the rest, and how to get it. Fails if a node cannot work here.

    With --fix it fails if one of these job types is still missing.
    """
    from hypernode.node.doctor import Level, examine
    from hypernode.node.installer import CannotInstall, install
    from hypernode.node.settings import NodeSettings

    for job_type in fix or []:
        try:
            install(job_type)
        except CannotInstall as error:
            raise typer.BadParameter(str(error)) from error
    findings = examine(NodeSettings(coordinator, "", home_of(home), environment=dict(os.environ)))
    rows = ((each.subject, each.level.value, each.detail, each.fix) for each in findings)
    Session(json=json).show(findings, table(("Subject", "Level", "Finding", "To mend it"), rows, empty=""))
    wrong = {each.subject for each in findings if each.level is Level.BROKEN or (fix and each.level is Level.MISSING)}
    if wrong & set(fix) if fix else wrong:
        raise typer.Exit(ExitCode.REFUSED)


def _owner_and_token(url: str, wallet: str | None, token: str | None, home: Path, price: str) -> tuple[str, str]:
    """Who is paid, and what proves that it agrees: a key registers the node, a node's token names its owner."""
    owner = wallet_of(wallet) if wallet else ""
    if isinstance(owner, Keypair):
        return str(owner.pubkey()), _token_from_owner(url, owner, token, home, price) or ""
    if owner:
        return owner, token or ""
    if not token:
        raise typer.BadParameter(
            "name who is paid: --wallet FILE, --wallet ADDRESS, or the --token of a registered node"
        )
    with reporting(Session()), Client(url, token=token) as client:
        return client.node("self").wallet_address, token


def _prices(given: list[str]) -> dict[str, str]:
    """`TYPE=HYPER` each. The coordinator checks the amounts, the node the names."""
    pairs = [each.partition("=") for each in given]
    if not all(name and price for name, _, price in pairs):
        raise typer.BadParameter("a unit price is TYPE=HYPER, as in llm_inference=0.002")
    return {name: price for name, _, price in pairs}


def _token_from_owner(url: str, owner: Keypair, token: str | None, home: Path, price: str) -> str | None:
    """Register this machine with the owner's key, which goes no further: the agent gets the node's token alone."""
    from hypernode.node.inventory import machine_id

    home.mkdir(parents=True, exist_ok=True)
    with reporting(Session()), Client(url, wallet=owner) as client:
        registered = client.register_node(**NodeDescription(machine_id=machine_id(home), price=price))
    return registered.node_token or token
