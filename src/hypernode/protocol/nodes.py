"""Nodes over HTTP."""

from typing import Annotated, Any

from msgspec import Meta, field

from hypernode.domain.isolation import Isolation
from hypernode.domain.node import BUSY, NodeState
from hypernode.protocol.frames import EngineOffer
from hypernode.protocol.wire import Body, Hyper, HyperIn, JsonObject, Name, Text, Time, Wallet, one_of

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Megabytes = Annotated[int, Meta(ge=0, le=1 << 31)]


class Location(Body):
    """Where a node stands, as far as its owner says."""

    country: Text = "Unknown"
    city: Text = "Unknown"
    lat: Annotated[float, Meta(ge=-90, le=90)] = 0
    lon: Annotated[float, Meta(ge=-180, le=180)] = 0


class RegisterNode(Body):
    """A node's description. A field left out keeps its value, or gets the default."""

    wallet_address: Wallet
    machine_id: Name = "default"
    gpu_model: Text | None = None
    gpu_count: Count | None = None
    vram: Megabytes | None = None  #: MB; under 1024: GB.
    ram_total: Megabytes | None = None  #: MB.
    driver_version: Text | None = None
    cuda_version: Text | None = None
    compute_capability: Text | None = None
    host_os: Text | None = field(default=None, name="hostOS")
    cpu_model: Text | None = None
    location: Location | None = None
    capabilities: Annotated[list[Text], Meta(max_length=64)] | None = None
    price: HyperIn | None = None  #: HYPER per hour.


class Node(Body):
    """A node as everyone sees it."""

    node_id: str
    wallet_address: str
    machine_id: str
    gpu_model: str
    gpu_count: int
    vram: int
    driver_version: str
    cuda_version: str
    compute_capability: str
    host_os: str = field(name="hostOS")
    cpu_model: str
    ram_total: int
    location: Location
    capabilities: list[str]
    registered_at: Time
    last_update: Time
    last_seen: Time
    status: Annotated[str, one_of([*NodeState, BUSY])]
    jobs_completed: int
    total_earned: Hyper
    reputation: float
    metrics: JsonObject
    price: Hyper
    capacity: int
    engines: list[EngineOffer]
    isolation: Annotated[str, one_of(Isolation)] = Isolation.NONE.value  #: What it proved of its sandbox.
    own_jobs_only: bool = False  #: It takes jobs of its own wallet alone.
    jobs_failed: int = 0  #: Those that another node then completed.
    checks_passed: int = 0  #: Results of its that other nodes found right.


class NodeRegistered(Body, omit_defaults=True):
    """A registered node. The token comes once, with the first registration."""

    message: str
    node: Node
    success: bool
    node_token: str | None = None


class NodeAnswer(Body):
    """One node."""

    node: Node
    success: bool = True


class NodeList(Body):
    """Nodes, newest first."""

    count: int
    nodes: list[Node]
    next_cursor: str | None
    success: bool = True


class Heartbeat(Body):
    """A sign of life. A node that holds leases renews them all."""

    status: Text | None = None  #: online, busy or draining: then it gets no more jobs until it is online again.
    metrics: JsonObject = {}


class HeartbeatAnswer(Body):
    """When the next one is due."""

    message: str = "Heartbeat received"
    next_heartbeat_in: int = 60_000  #: Milliseconds.
    success: bool = True


class Deregister(Body):
    """Who asks."""

    wallet_address: Wallet | None = None


class FramesAnswer(Body):
    """The coordinator's frames for a node that polls."""

    frames: list[Any]
    success: bool = True
