"""What the tests of faults have in common: customers with money, jobs that take their time, books that must add up."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx
import psutil

from hypernode.chain import tokens
from hypernode.chain.keys import Keypair, address_of
from hypernode.chain.rpc import Rpc, RpcRefused
from hypernode.chain.transactions import sign_transfer
from hypernode.client import ApiError, Client
from hypernode.protocol.jobs import Job
from hypernode.store import ledger
from hypernode.store.database import Database
from tests.network import Coordinator, Process, TestNetwork, eventually

T = TypeVar("T")

LIMIT_S = 120.0
"""How long anything here may take before it counts as never."""
UNITS = 1_000_000
PRICE = "36"
"""HYPER per hour: a hundredth a second, so that every run costs something."""
CHEAPER = "18"
RESULT = {"exitCode": 0, "fuelUsed": 1, "stdout": "", "stderr": ""}
DONE = '(module (memory (export "memory") 1) (func (export "_start")))'
TRAP = '(module (memory (export "memory") 1) (func (export "_start") unreachable))'


def wasm(text: str) -> dict[str, Any]:
    """The input of a generic_compute job."""
    return {"runtime": "wasm", "module": {"wat": text}}


def sleeping(seconds: float) -> dict[str, Any]:
    """The input of a job that takes this long."""
    # In WebAssembly a job would sleep in no time: its clock is its own.
    return {"runtime": "python", "script": {"text": f"import time; time.sleep({seconds})"}, "fuel": 10**12}


def submit(client: Client, work: dict[str, Any], budget: str = "0", **options: Any) -> Job:
    """Ask for a generic_compute job that any node may take."""
    return client.submit_job("generic_compute", input=work, requirements={}, budget=budget, **options)


@contextmanager
def customer(coordinator: Coordinator, hyper: str = "0", deposit: str = "0") -> Iterator[Client]:
    """A new customer with HYPER on the chain, some of it deposited and credited."""
    with coordinator.client(Keypair()) as client:
        if hyper != "0":
            client.airdrop(hyper=hyper)
        if deposit != "0":
            client.deposit(deposit)
        yield client


def until(client: Client, job_id: str, *states: str) -> Job:
    """The job, once it is in one of the states. An API that is away for a moment is asked again."""

    def look() -> Job | None:
        try:
            job = client.job(job_id)
        except ApiError as error:
            if not error.may_pass:
                raise
            return None
        return job if job.status in states else None

    return eventually(look, f"job {job_id} to be {' or '.join(states)}", LIMIT_S)


def until_accepted(network: TestNetwork, job_id: str, attempt: int = 1) -> str:
    """The id of the node that has accepted this attempt of a job, and works on it."""

    def look() -> str | None:
        rows = network.rows(
            "SELECT node_id FROM lease WHERE job_id = $1::text::uuid AND attempt = $2 AND state = 'running'",
            job_id, attempt,
        )  # fmt: skip
        return str(rows[0]["node_id"]) if rows else None

    return eventually(look, f"attempt {attempt} of job {job_id} to run", LIMIT_S)


def busy_child(network: TestNetwork, node: Process) -> int:
    """The process that runs a job of a node, once there is one."""

    def look() -> int | None:
        for child in psutil.Process(node.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                program, *arguments = child.cmdline() or [""]
                # Not what starts it in its sandbox, whose arguments name it too.
                if "python" in Path(program).name and "hypernode.node.worker" in arguments:
                    return child.pid
        return None

    return eventually(look, f"a job's process of {node.name}", LIMIT_S)


def lives(pid: int) -> bool:
    """Whether a process runs still."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def restarted(network: TestNetwork, dead: Coordinator, **settings: str) -> Coordinator:
    """A coordinator in the place of one that ended: same port, same home, same database."""
    again = Coordinator.__new__(Coordinator)
    again.url = dead.url
    port = dead.url.rsplit(":", 1)[1]
    environment = {**network.environment, **settings, "PORT": port}
    Process.__init__(again, "coordinator", ["-m", "hypernode", "coordinator"], environment, network.home)
    network.processes.append(again)
    return again


def until_dead(process: Process) -> None:
    """Wait until a process was killed by its failpoint."""
    assert process.process.wait(LIMIT_S) == -9, process.log.read_text()[-4000:]


def node_id_of(client: Client, wallet: str) -> str:
    """The only node of a wallet."""
    return next(node.node_id for node in client.nodes() if node.wallet_address == wallet)


class Worker:
    """A node that speaks plain HTTP and does what a test says, no more: `answer` one offer, or `serve` in a thread."""

    def __init__(self, url: str, *, price: str = PRICE, capacity: int = 1) -> None:
        self.wallet = address_of(Keypair())
        self.http = httpx.Client(base_url=url, timeout=60)
        self.done: list[str] = []
        """Jobs whose result was accepted."""
        body = {"walletAddress": self.wallet, "machineId": str(uuid4()), "price": price, "capabilities": ["compute"]}
        answer = self.http.post("/api/nodes/register", json=body).raise_for_status().json()
        self.node_id: str = answer["node"]["nodeId"]
        self.token: str = answer["nodeToken"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"
        self._waiting: list[dict[str, Any]] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.hello = {"kind": "hello", "capacity": capacity, "engines": [{"jobType": "generic_compute"}]}
        self.say(self.hello)

    def say(self, *frames: dict[str, Any], wait_s: float = 0) -> None:
        """Send frames, and keep what comes back."""
        path = f"/api/nodes/{self.node_id}/frames?waitSeconds={wait_s}"
        self._waiting += self.http.post(path, json=list(frames)).raise_for_status().json()["frames"]

    def hear(self, kind: str, **fields: str) -> dict[str, Any]:
        """The next frame of a kind with these fields."""

        def look() -> dict[str, Any] | None:
            for frame in self._waiting:
                if frame["kind"] == kind and fields.items() <= frame.items():
                    self._waiting.remove(frame)
                    return frame
            self.say(wait_s=1)
            return None

        return eventually(look, f"a {kind} frame", LIMIT_S)

    def take(self, job_id: str | None = None) -> dict[str, Any]:
        """Accept the next offer, of a certain job or any; its frame."""
        offer = self.hear("offer", **({"jobId": job_id} if job_id else {}))
        self.say({"kind": "accept", "leaseId": offer["leaseId"]})
        return offer

    def report(self, offer: dict[str, Any]) -> bool:
        """Hand in a good result; whether it was accepted."""
        lease_id = offer["leaseId"]
        self.say({"kind": "report", "leaseId": lease_id, "result": RESULT, "units": 1})

        def look() -> dict[str, Any] | None:
            for frame in self._waiting:
                if frame["kind"] in ("reported", "revoke") and frame["leaseId"] == lease_id:
                    return frame
            self.say(wait_s=1)
            return None

        return eventually(look, "an answer to a report", LIMIT_S).get("accepted", False)

    def serve(self, seconds: float = 0.05) -> Self:
        """Run whatever comes, one after the other, in a thread."""

        def run() -> None:
            while not self._stopping.is_set():
                try:
                    self.say(wait_s=0.5)
                    for frame in [frame for frame in self._waiting if frame["kind"] == "offer"]:
                        self._waiting.remove(frame)
                        self.say({"kind": "accept", "leaseId": frame["leaseId"]})
                        time.sleep(seconds)
                        if self.report(frame):
                            self.done.append(frame["jobId"])
                except httpx.HTTPError:
                    time.sleep(0.2)  # Its coordinator is away; and forgets the connection when it comes back.
                    with suppress(httpx.HTTPError):
                        self.say(self.hello)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(LIMIT_S)
        with suppress(httpx.HTTPError):  # Or it would be offered jobs for as long as it may be silent.
            self.say(self.hello | {"draining": True})
        self.http.close()


# --- the chain


def on_rpc(network: TestNetwork, ask: Callable[[Rpc], Awaitable[T]]) -> T:
    """Ask the localnet something."""

    async def run() -> T:
        rpc = Rpc(network.chain.rpc_url)
        try:
            return await ask(rpc)
        finally:
            await rpc.aclose()

    return asyncio.run(run())


def pull(network: TestNetwork, fault: str, *more: object) -> None:
    """Pull one of the localnet's levers."""
    on_rpc(network, lambda rpc: rpc.call("hypernode_fault", fault, *more))


def on_chain(network: TestNetwork, wallet: str) -> int:
    """Base units of HYPER that a wallet has on the chain, finalized."""
    account = tokens.ata(wallet, network.chain.mint, network.chain.token_program)

    async def ask(rpc: Rpc) -> int:
        try:
            return await rpc.token_balance(account, "finalized")
        except RpcRefused:
            return 0

    return on_rpc(network, ask)


def send_to_vault(network: TestNetwork, owner: Keypair, vault: str, amounts: Iterable[int]) -> None:
    """Deposit as any wallet would, and wait for the chain, not for the network."""

    async def ask(rpc: Rpc) -> None:
        recent, sent = await rpc.latest_blockhash(), []
        mint, program = network.chain.mint, network.chain.token_program
        for number, amount in enumerate(amounts):
            note = f"{uuid4()} {number}"
            signed = sign_transfer(owner, mint, program, vault, amount, recent.blockhash, note)
            await rpc.send(signed.raw)
            sent.append(signed.signature)
        while True:
            found = (await rpc.signature_statuses(sent)).values
            if all(status is not None and status.confirmation_status == "finalized" for status in found):
                assert all(status is not None and status.err is None for status in found)
                return
            await asyncio.sleep(0.05)

    on_rpc(network, ask)


# --- the books


def earned(network: TestNetwork, wallet: str) -> int:
    """What the ledger gave a provider, in all."""
    row = network.rows("SELECT coalesce(sum(provider_part), 0)::bigint AS sum FROM hold WHERE provider = $1", wallet)
    return row[0]["sum"]


def ledger_faults(network: TestNetwork) -> list[str]:
    """What is wrong with the books, by the coordinator's own check and by a few more."""

    async def look() -> list[str]:
        database = await Database.open(network.database_url)
        try:
            return [*await ledger.faults(database), *[str(dict(row)) for row in await database.fetch(_WRONG)]]
        finally:
            await database.close()

    return asyncio.run(look())


_WRONG = """
SELECT 'balances' AS what, sum(balance)::text AS detail FROM account HAVING sum(balance) <> 0
UNION ALL SELECT 'paid twice', job_id::text FROM lease WHERE state = 'succeeded' GROUP BY job_id HAVING count(*) > 1
UNION ALL SELECT 'pay without end', hold.job_id::text FROM hold JOIN job USING (job_id)
    WHERE hold.state = 'held' AND job.state IN ('completed', 'failed', 'cancelled')
UNION ALL SELECT 'cost and parts differ', hold.job_id::text FROM hold JOIN job USING (job_id)
    WHERE hold.state = 'settled' AND job.cost <> hold.provider_part + hold.network_part
UNION ALL SELECT 'payout and parts differ', payout.payout_id::text FROM payout LEFT JOIN hold USING (payout_id)
    WHERE payout.kind = 'earnings' GROUP BY payout.payout_id
    HAVING payout.amount <> coalesce(sum(hold.provider_part), 0)
"""


def assert_paid_once(network: TestNetwork, wallets: Iterable[str]) -> None:
    """Each provider gets on the chain what it earned, to the base unit, and nothing is left on its way."""
    for wallet in wallets:
        amount = earned(network, wallet)
        eventually(lambda a=amount, w=wallet: on_chain(network, w) >= a, f"{amount} base units for {wallet}", LIMIT_S)

    def settled() -> bool:
        return not network.rows("SELECT 1 FROM payout WHERE state <> 'finalized'") and not network.rows(
            "SELECT 1 FROM hold WHERE state = 'settled' AND provider_part > 0 AND payout_id IS NULL"
        )

    eventually(settled, "all payouts to be final", LIMIT_S)
    time.sleep(0.5)  # A second payment would be on its way by now.
    for wallet in wallets:
        assert on_chain(network, wallet) == earned(network, wallet)
    assert ledger_faults(network) == []
