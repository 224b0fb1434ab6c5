"""Who publishes and who listens in bench/events.py: every subscriber's every event is checked, in its order."""

import asyncio
import contextlib
import itertools
import json
import os
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import httpx
import msgspec
from solders.pubkey import Pubkey

from bench.harness import HOST, Server
from bench.load import WrongAnswer
from bench.sockets import TEXT, Socket, frame, open_all, until
from hypernode.protocol import frames
from hypernode.protocol.jobs import Event

WITHIN_S: Final = 180.0  #: A busy machine is slow, not wrong.
NO_OP: Final = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}}
HELLO: Final = frames.Hello(capacity=1, engines=[frames.EngineOffer(job_type="generic_compute", engine="bench")])
BEAT_EVERY_S: Final = 5.0
SMALL_BUFFER: Final = 4_096
TCP_ESTABLISHED: Final = 1
NARROW: Final = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"

decode: Final = msgspec.json.Decoder(Event).decode


@dataclass
class Story:
    """What is published to one audience, and what has come of it."""

    sent_at: list[float] = field(default_factory=list)  #: By number of the event.
    took_s: list[float] = field(default_factory=list)  #: Of each delivery.
    wanted: int = 0  #: Deliveries that somebody waits for.
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    chunk: bytes = b""  #: What was read and checked last, whole events; many subscribers receive the same bytes.
    first: int = 0
    after: int = 0

    def delivered(self, first: int, after: int) -> None:
        """Events came to a subscriber."""
        now = time.perf_counter()
        for number in range(first, after):
            self.took_s.append(now - self.sent_at[number])
        if len(self.took_s) >= self.wanted:
            self.enough.set()

    async def until_delivered(self, wanted: int) -> None:
        """Wait for so many deliveries since the story was cleared. Raises WrongAnswer."""
        if len(self.took_s) >= wanted:
            return
        self.wanted = wanted
        self.enough.clear()
        try:
            async with asyncio.timeout(WITHIN_S):
                await self.enough.wait()
        except TimeoutError:
            raise WrongAnswer(f"{len(self.took_s)} deliveries of {wanted} in {WITHIN_S:.0f} s") from None


class Subscriber(Socket):
    """Follows the story from its first event on."""

    def __init__(self, path: str, story: Story) -> None:
        super().__init__(path)
        self.story = story
        self.next = 0
        self.prologue = 0  #: Events that came before it: what the job was before it was told of.

    def data_received(self, data: bytes) -> None:
        story = self.story
        if data == story.chunk and self.next == story.first and not self._rest:
            self.next = story.after
            story.delivered(story.first, story.after)
            return
        whole, first = not self._rest, self.next
        super().data_received(data)
        if self.next > first:
            story.delivered(first, self.next)
            if whole and not self._rest:
                story.chunk, story.first, story.after = data, first, self.next

    def heard(self, text: bytes) -> None:
        event = decode(text)
        if event.kind != "stream":
            self.prologue += 1
            return
        if int(event.data["text"].partition(" ")[0]) != self.next:
            raise WrongAnswer(f"expected event {self.next}, got {text[:200]!r}")
        self.next += 1


class Publisher(Protocol):
    """Makes events."""

    path: str  #: Where they are followed.
    prologue: int  #: Events that a follower hears first.

    def say(self, text: str) -> None:
        """Publish a piece of text."""
        ...


class Plain(Socket):
    """The peers' publisher."""

    path = "/events"
    prologue = 0

    def __init__(self) -> None:
        super().__init__("/publish")

    def say(self, text: str) -> None:
        self.transport.write(frame(TEXT, json.dumps({"text": text}).encode()))


class Worker(Socket):
    """Our publisher: a node that runs a job, and streams its answer."""

    prologue = 1  #: The job runs.

    def __init__(self, node_id: str, token: str) -> None:
        super().__init__(f"/api/nodes/{node_id}/socket", [f"Authorization: Bearer {token}"])
        self.offer: frames.Offer | None = None
        self.path = ""

    def tell(self, *told: frames.NodeFrame) -> None:
        self.transport.write(frame(TEXT, frames.encode(told)))

    def say(self, text: str) -> None:
        self.tell(frames.Stream(self.lease_id, text))

    @property
    def lease_id(self) -> str:
        return self.offer.lease_id if self.offer else ""

    def heard(self, text: bytes) -> None:
        for told in frames.decode_from_coordinator(text):
            if isinstance(told, frames.Offer):
                self.offer = told
            elif isinstance(told, frames.Revoke):
                raise WrongAnswer(f"the lease was revoked: {told.reason}")

    async def beat(self) -> None:
        """Keep the lease."""
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            self.tell(frames.Beat([self.lease_id]))


@contextlib.asynccontextmanager
async def publisher(server: Server) -> AsyncIterator[Publisher]:
    """Somebody who publishes there."""
    if server.name != "hypernode":
        (plain,) = await open_all(server.port, [Plain])
        yield plain
        plain.transport.abort()
        return
    wallet = str(Pubkey(os.urandom(32)))
    async with httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as client:
        own = [wallet]  # What only this node can: no job that an earlier one has left comes here.
        machine = {"walletAddress": wallet, "machineId": "bench", "price": 0, "capabilities": own}
        made = (await client.post("/api/nodes/register", json=machine)).raise_for_status().json()
        (worker,) = await open_all(server.port, [lambda: Worker(made["node"]["nodeId"], made["nodeToken"])])
        worker.tell(HELLO)
        job = {"walletAddress": wallet, "jobType": "generic_compute", "input": NO_OP, "budget": 0}
        job["requirements"] = {"capabilities": own}
        answer = (await client.post("/api/jobs", json=job)).raise_for_status().json()
    await until(lambda: worker.offer is not None, lambda: "no offer", WITHIN_S)
    worker.tell(frames.Accept(worker.lease_id))
    worker.path = f"/api/events?jobId={answer['job']['jobId']}"
    beating = asyncio.create_task(worker.beat())
    try:
        yield worker
    finally:
        beating.cancel()
        worker.transport.abort()


@dataclass
class Audience:
    """Subscribers of one server, and who publishes to them."""

    server: Server
    publisher: Publisher
    story: Story
    subscribers: Sequence[Subscriber]

    async def hear_prologue(self) -> None:
        """Wait until all follow."""
        due = self.publisher.prologue
        await until(
            lambda: all(one.prologue >= due for one in self.subscribers),
            lambda: f"{sum(one.prologue < due for one in self.subscribers)} subscribers heard nothing",
            WITHIN_S,
            0.1,
        )

    def publish(self, text: str) -> None:
        """One event."""
        self.story.sent_at.append(time.perf_counter())
        self.publisher.say(f"{len(self.story.sent_at) - 1} {text}")

    async def as_fast_as_heard(self, text: str, seconds: float, window: int) -> None:
        """Publish for that time, with at most so many events under way; return when all have come."""
        deadline, size = time.perf_counter() + seconds, len(self.subscribers)
        for count in itertools.count(1):
            self.publish(text)
            await self.story.until_delivered((count - window) * size)
            if time.perf_counter() > deadline:
                await self.story.until_delivered(count * size)
                return

    async def paced(self, text: str, count: int, every_s: float) -> None:
        """Publish so many, evenly; return when all have come."""
        start = time.perf_counter()
        for number in range(count):
            if (wait_s := start + number * every_s - time.perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            self.publish(text)
        await self.story.until_delivered(count * len(self.subscribers))

    def take(self) -> list[float]:
        """The deliveries' times so far, once. Raises WrongAnswer where a subscriber was lost."""
        if lost := sum(one.lost for one in self.subscribers):
            raise WrongAnswer(f"{self.server.name} lost {lost} subscribers")
        took_s, self.story.took_s = self.story.took_s, []
        self.story.wanted = 0
        return took_s


@contextlib.asynccontextmanager
async def audience(server: Server, size: int) -> AsyncIterator[Audience]:
    """So many subscribers of one server's new stream."""
    async with publisher(server) as who:
        story = Story()
        subscribers = await open_all(server.port, [lambda: Subscriber(who.path, story)] * size)
        made = Audience(server, who, story, subscribers)
        try:
            await made.hear_prologue()
            yield made
        finally:
            for one in subscribers:
                one.transport.abort()


def never_reads(port: int, path: str) -> socket.socket:
    """A subscriber that takes nothing after the handshake, and has little room."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    made.settimeout(WITHIN_S)
    made.connect((HOST, port))
    head = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n".encode()
    made.sendall(head + NARROW + b"\r\n")
    if not made.recv(12).startswith(b"HTTP/1.1 101"):
        raise WrongAnswer("no handshake")
    return made


def is_connected(given: socket.socket) -> bool:
    """Whether the other end has not closed it, which one that does not read learns from the kernel alone."""
    return given.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_ESTABLISHED
