"""The localnet's server: one loopback port for JSON-RPC over HTTP and WebSocket."""

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import uvicorn

from hypernode.chain.localnet.dispatch import answer, call_on
from hypernode.chain.localnet.faults import AnswerLost, Fault, Faults
from hypernode.chain.localnet.genesis import begin
from hypernode.chain.localnet.methods import Node
from hypernode.chain.localnet.subscriptions import Connection, TooSlow
from hypernode.chain.tokens import TOKEN_PROGRAM

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HOST: Final = "127.0.0.1"
STATE_FILE: Final = "localnet.json"
MAX_BODY_BYTES: Final = 50 * 1024
"""As Agave's default."""
POLLS_PER_SLOT: Final = 4
SHUTDOWN_S: Final = 1
_CORS: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
]


@dataclass(frozen=True, slots=True)
class LocalnetOptions:
    """How a localnet behaves. The token program counts at a folder's first start only."""

    port: int = 8899  #: 0: any free one; the state file tells.
    slot_ms: int = 400
    finalize_slots: int = 32  #: Slots until a block is final; 32 as on mainnet, fewer to wait less.
    token_program: str = TOKEN_PROGRAM
    faults: bool = False  #: Whether `hypernode_fault` works.


class Localnet(msgspec.Struct, frozen=True, rename="camel"):
    """How to reach a running localnet: the contents of `localnet.json`."""

    rpc_url: str
    ws_url: str
    genesis_hash: str
    mint: str
    token_program: str
    faucet: str
    pid: int


def read(folder: Path) -> Localnet | None:
    """The localnet that runs in a folder (or did, when it was killed); None where there is none."""
    try:
        return msgspec.json.decode((folder / STATE_FILE).read_bytes(), type=Localnet)
    except FileNotFoundError:
        return None


def serve(folder: Path, options: LocalnetOptions) -> None:
    """Run a localnet until SIGTERM or SIGINT. Blocks; call it on a process's main thread.

    Raises FolderInUse, or OSError where the port is taken.
    """
    listener = socket.create_server((HOST, options.port), backlog=512)
    world = begin(
        folder,
        token_program=options.token_program,
        slot_ms=options.slot_ms,
        finalize_slots=options.finalize_slots,
    )
    server = Server(Node(world, Faults() if options.faults else None), options.slot_ms)
    config = uvicorn.Config(
        server,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=SHUTDOWN_S,
        ws_max_size=MAX_BODY_BYTES,
        ws="websockets-sansio",
    )
    # uvicorn stops on these, then raises them again: without handlers of ours the process would die of it, not end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)
    port = listener.getsockname()[1]
    _write_state(folder, Localnet(
        f"http://{HOST}:{port}", f"ws://{HOST}:{port}", world.genesis_hash, world.mint, world.token_program,
        str(world.faucet.pubkey()), os.getpid(),
    ))  # fmt: skip
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        (folder / STATE_FILE).unlink(missing_ok=True)
        world.ledger.archive.close()


def _ignore(number: int, frame: object) -> None:
    """Nothing more to do: uvicorn has stopped."""


def _write_state(folder: Path, state: Localnet) -> None:
    descriptor, draft = tempfile.mkstemp(dir=folder, prefix=f".{STATE_FILE}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(state)))
    Path(draft).replace(folder / STATE_FILE)


class Server:
    """The ASGI application."""

    def __init__(self, node: Node, slot_ms: int) -> None:
        self._node = node
        self._call = call_on(node)
        self._poll_s = slot_ms / 1_000 / POLLS_PER_SLOT

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if scope["type"] == "websocket":
            await self._websocket(receive, send)
        elif scope["method"] == "POST":
            await self._post(receive, send)
        elif scope["method"] == "OPTIONS":
            await _respond(send, 204, b"")
        elif scope["path"] == "/health":
            await _respond(send, 200, b"ok")
        else:
            await _respond(send, 405, b"Used HTTP Method is not allowed. POST or OPTIONS is required\n")

    async def _post(self, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message.get("body", b""), message.get("more_body", False)
            if len(body) > MAX_BODY_BYTES:
                await _respond(send, 413, b"Payload Too Large\n")
                return
        try:
            reply = answer(body, self._call)
        except AnswerLost as lost:
            if lost.fault == Fault.HANG:
                while (await receive())["type"] != "http.disconnect":
                    pass
            else:
                await _respond(send, 502, b"Bad Gateway\n")
            return
        await _respond(send, 200, msgspec.json.encode(reply), b"application/json")

    async def _websocket(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        connection = Connection(self._node)
        tasks = [
            asyncio.create_task(work)
            for work in (self._read(connection, receive), self._poll(connection), _write(connection, send))
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, connection: Connection, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            body: bytes = message.get("bytes") or (message.get("text") or "").encode()
            try:
                reply = answer(body, connection.call)
            except AnswerLost:
                return
            await connection.outbox.put(reply)

    async def _poll(self, connection: Connection) -> None:
        while True:
            try:
                connection.poll()
            except TooSlow:
                return
            await asyncio.sleep(self._poll_s)


async def _write(connection: Connection, send: Send) -> None:
    while True:
        text = msgspec.json.encode(await connection.outbox.get()).decode()
        await send({"type": "websocket.send", "text": text})


async def _respond(send: Send, status: int, body: bytes, content_type: bytes = b"text/plain") -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type), *_CORS]})
    await send({"type": "http.response.body", "body": body})
