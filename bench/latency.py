"""From a customer's submission to the job's start on an idle network: no queue, one free node, one job at a time.

The node is a plain WebSocket worker that takes each offer at once and reports at once, so that only the coordinator's
own time is measured, with its commits to disk.

    python -m bench.latency [--jobs 200]
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import httpx
import msgspec
import uvloop
from solders.pubkey import Pubkey
from websockets.asyncio.client import ClientConnection, connect

from bench import harness, report
from bench.harness import Server
from bench.load import WrongAnswer, post
from hypernode.protocol import frames, jobs

WARM_UP: Final = 10  #: Jobs that do not count.
MAX_JOBS: Final = 2_000
IDLE_S: Final = 0.03  #: Between jobs: the network is to be at rest.
JOB_WITHIN_S: Final = 10.0
NO_OP: Final = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}}
NO_OP_RESULT: Final = {"exitCode": 0, "fuelUsed": 1, "stdout": "", "stderr": ""}
HELLO: Final = frames.Hello(capacity=1, engines=[frames.EngineOffer(job_type="generic_compute", engine="bench")])
HEADING: Final = "Latency: from submission to start, idle network"
COLUMNS: Final = ("from submission to", "p50 ms", "p90 ms", "p99 ms", "max ms")

F = TypeVar("F", bound=frames.Frame)

decode_event = msgspec.json.Decoder(jobs.Event).decode


@dataclass(frozen=True)
class Start:
    """One job's way, in seconds after its submission."""

    answered: float  #: 201 at the customer.
    offered: float  #: The offer at the node.
    running: float  #: The event `running` at a watcher.


class Customer:
    """Submits no-op jobs over one kept connection, of bare streams since an HTTP library takes its own milliseconds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, events: ClientConnection) -> None:
        self.reader, self.writer, self.events = reader, writer, events

    async def submit(self, request: bytes) -> tuple[str, float]:
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await self.reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
        at = time.perf_counter()
        if not head.startswith("http/1.1 201 "):
            raise WrongAnswer(body[:1000].decode(errors="replace"))
        return json.loads(body)["job"]["jobId"], at

    async def sees_running(self) -> tuple[str, float]:
        async for message in self.events:
            at, event = time.perf_counter(), decode_event(message)
            if event.kind == "status" and event.data["status"] == "running":
                return event.job_id, at
        raise ConnectionError("the event stream ended")


class Worker:
    """A node that does nothing, at once."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.received = _frames(socket)

    async def greet(self) -> None:
        await self.socket.send(frames.encode([HELLO]), text=True)
        await self._next(frames.Welcome)

    async def accept(self) -> tuple[frames.Offer, float]:
        offer = await self._next(frames.Offer)
        at = time.perf_counter()
        await self.socket.send(frames.encode([frames.Accept(offer.lease_id)]), text=True)
        return offer, at

    async def report(self, offer: frames.Offer) -> None:
        done = frames.Report(offer.lease_id, result=NO_OP_RESULT, units=1, fingerprint={"engine": "bench"})
        await self.socket.send(frames.encode([done]), text=True)
        if not (await self._next(frames.Reported)).accepted:
            raise RuntimeError(f"the report of job {offer.job_id} was refused")

    async def _next(self, kind: type[F]) -> F:
        async for frame in self.received:
            if isinstance(frame, kind):
                return frame
        raise ConnectionError("the node's socket ended")


async def measure(server: Server, count: int) -> list[Start]:
    """Each counted job's way."""
    wallet = str(Pubkey(os.urandom(32)))
    job = {"walletAddress": wallet, "jobType": "generic_compute", "input": NO_OP, "requirements": {}, "budget": 0}
    request = post("/api/jobs", json.dumps(job).encode())
    machine = {"walletAddress": wallet, "machineId": "bench", "price": 0}
    made = httpx.post(f"{server.url}/api/nodes/register", json=machine).raise_for_status().json()
    node_path = f"/api/nodes/{made['node']['nodeId']}/socket"
    async with (
        _socket(server, node_path, made["nodeToken"]) as node,
        _socket(server, f"/api/events?wallet={wallet}") as events,
    ):
        reader, writer = await asyncio.open_connection(harness.HOST, server.port)
        with contextlib.closing(writer):
            customer, worker = Customer(reader, writer, events), Worker(node)
            await worker.greet()
            starts = [await _one_job(customer, worker, request) for _ in range(WARM_UP + count)]
    return starts[WARM_UP:]


async def _one_job(customer: Customer, worker: Worker, request: bytes) -> Start:
    await asyncio.sleep(IDLE_S)
    async with asyncio.timeout(JOB_WITHIN_S):
        began = time.perf_counter()
        (job_id, answered), (offer, offered), (running_id, running) = await asyncio.gather(
            customer.submit(request), worker.accept(), customer.sees_running()
        )
        await worker.report(offer)
    if not job_id == offer.job_id == running_id:
        raise RuntimeError(f"submitted {job_id}, offered {offer.job_id}, running {running_id}")
    return Start(answered - began, offered - began, running - began)


def _socket(server: Server, path: str, token: str | None = None) -> connect:
    headers = {"Authorization": f"Bearer {token}"} if token else None
    return connect(f"ws://{harness.HOST}:{server.port}{path}", additional_headers=headers, compression=None)


async def _frames(socket: ClientConnection) -> AsyncIterator[frames.CoordinatorFrame]:
    async for message in socket:
        for frame in frames.decode_from_coordinator(message):
            yield frame


def _row(name: str, seconds: Sequence[float]) -> Sequence[str]:
    percentiles = statistics.quantiles(seconds, n=100, method="inclusive")
    return (name, *(f"{s * 1e3:.2f}" for s in (percentiles[49], percentiles[89], percentiles[98], max(seconds))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, choices=range(2, MAX_JOBS + 1), default=200, metavar="N")
    asked = parser.parse_args()
    harness.end_on_sigterm()
    with harness.coordinator() as server:
        starts = uvloop.run(measure(server, asked.jobs))
    rows = [
        _row("the customer's 201", [start.answered for start in starts]),
        _row("the offer at the node", [start.offered for start in starts]),
        _row("the event `running`", [start.running for start in starts]),
    ]
    how = f"{asked.jobs} no-op jobs, one after the other, {IDLE_S * 1e3:.0f} ms apart, over kept connections."
    report.publish(HEADING, f"{how}\n\n{report.table(COLUMNS, rows)}")


if __name__ == "__main__":
    main()
