"""How latency grows with what is stored: every route, and matching, with 10^3 to 10^6 jobs and 10^2 to 10^5 nodes.

The peer is ourselves when we were small. Each size has a database filled with a network's history (growth_fill.py), and
a `hypernode up` of its own on it, as in production: durable, validated, the limits on. They run side by side, and each
round asks each of them the same things in alternating order over a kept connection, one request in flight. Only nodes
that are connected take jobs: here one is, whatever is stored; so matching is also timed in this process, over all
stored nodes that are online. What is asked is what a busy network asks: the largest customer, the first page and a
deep one, filters that fit much, little and nothing.

    python -m bench.growth [--jobs 1000 10000 100000 1000000] [--rounds 5] [--times 20]
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench import harness, plots, report
from bench.growth_fill import Size, fill
from bench.growth_routes import READS, Customer, Samples
from bench.harness import Server
from hypernode.coordinator.demands import demand_of, facts_of
from hypernode.domain.matching import NodeIndex
from hypernode.domain.money import Amount
from hypernode.protocol.jobs import Requirements
from hypernode.store.database import Database, Row
from hypernode.store.embedded import EmbeddedPostgres

UP: Final = (str(Path(sys.executable).parent / "hypernode"), "up")
JOBS_PER_NODE: Final = 10
MAX_JOBS: Final = 10_000_000
MAX_ROUNDS: Final = 50
MATCHES: Final = 300
FILLING: Final = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
"""Only while nobody is served."""
MATCHING: Final = "matching, in memory"
AIM: Final = 2.0
HEADING: Final = "Growth: latency by what is stored"

Took = Mapping[str, Sequence[float]]
"""Seconds of each answer, by route."""


class Network:
    """One size: its server, and what to ask it."""

    def __init__(self, size: Size, server: Server, samples: Samples, matches_s: Sequence[float]) -> None:
        self.size = size
        self.customer = Customer(server.port, samples)
        self.matches_s = matches_s
        self.rounds: list[dict[str, float]] = []

    def turn(self, times: int) -> None:
        """One round: the median of each route, in seconds."""
        took = self.customer.turn(times)
        self.rounds.append({name: median(seconds) for name, seconds in took.items()})

    def medians(self) -> dict[str, float]:
        """Each route's median over the rounds, in milliseconds."""
        names = dict.fromkeys(name for each in self.rounds for name in each)
        figures = {name: median(each[name] for each in self.rounds) * 1e3 for name in names}
        return {**figures, MATCHING: median(self.matches_s) * 1e3}


@contextlib.contextmanager
def network(size: Size) -> Iterator[Network]:
    """A coordinator on a filled database."""
    with tempfile.TemporaryDirectory(prefix="hypernode-bench-") as home:
        began = time.perf_counter()
        with EmbeddedPostgres(Path(home) / "postgres", settings=FILLING) as postgres:
            samples, matches_s = asyncio.run(_prepare(postgres.dsn, size))
        print(f"{size}: filled in {time.perf_counter() - began:.0f} s", flush=True)
        env = {"HYPERNODE_HOME": home, "HYPERNODE_UP_NODE": "0", "HYPERNODE_RATE_LIMIT": harness.NO_RATE_LIMIT}
        with harness.serving("hypernode", UP, home, env) as server:
            made = Network(size, server, samples, matches_s)
            with contextlib.closing(made.customer):
                yield made


async def _prepare(url: str, size: Size) -> tuple[Samples, list[float]]:
    database = await Database.open(url)
    try:
        await fill(url, size)
        samples: dict[str, list[str]] = {}
        for name, (template, sql) in READS.items():
            rows = await database.fetch(sql) if sql else [()]
            samples[name] = [template.format(*row) for row in rows] or [""]
        online = await database.fetch("SELECT * FROM node WHERE state = 'online'")
    finally:
        await database.close()
    absent = [name for name, paths in samples.items() if paths == [""]]
    if absent:
        raise ValueError(f"{size} is too small to ask for {', '.join(absent)}")
    return samples, _match(online)


def _match(rows: Sequence[Row]) -> list[float]:
    """Seconds of each match of a varied demand with the best of all nodes, which is then taken and given back."""
    index = NodeIndex()
    for row in rows:
        index.put(facts_of(row), free=True)
    dice = random.Random(1)
    took: list[float] = []
    for _ in range(MATCHES):
        asked = Requirements(min_vram=dice.choice((8, 16, 24, 80)), capabilities=["inference"])
        demand = demand_of("llm_inference", "default", asked, Amount(dice.randrange(1_000, 1_000_000)))
        began = time.perf_counter()
        found = index.match(demand)
        if found is not None:
            index.set_free(found, free=False)
            index.set_free(found, free=True)
        took.append(time.perf_counter() - began)
    return took


def ratios(networks: Sequence[Network]) -> dict[str, float]:
    """The largest network's latency by the smallest one's: the median of the rounds' own."""
    first, last = networks[0], networks[-1]
    found = {
        name: median(large[name] / small[name] for small, large in zip(first.rounds, last.rounds, strict=True))
        for name in last.rounds[0]
    }
    return {**found, MATCHING: median(last.matches_s) / median(first.matches_s)}


def tell(networks: Sequence[Network], rounds: int, times: int) -> None:
    """Write it down."""
    grown = ratios(networks)
    figures = {str(each.size): each.medians() for each in networks}
    columns = ["route", *(f"{each.size}, ms" for each in networks), "largest / smallest"]
    rows = [(name, *(f"{of[name]:.2f}" for of in figures.values()), f"{ratio:.2f}") for name, ratio in grown.items()]
    worst = sorted(grown, key=lambda name: -grown[name])[:6]
    points = {name: [(each.size.jobs, each.medians()[name]) for each in networks] for name in worst}
    plot = plots.lines("growth", "Latency of the six routes that grow most", "jobs stored", "ms", points, log=True)
    above = [f"{name} ({ratio:.1f})" for name, ratio in grown.items() if ratio > AIM]
    how = (
        f"Medians of {rounds} rounds of {times} answers each, seen by a client with one request in flight. "
        f"Beyond {AIM:g} times: {', '.join(above) or 'none'}."
    )
    report.publish(HEADING, f"{how}\n\n{plot}\n\n{report.table(columns, rows)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=[10**3, 10**4, 10**5, 10**6], metavar="N")
    parser.add_argument("--rounds", type=int, choices=range(1, MAX_ROUNDS + 1), default=5, metavar="N")
    parser.add_argument("--times", type=int, default=20, metavar="N")
    asked = parser.parse_args()
    harness.end_on_sigterm()
    sizes = [Size(jobs, max(100, jobs // JOBS_PER_NODE)) for jobs in sorted(asked.jobs)]
    with contextlib.ExitStack() as running:
        networks = [running.enter_context(network(size)) for size in sizes]
        for each in networks:
            each.customer.turn(1)  # Connections are opened, plans are made.
        for number in range(asked.rounds):
            for each in networks if number % 2 else reversed(networks):
                each.turn(asked.times)
            print(f"round {number + 1} of {asked.rounds}", flush=True)
        tell(networks, asked.rounds, asked.times)


if __name__ == "__main__":
    main()
