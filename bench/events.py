"""One job's events to 1,000 and 8,000 subscribers over WebSocket, some of which never read.

Ours is a whole job: a node streams pieces of the answer, each is committed to disk and then brought to all who follow
the job by /api/events. The peers are broadcast servers that store nothing and check nothing: `ws` on Node.js
(peers/ws_broadcast.js), and the Python library `websockets` on uvloop with its own broadcast()
(peers/websockets_broadcast.py). None compresses. An event is published when all but the last few have come to all, so
that no server may run ahead of its subscribers.

Then, of larger events at an even pace, how long a delivery takes without and with subscribers that never read, how many
of those the server has ended at last, and by how much its memory has grown.

    python -m bench.events [--rounds 3] [--seconds 4] [--subscribers 1000 8000]
"""

import argparse
import contextlib
import gc
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

import uvloop

from bench import harness, plots, report
from bench.audience import Audience, audience, is_connected, never_reads
from bench.harness import Server
from bench.load import WrongAnswer
from bench.sockets import allow_files, until

MAX_SUBSCRIBERS: Final = 50_000
WINDOW: Final = 16  #: Events under way: what a model says in a tenth of a second.
TEXT: Final = "x" * 120  #: Makes events of about 300 bytes.
LARGE_TEXT: Final = "x" * 16_000
READERS: Final = 200
NON_READERS: Final = 20
LARGE_EVENTS: Final = 250
LARGE_EVERY_S: Final = 0.04
ENDED_WITHIN_S: Final = 15.0
WARM_UP_S: Final = 0.5
MIB: Final = 1 << 20
PEER: Final = "websockets"
HEADING: Final = "Events: one stream to many subscribers"
COLUMNS: Final = (
    "server",
    "subscribers",
    "deliveries/s",
    f"ratio to {PEER}",
    "server CPU us/delivery",
    "p50 ms",
    "p99 ms",
    "generator cores",
)
SLOW_COLUMNS: Final = (
    "server",
    "p50 ms alone",
    "p99 ms alone",
    "p50 ms beside them",
    "p99 ms beside them",
    "ended by the server",
    "memory grew by MiB",
)


@dataclass(frozen=True)
class Round:
    """One server's turn."""

    took_s: Sequence[float]
    seconds: float
    server_cpu_s: float
    own_cpu_s: float

    @property
    def per_second(self) -> float:
        return len(self.took_s) / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.server_cpu_s / len(self.took_s) * 1e6

    def percentile_ms(self, number: int) -> float:
        return quantiles(self.took_s, n=100, method="inclusive")[number - 1] * 1e3


async def turn(server: Server, size: int, seconds: float) -> Round:
    """As many deliveries as the server makes in that time to subscribers that have come for it."""
    async with audience(server, size) as to:
        await to.as_fast_as_heard(TEXT, WARM_UP_S, WINDOW)
        to.take()
        cpu_s, own_s, start = server.cpu_s(), time.process_time(), time.perf_counter()
        await to.as_fast_as_heard(TEXT, seconds, WINDOW)
        took = time.perf_counter() - start
        return Round(to.take(), took, server.cpu_s() - cpu_s, time.process_time() - own_s)


def compare(servers: Sequence[Server], size: int, rounds: int, seconds: float) -> dict[str, list[Round]]:
    """Alternating rounds, in another order each time."""
    turns: dict[str, list[Round]] = {server.name: [] for server in servers}
    for number in range(rounds):
        first = number % len(servers)
        for server in [*servers[first:], *servers[:first]]:
            turns[server.name].append(uvloop.run(turn(server, size, seconds)))
    return turns


async def beside_non_readers(server: Server, readers: int, events: int) -> Sequence[str]:
    """The row that tells what subscribers that never read do to the others and to the server."""
    async with audience(server, readers) as to:
        alone = await _large(to, events)
        before = server.listener().memory_info().rss
        stuck = [never_reads(server.port, to.publisher.path) for _ in range(NON_READERS)]
        try:
            beside = await _large(to, events)
            grown = server.listener().memory_info().rss - before
            with contextlib.suppress(WrongAnswer):
                await until(lambda: not any(map(is_connected, stuck)), str, ENDED_WITHIN_S)
            ended = sum(not is_connected(one) for one in stuck)
        finally:
            for one in stuck:
                one.close()
    figures = [f"{took.percentile_ms(number):.1f}" for took in (alone, beside) for number in (50, 99)]
    return (server.name, *figures, f"{ended} of {NON_READERS}", f"{grown / MIB:.1f}")


async def _large(to: Audience, events: int) -> Round:
    start = time.perf_counter()
    await to.paced(LARGE_TEXT, events, LARGE_EVERY_S)
    return Round(to.take(), time.perf_counter() - start, 0, 0)


def rows(size: int, turns: dict[str, list[Round]]) -> Iterator[Sequence[str]]:
    """Medians of the rounds."""
    for name, rounds in turns.items():
        ratios = [ours.per_second / theirs.per_second for ours, theirs in zip(rounds, turns[PEER], strict=True)]
        yield (
            name,
            f"{size:,}",
            f"{median(one.per_second for one in rounds):,.0f}",
            "1" if name == PEER else f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            f"{median(one.cpu_us for one in rounds):.1f}",
            f"{median(one.percentile_ms(50) for one in rounds):.1f}",
            f"{median(one.percentile_ms(99) for one in rounds):.1f}",
            f"{median(one.own_cpu_s / one.seconds for one in rounds):.2f}",
        )


@contextlib.contextmanager
def _servers() -> Iterator[list[Server]]:
    with (
        harness.coordinator() as ours,
        harness.serving("ws", ["node", "ws_broadcast.js"], harness.PEERS, {"NODE_ENV": "production"}) as node,
        harness.serving(PEER, [sys.executable, "websockets_broadcast.py"], harness.PEERS, {}) as python,
    ):
        yield [ours, node, python]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, 11), default=3, metavar="N")
    parser.add_argument("--seconds", type=int, choices=range(1, 31), default=4, metavar="S")
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1_000, 8_000], metavar="N")
    parser.add_argument("--large", type=int, choices=range(10, 10_000), default=LARGE_EVENTS, metavar="N")
    asked = parser.parse_args()
    if not 10 <= min(asked.subscribers) <= max(asked.subscribers) <= MAX_SUBSCRIBERS:
        parser.error(f"--subscribers: 10 to {MAX_SUBSCRIBERS}")
    harness.end_on_sigterm()
    allow_files(max(asked.subscribers))
    gc.disable()
    told: list[Sequence[str]] = []
    shown: dict[str, dict[str, float]] = {}
    with _servers() as servers:
        for size in asked.subscribers:
            turns = compare(servers, size, asked.rounds, asked.seconds)
            told += rows(size, turns)
            shown[f"{size:,} subscribers"] = {name: median(one.cpu_us for one in each) for name, each in turns.items()}
            print(*(" | ".join(row) for row in told[-len(turns) :]), sep="\n", flush=True)
        slow = [uvloop.run(beside_non_readers(server, READERS, asked.large)) for server in servers]
    how = (
        f"Events of about 300 bytes, {WINDOW} under way, over {asked.rounds} alternating rounds of {asked.seconds} s; "
        "every delivery checked. CPU is that of all of a server's processes, PostgreSQL's too."
    )
    beside = (
        f"{READERS} readers, {asked.large} events of 16 KB, {1 / LARGE_EVERY_S:.0f} a second; then the same beside "
        f"{NON_READERS} subscribers that never read, looked at until {ENDED_WITHIN_S:.0f} s after the last event:"
    )
    drawn = plots.bars("events", "A delivery's CPU", "us", shown)
    tables = [report.table(COLUMNS, told), beside, report.table(SLOW_COLUMNS, slow), drawn]
    report.publish(HEADING, "\n\n".join([how, *tables]))


if __name__ == "__main__":
    main()
