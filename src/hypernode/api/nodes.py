"""Routes of nodes: registration, signs of life, and the long poll over which nodes work that have no WebSocket."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.params import Parameter

from hypernode.api.idempotency import Shown, once
from hypernode.api.jobs import Limit
from hypernode.api.reads import NodeQuery, Reads, encoded
from hypernode.api.services import Services
from hypernode.api.views import node_view, parse_cursor, parse_id
from hypernode.coordinator.access import Caller
from hypernode.coordinator.registry import KnownNode
from hypernode.domain.errors import BadField, InvalidRequest, NotAuthenticated, Unauthorized
from hypernode.domain.hardware import least_mb
from hypernode.protocol import limits
from hypernode.protocol.frames import NodeFrame
from hypernode.protocol.nodes import (
    Deregister,
    FramesAnswer,
    Heartbeat,
    HeartbeatAnswer,
    NodeAnswer,
    NodeList,
    NodeRegistered,
    RegisterNode,
)
from hypernode.protocol.wire import Ok
from hypernode.store.database import Row

Text = Annotated[str | None, Parameter(max_length=limits.MAX_TEXT)]
SELF: Final = "self"
REFUSED: Final = 4401


class Nodes(Controller):
    """The machines that run jobs."""

    path = "/api/nodes"
    tags = ["Nodes"]

    @post("/register", status_code=201)
    async def register(
        self, request: Request[Any, Any, Any], services: Services, caller: Caller, data: RegisterNode
    ) -> Response[NodeRegistered]:
        """Add a machine, or update what is known of it."""
        if caller.node is None:
            caller.acting_for(data.wallet_address, "nodes")
        elif caller.node.wallet != data.wallet_address:
            raise Unauthorized
        else:  # A node token describes its own machine, whatever it calls itself.
            data.machine_id = (await services.registry.get(caller.node.node_id))["machine_id"]

        async def make(node_id: UUID) -> tuple[int, NodeRegistered]:
            return registered(services, await services.registry.register(data, node_id), node_id)

        secret = Shown("nodeToken", services.registry.token)
        return await once(request, services.database, data.wallet_address, make, secret=secret)

    @get("/")
    async def index(
        self,
        reads: Reads,
        status: Annotated[str | None, Parameter(max_length=32)] = None,
        gpu_model: Annotated[str | None, Parameter(query="gpuModel", max_length=limits.MAX_TEXT)] = None,
        capability: Text = None,
        min_vram: Annotated[float | None, Parameter(query="minVRAM", ge=0, le=1e9, description="GB.")] = None,
        country: Text = None,
        limit: Limit = limits.DEFAULT_LIST_LIMIT,
        cursor: str | None = None,
    ) -> Response[NodeList]:
        """Nodes, newest first."""
        query = NodeQuery(
            limit,
            parse_cursor(cursor),
            state=_plain(status),
            gpu_model=_plain(gpu_model),
            capability=_plain(capability),
            min_vram_mb=None if min_vram is None else least_mb(min_vram),
            country=_plain(country),
        )
        return encoded(await reads.nodes(query))

    @get("/wallet/{wallet:str}")
    async def of_wallet(
        self, reads: Reads, wallet: str, limit: Limit = limits.DEFAULT_LIST_LIMIT, cursor: str | None = None
    ) -> Response[NodeList]:
        """A wallet's nodes, newest first."""
        return encoded(await reads.nodes(NodeQuery(limit, parse_cursor(cursor), wallet=_plain(wallet))))

    @get("/{node_id:str}")
    async def one(self, services: Services, caller: Caller, node_id: str) -> NodeAnswer:
        """One node; `self` is the one whose token is sent."""
        if node_id == SELF and caller.node is not None:
            node_id = str(caller.node.node_id)
        return NodeAnswer(node=node_view(await services.registry.get(parse_id(node_id, "Node"))))

    @post("/{node_id:str}/heartbeat", status_code=200)
    async def heartbeat(
        self, services: Services, caller: Caller, node_id: str, data: Heartbeat | None = None
    ) -> HeartbeatAnswer:
        """A sign of life, due every minute."""
        return await beat(services, caller, node_id, data or Heartbeat())

    @post("/{node_id:str}/frames", status_code=200, request_max_body_size=limits.MAX_FRAME_BYTES)
    async def exchange(
        self,
        services: Services,
        caller: Caller,
        node_id: str,
        data: list[dict[str, Any]],
        wait_s: Annotated[float, Parameter(query="waitSeconds", ge=0, le=limits.POLL_WAIT_S)] = limits.POLL_WAIT_S,
    ) -> FramesAnswer:
        """Long poll: hand in a node's frames, get the coordinator's; waits when there are none."""
        node = await services.registry.known(parse_id(node_id, "Node"))
        owns(caller, node)
        try:
            given = msgspec.convert(data, list[NodeFrame])
        except msgspec.ValidationError as error:
            raise InvalidRequest([BadField("frames", str(error))]) from None
        session = services.sessions.get(node.node_id)
        if session is None or not session.polls or session.closed:
            session = services.dispatcher.open(node, polls=True)
        await services.dispatcher.receive(session, given)
        services.registry.beat(node.node_id, None)
        return FramesAnswer(frames=[msgspec.to_builtins(frame) for frame in await session.take(wait_s)])

    @delete("/{node_id:str}", status_code=200)
    async def deregister(self, services: Services, caller: Caller, node_id: str, data: Deregister | None = None) -> Ok:
        """Remove a node."""
        claimed = data.wallet_address if data else None
        wallet = caller.acting_for(claimed, "nodes")
        key = parse_id(node_id, "Node")
        await services.registry.deregister(key, wallet)
        services.dispatcher.gone(key)
        return Ok(message="Node deregistered successfully")


def registered(services: Services, row: Row, node_id: UUID) -> tuple[int, NodeRegistered]:
    """Status and answer for a machine that was registered: with its token if this id was new and is its own now."""
    services.dispatcher.changed(row)
    node = node_view(row)
    if row["node_id"] == node_id:
        token = services.registry.token(node_id)
        return 201, NodeRegistered(message="Node registered successfully", node=node, success=True, node_token=token)
    return 200, NodeRegistered(message="Node updated successfully", node=node, success=True)


async def beat(services: Services, caller: Caller, node_id: str, data: Heartbeat) -> HeartbeatAnswer:
    """Take note that a node lives."""
    node = await services.registry.known(parse_id(node_id, "Node"))
    owns(caller, node)
    await services.dispatcher.heartbeat(node.node_id, data.metrics, data.status)
    return HeartbeatAnswer()


def owns(caller: Caller, node: KnownNode) -> None:
    """Raises unless the caller is the node, or its owner. In open mode an unnamed caller is believed."""
    if caller.node is not None:
        if caller.node.node_id != node.node_id:
            raise Unauthorized
    elif caller.wallet is not None:
        caller.acting_for(node.wallet, "nodes")
    elif not caller.believes:
        raise NotAuthenticated("Send the node's token")


def _plain(given: str | None) -> str | None:
    return None if given is None else given.replace("\x00", "\ufffd")
