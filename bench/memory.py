"""Memory of the coordinator, empty and with many registered nodes.

python -m bench.memory [--nodes 10000]
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from typing import Final

import httpx
from solders.pubkey import Pubkey

from bench import harness, report
from bench.harness import Server
from bench.load import Load, post, run_once

MAX_NODES: Final = 100_000
CONNECTIONS: Final = 16
SETTLE_S: Final = 3.0  #: Loops that follow a change have run.
MIB: Final = 1 << 20
HEADING: Final = "Memory: the coordinator and its registered nodes"
COLUMNS: Final = ("registered nodes", "coordinator RSS MiB", "all processes PSS MiB", "processes")


def registrations(count: int) -> Load:
    """As many machines, each with an owner of its own."""
    bodies = (
        {
            "walletAddress": str(Pubkey(os.urandom(32))),
            "machineId": f"machine-{number}",
            "gpuModel": "NVIDIA GeForce RTX 4090",
            "vram": 24_576,
            "ramTotal": 131_072,
            "driverVersion": "580.95.05",
            "cudaVersion": "13.0",
            "hostOS": "Linux",
            "cpuModel": "AMD EPYC",
            "location": {"country": "Iceland", "city": "Keflavik", "lat": 64.0, "lon": -22.6},
            "capabilities": ["inference", "training"],
            "price": number % 100 / 100,
        }
        for number in range(count)
    )
    requests = [post("/api/nodes/register", json.dumps(body).encode()) for body in bodies]
    return Load(requests, httpx.codes.CREATED, ['"success":true', '"nodeToken":"'])


def footprint(server: Server, nodes: int) -> tuple[int, Sequence[str]]:
    """The coordinator's resident bytes, and the row that tells all."""
    time.sleep(SETTLE_S)
    rss = server.listener().memory_info().rss
    processes = server.processes()
    pss = sum(process.memory_full_info().pss for process in processes)
    return rss, (f"{nodes:,}", f"{rss / MIB:.1f}", f"{pss / MIB:.1f}", str(len(processes)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, choices=range(1, MAX_NODES + 1), default=10_000, metavar="N")
    asked = parser.parse_args()
    harness.end_on_sigterm()
    load = registrations(asked.nodes)
    with harness.coordinator() as server:
        empty, first = footprint(server, 0)
        measured = run_once(load, server.port, CONNECTIONS)
        full, second = footprint(server, asked.nodes)
    how = f"Registered over HTTP by {CONNECTIONS} connections, {measured.per_second:,.0f} a second."
    each = f"The coordinator's own part is {(full - empty) / asked.nodes / 1024:.1f} KiB a node."
    report.publish(HEADING, f"{how} {each}\n\n{report.table(COLUMNS, [first, second])}")


if __name__ == "__main__":
    main()
