"""Those who meet at the API: customers and plain HTTP workers, each speaking bare HTTP."""

import re
from collections.abc import Mapping
from typing import Any, Self
from uuid import uuid4

import httpx

from hypernode.chain import base58
from hypernode.chain.keys import Keypair, address_of, sign
from hypernode.client import Client
from tests.network import eventually

JSON = dict[str, Any]

MODULE: JSON = {"runtime": "wasm", "module": {"wat": "(module)"}, "fuel": 1_000_000_000}
RESULT: JSON = {"exitCode": 0, "fuelUsed": 7, "stdout": "done\n", "stderr": ""}
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PROBLEM = {"type", "title", "status", "detail", "instance", "error", "code"}


class Connection(httpx.Client):
    """A connection that is quick to open: nothing here is encrypted."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, timeout=60, verify=False)

    def __enter__(self) -> Self:
        return self  # It may have been used before.

    def __exit__(self, *_: object) -> None:
        self.close()


class Customer(Connection):
    """A wallet and its connection."""

    def __init__(self, url: str, *, signs_in: bool = False, token: str | None = None) -> None:
        super().__init__(url)
        self.url = url
        self.keypair = Keypair()
        self.wallet = address_of(self.keypair)
        if signs_in:
            token = sign_in(self, self.keypair).json()["token"]
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def body(self, **fields: Any) -> JSON:
        """A job that no node of these tests takes by chance."""
        return {"walletAddress": self.wallet, "jobType": "generic_compute", "input": MODULE, **fields}

    def submit(self, **fields: Any) -> JSON:
        """A job."""
        return job_of(self.post("/api/jobs", json=self.body(**fields)), 201)

    def job(self, job_id: str) -> JSON:
        """The job now."""
        return job_of(self.get(f"/api/jobs/{job_id}"), 200)

    def deposit(self, amount: str) -> None:
        """Bring play money from the chain into the network."""
        with Client(self.url, wallet=self.keypair) as client:
            client.airdrop(hyper=amount)
            client.deposit(amount)


class Worker(Connection):
    """A node that speaks only register, heartbeat, poll and result."""

    def __init__(self, url: str, owner: Customer | None = None, **described: Any) -> None:
        self.wallet = owner.wallet if owner else address_of(Keypair())
        super().__init__(url)
        self.capability = f"only-{uuid4().hex}"
        described = {"capabilities": [self.capability], "machineId": uuid4().hex, **described}
        answer = (owner or self).post("/api/nodes/register", json={"walletAddress": self.wallet, **described})
        assert answer.status_code == 201, answer.text
        self.node_id: str = answer.json()["node"]["nodeId"]
        self.token: str = answer.json()["nodeToken"]
        self.headers["Authorization"] = f"Bearer {self.token}"
        self.offers: list[JSON] = []

    @property
    def requirements(self) -> JSON:
        """What a job asks for to come here."""
        return {"capabilities": [self.capability]}

    def poll(self, *frames: JSON, wait_s: float = 0) -> list[JSON]:
        """Hand in frames and get the coordinator's."""
        answer = self.post(f"/api/nodes/{self.node_id}/frames", json=list(frames), params={"waitSeconds": wait_s})
        assert answer.status_code == 200, answer.text
        return answer.json()["frames"]

    def ready(self, **engine: Any) -> Self:
        """Offer to work."""
        offer = {"jobType": "generic_compute", "models": [], "warmModels": [], **engine}
        welcome = self.poll({"kind": "hello", "capacity": 1, "engines": [offer]})
        assert [frame["kind"] for frame in welcome] == ["welcome"]
        return self

    def offer(self) -> JSON:
        """The next offer."""

        def look() -> JSON | None:
            self.offers += [frame for frame in self.poll(wait_s=1) if frame["kind"] == "offer"]
            return self.offers.pop(0) if self.offers else None

        return eventually(look, "an offer")

    def tell(self, *frames: JSON) -> None:
        """Hand in frames without waiting for anything."""
        self.poll(*frames)

    def report(self, job_id: str, **fields: Any) -> httpx.Response:
        """Hand in a result."""
        return self.post(f"/api/jobs/{job_id}/result", json={"nodeId": self.node_id, "result": RESULT, **fields})


def wallet() -> str:
    """A new wallet's address."""
    return address_of(Keypair())


def sign_in(client: httpx.Client, keypair: Keypair, **tampered: str) -> httpx.Response:
    """Ask for a challenge and answer it; `tampered` replaces parts of the text before it is signed."""
    asked = client.post("/api/auth/challenge", json={"walletAddress": address_of(keypair)})
    assert asked.status_code == 200, asked.text
    text: str = asked.json()["message"]
    for old, new in tampered.items():
        text = text.replace(old, new)
    return answer_challenge(client, keypair, text)


def answer_challenge(client: httpx.Client, keypair: Keypair, text: str, wallet: str | None = None) -> httpx.Response:
    """Sign a text and hand it in."""
    signature = base58.encode(sign(keypair, text.encode()))
    body = {"walletAddress": wallet or address_of(keypair), "message": text, "signature": signature}
    return client.post("/api/auth/verify", json=body)


def job_of(answer: httpx.Response, status: int) -> JSON:
    """The job in an answer."""
    assert answer.status_code == status, answer.text
    return answer.json()["job"]


def problem(answer: httpx.Response, status: int, code: str | None = None, error: str | None = None) -> JSON:
    """The problem details of a refusal, checked."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) >= PROBLEM
    assert body["status"] == status
    assert body["detail"] == body["error"]
    assert body["instance"] == answer.request.url.path
    assert re.fullmatch(r"[a-z_]+", body["code"])
    if code is not None:
        assert body["code"] == code
    if error is not None:
        assert body["error"] == error
    return body


def paths(body: Mapping[str, Any]) -> set[str]:
    """The fields that a refusal names."""
    return {bad["path"] for bad in body["errors"]}
