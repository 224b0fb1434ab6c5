"""`hypernode nodes`: the network's machines, and one's own."""

from itertools import islice
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from hypernode.cli.session import Session, command
from hypernode.cli.show import details, table, when
from hypernode.client.nodes import NodeDescription
from hypernode.protocol.nodes import Node

app = typer.Typer(help="The network's machines, and one's own.", no_args_is_help=True)

NodeId = Annotated[str, typer.Argument(help="The node's id.", show_default=False)]


@command(app, "list")
def list_(
    session: Session,
    status: Annotated[str | None, typer.Option(help="online, busy, draining or offline.")] = None,
    gpu: Annotated[str | None, typer.Option(help="Part of the GPU's name.")] = None,
    capability: Annotated[str | None, typer.Option(help="As in inference.")] = None,
    min_vram: Annotated[float | None, typer.Option(min=0, help="GB.")] = None,
    country: Annotated[str | None, typer.Option(help="Where it stands.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 50,
) -> None:
    """Nodes, newest first."""
    with session.client() as client:
        found = client.nodes(
            status=status,
            gpu_model=gpu,
            capability=capability,
            min_vram=min_vram,
            country=country,
            page_size=min(limit, 1000),
        )
        nodes = list(islice(found, limit))
    columns = ("Node", "Status", "GPU", "VRAM MB", "Country", "HYPER an hour", "Reputation", "Jobs", "Earned")
    rows = (
        (
            node.node_id,
            node.status,
            _gpus(node),
            node.vram,
            node.location.country,
            node.price,
            round(node.reputation, 1),
            node.jobs_completed,
            node.total_earned,
        )
        for node in nodes
    )
    session.show(nodes, table(columns, rows, empty="No nodes."))


@command(app)
def get(session: Session, node_id: NodeId) -> None:
    """A node, with what it can run."""
    with session.client() as client:
        node = client.node(node_id)
    session.show(node, _node_view(node))


@command(app)
def register(
    session: Session,
    machine_id: Annotated[str, typer.Option(help="Tells one's machines apart.")] = "default",
    price: Annotated[str | None, typer.Option(help="HYPER per hour.")] = None,
) -> None:
    """Make a machine known and get its token, for `hypernode node start --token` there, which adds its hardware."""
    description = NodeDescription(machine_id=machine_id)
    if price is not None:
        description["price"] = price
    with session.client() as client:
        registered = client.register_node(**description)
    token = registered.node_token or "was shown at the first registration"
    start = f"hypernode node start --coordinator {session.url} --wallet {registered.node.wallet_address} --token ..."
    session.show(
        registered,
        Group(Text(registered.message), details(node=registered.node.node_id, token=token, on_the_machine=start)),
    )


@command(app)
def deregister(session: Session, node_id: NodeId) -> None:
    """Remove one's node."""
    with session.client() as client:
        message = client.deregister_node(node_id)
    session.show({"success": True, "message": message}, Text(message))


def _gpus(node: Node) -> str:
    return f"{node.gpu_count} x {node.gpu_model}" if node.gpu_count > 1 else node.gpu_model


def _node_view(node: Node) -> Group:
    place = ", ".join(part for part in (node.location.city, node.location.country) if part != "Unknown")
    engines = ((each.job_type, each.engine, ", ".join(each.models), each.price_per_unit) for each in node.engines)
    return Group(
        details(
            node=node.node_id,
            owner=node.wallet_address,
            status=node.status,
            GPU=_gpus(node),
            VRAM=f"{node.vram} MB",
            RAM=f"{node.ram_total} MB",
            CPU=node.cpu_model,
            host=node.host_os,
            driver=node.driver_version,
            CUDA=node.cuda_version,
            place=place,
            price=f"{node.price} HYPER an hour",
            capacity=node.capacity,
            reputation=round(node.reputation, 1),
            jobs_completed=node.jobs_completed,
            earned=f"{node.total_earned} HYPER",
            last_seen=when(node.last_seen),
        ),
        table(("Job type", "Engine", "Models", "HYPER a unit"), engines, empty="It offers no job type now."),
    )
