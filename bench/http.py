"""POST /api/jobs and heartbeats: our coordinator, which stores each job before it answers, against Express in memory.

Both servers run side by side; only one is under load at a time, in alternating rounds (A B A B ...), and the medians of
the rounds are told. Each pair of route and connection count gets fresh servers, so that no queue or heap is inherited.

    python -m bench.http [--rounds 5] [--seconds 3] [--connections 1 32 128] [--noise]

`--noise` runs Express against itself: what differs there is the bench's own error.
"""

import argparse
import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import httpx
from solders.pubkey import Pubkey

from bench import harness, report
from bench.harness import Server
from bench.load import GENERATOR, Load, Measured, post, run_for

JOBS: Final = 2_000  #: Different jobs; sent in turn.
NODES: Final = 500
PROMPT: Final = "Why is the sky blue? " * 10
MAX_ROUNDS: Final = 25
MAX_SECONDS: Final = 30
WARM_UP_S: Final = 1

HEADING: Final = "HTTP: durable hypernode against Express in memory"
NOISE_HEADING: Final = "HTTP: the bench's own noise, Express against itself"
LEGEND: Final = (
    "The ratio is the median (and range) of the rounds' own. CPU is that of all of a server's processes; others' cores "
    "are what foreign processes took meanwhile, and should be near 0."
)
COLUMNS: Final = (
    "route",
    "connections",
    "server",
    "answers/s",
    "ratio",
    "p50 ms",
    "p99 ms",
    "server CPU us/answer",
    "generator cores",
    "others' cores",
)

LoadFor = Callable[[Server], Load]


@dataclass(frozen=True)
class Round:
    """One server's turn; its CPU time is that of all its processes."""

    measured: Measured
    server_cpu_s: float
    others_cpu_s: float  #: What ran besides, in the way of both: the machine was not idle.

    @property
    def cpu_us(self) -> float:
        return self.server_cpu_s / self.measured.answers * 1e6


def jobs(_server: Server) -> Load:
    """Jobs that must be validated and stored, and then wait: no node is there to take them."""
    bodies = (
        {
            "walletAddress": str(Pubkey(os.urandom(32))),
            "jobType": "llm_inference",
            "model": "default",
            "input": {"prompt": f"{number}: {PROMPT}", "maxTokens": 64, "temperature": 0.7},
            "requirements": {"minVRAM": 8, "capabilities": ["inference"]},
            "budget": 0,
            "maxDuration": 600,
        }
        for number in range(JOBS)
    )
    requests = [post("/api/jobs", json.dumps(body).encode()) for body in bodies]
    return Load(requests, httpx.codes.CREATED, ['"success":true', '"jobId":"'])


def heartbeats(server: Server) -> Load:
    """Signs of life of nodes that were registered before."""
    beat = {
        "status": "online",
        "metrics": {"gpuUtilization": 42, "gpuTemperature": 61.5, "memoryUsed": 8192, "jobs": 1},
    }
    requests: list[bytes] = []
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for _ in range(NODES):
            node = {"walletAddress": str(Pubkey(os.urandom(32))), "gpuModel": "RTX 4090", "vram": 24_576, "price": 0}
            made = client.post("/api/nodes/register", json=node).raise_for_status().json()
            path = f"/api/nodes/{made['node']['nodeId']}/heartbeat"
            requests.append(post(path, json.dumps(beat).encode(), made["nodeToken"]))
    return Load(requests, httpx.codes.OK, ['"success":true', '"nextHeartbeatIn":'])


ROUTES: Final[dict[str, LoadFor]] = {"POST /api/jobs": jobs, "POST heartbeat": heartbeats}


def compare(load_for: LoadFor, connections: int, rounds: int, seconds: int, noise: bool) -> dict[str, list[Round]]:
    """Each server's rounds, by its name."""
    with _pair(noise) as servers:
        loads = {name: load_for(server) for name, server in servers.items()}
        for name, server in servers.items():
            run_for(loads[name], server.port, connections, WARM_UP_S)
        turns: dict[str, list[Round]] = {name: [] for name in servers}
        for _ in range(rounds):
            for name, server in servers.items():
                turns[name].append(_turn(server, loads[name], connections, seconds))
    return turns


def _turn(server: Server, load: Load, connections: int, seconds: int) -> Round:
    machine_before, server_before = harness.machine_cpu_s(), server.cpu_s()
    measured = run_for(load, server.port, connections, seconds)
    server_s, machine_s = server.cpu_s() - server_before, harness.machine_cpu_s() - machine_before
    return Round(measured, server_s, max(0.0, machine_s - server_s - measured.generator_cpu_s))


@contextlib.contextmanager
def _pair(noise: bool) -> Iterator[dict[str, Server]]:
    with harness.express() if noise else harness.coordinator() as ours, harness.express() as theirs:
        yield {"express again" if noise else ours.name: ours, theirs.name: theirs}


def _rows(route: str, connections: int, turns: dict[str, list[Round]]) -> Iterator[Sequence[str]]:
    peer = list(turns.values())[-1]
    for name, rounds in turns.items():
        ratios = [
            ours.measured.per_second / theirs.measured.per_second for ours, theirs in zip(rounds, peer, strict=True)
        ]
        yield (
            route,
            str(connections),
            name,
            f"{median(turn.measured.per_second for turn in rounds):,.0f}",
            "1" if rounds is peer else f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            f"{median(turn.measured.p50_us for turn in rounds) / 1e3:.2f}",
            f"{median(turn.measured.p99_us for turn in rounds) / 1e3:.2f}",
            f"{median(turn.cpu_us for turn in rounds):.0f}",
            f"{median(turn.measured.generator_cpu_s / turn.measured.seconds for turn in rounds):.2f}",
            f"{median(turn.others_cpu_s / turn.measured.seconds for turn in rounds):.2f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, MAX_ROUNDS + 1), default=5, metavar="N")
    parser.add_argument("--seconds", type=int, choices=range(1, MAX_SECONDS + 1), default=3, metavar="S")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 128], metavar="N")
    parser.add_argument("--noise", action="store_true")
    asked = parser.parse_args()
    harness.end_on_sigterm()
    rows: list[Sequence[str]] = []
    for route, load_for in ROUTES.items():
        for connections in asked.connections:
            rows += _rows(route, connections, compare(load_for, connections, asked.rounds, asked.seconds, asked.noise))
            print(*(" | ".join(row) for row in rows[-2:]), sep="\n", flush=True)
    heading = NOISE_HEADING if asked.noise else HEADING
    how = (
        f"Medians of {asked.rounds} alternating rounds of {asked.seconds} s, sent by {GENERATOR}, every answer checked."
    )
    report.publish(heading, f"{how} {LEGEND}\n\n{report.table(COLUMNS, rows)}")


if __name__ == "__main__":
    main()
