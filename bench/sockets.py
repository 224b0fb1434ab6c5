"""Lean WebSocket clients by the thousand: bare protocols, since a library's client would cost more than a server."""

import asyncio
import os
import resource
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar, cast

from bench.harness import HOST
from bench.load import WrongAnswer

TEXT: Final = 0x1
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
FIN: Final = 0x80
MASKED: Final = 0x80
OPENING: Final = 64  #: Handshakes at once.
OPEN_WITHIN_S: Final = 30.0
SPARE_FILES: Final = 1_000

S = TypeVar("S", bound="Socket")


def allow_files(count: int) -> None:
    """Let this process, and the servers that it starts later, open so many sockets. Raises ValueError if it may not."""
    wanted = count + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame as a client sends it: masked, by a key of its own."""
    size = len(payload)
    length = struct.pack("!B", MASKED | size) if size < 126 else struct.pack("!BH", MASKED | 126, size)
    key = os.urandom(4)
    mask = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    masked = (int.from_bytes(payload, "big") ^ mask).to_bytes(size, "big")
    return bytes([FIN | opcode]) + length + key + masked


class Socket(asyncio.Protocol):
    """A client: counts and answers what the server sends; `heard` gets each text."""

    transport: asyncio.Transport  # pyright: ignore[reportUninitializedInstanceVariable]  Set by connection_made.

    def __init__(self, path: str, headers: Sequence[str] = ()) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False  #: The server ended it.
        self._request = "\r\n".join(
            [
                f"GET {path} HTTP/1.1",
                f"Host: {HOST}",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                *headers,
                "",
                "",
            ]
        ).encode()
        self._rest = b""

    def heard(self, text: bytes) -> None:
        """A message came."""

    def ponged(self) -> None:
        """The server has read what was sent before a ping."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if not self.opened.done():
            head, ends, data = data.partition(b"\r\n\r\n")
            if not ends:
                self._rest = head
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.opened.set_exception(WrongAnswer(head[:1000].decode(errors="replace")))
                self.transport.abort()
                return
            self.opened.set_result(None)
        self._rest = self._read(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.opened.done():
            self.opened.set_exception(WrongAnswer(f"the server closed the connection: {exc}"))

    def _read(self, data: bytes) -> bytes:
        """Take all whole frames, and give back what is left."""
        at, end = 0, len(data)
        while end - at >= 2:
            size, starts = data[at + 1], at + 2
            if size == 126:
                if end - at < 4:
                    break
                size, starts = data[at + 2] << 8 | data[at + 3], at + 4
            elif size == 127:
                raise WrongAnswer("no server of these benches sends so large a frame")
            if end < starts + size:
                break
            self._take(data[at] & 0x0F, data[starts : starts + size])
            at = starts + size
        return data[at:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self.heard(payload)
        elif opcode == PONG:
            self.ponged()
        elif opcode == PING:
            self.transport.write(frame(PONG, payload))


async def open_all(port: int, make: Iterable[Callable[[], S]]) -> list[S]:
    """Connect and shake hands, some at a time. Raises WrongAnswer."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(OPENING)

    async def one(factory: Callable[[], S]) -> S:
        async with gate, asyncio.timeout(OPEN_WITHIN_S):
            _, made = await loop.create_connection(factory, HOST, port)
            await made.opened
            return made

    return list(await asyncio.gather(*(one(factory) for factory in make)))


async def until(look: Callable[[], bool], what: Callable[[], str], within_s: float, every_s: float = 0.01) -> None:
    """Look until it is so. Raises WrongAnswer, which says what is missing."""
    try:
        async with asyncio.timeout(within_s):
            while not look():
                await asyncio.sleep(every_s)
    except TimeoutError:
        raise WrongAnswer(f"after {within_s:.0f} s: {what()}") from None


async def close_all(sockets: Iterable[Socket]) -> None:
    """End the connections, at once."""
    for socket in sockets:
        socket.transport.abort()
    await asyncio.sleep(0)
