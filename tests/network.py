"""A real network for tests: PostgreSQL, a localnet, coordinators and nodes as processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from hypernode.chain import localnet
from hypernode.chain.keys import Keypair, address_of
from hypernode.client import Client
from hypernode.client.funds import blocking
from hypernode.store.embedded import EmbeddedPostgres

READY_WITHIN_S = 60.0
QUICK = {
    "HYPERNODE_CHAIN_POLL_S": "0.1",
    "HYPERNODE_PAYOUT_EVERY_S": "0.2",
    "HYPERNODE_ANCHOR_EVERY_S": "0.2",
    "HYPERNODE_LEAST_PAYOUT": "0.000001",
    "HYPERNODE_RATE_LIMIT": "1000000/second",
}


def eventually(look: Callable[[], Any], what: str, within_s: float = READY_WITHIN_S) -> Any:
    """Look until there is something; the limit only stops a test that would wait for ever."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within_s:.0f} s in vain for {what}")
        time.sleep(0.05)
    return found


class Process:
    """A command whose log can be read, and which dies with the test run."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}-{uuid4().hex[:6]}.log"
        clean = {
            k: v for k, v in os.environ.items() if not k.startswith(("HYPERNODE_", "DATABASE_", "SOLANA_", "HYPER_"))
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *arguments], env={**clean, **environment}, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip

    def alive(self) -> bool:
        """Raises with the log's end if it has ended."""
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, SIGKILL after a while; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                return self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


class Coordinator(Process):
    """A coordinator on a port of its own."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__("coordinator", ["-m", "hypernode", "coordinator"], {**environment, "PORT": str(port)}, folder)

    def ready(self) -> "Coordinator":
        """Wait until it answers."""
        eventually(lambda: self.alive() and _healthy(self.url), "the coordinator")
        return self

    def client(self, wallet: Keypair | str | None = None, token: str | None = None) -> Client:
        """A customer, provider or stranger."""
        return Client(self.url, wallet=wallet, token=token)


class TestNetwork:
    """One database, one chain, and whatever processes a test starts. Everything stops with the fixture."""

    __test__ = False

    def __init__(self, home: Path, database_url: str, chain: localnet.Localnet, chain_folder: Path) -> None:
        self.home = home
        self.database_url = database_url
        self.chain = chain
        self.processes: list[Process] = []
        (home / "localnet").symlink_to(chain_folder)
        self.environment = {
            **QUICK,
            "HYPERNODE_HOME": str(home),
            "DATABASE_URL": database_url,
            "SOLANA_RPC_URL": chain.rpc_url,
        }

    def coordinator(self, **settings: str) -> Coordinator:
        """Start a coordinator; wait with `.ready()`."""
        started = Coordinator({**self.environment, **settings}, self.home)
        self.processes.append(started)
        return started

    def node(
        self, coordinator: Coordinator, *arguments: str, wallet: str | None = None, name: str = "node", **env: str
    ) -> Process:
        """Start a node of a wallet in a home of its own, and wait until it has said what it offers."""
        wallet = wallet or address_of(Keypair())
        command = ["-m", "hypernode", "node", "start", "--coordinator", coordinator.url, "--wallet", wallet]
        home = self.home / f"{name}-{uuid4().hex[:6]}"
        started = Process(name, [*command, "--home", str(home), *arguments], env, self.home)
        self.processes.append(started)
        started.wallet = wallet  # type: ignore[attr-defined]

        def connected() -> bool:
            nodes = httpx.get(f"{coordinator.url}/api/nodes/wallet/{wallet}").json()["nodes"]
            return any(node["engines"] and node["status"] in ("online", "busy") for node in nodes)

        eventually(lambda: started.alive() and connected(), "the node")
        return started

    def stop(self) -> None:
        """Stop all that was started, the last first."""
        for process in reversed(self.processes):
            process.stop()

    def rows(self, statement: str, *arguments: object) -> list[dict[str, Any]]:
        """What the database holds."""

        async def ask() -> list[dict[str, Any]]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return [dict(row) for row in await connection.fetch(statement, *arguments)]
            finally:
                await connection.close()

        return blocking(ask())


@contextmanager
def running_localnet(folder: Path, *more: str) -> Iterator[localnet.Localnet]:
    """A localnet with quick blocks and the levers for faults."""
    arguments = ["--folder", str(folder), "--port", "0", "--slot-ms", "50", "--finalize-slots", "3", "--faults", *more]
    process = Process("localnet", ["-m", "hypernode.chain.localnet", *arguments], {}, folder)
    try:
        eventually(lambda: process.alive() and localnet.read(folder), "the localnet")
        state = localnet.read(folder)
        assert state is not None
        yield state
    finally:
        process.stop()


def new_database(postgres: EmbeddedPostgres) -> str:
    """An empty database of its own; the URL."""
    assert postgres.dsn is not None
    name = f"test_{uuid4().hex}"

    async def create() -> None:
        connection = await asyncpg.connect(postgres.dsn)
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()

    blocking(create())
    return postgres.dsn.replace("/postgres?", f"/{name}?")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.HTTPError:
        return False
