"""The load of bench/scale_out.py: customers and workers that live through the death of a coordinator."""

import asyncio
import contextlib
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import asyncpg
import httpx
from solders.pubkey import Pubkey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench import harness
from bench.cluster import until_true
from bench.harness import Server
from bench.load import WrongAnswer
from hypernode.protocol import frames

CONNECTIONS: Final = 96
WORKERS: Final = 12
CAPACITY: Final = 256
IN_FLIGHT: Final = 256
LOOK_EVERY_S: Final = 0.02
AGAIN_AFTER_S: Final = 0.1
ALL_WITHIN_S: Final = 120.0
RESULT: Final = {"exitCode": 0, "fuelUsed": 1, "stdout": "", "stderr": ""}
ENGINES: Final = [frames.EngineOffer(job_type="generic_compute", engine="bench")]
WAITS: Final = """
SELECT coalesce(wait_event, 'none') AS event, count(*)::int AS backends FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() GROUP BY 1
"""
COMPLETED: Final = "SELECT count(*) = $1 FROM job WHERE state = 'completed'"
WRITES: Final = "SELECT pg_current_xact_id()::text::bigint"


@dataclass
class Watch:
    """What looks into PostgreSQL saw."""

    looks: int = 0
    waiting: Counter[str] = field(default_factory=Counter)  #: Looks that found a backend waiting for this.
    commits: int = 0  #: Of transactions that wrote.

    def share(self, event: str) -> float:
        return self.waiting[event] / max(1, self.looks)


class Tally:
    """What became of the jobs."""

    def __init__(self, jobs: int, midway: Callable[[], None] | None) -> None:
        self.jobs = jobs
        self.may_lose = midway is not None  #: What is not answered is sent again.
        self.seen = Watch()
        self.submitted: list[str] = []
        self.accepted: list[str] = []
        self.unsure: set[str] = set()  #: Reported, and then the worker heard that the lease was over.
        self.window = asyncio.Semaphore(IN_FLIGHT)
        self.all_done = asyncio.Event()
        self._midway = midway
        self._over: set[str] = set()

    def done(self, job_id: str, *, accepted: bool) -> None:
        """A worker has heard of its report."""
        if accepted:
            self.accepted.append(job_id)
        else:
            self.unsure.add(job_id)
        if job_id not in self._over:
            self._over.add(job_id)
            self.window.release()
        if self._midway is not None and len(self.accepted) * 3 >= self.jobs:
            self._midway, kill = None, self._midway
            kill()
        if len(self._over) == self.jobs:
            self.all_done.set()


@contextlib.asynccontextmanager
async def watched(database_url: str, seen: Watch) -> AsyncIterator[None]:
    """Look into PostgreSQL meanwhile."""
    connection = await asyncpg.connect(database_url)

    async def look() -> None:
        while True:
            seen.looks += 1
            seen.waiting.update(row["event"] for row in await connection.fetch(WAITS))
            await asyncio.sleep(LOOK_EVERY_S)

    try:
        began = await connection.fetchval(WRITES)
        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            seen.commits = await connection.fetchval(WRITES) - began
    finally:
        await connection.close()


class Doors:
    """The coordinators; each party has one that it goes to first, and another where that is gone."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers

    def ports(self, place: int) -> Iterator[int]:
        """Where to go, one after the other, without end."""
        while True:
            yield self._servers[place % len(self._servers)].port
            place = random.randrange(len(self._servers))


class Worker:
    """A node that does nothing, at once, and does not forget what it has not heard the end of."""

    def __init__(self, doors: Doors, place: int, tally: Tally) -> None:
        self._ports, self._tally = doors.ports(place), tally
        self._open: dict[str, str] = {}
        machine = {"walletAddress": str(Pubkey(os.urandom(32))), "machineId": str(uuid4()), "price": 0}
        url = f"http://{harness.HOST}:{next(doors.ports(place))}/api/nodes/register"
        made = httpx.post(url, json=machine, timeout=30).raise_for_status().json()
        self._path = f"/api/nodes/{made['node']['nodeId']}/socket"
        self._headers = {"Authorization": f"Bearer {made['nodeToken']}"}
        self.ready = asyncio.Event()

    async def serve(self) -> None:
        for port in self._ports:
            url = f"ws://{harness.HOST}:{port}{self._path}"
            try:
                async with connect(url, additional_headers=self._headers, compression=None) as socket:
                    await self._work(socket)
            except (OSError, WebSocketException):
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _work(self, socket: ClientConnection) -> None:
        hello = frames.Hello(capacity=CAPACITY, engines=ENGINES, leases=list(self._open))
        await socket.send(frames.encode([hello, *map(_report, self._open)]), text=True)
        async for message in socket:
            answers: list[frames.Frame] = []
            for frame in frames.decode_from_coordinator(message):
                if isinstance(frame, frames.Offer):
                    self._open[frame.lease_id] = frame.job_id
                    answers += [frames.Accept(frame.lease_id), _report(frame.lease_id)]
                elif isinstance(frame, frames.Welcome):
                    self.ready.set()
                elif job_id := self._open.pop(frame.lease_id, None):
                    accepted = isinstance(frame, frames.Reported) and frame.accepted
                    self._tally.done(job_id, accepted=accepted)
            if answers:
                await socket.send(frames.encode(answers), text=True)


class Customer:
    """Submits over one kept connection, of bare streams; what was not answered is sent again, elsewhere."""

    def __init__(self, doors: Doors, place: int, tally: Tally) -> None:
        self._ports, self._tally = doors.ports(place), tally
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def submit_all(self, bodies: Iterator[bytes], *, keyed: bool) -> None:
        for body in bodies:
            await self._tally.window.acquire()
            request = _request(body, str(uuid4()) if keyed else None)
            while (job_id := await self._try(request, retry=keyed)) is None:
                await asyncio.sleep(AGAIN_AFTER_S)
            self._tally.submitted.append(job_id)
        if self._streams:
            self._streams[1].close()

    async def _try(self, request: bytes, *, retry: bool) -> str | None:
        try:
            return await self._ask(request)
        except (OSError, asyncio.IncompleteReadError):
            self._streams = None
            if not retry:
                raise
            return None

    async def _ask(self, request: bytes) -> str | None:
        if self._streams is None:
            self._streams = await asyncio.open_connection(harness.HOST, next(self._ports))
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
        if head.startswith("http/1.1 409 "):
            return None  # The dead coordinator had begun with it: wait for what became of that.
        if not head.startswith("http/1.1 201 "):
            raise WrongAnswer(body[:1000].decode(errors="replace"))
        return json.loads(body)["job"]["jobId"]


@contextlib.asynccontextmanager
async def working(servers: Sequence[Server], tally: Tally) -> AsyncIterator[None]:
    """Workers that are connected and take what comes."""
    doors = Doors(servers)
    workers = [Worker(doors, place, tally) for place in range(WORKERS)]
    serving = [asyncio.create_task(worker.serve()) for worker in workers]
    try:
        async with asyncio.timeout(ALL_WITHIN_S):
            await asyncio.gather(*(worker.ready.wait() for worker in workers))
        yield
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def submit_all(servers: Sequence[Server], bodies: Sequence[bytes], tally: Tally, database_url: str) -> None:
    """Submit all jobs; returns when the last of them has ended."""
    doors, turn = Doors(servers), iter(bodies)
    customers = [Customer(doors, place, tally) for place in range(CONNECTIONS)]
    async with asyncio.timeout(ALL_WITHIN_S):
        await asyncio.gather(*(each.submit_all(turn, keyed=tally.may_lose) for each in customers))
        await tally.all_done.wait()
        if tally.may_lose:  # What a worker lost is run again, perhaps by another one.
            await until_true(database_url, COMPLETED, len(bodies))


def _report(lease_id: str) -> frames.Report:
    return frames.Report(lease_id, result=RESULT, units=1, fingerprint={"engine": "bench"})


def _request(body: bytes, key: str | None) -> bytes:
    lines = [
        "POST /api/jobs HTTP/1.1",
        f"Host: {harness.HOST}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([f"Idempotency-Key: {key}"] if key else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
