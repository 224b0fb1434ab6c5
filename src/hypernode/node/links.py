"""The node's link to its coordinator: a WebSocket, or HTTP long-poll where none gets through.

Both carry JSON arrays of frames (hypernode.protocol.frames) and prove the node by `Authorization: Bearer <nodeToken>`.

A worker in any language can do without the agent, in plain HTTP:

1. `POST /api/nodes/register` once; keep `node.nodeId` and `nodeToken`.
2. `POST /api/nodes/{nodeId}/frames?waitSeconds=0` with
   `[{"kind": "hello", "engines": [{"jobType": "llm_inference"}]}]`.
3. In a loop, `POST /api/nodes/{nodeId}/frames?waitSeconds=25` with `[]`: the answer's `frames` hold offers.
4. For an offer, send `[{"kind": "accept", "leaseId": ...}]`, do the work, and send a beat that names the lease
   (`[{"kind": "beat", "leases": [...]}]`, or `POST /api/nodes/{nodeId}/heartbeat`, which renews all) as often as the
   welcome frame says.
5. Send `[{"kind": "report", "leaseId": ..., "result": {...}, "units": ...}]`, or `POST /api/jobs/{jobId}/result`.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final, Literal, Protocol

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from hypernode.protocol.frames import CoordinatorFrame, NodeFrame, decode_from_coordinator, encode
from hypernode.protocol.limits import MAX_FRAME_BYTES, MAX_FRAMES_PER_MESSAGE, POLL_WAIT_S

OPEN_TIMEOUT_S: Final = 10.0
CONFIRM_TIMEOUT_S: Final = 15.0
POLL_SLACK_S: Final = 10.0
"""A poll that is not answered this long after its time is lost."""
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})

LinkChoice = Literal["auto", "websocket", "poll"]


class LinkLost(Exception):
    """The coordinator cannot be reached, or the link broke; try again."""


class LinkRefused(Exception):
    """The coordinator does not know this node, or not its token."""


class Link(Protocol):
    """Carries frames both ways. Every method raises LinkLost or LinkRefused."""

    name: str

    async def send(self, frames: Sequence[NodeFrame]) -> None:
        """Hand frames over."""
        ...

    async def confirm(self) -> None:
        """Return when the coordinator has certainly read all that was sent."""
        ...

    async def receive(self) -> list[CoordinatorFrame]:
        """The next frames, as soon as there are any."""
        ...


@asynccontextmanager
async def open_link(http: httpx.AsyncClient, node_id: str, choice: LinkChoice = "auto") -> AsyncGenerator[Link]:
    """A link by the coordinator's base URL and the token that `http` carries.

    `auto` takes a WebSocket, and long-poll where the upgrade is refused or does not get through.
    """
    if choice != "poll":
        try:
            socket = await _connect(http, node_id)
        except (InvalidHandshake, InvalidMessage, TimeoutError, ConnectionResetError) as error:
            if isinstance(error, InvalidStatus) and error.response.status_code in _REFUSED:
                raise LinkRefused(str(error)) from error
            if choice == "websocket":
                raise LinkLost(f"no WebSocket: {error}") from error
        except OSError as error:
            raise LinkLost(str(error)) from error
        else:
            async with socket:
                yield WebSocketLink(socket)
            return
    link = PollLink(http, node_id)
    polling = asyncio.create_task(link.poll())
    try:
        yield link
    finally:
        polling.cancel()


async def _connect(http: httpx.AsyncClient, node_id: str) -> ClientConnection:
    base = str(http.base_url).rstrip("/").replace("http", "ws", 1)
    return await connect(
        f"{base}/api/nodes/{node_id}/socket",
        additional_headers={"Authorization": http.headers["Authorization"]},
        open_timeout=OPEN_TIMEOUT_S,
        max_size=MAX_FRAME_BYTES,
        compression=None,  # Frames are small, and zlib costs more than it saves.
    )


class WebSocketLink:
    """Frames over a WebSocket."""

    name = "websocket"

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, frames: Sequence[NodeFrame]) -> None:
        """One message for as many frames as fit."""
        try:
            for message in pack(frames):
                await self._socket.send(message, text=True)
        except ConnectionClosed as error:
            raise LinkLost(str(error)) from error

    async def confirm(self) -> None:
        """A pong answers a ping in order, after all that came before it was read."""
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT_S):
                await (await self._socket.ping())
        except (ConnectionClosed, TimeoutError) as error:
            raise LinkLost(f"no pong: {error}") from error

    async def receive(self) -> list[CoordinatorFrame]:
        """The frames of one message."""
        try:
            return _decode(await self._socket.recv(decode=False))
        except ConnectionClosed as error:
            raise LinkLost(str(error)) from error


class PollLink:
    """Frames over HTTP: one poll is always outstanding, what the node has to say goes in requests of their own."""

    name = "poll"

    def __init__(self, http: httpx.AsyncClient, node_id: str) -> None:
        self._http = http
        self._path = f"/api/nodes/{node_id}/frames"
        self._received: asyncio.Queue[list[CoordinatorFrame] | Exception] = asyncio.Queue()

    async def send(self, frames: Sequence[NodeFrame]) -> None:
        """One request for as many frames as fit; the coordinator's frames may ride on its answer."""
        for body in pack(frames):
            await self._post(body, wait_s=0)

    async def confirm(self) -> None:
        """Nothing to do: a request was answered."""

    async def receive(self) -> list[CoordinatorFrame]:
        """The frames of one answer."""
        received = await self._received.get()
        if isinstance(received, Exception):
            raise received
        return received

    async def poll(self) -> None:
        """Ask for frames until the link is lost, which `receive` then tells."""
        try:
            while True:
                await self._post(b"[]", wait_s=POLL_WAIT_S)
        except (LinkLost, LinkRefused) as error:
            self._received.put_nowait(error)

    async def _post(self, body: bytes, wait_s: float) -> None:
        timeout = httpx.Timeout(OPEN_TIMEOUT_S, read=wait_s + POLL_SLACK_S)
        headers = {"Content-Type": "application/json"}
        try:
            answer = await self._http.post(
                self._path, params={"waitSeconds": f"{wait_s:g}"}, content=body, headers=headers, timeout=timeout
            )
        except httpx.TransportError as error:
            raise LinkLost(f"{type(error).__name__} {error}") from error
        if answer.status_code in _REFUSED:
            raise LinkRefused(answer.text)
        if answer.is_error:
            raise LinkLost(f"{answer.status_code} {answer.text}")
        try:
            frames = msgspec.json.decode(answer.content, type=_Answer).frames
        except msgspec.DecodeError as error:
            raise LinkLost(f"the coordinator answered in an unknown form: {error}") from error
        if decoded := _decode(frames):
            self._received.put_nowait(decoded)


class _Answer(msgspec.Struct):
    frames: msgspec.Raw


def _decode(message: bytes | msgspec.Raw) -> list[CoordinatorFrame]:
    try:
        return decode_from_coordinator(message)
    except msgspec.DecodeError as error:
        raise LinkLost(f"the coordinator sent an unknown frame: {error}") from error


def pack(frames: Sequence[NodeFrame]) -> Iterator[bytes]:
    """JSON arrays of frames in their order, none with more frames or bytes than the protocol allows."""
    parts: list[bytes] = []
    size = 2
    for part in map(encode, frames):
        if parts and (len(parts) == MAX_FRAMES_PER_MESSAGE or size + len(part) + 1 > MAX_FRAME_BYTES):
            yield b"[" + b",".join(parts) + b"]"
            parts, size = [], 2
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield b"[" + b",".join(parts) + b"]"
