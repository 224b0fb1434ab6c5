"""The API's node routes as methods."""

from typing import TypedDict, Unpack

from hypernode.client.call import Call, Page, lists, reads, segment, whole
from hypernode.client.conversation import Caller
from hypernode.client.routes import listing, route
from hypernode.protocol.limits import DEFAULT_LIST_LIMIT
from hypernode.protocol.nodes import Deregister, Location, Node, NodeAnswer, NodeList, NodeRegistered, RegisterNode
from hypernode.protocol.wire import HyperIn, Ok


class NodeDescription(TypedDict, total=False):
    """What a node's owner says of it; what is left out keeps its value."""

    machine_id: str
    gpu_model: str
    gpu_count: int
    vram: int  #: MB.
    ram_total: int  #: MB.
    driver_version: str
    cuda_version: str
    compute_capability: str
    host_os: str
    cpu_model: str
    location: Location
    capabilities: list[str]
    price: HyperIn  #: HYPER per hour.


class NodeRoutes(Caller):
    """Nodes: found, and made known by their owners."""

    @listing
    def nodes(
        self,
        *,
        status: str | None = None,
        gpu_model: str | None = None,
        capability: str | None = None,
        min_vram: float | None = None,
        country: str | None = None,
        page_size: int = DEFAULT_LIST_LIMIT,
    ) -> Call[Page[Node]]:
        """Nodes, newest first. `min_vram` is GB."""
        filters = {
            "status": status,
            "gpuModel": gpu_model,
            "capability": capability,
            "minVRAM": min_vram,
            "country": country,
            "limit": page_size,
        }
        return Call("GET", "/api/nodes", lists(NodeList, lambda answer: answer.nodes), params=filters)

    @route
    def node(self, node_id: str) -> Call[Node]:
        """A node."""
        return Call("GET", f"/api/nodes/{segment(node_id)}", reads(NodeAnswer, lambda answer: answer.node))

    @route
    def register_node(self, **description: Unpack[NodeDescription]) -> Call[NodeRegistered]:
        """Make a machine of this wallet known, or update it. The node's token comes once, the first time."""
        body = RegisterNode(wallet_address=self.address, **description)
        return Call("POST", "/api/nodes/register", reads(NodeRegistered, whole), body=body)

    @route
    def deregister_node(self, node_id: str) -> Call[str]:
        """Remove a node of this wallet."""
        body = Deregister(wallet_address=self.address_if_any)
        return Call("DELETE", f"/api/nodes/{segment(node_id)}", reads(Ok, lambda answer: answer.message), body=body)
