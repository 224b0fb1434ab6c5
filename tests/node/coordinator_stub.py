"""A coordinator's wire without its mind: takes frames by WebSocket and by poll, and says what the test tells it to."""

import asyncio
import hashlib
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import uvicorn

from hypernode.protocol.frames import (
    Accept,
    CoordinatorFrame,
    Hello,
    NodeFrame,
    Report,
    Reported,
    Welcome,
    decode_from_node,
    encode,
)

NODE_ID = "11111111-1111-7111-8111-111111111111"
TOKEN = "token-of-the-node"
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class CoordinatorStub:
    """One node's counterpart, as an ASGI application."""

    def __init__(self, *, websocket: bool = True, lease_ttl_s: float = 30, beat_every_s: float = 0.1) -> None:
        self.websocket = websocket
        self.welcome = Welcome(NODE_ID, beat_every_s, lease_ttl_s)
        self.acknowledges = True
        self.knows_the_node = False
        self.token = TOKEN
        self.registered: list[dict[str, Any]] = []
        self.frames: list[NodeFrame] = []
        self.uploads: dict[str, bytes] = {}
        self.artifacts: dict[str, bytes] = {}
        self.outgoing: asyncio.Queue[CoordinatorFrame] = asyncio.Queue()
        self.hang_up = asyncio.Event()
        self.connections = 0

    def got(self, kind: type[Any]) -> list[Any]:
        return [frame for frame in self.frames if isinstance(frame, kind)]

    def reports(self) -> list[Report]:
        return self.got(Report)

    def accepts(self) -> list[Accept]:
        return self.got(Accept)

    def _take(self, message: bytes) -> None:
        for frame in decode_from_node(message):
            self.frames.append(frame)
            if isinstance(frame, Hello):
                self.outgoing.put_nowait(self.welcome)
            if isinstance(frame, Report) and self.acknowledges:
                self.outgoing.put_nowait(Reported(frame.lease_id, accepted=True))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    def _trusts(self, scope: Message) -> bool:
        return (b"authorization", f"Bearer {self.token}".encode()) in scope["headers"]

    async def _socket(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        if not self.websocket or not self._trusts(scope):
            status = 401 if self.websocket else 426
            await send({"type": "websocket.http.response.start", "status": status, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b""})
            return
        await send({"type": "websocket.accept"})
        self.connections += 1
        self.hang_up.clear()
        tell = asyncio.create_task(self._tell(send))
        while (message := await receive())["type"] == "websocket.receive":
            self._take(message.get("bytes") or message["text"].encode())
        tell.cancel()

    async def _tell(self, send: Send) -> None:
        leaving = asyncio.create_task(self.hang_up.wait())
        while not leaving.done():
            frame = asyncio.create_task(self.outgoing.get())
            await asyncio.wait({frame, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if frame.done():
                await send({"type": "websocket.send", "text": encode([frame.result()]).decode()})
            else:
                frame.cancel()
        await send({"type": "websocket.close"})

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        body += message.get("body", b"")
        status, answer = await self._answer(scope, body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, scope: Message, body: bytes) -> tuple[int, bytes]:
        path: str = scope["path"]
        if path == "/api/nodes/register":
            if b"authorization" in dict(scope["headers"]) and not self._trusts(scope):
                return 401, b"{}"
            self.registered.append(msgspec.json.decode(body))
            token = {} if self.knows_the_node else {"nodeToken": self.token}
            return 201, encode({"success": True, "message": "", "node": _node(), **token})
        if not self._trusts(scope):
            return 401, b"{}"
        if path == f"/api/nodes/{NODE_ID}/frames":
            self._take(body)
            waits = b"waitSeconds=0" not in scope["query_string"]
            return 200, encode({"success": True, "frames": await self._next_frames(waits)})
        if path == "/api/artifacts":
            digest = hashlib.sha256(body).hexdigest()
            self.uploads[dict(scope["headers"])[b"x-artifact-name"].decode()] = body
            return 201, encode({"success": True, "artifact": {"sha256": digest, "size": len(body)}})
        if content := self.artifacts.get(path.removeprefix("/api/artifacts/")):
            return 200, content
        return 404, b"{}"

    async def _next_frames(self, waits: bool) -> list[CoordinatorFrame]:
        frames: list[CoordinatorFrame] = []
        if waits:
            try:
                frames.append(await asyncio.wait_for(self.outgoing.get(), 2))
            except TimeoutError:
                return []
        while not self.outgoing.empty():
            frames.append(self.outgoing.get_nowait())
        return frames


async def _lifespan(receive: Receive, send: Send) -> None:
    for _ in range(2):
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})


def _node() -> dict[str, Any]:
    texts = "walletAddress machineId gpuModel driverVersion cudaVersion computeCapability hostOS cpuModel status"
    times = "registeredAt lastUpdate lastSeen"
    numbers = "gpuCount vram ramTotal jobsCompleted totalEarned reputation price capacity"
    return (
        dict.fromkeys(f"{texts} {times}".split(), "")
        | dict.fromkeys(numbers.split(), 0)
        | {"nodeId": NODE_ID, "location": {}, "capabilities": [], "metrics": {}, "engines": []}
    )


class Served:
    """The stub on a free port of the loopback address."""

    def __init__(self, app: CoordinatorStub, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(app, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)

    async def __aenter__(self) -> "Served":
        self._task = asyncio.create_task(self._server.serve([self._socket]))
        while not self._server.started:
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        await self._task
        self._socket.close()
