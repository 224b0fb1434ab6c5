"""PostgreSQL, a localnet and any number of coordinators on them, in processes of their own, as an operator has them."""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import psutil

from bench import harness
from bench.harness import NO_RATE_LIMIT, READY_WITHIN_S, Server
from hypernode.chain import localnet
from hypernode.store.embedded import EmbeddedPostgres
from hypernode.wiring.processes import Child, wait_until_ready

HYPERNODE: Final = str(Path(sys.executable).parent / "hypernode")
LOOK_EVERY_S: Final = 0.02
ALL_WITHIN_S: Final = 300.0


@dataclass(frozen=True)
class Cluster:
    """What the coordinators share."""

    home: Path
    postgres: EmbeddedPostgres
    postgres_tree: Server  #: Its processes, for their CPU time.
    chain: localnet.Localnet
    chain_tree: Server

    def new_database(self) -> str:
        """An empty database; its URL."""
        name = f"bench_{uuid4().hex}"
        asyncio.run(run_sql(self.postgres.dsn, f'CREATE DATABASE "{name}"'))
        return self.postgres.dsn.replace("/postgres?", f"/{name}?")

    @contextlib.contextmanager
    def coordinator(self, database_url: str, **settings: str) -> Iterator[Server]:
        """A coordinator as in production, its rate limit apart. All share one home, and so the network's keys."""
        env = {
            "HYPERNODE_HOME": str(self.home),
            "DATABASE_URL": database_url,
            "SOLANA_RPC_URL": self.chain.rpc_url,
            "HYPERNODE_RATE_LIMIT": NO_RATE_LIMIT,
            **settings,
        }
        with harness.serving("hypernode", [HYPERNODE, "coordinator"], self.home, env) as server:
            yield server


@contextlib.contextmanager
def cluster(*, token_2022: bool = False) -> Iterator[Cluster]:
    """PostgreSQL and a localnet in a temporary home."""
    with tempfile.TemporaryDirectory(prefix="hypernode-bench-") as folder, contextlib.ExitStack() as running:
        home = Path(folder)
        postgres = running.enter_context(EmbeddedPostgres(home / "postgres"))
        assert postgres.process is not None
        chain_folder = home / "localnet"
        arguments = ["localnet", "--folder", str(chain_folder), "--port", "0", *(["--token-2022"] * token_2022)]
        child = Child("localnet", arguments, {}, home / "localnet.log")
        running.callback(child.stop)
        wait_until_ready(child, lambda: localnet.read(chain_folder) is not None, READY_WITHIN_S)
        chain = localnet.read(chain_folder)
        assert chain is not None
        yield Cluster(
            home,
            postgres,
            Server("postgresql", 0, psutil.Process(postgres.process.pid)),
            chain,
            Server("localnet", 0, psutil.Process(child.process.pid)),
        )


async def run_sql(url: str, statement: str, *arguments: object) -> list[dict[str, Any]]:
    """All rows of one statement."""
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(statement, *arguments)]
    finally:
        await connection.close()


async def until_true(url: str, statement: str, *arguments: object) -> None:
    """Wait until a statement's first column is true. Raises TimeoutError."""
    connection = await asyncpg.connect(url)
    try:
        deadline = time.monotonic() + ALL_WITHIN_S
        while not await connection.fetchval(statement, *arguments):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {ALL_WITHIN_S:.0f} s: {statement}")
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        await connection.close()


def cores() -> int:
    """How many this machine has."""
    return os.cpu_count() or 1
