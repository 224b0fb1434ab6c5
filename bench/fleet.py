"""A large fleet's signs of life: 100,000 registered nodes, and 10,000 beats a second over 10,000 open sockets.

A node with a socket beats every 10 s, so 100,000 nodes make 10,000 beats a second. Here 10,000 nodes beat every second:
the same beats, on a tenth of the sockets, since one machine cannot hold both ends of 100,000. What that leaves out is
that 100,000 nodes are ten times as many rows: so the write-behind is measured apart, on the nodes without a socket, in
flushes as the coordinator makes. All are registered by the store's own function, past HTTP, to save time.

A beat is what a node's agent sends: the frame with its metrics, and a ping whose pong confirms it. The peer is `ws` on
Node.js (peers/ws_heartbeats.js): it parses, checks and answers alike, but keeps the beats in a Map and stores nothing.
Its CPU is compared with our coordinator's process and, besides, with ours and PostgreSQL's together.

    python -m bench.fleet [--rounds 3] [--seconds 6] [--sockets 10000] [--nodes 100000]
"""

import argparse
import asyncio
import contextlib
import gc
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final
from uuid import UUID

import httpx
import uvloop

from bench import harness, plots, report
from bench.harness import Server
from bench.load import WrongAnswer
from bench.registrations import Known, register
from bench.sockets import PING, TEXT, Socket, allow_files, close_all, frame, open_all, until
from hypernode.coordinator.ids import Secrets
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.registry import STORE_EVERY_S, Registry
from hypernode.protocol import frames
from hypernode.store.database import Database

MAX_SOCKETS: Final = 20_000
MAX_NODES: Final = 200_000
TICK_S: Final = 0.01
IDLE_S: Final = 4.0  #: How long the idle server is watched.
SETTLE_S: Final = 2.0
ANSWERED_WITHIN_S: Final = 30.0
STORED_WITHIN_S: Final = STORE_EVERY_S + 30.0
WELCOMED_WITHIN_S: Final = 60.0
NODE_BEATS_EVERY_S: Final = Policy().beat_every_s
FLUSH_EVERY_S: Final = Policy().beat_flush_s
PROBED: Final = 20  #: Nodes whose stored metrics are compared with what they sent.
AWAKE: Final = "UPDATE node SET last_seen_at = now() + interval '1 hour' WHERE node_id = ANY ($1)"
"""That thousands fall silent is no part of the rounds that follow."""
HELLO: Final = frames.Hello(engines=[frames.EngineOffer(job_type="llm_inference", engine="bench", models=["tiny"])])
HEADING: Final = "Fleet: heartbeats and open sockets"
COLUMNS: Final = (
    "server",
    "beats/s",
    "server CPU us/beat",
    "of it, the listening process",
    "% of a core, less idle",
    "p50 ms",
    "p99 ms",
    "KiB a socket",
    "generator cores",
)


def metrics(turn: int) -> dict[str, Any]:
    """What a machine with a GPU tells of itself, another each time."""
    gpu = {"loadPercent": 90.5 - turn % 10, "temperatureC": 71.0, "memoryUsedMb": 20_000 + turn}
    return {"cpuPercent": 12.5 + turn % 50, "ramUsedMB": 40_960 + turn, "gpus": [gpu]}


def beat(turn: int) -> bytes:
    """A beat and the ping that confirms it."""
    return frame(TEXT, frames.encode([frames.Beat(metrics=metrics(turn))])) + frame(PING, turn.to_bytes(4, "big"))


class Node(Socket):
    """A connected node that beats when told."""

    def __init__(self, known: Known, took_s: list[float]) -> None:
        super().__init__(f"/api/nodes/{known.node_id}/socket", [f"Authorization: Bearer {known.token}"])
        self.node_id = known.node_id
        self.welcomed = False
        self.last = -1  #: The number of its last beat.
        self._took_s = took_s
        self._beat_at = 0.0

    def greet(self) -> None:
        """Say what it offers."""
        self.transport.write(frame(TEXT, frames.encode([HELLO])))

    def beat(self, number: int, sent: bytes) -> bool:
        """False if the last one is not confirmed yet."""
        if self._beat_at:
            return False
        self._beat_at, self.last = time.perf_counter(), number
        self.transport.write(sent)
        return True

    def heard(self, text: bytes) -> None:
        self.welcomed = any(isinstance(told, frames.Welcome) for told in frames.decode_from_coordinator(text))

    def ponged(self) -> None:
        self._took_s.append(time.perf_counter() - self._beat_at)
        self._beat_at = 0.0


@dataclass(frozen=True)
class Usage:
    """CPU seconds so far: of all of a server's processes, and of the one that listens."""

    all_s: float
    listener_s: float
    own_s: float
    at: float

    @classmethod
    def of(cls, server: Server) -> "Usage":
        return cls(server.cpu_s(), sum(server.listener().cpu_times()[:2]), time.process_time(), time.perf_counter())

    def since(self, before: "Usage") -> "Usage":
        return Usage(
            self.all_s - before.all_s,
            self.listener_s - before.listener_s,
            self.own_s - before.own_s,
            self.at - before.at,
        )


@dataclass(frozen=True)
class Round:
    """What one server's turn cost, less what it costs when idle."""

    took_s: Sequence[float]
    usage: Usage
    idle: Usage
    socket_bytes: float

    @property
    def beats(self) -> int:
        return len(self.took_s)

    @property
    def cores(self) -> float:
        return (self.usage.all_s - self.idle.all_s * self.usage.at / self.idle.at) / self.usage.at

    @property
    def cpu_us(self) -> float:
        return self.cores * self.usage.at / self.beats * 1e6

    @property
    def listener_us(self) -> float:
        return (self.usage.listener_s - self.idle.listener_s * self.usage.at / self.idle.at) / self.beats * 1e6


async def turn(server: Server, known: Sequence[Known], seconds: float, idle: Usage, *, is_last: bool) -> Round:
    """Connect all, let each beat every second, disconnect all. Every pong is awaited; at last, the store read."""
    took_s: list[float] = []
    rss_before = server.listener().memory_info().rss
    nodes = await open_all(server.port, [lambda one=one: Node(one, took_s) for one in known])
    try:
        for node in nodes:
            node.greet()
        await until(
            lambda: all(node.welcomed for node in nodes),
            lambda: f"{sum(not node.welcomed for node in nodes)} nodes were not welcomed",
            WELCOMED_WITHIN_S,
            0.2,
        )
        await asyncio.sleep(SETTLE_S)
        socket_bytes = (server.listener().memory_info().rss - rss_before) / len(nodes)
        before = Usage.of(server)
        await _beat_all(nodes, seconds, took_s)
        await asyncio.sleep(FLUSH_EVERY_S)  # What was taken has been stored, and counts.
        usage = Usage.of(server).since(before)
        if is_last:
            await asyncio.to_thread(_check, server, nodes)
    finally:
        await close_all(nodes)
    return Round(took_s, usage, idle, socket_bytes)


async def _beat_all(nodes: Sequence[Node], seconds: float, took_s: Sequence[float]) -> None:
    """Each node beats once a second, evenly spread."""
    loop, sent, numbers = asyncio.get_running_loop(), 0, round(1 / TICK_S)
    start = loop.time()
    for tick in range(int(seconds / TICK_S)):
        if (wait_s := start + tick * TICK_S - loop.time()) > 0:
            await asyncio.sleep(wait_s)
        number = tick // numbers
        message = beat(number)
        sent += sum(node.beat(number, message) for node in nodes[tick % numbers :: numbers])
    await until(lambda: len(took_s) >= sent, lambda: f"{sent - len(took_s)} beats are not confirmed", ANSWERED_WITHIN_S)
    if len(took_s) != sent or any(node.lost for node in nodes):
        raise WrongAnswer(f"{sent} beats, {len(took_s)} pongs, {sum(node.lost for node in nodes)} sockets lost")


def _check(server: Server, nodes: Sequence[Node]) -> None:
    for node in random.sample(nodes, min(PROBED, len(nodes))):
        stored, deadline = None, time.monotonic() + STORED_WITHIN_S
        while stored != metrics(node.last):
            if time.monotonic() > deadline:
                raise WrongAnswer(f"{server.name} holds {stored} of node {node.node_id} after beat {node.last}")
            stored = httpx.get(f"{server.url}/api/nodes/{node.node_id}").raise_for_status().json()["node"]["metrics"]


async def write_behind(url: str, node_ids: Sequence[UUID], server: Server) -> tuple[int, float, float]:
    """Store a beat of all nodes over as many flushes as the coordinator takes for that.

    Returns rows per flush, and median milliseconds and CPU milliseconds (PostgreSQL's and ours) of a flush.
    """
    flushes = round(STORE_EVERY_S / FLUSH_EVERY_S)
    wall_ms, cpu_ms = [], []
    database = await Database.open(url)
    try:
        registry = Registry(database, Secrets(bytes(32)))
        for number in range(flushes):
            due = node_ids[number::flushes]
            for node_id in due:
                registry.beat(node_id, metrics(number))
            before = Usage.of(server)
            await registry.flush_beats()
            used = Usage.of(server).since(before)
            wall_ms.append(used.at * 1e3)
            cpu_ms.append((used.all_s + used.own_s) * 1e3)
            await asyncio.sleep(max(0, FLUSH_EVERY_S / 2 - used.at))
        await database.execute(AWAKE, node_ids)
    finally:
        await database.close()
    return len(node_ids) // flushes, median(wall_ms), median(cpu_ms)


def idle_usage(server: Server) -> Usage:
    """What a server costs that nobody speaks with."""
    before = Usage.of(server)
    time.sleep(IDLE_S)
    return Usage.of(server).since(before)


@contextlib.contextmanager
def _servers() -> Iterator[list[Server]]:
    with (
        harness.coordinator() as ours,
        harness.serving("ws", ["node", "ws_heartbeats.js"], harness.PEERS, {"NODE_ENV": "production"}) as theirs,
    ):
        yield [ours, theirs]


def row(name: str, rounds: Sequence[Round]) -> Sequence[str]:
    """Medians of the rounds; memory of the first, since a heap that was used is used again."""
    took_ms = [quantiles([s * 1e3 for s in one.took_s], n=100, method="inclusive") for one in rounds]
    return (
        name,
        f"{median(one.beats / (one.usage.at - FLUSH_EVERY_S) for one in rounds):,.0f}",
        _spread([one.cpu_us for one in rounds]),
        f"{median(one.listener_us for one in rounds):.1f}",
        f"{median(one.cores for one in rounds) * 100:.1f}",
        f"{median(ms[49] for ms in took_ms):.2f}",
        f"{median(ms[98] for ms in took_ms):.2f}",
        f"{rounds[0].socket_bytes / 1024:.1f}",
        f"{median(one.usage.own_s / one.usage.at for one in rounds):.2f}",
    )


def _spread(figures: Sequence[float]) -> str:
    return f"{median(figures):.1f} ({min(figures):.1f} to {max(figures):.1f})"


def publish(turns: dict[str, list[Round]], behind: tuple[int, float, float], asked: argparse.Namespace) -> None:
    """The section of RESULTS.md."""
    per_flush, wall_ms, cpu_ms = behind
    ours = turns[plots.OURS]
    beats_a_s = asked.nodes / NODE_BEATS_EVERY_S
    listener = median(one.listener_us for one in ours) * beats_a_s / 1e6
    behind_cores = cpu_ms / 1e3 / per_flush * asked.nodes / STORE_EVERY_S
    how = (
        f"{asked.nodes:,} registered nodes, {asked.sockets:,} of them connected, each beating once a second, over "
        f"{asked.rounds} alternating rounds of {asked.seconds} s. CPU is what is above the idle server's."
    )
    flush = (
        f"Each node is stored every {STORE_EVERY_S:.0f} s. A flush of {per_flush:,} rows takes {wall_ms:.0f} ms, and "
        f"{cpu_ms:.0f} ms of CPU; for {asked.nodes:,} nodes **{behind_cores * 100:.1f} % of a core**. With the "
        f"sockets' part of so many beats ({listener * 100:.1f} %, the coordinator's process), "
        f"**{(listener + behind_cores) * 100:.1f} %**."
    )
    table = report.table(COLUMNS, [row(name, rounds) for name, rounds in turns.items()])
    cpu = plots.bars(
        "fleet",
        "A heartbeat's CPU",
        "us",
        {
            "all processes": {name: median(one.cpu_us for one in rounds) for name, rounds in turns.items()},
            "the listening process": {
                name: median(one.listener_us for one in rounds) for name, rounds in turns.items()
            },
        },
    )
    report.publish(HEADING, f"{how}\n\n{table}\n\n{flush}\n\n{cpu}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, 11), default=3, metavar="N")
    parser.add_argument("--seconds", type=int, choices=range(1, 61), default=6, metavar="S")
    parser.add_argument("--sockets", type=int, choices=range(10, MAX_SOCKETS + 1), default=10_000, metavar="N")
    parser.add_argument("--nodes", type=int, choices=range(10, MAX_NODES + 1), default=100_000, metavar="N")
    asked = parser.parse_args()
    if asked.nodes <= asked.sockets:
        parser.error("--nodes: more than --sockets")
    harness.end_on_sigterm()
    allow_files(asked.sockets)
    gc.disable()
    with _servers() as servers:
        idle = {server.name: idle_usage(server) for server in servers}
        url = servers[0].listener().environ()["DATABASE_URL"]
        known = uvloop.run(register(url, asked.nodes))
        behind = uvloop.run(write_behind(url, [one.node_id for one in known[asked.sockets :]], servers[0]))
        turns: dict[str, list[Round]] = {server.name: [] for server in servers}
        for number in range(asked.rounds):
            for server in servers:
                connected, is_last = known[: asked.sockets], number == asked.rounds - 1
                made = uvloop.run(turn(server, connected, asked.seconds, idle[server.name], is_last=is_last))
                turns[server.name].append(made)
                print(*row(server.name, [made]), sep=" | ", flush=True)
    publish(turns, behind, asked)


if __name__ == "__main__":
    main()
