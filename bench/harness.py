"""What the benches share: servers started as real processes on 127.0.0.1, watched and stopped whatever happens."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import httpx
import psutil

ROOT: Final = Path(__file__).parent.parent
PEERS: Final = Path(__file__).parent / "peers"
HOST: Final = "127.0.0.1"
READY_WITHIN_S: Final = 60.0
STOPPED_WITHIN_S: Final = 20.0
NO_RATE_LIMIT: Final = "1000000000/second"
KEPT_ENV: Final = ("PATH", "HOME", "LANG", "TMPDIR", "PG_BINDIR")
"""A server inherits no more: no bench may reach somebody's DATABASE_URL."""


@dataclass(frozen=True)
class Server:
    """A server that answers, and all the processes it consists of."""

    name: str
    port: int
    root: psutil.Process

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def processes(self) -> list[psutil.Process]:
        return [self.root, *self.root.children(recursive=True)]

    def cpu_s(self) -> float:
        """CPU time so far of all its processes; a child that ended counts with the parent that reaped it."""
        total = 0.0
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])
        return total

    def listener(self) -> psutil.Process:
        """The one process that serves the port."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(c.laddr.port == self.port for c in process.net_connections("tcp") if c.status == "LISTEN"):
                    return process
        raise RuntimeError(f"no process of {self.name} listens on {self.port}")


@contextlib.contextmanager
def coordinator() -> Iterator[Server]:
    """`hypernode up` with an empty home and no node of its own."""
    command = [str(Path(sys.executable).parent / "hypernode"), "up"]
    with tempfile.TemporaryDirectory(prefix="hypernode-bench-") as home:
        env = {"HYPERNODE_HOME": home, "HYPERNODE_UP_NODE": "0", "HYPERNODE_RATE_LIMIT": NO_RATE_LIMIT}
        with serving("hypernode", command, home, env) as server:
            yield server


@contextlib.contextmanager
def express() -> Iterator[Server]:
    """A peer: Express, everything in memory."""
    with serving("express", ["node", "express.js"], PEERS, {"NODE_ENV": "production"}) as server:
        yield server


@contextlib.contextmanager
def fastapi() -> Iterator[Server]:
    """A peer: FastAPI and asyncpg, on a PostgreSQL of its own."""
    with serving("fastapi", [sys.executable, "fastapi_app.py"], PEERS, {}) as server:
        yield server


def machine_cpu_s() -> float:
    """CPU time so far of everything on this machine."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0)


def end_on_sigterm() -> None:
    """Make SIGTERM unwind the stack as Ctrl-C does, so that every server is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@contextlib.contextmanager
def serving(name: str, command: Sequence[str], cwd: str | Path, env: Mapping[str, str]) -> Iterator[Server]:
    """A server that is told its PORT and answers GET /health; stopped with all its children."""
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        inherited = {key: os.environ[key] for key in KEPT_ENV if key in os.environ}
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env={**inherited, **env, "PORT": str(port)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            server = Server(name, port, psutil.Process(child.pid))
            _wait_until_healthy(server, child, log)
            yield server
        finally:
            _stop(child)


def _wait_until_healthy(server: Server, child: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.url}/health", timeout=2).status_code == httpx.codes.OK:
                return
        time.sleep(0.05)
    log.seek(0)
    raise RuntimeError(
        f"{server.name} did not start (exit {child.poll()}):\n{log.read()[-4000:].decode(errors='replace')}"
    )


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, then kill what is left of its tree."""
    try:
        descendants = psutil.Process(child.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        descendants = []
    child.terminate()
    try:
        child.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for process in descendants:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(descendants, timeout=STOPPED_WITHIN_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
