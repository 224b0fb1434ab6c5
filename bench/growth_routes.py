"""What the bench of growth asks: every route of the API, with arguments that are stored or made on the way."""

import http.client
import itertools
import json
import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from bench.harness import HOST
from bench.load import WrongAnswer
from hypernode.chain import base58
from hypernode.chain.keys import Keypair, address_of, sign
from hypernode.client import Client

JSON = dict[str, Any]
Samples = Mapping[str, Sequence[str]]
"""Paths to read in turn, by what they are called. Pages are short enough to be full in the smallest network."""

RANDOM_JOBS: Final = "SELECT job_id FROM job WHERE state = '{}' ORDER BY md5(job_id::text) LIMIT 20"
LARGEST_CUSTOMER: Final = "SELECT wallet FROM job GROUP BY wallet ORDER BY count(*) DESC LIMIT 1"
LARGEST_PROVIDER: Final = "SELECT wallet FROM payout GROUP BY wallet ORDER BY count(*) DESC LIMIT 1"
LARGEST_OWNER: Final = "SELECT wallet FROM node GROUP BY wallet ORDER BY count(*) DESC LIMIT 1"
OF_CUSTOMER: Final = f"wallet = ({LARGEST_CUSTOMER})"


def _deep(table: str, key: str, where: str) -> str:
    """The id after nine tenths of a list."""
    return (
        f"SELECT {key}, ({LARGEST_CUSTOMER}), ({LARGEST_OWNER}), ({LARGEST_PROVIDER}) FROM {table} WHERE {where}"
        f" ORDER BY {key} LIMIT 1 OFFSET (SELECT count(*) / 10 FROM {table} WHERE {where})"
    )


READS: Final[Mapping[str, tuple[str, str]]] = {
    "GET /health": ("/health", ""),
    "GET /metrics": ("/metrics", ""),
    "GET /api/metrics": ("/api/metrics", ""),
    "GET /api/metrics/validation": ("/api/metrics/validation", ""),
    "GET /api/metrics/validation?limit=900": ("/api/metrics/validation?limit=900", ""),
    "GET /api/metrics/nodes": ("/api/metrics/nodes", ""),
    "GET /api/metrics/jobs": ("/api/metrics/jobs", ""),
    "GET /api/metrics/health": ("/api/metrics/health", ""),
    "GET /api/jobs/stats/summary": ("/api/jobs/stats/summary", ""),
    "GET /api/jobs": ("/api/jobs", ""),
    "GET /api/jobs, deep": ("/api/jobs?cursor={}", _deep("job", "job_id", "true")),
    "GET /api/jobs?status=failed": ("/api/jobs?status=failed&limit=20", ""),
    "GET /api/jobs?status=nonsense": ("/api/jobs?status=nonsense", ""),
    "GET /api/jobs?jobType=render": ("/api/jobs?jobType=render", ""),
    "GET /api/jobs?jobType&status": ("/api/jobs?jobType=render&status=cancelled&limit=2", ""),
    "GET /api/jobs?walletAddress": ("/api/jobs?walletAddress={}", LARGEST_CUSTOMER),
    "GET /api/jobs?walletAddress, deep": (
        "/api/jobs?cursor={0}&walletAddress={1}",
        _deep("job", "job_id", OF_CUSTOMER),
    ),
    "GET /api/jobs?walletAddress&status": ("/api/jobs?walletAddress={}&status=queued&limit=1", LARGEST_CUSTOMER),
    "GET /api/jobs?walletAddress&jobType": ("/api/jobs?walletAddress={}&jobType=llm_fine_tuning", LARGEST_CUSTOMER),
    "GET /api/jobs/ID": ("/api/jobs/{}", RANDOM_JOBS.format("completed")),
    "GET /api/jobs/ID/receipt": ("/api/jobs/{}/receipt", RANDOM_JOBS.format("completed")),
    "GET /api/jobs/ID/events": ("/api/jobs/{}/events", RANDOM_JOBS.format("failed")),
    "GET /api/jobs/ID/explain, completed": ("/api/jobs/{}/explain", RANDOM_JOBS.format("completed")),
    "GET /api/nodes": ("/api/nodes?limit=50", ""),
    "GET /api/nodes, deep": ("/api/nodes?cursor={}&limit=5", _deep("node", "node_id", "true")),
    "GET /api/nodes?status=online": ("/api/nodes?status=online&limit=50", ""),
    "GET /api/nodes?status=busy": ("/api/nodes?status=busy&limit=1", ""),
    "GET /api/nodes?status=suspended": ("/api/nodes?status=suspended&limit=1", ""),
    "GET /api/nodes?gpuModel=4090": ("/api/nodes?gpuModel=4090&limit=10", ""),
    "GET /api/nodes?gpuModel=rtx": ("/api/nodes?gpuModel=rtx&limit=20", ""),
    "GET /api/nodes?gpuModel=B200": ("/api/nodes?gpuModel=B200&limit=2", ""),
    "GET /api/nodes?gpuModel=nonsense": ("/api/nodes?gpuModel=nonsense", ""),
    "GET /api/nodes?country=Kenya": ("/api/nodes?country=Kenya&limit=2", ""),
    "GET /api/nodes?capability=training": ("/api/nodes?capability=training&limit=2", ""),
    "GET /api/nodes?capability=nonsense": ("/api/nodes?capability=nonsense", ""),
    "GET /api/nodes?minVRAM=100": ("/api/nodes?minVRAM=100&limit=5", ""),
    "GET /api/nodes?minVRAM=10000": ("/api/nodes?minVRAM=10000", ""),
    "GET /api/nodes, four filters": ("/api/nodes?status=offline&gpuModel=a100&country=france&minVRAM=40&limit=1", ""),
    "GET /api/nodes/ID": ("/api/nodes/{}", "SELECT node_id FROM node WHERE state = 'offline' LIMIT 20"),
    "GET /api/nodes/wallet/W": ("/api/nodes/wallet/{}?limit=20", LARGEST_OWNER),
    "GET /api/wallets/W, customer": ("/api/wallets/{}", LARGEST_CUSTOMER),
    "GET /api/wallets/W, provider": ("/api/wallets/{}", LARGEST_PROVIDER),
    "GET /api/wallets/W/payouts": ("/api/wallets/{}/payouts", LARGEST_PROVIDER),
    "GET /api/wallets/W/statement": ("/api/wallets/{0}/statement?walletAddress={0}", LARGEST_CUSTOMER),
    "GET /api/wallets/W/statement, deep": (
        "/api/wallets/{1}/statement?cursor={0}",
        _deep("transfer", "transfer_id", f"debit = 'customer:' || ({LARGEST_CUSTOMER})"),
    ),
    "GET /api/keys": ("/api/keys?walletAddress={}", LARGEST_CUSTOMER),
    "GET /api/jobs/ID/explain, queued": ("/api/jobs/{}/explain", RANDOM_JOBS.format("queued")),
}
NO_OP: Final = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}}
RESULT: Final = {"exitCode": 0, "fuelUsed": 1, "stdout": "", "stderr": ""}
OURS: Final = "only-the-bench"
HELLO: Final = {"kind": "hello", "capacity": 1, "engines": [{"jobType": "generic_compute", "engine": "bench"}]}


class Customer:
    """Everybody who asks a coordinator, over one kept connection."""

    def __init__(self, port: int, samples: Samples) -> None:
        self._port = port
        self._paths = {name: itertools.cycle(paths) for name, paths in samples.items()}
        self._connection = http.client.HTTPConnection(HOST, port, timeout=60)
        self._took: defaultdict[str, list[float]] = defaultdict(list)
        self._keypair = Keypair()
        self._wallet = address_of(self._keypair)
        self._worker: JSON | None = None

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def turn(self, times: int) -> dict[str, list[float]]:
        """Ask everything that often; gives the seconds of each answer."""
        if self._worker is None:
            self._begin()
        self._took.clear()
        self._connection.close()  # The server would have, of one that was idle for so long.
        self._ask("", "GET", "/health")
        for _ in range(times):
            for name, paths in self._paths.items():
                self._ask(name, "GET", next(paths))
            self._provide()
            self._buy()
            self._own()
        return dict(self._took)

    def _begin(self) -> None:
        """A node of ours, and some money that is really there."""
        with Client(f"http://{HOST}:{self._port}", wallet=self._keypair) as client:
            client.airdrop(hyper="1")
            client.deposit("1")
        machine = {"walletAddress": self._wallet, "machineId": "bench", "price": 0, "capabilities": [OURS]}
        self._worker = self._ask("", "POST", "/api/nodes/register", machine)
        self._frames("", HELLO)

    def _provide(self) -> None:
        """A machine comes, beats, and goes."""
        owner = str(Pubkey(os.urandom(32)))
        machine = {"walletAddress": owner, "machineId": "m", "gpuModel": "NVIDIA GeForce RTX 4090", "vram": 24_576}
        made = self._ask("POST /api/nodes/register", "POST", "/api/nodes/register", machine)
        path, token = f"/api/nodes/{made['node']['nodeId']}", made["nodeToken"]
        self._ask("POST /api/nodes/ID/heartbeat", "POST", f"{path}/heartbeat", {"status": "online"}, token)
        self._ask("DELETE /api/nodes/ID", "DELETE", path, {"walletAddress": owner})

    def _buy(self) -> None:
        """A job that finds our node runs; another waits and is withdrawn."""
        job: JSON = {"walletAddress": self._wallet, "jobType": "generic_compute", "input": NO_OP, "budget": 0}
        runs = self._ask(
            "POST /api/jobs, matched", "POST", "/api/jobs", {**job, "requirements": {"capabilities": [OURS]}}
        )
        job_id = runs["job"]["jobId"]
        offers = self._frames("POST /api/nodes/ID/frames, an offer")
        if runs["job"]["status"] != "running" or not any(offer.get("jobId") == job_id for offer in offers):
            raise WrongAnswer(f"the free node was not offered the job: {runs} {offers}")
        assert self._worker is not None
        report = {"nodeId": self._worker["node"]["nodeId"], "result": RESULT, "metrics": {"units": 1}}
        token = self._worker["nodeToken"]
        self._ask("POST /api/jobs/ID/result", "POST", f"/api/jobs/{job_id}/result", report, token)
        waits = self._ask(
            "POST /api/jobs, none free", "POST", "/api/jobs", {**job, "requirements": {"capabilities": ["unheard-of"]}}
        )
        path = f"/api/jobs/{waits['job']['jobId']}/cancel"
        self._ask("POST /api/jobs/ID/cancel", "POST", path, {"walletAddress": self._wallet})

    def _own(self) -> None:
        """A wallet signs in, makes and ends a key, takes money out, stores a file; an operator leaves a note."""
        owner = {"walletAddress": self._wallet}
        asked = self._ask("POST /api/auth/challenge", "POST", "/api/auth/challenge", owner)
        signature = base58.encode(sign(self._keypair, asked["message"].encode()))
        answer = {**owner, "message": asked["message"], "signature": signature}
        self._ask("POST /api/auth/verify", "POST", "/api/auth/verify", answer)
        made = self._ask("POST /api/keys", "POST", "/api/keys", {**owner, "scopes": ["operator"]})
        note = {"type": "job_completed", "data": {}}
        self._ask("POST /api/metrics/update", "POST", "/api/metrics/update", note, made["token"])
        self._ask("DELETE /api/keys/ID", "DELETE", f"/api/keys/{made['key']['keyId']}?walletAddress={self._wallet}")
        self._ask(
            "POST /api/wallets/W/withdraw", "POST", f"/api/wallets/{self._wallet}/withdraw", {"amount": "0.000001"}
        )
        stored = self._ask(
            "POST /api/artifacts", "POST", f"/api/artifacts?walletAddress={self._wallet}", {"a": str(self._took)[:100]}
        )
        self._ask("GET /api/artifacts/SHA256", "GET", f"/api/artifacts/{stored['artifact']['sha256']}")

    def _frames(self, name: str, *frames: JSON) -> list[JSON]:
        assert self._worker is not None
        path = f"/api/nodes/{self._worker['node']['nodeId']}/frames?waitSeconds=1"
        return self._ask(name, "POST", path, list(frames), self._worker["nodeToken"])["frames"]

    def _ask(self, name: str, method: str, path: str, body: object = None, token: str | None = None) -> JSON:
        """One answer, which has to be a good one; `name` empty: it does not count."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        encoded = None if body is None else json.dumps(body).encode()
        began = time.perf_counter()
        self._connection.request(method, path, encoded, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = time.perf_counter() - began
        if answer.status not in (200, 201):
            raise WrongAnswer(f"{method} {path}: {answer.status} {content[:1000].decode(errors='replace')}")
        if name:
            self._took[name].append(took)
        is_json = answer.headers.get_content_type() == "application/json"
        return json.loads(content) if is_json and name[:4] != "GET " else {}
