"""A network with some life in it, to take pictures of: nodes of many places, jobs of a week, receipts on the chain."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import httpx

from hypernode.chain.keys import Keypair, address_of
from hypernode.client import Client
from tests.network import TestNetwork, eventually

GIGABYTE = 1024
JOBS, DAYS = 72, 7
WORK = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}, "fuel": 2_000_000_000}
RESULT = {"exitCode": 0, "stdout": "", "stderr": ""}
FUEL_PRICE = "0.35"
"""For a thousand million units of it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A provider's machine, as its owner describes it."""

    name: str
    gpu: str
    gpus: int
    vram_gb: int  #: Of each.
    country: str
    city: str
    lat: float
    lon: float
    price: str


MACHINES = (
    Machine("oslo-1", "NVIDIA GeForce RTX 4090", 2, 24, "Norway", "Oslo", 59.91, 10.75, "0.42"),
    Machine("berlin-7", "NVIDIA GeForce RTX 4090", 1, 24, "Germany", "Berlin", 52.52, 13.41, "0.45"),
    Machine("reykjavik-a", "NVIDIA H100 80GB HBM3", 8, 80, "Iceland", "Reykjavik", 64.15, -21.94, "14.8"),
    Machine("toronto-3", "NVIDIA A100-SXM4-80GB", 4, 80, "Canada", "Toronto", 43.65, -79.38, "5.2"),
    Machine("austin-2", "NVIDIA GeForce RTX 3090", 1, 24, "United States", "Austin", 30.27, -97.74, "0.31"),
    Machine("oregon-9", "NVIDIA L40S", 2, 48, "United States", "Portland", 45.52, -122.68, "1.7"),
    Machine("saopaulo-1", "NVIDIA GeForce RTX 4080", 1, 16, "Brazil", "São Paulo", -23.55, -46.63, "0.28"),
    Machine("mumbai-5", "NVIDIA T4", 1, 16, "India", "Mumbai", 19.08, 72.88, "0.15"),
    Machine("singapore-2", "NVIDIA L40S", 1, 48, "Singapore", "Singapore", 1.35, 103.82, "0.95"),
    Machine("osaka-4", "NVIDIA GeForce RTX 4090", 1, 24, "Japan", "Osaka", 34.69, 135.50, "0.48"),
    Machine("sydney-1", "AMD Radeon RX 7900 XTX", 1, 24, "Australia", "Sydney", -33.87, 151.21, "0.33"),
    Machine("capetown-2", "NVIDIA GeForce RTX 3080", 2, 10, "South Africa", "Cape Town", -33.92, 18.42, "0.22"),
)


class Node:
    """A registered machine that takes generic_compute jobs over plain HTTP."""

    def __init__(self, url: str, machine: Machine, wallet: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=60)
        self._chance = random.Random(machine.name)
        place = {"country": machine.country, "city": machine.city, "lat": machine.lat, "lon": machine.lon}
        body = {
            "walletAddress": wallet,
            "machineId": machine.name,
            "gpuModel": machine.gpu,
            "gpuCount": machine.gpus,
            "vram": machine.vram_gb * GIGABYTE,
            "ramTotal": 64 * GIGABYTE,
            "location": place,
            "capabilities": ["compute"],
            "price": machine.price,
        }
        answer = self._http.post("/api/nodes/register", json=body).raise_for_status().json()
        self.node_id: str = answer["node"]["nodeId"]
        self._http.headers["Authorization"] = f"Bearer {answer['nodeToken']}"
        engine = {"jobType": "generic_compute", "pricePerUnit": FUEL_PRICE}
        self._say({"kind": "hello", "capacity": 1, "engines": [engine], "isolation": "sandbox"})

    def work(self) -> int:
        """Do the jobs that wait for it; how many there were."""
        offers = [frame for frame in self._say(wait_s=0.2) if frame["kind"] == "offer"]
        for offer in offers:
            self._say({"kind": "accept", "leaseId": offer["leaseId"]})
            fuel = self._chance.randrange(200_000_000, 2_000_000_000)
            result = RESULT | {"fuelUsed": fuel}
            self._say({"kind": "report", "leaseId": offer["leaseId"], "result": result, "units": fuel})
        return len(offers)

    def beat(self) -> None:
        """A sign of life."""
        gpu = {"loadPercent": 71, "temperatureC": 58, "memoryUsedMb": 9_210}
        metrics = {"cpuPercent": 34, "ramUsedMB": 21_504, "gpus": [gpu]}
        self._http.post(f"/api/nodes/{self.node_id}/heartbeat", json={"metrics": metrics}).raise_for_status()

    def _say(self, *frames: dict[str, Any], wait_s: float = 0) -> list[dict[str, Any]]:
        path = f"/api/nodes/{self.node_id}/frames?waitSeconds={wait_s}"
        return self._http.post(path, json=list(frames)).raise_for_status().json()["frames"]


def settle_down(url: str, owner: str) -> list[Node]:
    """All machines, the first two of one owner and the others of strangers."""
    return [
        Node(url, machine, owner if number < 2 else address_of(Keypair())) for number, machine in enumerate(MACHINES)
    ]


def work_for_a_week(network: TestNetwork, customers: Sequence[Client], nodes: Sequence[Node]) -> None:
    """Jobs done in a moment, told as those of a week: the charts show days."""
    for number in range(JOBS):
        customers[number % len(customers)].submit_job("generic_compute", input=WORK, requirements={}, budget="1")
    eventually(lambda: sum(node.work() for node in nodes) == 0, "the work to be done")
    asyncio.run(_spread(network.database_url))


async def _spread(database_url: str) -> None:
    chance = random.Random(7)
    connection = await asyncpg.connect(database_url)
    try:
        for row in await connection.fetch("SELECT job_id FROM job WHERE state = 'completed'"):
            ago = timedelta(hours=chance.triangular(0, DAYS * 24, 12))
            await connection.execute(_EARLIER, row["job_id"], ago)
    finally:
        await connection.close()


_EARLIER = """
UPDATE job SET created_at = created_at - $2::interval, started_at = started_at - $2::interval,
    ended_at = ended_at - $2::interval
WHERE job_id = $1
"""
