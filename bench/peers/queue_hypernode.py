"""Hypernode for bench.queue: customers, or nodes, of the coordinator at a port.

    python -m bench.peers.queue_hypernode client PORT WALLET BUDGET
    python -m bench.peers.queue_hypernode worker PORT UNIT_PRICE

Customers submit over kept HTTP connections. Nodes have a WebSocket each; a node accepts what a message offers it, and
reports it, since it is done at once, in one message: so a node's outbox joins what it has to say.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, cast

import httpx
import uvloop
from solders.pubkey import Pubkey
from websockets.asyncio.client import ClientConnection, connect

from bench.harness import HOST
from bench.load import LENGTH, WrongAnswer, post
from bench.peers.queue_talk import Tally, say, submit_all
from hypernode.protocol import frames

KEPT_S: Final = 3.0  #: The coordinator closes a connection that was idle for 5 s.
NODES: Final = 4
CAPACITY: Final = 256
BEAT_EVERY_S: Final = 10.0
FUEL: Final = 10**9
PLACE: Final = b"%09d" % 0
RESULT: Final = {"exitCode": 0, "fuelUsed": FUEL, "stdout": "", "stderr": ""}
WAT: Final = '(module (func (export "_start")))'


class Connection(asyncio.Protocol):
    """A kept connection of a customer: one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._used_at = time.monotonic()
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, port: int) -> "Connection":
        return (await asyncio.get_running_loop().create_connection(cls, HOST, port))[1]

    @property
    def fresh(self) -> bool:
        """Whether the server has surely not closed it meanwhile."""
        return time.monotonic() - self._used_at < KEPT_S

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        assert self._transport is not None
        self._transport.write(request)
        self._used_at = time.monotonic()
        self._answer = asyncio.get_running_loop().create_future()
        return self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(b"\r\n\r\n")
        length = LENGTH.search(self._received, 0, head_end) if head_end >= 0 else None
        if length is not None and self._answer and len(self._received) >= head_end + 4 + int(length[1]):
            answer, self._received = self._received, b""
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(WrongAnswer("the server closed the connection"))


async def client(port: str, wallet: str, budget: str) -> None:
    free: list[Connection] = []
    given = {"runtime": "wasm", "module": {"wat": WAT}, "stdin": PLACE.decode(), "fuel": FUEL}
    job = {"walletAddress": wallet, "jobType": "generic_compute", "input": given, "requirements": {}, "budget": budget}
    request = post("/api/jobs", json.dumps({**job, "assurance": "none"}).encode())

    async def submit(number: int) -> None:
        if free and not free[-1].fresh:  # It was the last one used.
            free.clear()
        connection = free.pop() if free else await Connection.open(int(port))
        answer = await connection.ask(request.replace(PLACE, b"%09d" % number))
        free.append(connection)
        if not answer.startswith(b"HTTP/1.1 201 ") or b'"jobId":"' not in answer:
            raise WrongAnswer(answer[:1000].decode(errors="replace"))

    await submit_all(submit)


class Node:
    """Takes each offer at once and reports it at once."""

    def __init__(self, socket: ClientConnection, tally: Tally) -> None:
        self._socket, self._tally = socket, tally
        self._numbers: dict[str, int] = {}

    async def serve(self, hello: frames.Hello) -> None:
        await self._send([hello])
        beating = asyncio.create_task(self._beat())
        async for message in self._socket:
            given = frames.decode_from_coordinator(message)
            if offers := [frame for frame in given if isinstance(frame, frames.Offer)]:
                await self._take(offers)
            for frame in given:
                if isinstance(frame, frames.Reported) and frame.accepted:
                    self._tally.done(self._numbers.pop(frame.lease_id))
                elif isinstance(frame, frames.Reported | frames.Revoke) and frame.lease_id in self._numbers:
                    raise WrongAnswer(f"{frame}")
        beating.cancel()

    async def _take(self, offers: list[frames.Offer]) -> None:
        self._tally.started()
        self._numbers.update((offer.lease_id, int(offer.input["stdin"])) for offer in offers)
        await self._send([frames.Accept(offer.lease_id) for offer in offers])
        fingerprint = {"engine": "bench"}
        await self._send(
            [frames.Report(o.lease_id, result=RESULT, units=FUEL, fingerprint=fingerprint) for o in offers]
        )

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            await self._send([frames.Beat(list(self._numbers))])

    async def _send(self, given: list[Any]) -> None:
        await self._socket.send(frames.encode(given), text=True)


@asynccontextmanager
async def _node(port: str, machine: str, tally: Tally) -> AsyncIterator[Node]:
    given = {"walletAddress": str(Pubkey(os.urandom(32))), "machineId": machine, "price": 0}
    made = httpx.post(f"http://{HOST}:{port}/api/nodes/register", json=given).raise_for_status().json()
    headers = {"Authorization": f"Bearer {made['nodeToken']}"}
    path = f"/api/nodes/{made['node']['nodeId']}/socket"
    async with connect(f"ws://{HOST}:{port}{path}", additional_headers=headers, compression=None) as socket:
        yield Node(socket, tally)


async def worker(port: str, unit_price: str) -> None:
    tally = Tally()
    engine = frames.EngineOffer(job_type="generic_compute", engine="bench", price_per_unit=unit_price or None)
    async with AsyncExitStack() as open_nodes:
        nodes = [await open_nodes.enter_async_context(_node(port, f"bench-{n}", tally)) for n in range(NODES)]
        say(ready=True)
        await asyncio.gather(*(node.serve(frames.Hello(capacity=CAPACITY, engines=[engine])) for node in nodes))


if __name__ == "__main__":
    role, *given = sys.argv[1:]
    uvloop.run({"client": client, "worker": worker}[role](*given))
