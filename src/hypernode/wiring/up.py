"""`hypernode up`: a whole network on one machine, everything it keeps in one folder."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from hypernode.chain import keys, localnet
from hypernode.protocol.wire import iso
from hypernode.store.embedded import EmbeddedPostgres, EmbeddedPostgresError
from hypernode.wiring.processes import Child, ChildFailed, wait_until_ready
from hypernode.wiring.settings import BadSettings, Settings

READY_WITHIN_S: Final = 60.0
WATCH_EVERY_S: Final = 0.5
QUICK: Final = {"least_payout": "0.000001", "payout_every_s": "1", "chain_poll_s": "0.25", "anchor_every_s": "1"}
"""On a chain of one's own every payout and anchor is free: nothing needs to wait. The settings may say otherwise."""


Spawn = Callable[[str, list[str], dict[str, str]], Child]


@dataclass(frozen=True, slots=True)
class Network:
    """A running network."""

    url: str
    rpc_url: str
    home: Path
    postgres: EmbeddedPostgres | None
    children: list[Child]

    def check(self) -> None:
        """Start the database again if it was killed; raises ChildFailed if another part has ended."""
        if self.postgres is not None and self.postgres.wait(0) is not None:
            print("PostgreSQL has ended; starting it again", flush=True)
            before = self.postgres.dsn
            self.postgres.stop()
            if self.postgres.start() != before:
                raise ChildFailed("PostgreSQL has moved to another socket: start `hypernode up` again")
        for child in self.children:
            child.check()


def run() -> None:
    """Keep a network running until SIGTERM or Ctrl-C, which may also come while it starts."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        with start(Settings()) as network:
            print(f"Hypernode is up: open {network.url} in a browser  (the API's description: {network.url}/docs)")
            print(
                f"Solana localnet at {network.rpc_url}, everything kept in {network.home}. Ctrl-C stops it.", flush=True
            )
            while True:
                network.check()
                time.sleep(WATCH_EVERY_S)
    except _Stopped:
        return
    except (ChildFailed, BadSettings) as error:
        sys.exit(f"hypernode up: {error}")


class _Stopped(BaseException):
    """Somebody asked us to stop."""


def _stop(*_: object) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # Stopping takes a moment; it must not be cut short.
    raise _Stopped


@contextmanager
def start(settings: Settings) -> Iterator[Network]:
    """A network that runs while the context does. Raises ChildFailed."""
    home = settings.home.expanduser().absolute()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    logs = home / "logs"
    with ExitStack() as running:
        children: list[Child] = []

        def spawn(name: str, arguments: list[str], environment: dict[str, str]) -> Child:
            child = Child(name, arguments, environment, logs / f"{name}.log")
            children.append(child)
            running.callback(child.stop)
            return child

        environment = {"HYPERNODE_HOME": str(home), "PORT": str(settings.port)}
        postgres, database_url = None, settings.database_url
        if not database_url:
            postgres = EmbeddedPostgres(home / "postgres")
            running.callback(postgres.stop)
            try:
                database_url = postgres.start()
            except EmbeddedPostgresError as error:
                raise ChildFailed(str(error)) from error
        environment["DATABASE_URL"] = database_url
        rpc_url = settings.solana_rpc_url
        if not rpc_url:
            rpc_url = _start_localnet(settings, home, spawn)
            environment |= {
                str(Settings.model_fields[name].alias): value
                for name, value in QUICK.items()
                if name not in settings.model_fields_set
            }
        environment["SOLANA_RPC_URL"] = rpc_url
        coordinator = spawn("coordinator", ["coordinator"], environment)
        url = settings.local_url
        wait_until_ready(coordinator, lambda: _healthy(url), READY_WITHIN_S)
        if settings.up_node:
            _start_nodes(url, home, spawn)
        yield Network(url, rpc_url, home, postgres, children)


def demo_settings() -> Settings:
    """For a short visit: a port and a folder of its own, beside whatever else runs here."""
    return Settings(PORT=_free_port(), HYPERNODE_HOME=Settings().home / "demo")


def _start_localnet(settings: Settings, home: Path, spawn: Spawn) -> str:
    folder = home / "localnet"
    arguments = ["localnet", "--folder", str(folder), "--port", str(settings.localnet_port)]
    child = spawn("localnet", [*arguments, *(["--token-2022"] if settings.token_2022 else [])], {})

    def listening() -> bool:
        state = localnet.read(folder)
        return state is not None and state.pid == child.process.pid

    wait_until_ready(child, listening, READY_WITHIN_S)
    state = localnet.read(folder)
    assert state is not None
    return state.rpc_url


def _start_nodes(url: str, home: Path, spawn: Spawn) -> None:
    """A node of a provider, and one of the network's own wallet, which takes audits alone: it checks the first one.

    A key registers a node; its agent gets the node's token alone. Whoever can submit jobs here is on this machine:
    so the node takes them even where the sandbox does not hold.
    """
    folder = home / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    provider = keys.address_of(keys.load_or_create(folder / "provider.json"))
    auditor = keys.address_of(keys.load(folder / "network.json"))
    began_at = iso(datetime.now(UTC))
    started = [
        _start_node("node", ["--price", "1", "--allow-unsandboxed"], folder / "provider.json", url, home, spawn),
        _start_node("auditor", ["--own-jobs-only"], folder / "network.json", url, home, spawn),
    ]
    for node, wallet in zip(started, (provider, auditor), strict=True):
        wait_until_ready(node, partial(_connected, url, wallet, began_at), READY_WITHIN_S)


def _start_node(name: str, more: list[str], key_file: Path, url: str, home: Path, spawn: Spawn) -> Child:
    arguments = ["--coordinator", url, "--wallet", str(key_file), "--home", str(home / name), *more]
    return spawn(name, ["node", "start", *arguments], {"HYPERNODE_NODE_TOKEN": ""})


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.HTTPError:
        return False


def _connected(url: str, wallet: str, since: str) -> bool:
    """Whether a wallet's node has said what it offers, and not only before a restart."""
    try:
        nodes = httpx.get(f"{url}/api/nodes/wallet/{wallet}").json()["nodes"]
    except httpx.HTTPError:
        return False
    return any(node["status"] == "online" and node["engines"] and node["lastSeen"] >= since for node in nodes)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
