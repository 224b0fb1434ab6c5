"""What bench/http.py sends: each route's requests, made for a server that has been given what they ask for."""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import httpx
from solders.pubkey import Pubkey

from bench.harness import Server
from bench.load import UNIQUE, Load, WrongAnswer, get, post, run_once

JOBS: Final = 2_000  #: Different ones, sent in turn.
STORED: Final = 500  #: Jobs that are asked for.
NODES: Final = 500  #: That beat.
FEW: Final = 100
MANY: Final = 10_000  #: Nodes stored for the lists.
PAGE: Final = 1_000  #: Nodes on one page, the most that the contract allows.
SETTING_UP: Final = 16  #: Connections.
PROMPT: Final = "Why is the sky blue? " * 10
ANSWER: Final = '"success":true'

LoadFor = Callable[[Server], Load]


@dataclass(frozen=True)
class Route:
    """What is measured, with how many connections (None: with as many as were asked for)."""

    load_for: LoadFor
    connections: Sequence[int] | None
    writes: bool  #: Each measurement leaves more behind, so that the next one needs fresh servers.


def jobs(_server: Server) -> Load:
    """Jobs that must be validated and stored, and then wait: no node is there to take them."""
    return Load([post("/api/jobs", _job(number)) for number in range(JOBS)], httpx.codes.CREATED, [ANSWER, '"jobId":"'])


def heartbeats(server: Server) -> Load:
    """Signs of life of nodes that were registered before."""
    beat = {
        "status": "online",
        "metrics": {"gpuUtilization": 42, "gpuTemperature": 61.5, "memoryUsed": 8192, "jobs": 1},
    }
    made = _made(server, "/api/nodes/register", [_node() for _ in range(NODES)])
    requests = [post(f"/api/nodes/{one['node']['nodeId']}/heartbeat", _body(beat), one["nodeToken"]) for one in made]
    return Load(requests, httpx.codes.OK, [ANSWER, '"nextHeartbeatIn":'])


def registrations(_server: Server) -> Load:
    """New machines of 500 wallets."""
    texts = [ANSWER, '"nodeId":"', '"nodeToken":"']
    return Load([post("/api/nodes/register", _node()) for _ in range(NODES)], httpx.codes.CREATED, texts)


def one_job(server: Server) -> Load:
    """Jobs that wait, asked for in turn."""
    made = _made(server, "/api/jobs", [_job(number) for number in range(STORED)])
    return Load(
        [get(f"/api/jobs/{one['job']['jobId']}") for one in made], httpx.codes.OK, [ANSWER, '"jobId":"', PROMPT]
    )


def few_nodes(server: Server) -> Load:
    """All of 100 nodes, as the list route gives them unasked."""
    _store(server, FEW)
    return Load([get("/api/nodes")], httpx.codes.OK, [ANSWER, f'"count":{FEW}'])


def many_nodes(server: Server) -> Load:
    """All of 10,000 nodes, page by page in turn: the contract has no larger pages."""
    _store(server, MANY)
    seen: set[str] = set()
    requests: list[bytes] = []
    path: str | None = f"/api/nodes?limit={PAGE}"
    with httpx.Client(base_url=server.url, timeout=30) as client:
        while path is not None and len(seen) < MANY:
            requests.append(get(path))
            page = client.get(path).raise_for_status().json()
            seen |= {node["nodeId"] for node in page["nodes"]}
            path = f"/api/nodes?limit={PAGE}&cursor={page['nextCursor']}" if page["nextCursor"] else None
    if len(seen) != MANY or len(requests) != MANY // PAGE:
        raise WrongAnswer(f"{server.name} has {len(seen)} nodes on {len(requests)} pages")
    return Load(requests, httpx.codes.OK, [f'"count":{PAGE}'])


JSON: Final = {"content-type": "application/json"}
OFTEN: Final = (1, 128)
WIDE: Final = (1, 16)  #: Of an answer of 700 kB; more only wait in the generator.
ROUTES: Final[dict[str, Route]] = {
    "POST job": Route(jobs, None, writes=True),
    "POST register": Route(registrations, (128,), writes=True),
    "POST heartbeat": Route(heartbeats, (128,), writes=True),
    "GET job": Route(one_job, OFTEN, writes=False),
    f"GET {FEW} nodes": Route(few_nodes, OFTEN, writes=False),
    f"GET {MANY:,} nodes": Route(many_nodes, WIDE, writes=False),
}


def changed_node(number: int) -> bytes:
    """The body that registers a machine, the same one each time, with something new to say."""
    return _body({**_MACHINE, "walletAddress": _CHANGING, "driverVersion": f"550.{number}"})


def _made(server: Server, path: str, bodies: Sequence[bytes]) -> list[dict[str, Any]]:
    """What a server answers that is told to make these."""
    with httpx.Client(base_url=server.url, timeout=30) as client, ThreadPoolExecutor(SETTING_UP) as threads:
        answers = threads.map(lambda body: client.post(path, content=body, headers=JSON), bodies)
        return [answer.raise_for_status().json() for answer in answers]


def _store(server: Server, count: int) -> None:
    """Nodes, one of which is the one that changes."""
    run_once(Load([post("/api/nodes/register", changed_node(0))], httpx.codes.CREATED, [ANSWER]), server.port, 1)
    requests = [post("/api/nodes/register", _node()) for _ in range(count - 1)]
    run_once(Load(requests, httpx.codes.CREATED, [ANSWER]), server.port, SETTING_UP)


def _job(number: int) -> bytes:
    job = {
        "walletAddress": str(Pubkey(os.urandom(32))),
        "jobType": "llm_inference",
        "model": "default",
        "input": {"prompt": f"{number}: {PROMPT}", "maxTokens": 64, "temperature": 0.7},
        "requirements": {"minVRAM": 8, "capabilities": ["inference"]},
        "budget": 0,
        "maxDuration": 600,
    }
    return _body(job)


def _node() -> bytes:
    return _body({**_MACHINE, "walletAddress": str(Pubkey(os.urandom(32))), "machineId": UNIQUE.decode()})


def _body(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()


_CHANGING: Final = str(Pubkey(os.urandom(32)))
_MACHINE: Final = {
    "gpuModel": "NVIDIA GeForce RTX 4090",
    "vram": 24_576,
    "driverVersion": "550.54",
    "cudaVersion": "12.4",
    "hostOS": "Ubuntu 24.04",
    "cpuModel": "AMD EPYC 7543",
    "ramTotal": 131_072,
    "location": {"country": "Germany", "city": "Berlin", "lat": 52.5, "lon": 13.4},
    "capabilities": ["inference", "render"],
    "price": 0,
}
