"""The API's busiest routes against Express, all in memory, and against FastAPI with asyncpg, as durable as ours.

The three servers run side by side; only one is under load at a time, in alternating rounds (A B C C B A ...), and the
medians of the rounds are told. A route that writes gets fresh servers for each number of connections, so that no queue
or heap is inherited. While a route is read, a node is registered anew ten times a second at the server under load: no
cached answer lives for long.

Ours is `hypernode up` as in production: every field and the job's input checked, the caller identified and counted,
a submission or registration answered after its commit is on disk. A heartbeat is stored within two seconds. Express
(peers/express.js) keeps all in Maps, loses all when it ends, and checks the required fields. FastAPI
(peers/fastapi_app.py) checks each field's type and commits each request by itself, to the same PostgreSQL with the
same settings. Neither peer has tokens, limits of requests, holds, events or leases.

    python -m bench.http [--rounds 4] [--seconds 2] [--connections 1 32 128] [--routes "POST job" ...] [--noise]

`--connections` are those of POST job. With `--routes` the tables are only printed. `--noise` runs Express against
itself: what differs there is the bench's own error.
"""

import argparse
import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import httpx

from bench import harness, plots, report
from bench.harness import Server
from bench.http_loads import JSON, ROUTES, Route, changed_node
from bench.load import GENERATOR, Load, Measured, run_for

MAX_ROUNDS: Final = 25
MAX_SECONDS: Final = 30
WARM_UP_S: Final = 1
CHANGE_EVERY_S: Final = 0.1

HEADING: Final = "HTTP: durable hypernode against Express in memory, and FastAPI"
NOISE_HEADING: Final = "HTTP: the bench's own noise, Express against itself"
LEGEND: Final = (
    "The last three columns are hypernode against the server of the line, the medians (and ranges) of the rounds' own "
    "ratios: its answers a second over the other's, the other's CPU an answer over its, its p99 over the other's. CPU "
    "is that of all of a server's processes; others' cores are what foreign processes took meanwhile, and should be "
    "near 0. Aims: for POST job with 128 connections 2.5 times Express's throughput and 6 times FastAPI's, for the "
    "other routes a third of Express's CPU, for all half of its p99."
)
COLUMNS: Final = (
    "route",
    "connections",
    "server",
    "answers/s",
    "p50 ms",
    "p99 ms",
    "server CPU us/answer",
    "generator cores",
    "others' cores",
    "throughput x",
    "CPU x",
    "p99 x",
)


@dataclass(frozen=True)
class Round:
    """One server's turn; its CPU time is that of all its processes."""

    measured: Measured
    server_cpu_s: float
    others_cpu_s: float  #: What ran besides, in the way of all: the machine was not idle.

    @property
    def cpu_us(self) -> float:
        return self.server_cpu_s / self.measured.answers * 1e6


Turns = Mapping[str, Sequence[Round]]
"""Each server's rounds, by its name; ours first."""


def measure(route: Route, asked: argparse.Namespace) -> Iterator[tuple[int, Turns]]:
    """One route with each number of connections."""
    counts: Sequence[int] = asked.connections if route.connections is None else route.connections
    for group in [[count] for count in counts] if route.writes else [counts]:
        with _servers(noise=asked.noise) as servers:
            loads = {name: route.load_for(server) for name, server in servers.items()}
            for count in group:
                yield count, _compare(servers, loads, count, asked.rounds, asked.seconds, changing=not route.writes)


def _compare(
    servers: Mapping[str, Server], loads: Mapping[str, Load], connections: int, rounds: int, seconds: int, *,
    changing: bool,
) -> Turns:  # fmt: skip
    turns: dict[str, list[Round]] = {name: [] for name in servers}
    for name, server in servers.items():
        run_for(loads[name], server.port, connections, WARM_UP_S)
    for number in range(rounds):
        for name in list(servers)[:: 1 if number % 2 == 0 else -1]:
            with _changing(servers[name]) if changing else contextlib.nullcontext():
                turns[name].append(_turn(servers[name], loads[name], connections, seconds))
    return turns


def _turn(server: Server, load: Load, connections: int, seconds: int) -> Round:
    machine_before, server_before = harness.machine_cpu_s(), server.cpu_s()
    measured = run_for(load, server.port, connections, seconds)
    server_s, machine_s = server.cpu_s() - server_before, harness.machine_cpu_s() - machine_before
    return Round(measured, server_s, max(0.0, machine_s - server_s - measured.generator_cpu_s))


@contextlib.contextmanager
def _changing(server: Server) -> Iterator[None]:
    """One node of a server is registered anew, again and again. Raises what it was answered instead of yes."""
    over = threading.Event()
    failed: list[httpx.HTTPError] = []

    def change() -> None:
        number = 0
        try:
            with httpx.Client(base_url=server.url, timeout=30) as client:
                while not over.wait(CHANGE_EVERY_S):
                    number += 1
                    path, body = "/api/nodes/register", changed_node(number)
                    client.post(path, content=body, headers=JSON).raise_for_status()
        except httpx.HTTPError as error:
            failed.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]


@contextlib.contextmanager
def _servers(*, noise: bool) -> Iterator[dict[str, Server]]:
    with contextlib.ExitStack() as running:
        if noise:
            yield {name: running.enter_context(harness.express()) for name in ("express again", "express")}
        else:
            started = (
                running.enter_context(start()) for start in (harness.coordinator, harness.express, harness.fastapi)
            )
            yield {server.name: server for server in started}


def _rows(route: str, connections: int, turns: Turns) -> Iterator[Sequence[str]]:
    ours = next(iter(turns.values()))
    for name, rounds in turns.items():
        yield (
            route,
            str(connections),
            name,
            f"{median(turn.measured.per_second for turn in rounds):,.0f}",
            f"{median(turn.measured.p50_us for turn in rounds) / 1e3:.2f}",
            f"{median(turn.measured.p99_us for turn in rounds) / 1e3:.2f}",
            f"{median(turn.cpu_us for turn in rounds):.0f}",
            f"{median(turn.measured.generator_cpu_s / turn.measured.seconds for turn in rounds):.2f}",
            f"{median(turn.others_cpu_s / turn.measured.seconds for turn in rounds):.2f}",
            *(["", "", ""] if rounds is ours else _ratios(ours, rounds)),
        )


def _ratios(ours: Sequence[Round], theirs: Sequence[Round]) -> Iterator[str]:
    pairs = list(zip(ours, theirs, strict=True))
    for ratios in (
        [mine.measured.per_second / other.measured.per_second for mine, other in pairs],
        [other.cpu_us / mine.cpu_us for mine, other in pairs],
        [mine.measured.p99_us / other.measured.p99_us for mine, other in pairs],
    ):
        yield f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _plots(found: Mapping[tuple[str, int], Turns]) -> str:
    """CPU of every route with its most connections, and the throughput of the one that has several numbers of them."""
    cpu: dict[str, dict[str, float]] = {}
    jobs: dict[str, list[tuple[float, float]]] = {}
    for (route, connections), turns in found.items():
        cpu[route] = {name: median(turn.cpu_us for turn in rounds) for name, rounds in turns.items()}
        for name, rounds in turns.items() if ROUTES[route].connections is None else ():
            jobs.setdefault(name, []).append((connections, median(turn.measured.per_second for turn in rounds)))
    return "\n\n".join(
        [
            plots.bars("http-cpu", "CPU of one answer, with the most connections", "us, log", cpu, log=True),
            plots.lines("http-jobs", "Jobs submitted", "connections", "jobs/s", jobs),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, MAX_ROUNDS + 1), default=4, metavar="N")
    parser.add_argument("--seconds", type=int, choices=range(1, MAX_SECONDS + 1), default=2, metavar="S")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 128], metavar="N")
    parser.add_argument("--routes", nargs="+", choices=ROUTES, default=list(ROUTES))
    parser.add_argument("--noise", action="store_true")
    asked = parser.parse_args()
    harness.end_on_sigterm()
    found: dict[tuple[str, int], Turns] = {}
    rows: list[Sequence[str]] = []
    for route in asked.routes:
        for connections, turns in measure(ROUTES[route], asked):
            found[route, connections] = turns
            rows += (new := list(_rows(route, connections, turns)))
            print(*(" | ".join(row) for row in new), sep="\n", flush=True)
    how = (
        f"Medians of {asked.rounds} alternating rounds of {asked.seconds} s, sent by {GENERATOR}, every answer checked."
    )
    text = f"{how} {LEGEND}\n\n{report.table(COLUMNS, rows)}"
    if asked.routes != list(ROUTES):
        print(text)
    elif asked.noise:
        report.publish(NOISE_HEADING, text)
    else:
        report.publish(HEADING, f"{text}\n\n{_plots(found)}")


if __name__ == "__main__":
    main()
