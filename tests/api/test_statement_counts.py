"""How many statements each request asks of the database: exact numbers, so that a loop over rows does not creep in.

The application runs in this process and without its loops: what is counted is the request's alone. COPY, BEGIN and
COMMIT are not statements here. The short way calls what the framework's way calls, which is asked here.
"""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from hypernode.store import database
from hypernode.wiring.settings import Settings
from tests.api.parties import MODULE, RESULT, wallet
from tests.network import TestNetwork

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:litestar.*")

GROUPS = sorted(Path(str(path)).stem for path in files("hypernode.store").joinpath("sql").iterdir())
NAMES = {
    sql.split("{filters}")[0]: f"{group}.{name}" for group in GROUPS for name, sql in database.statements(group).items()
}
NOT_ASKED = ("BEGIN;", "COMMIT;", "ROLLBACK;", "set_config('jit'", "typeinfo_tree")
"""The last two are asyncpg's own, once a connection."""
MANY = 20  #: Rows in a list, which cost no more statements than one does.

READS = {
    "/api/jobs": 3,
    "/api/jobs?walletAddress={wallet}&status=queued": 3,
    "/api/jobs/{job}": 4,
    "/api/jobs/{job}/explain": 1,
    "/api/jobs/{job}/receipt": 2,
    "/api/jobs/stats/summary": 1,
    "/api/nodes": 3,
    "/api/nodes?gpuModel=unknown": 3,
    "/api/nodes/wallet/{wallet}": 2,
    "/api/nodes/{node}": 1,
    "/api/wallets/{wallet}": 1,
    "/api/wallets/{wallet}/payouts": 1,
    "/api/wallets/{wallet}/earnings": 1,
    "/api/wallets/{wallet}/statement": 1,
    "/api/keys?walletAddress={wallet}": 1,
    "/api/metrics": 3,
    "/api/metrics/validation": 3,
    "/api/metrics/history?window=30d": 1,
    "/api/job-types": 0,
    "/api/metrics/nodes": 3,
    "/api/metrics/jobs": 2,
    "/api/metrics/health": 1,
}
WRITES = {
    "register": 1,
    "hello": 3,
    "heartbeat": 0,
    "submit, matched": 1,
    "poll": 0,
    "accept": 1,
    "result": 10,
    "submit": 1,
    "quote, matched": 1,
    "quote, none matches": 1,
    "cancel": 7,
}


class Counted:
    """An application, and what each request asked of its database."""

    def __init__(self) -> None:
        self.client = httpx.AsyncClient()
        self.asked: list[str] = []
        self.took: dict[str, list[str]] = {}

    def note(self, logged: asyncpg.connection.LoggedQuery) -> None:
        """A statement was run."""
        if not any(text in logged.query for text in NOT_ASKED):
            known = (name for sql, name in NAMES.items() if logged.query.startswith(sql))
            self.asked.append(next(known, logged.query[:60]))

    async def ask(self, name: str, method: str, path: str, body: object = None, **more: Any) -> dict[str, Any]:
        """The answer; what it took is kept under the name."""
        self.asked = self.took[name] = []
        answer = await self.client.request(method, path, json=body, **more)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
async def counted(network: TestNetwork, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counted]:
    from hypernode.wiring.coordinator import assemble  # Its framework warns of itself as it is imported.

    made, prepare = Counted(), database._prepare

    async def observed(connection: Any) -> None:
        await prepare(connection)
        connection.add_query_logger(made.note)

    monkeypatch.setattr(database, "_prepare", observed)
    async with assemble(Settings(**network.environment)) as (app, _):
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        made.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with made.client:
            yield made


async def test_each_route_asks_as_many_statements_as_it_should(counted: Counted):
    owner = wallet()
    machine = {"walletAddress": owner, "machineId": uuid4().hex, "price": 0, "capabilities": ["x"]}
    made = await counted.ask("register", "POST", "/api/nodes/register", machine)
    node_id, token = made["node"]["nodeId"], {"Authorization": f"Bearer {made['nodeToken']}"}
    frames = f"/api/nodes/{node_id}/frames?waitSeconds=0"
    hello = {"kind": "hello", "capacity": 1, "engines": [{"jobType": "generic_compute", "engine": "e"}]}
    await counted.ask("hello", "POST", frames, [hello], headers=token)
    await counted.ask("heartbeat", "POST", f"/api/nodes/{node_id}/heartbeat", {"status": "online"}, headers=token)

    def job(capability: str) -> dict[str, Any]:
        needed = {"capabilities": [capability]}
        return {"walletAddress": owner, "jobType": "generic_compute", "input": MODULE, "requirements": needed}

    ran = (await counted.ask("submit, matched", "POST", "/api/jobs", job("x")))["job"]
    assert ran["status"] == "running"
    [offer] = (await counted.ask("poll", "POST", frames, [], headers=token))["frames"]
    await counted.ask("accept", "POST", frames, [{"kind": "accept", "leaseId": offer["leaseId"]}], headers=token)
    report = {"nodeId": node_id, "result": RESULT}
    await counted.ask("result", "POST", f"/api/jobs/{ran['jobId']}/result", report)
    for number in range(MANY):
        queued = (await counted.ask("submit", "POST", "/api/jobs", job("y")))["job"]
        await counted.ask("register", "POST", "/api/nodes/register", {**machine, "machineId": str(number)})
    await counted.ask("quote, matched", "POST", "/api/jobs/quote", job("x"))
    await counted.ask("quote, none matches", "POST", "/api/jobs/quote", job("y"))
    await counted.ask("cancel", "POST", f"/api/jobs/{queued['jobId']}/cancel", {"walletAddress": owner})
    for path in READS:
        await counted.ask(path, "GET", path.format(job=ran["jobId"], node=node_id, wallet=owner))

    expected = WRITES | READS
    wrong = {name: asked for name, asked in counted.took.items() if len(asked) != expected[name]}
    assert wrong == {}
