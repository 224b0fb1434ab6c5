"""PostgreSQL is killed under load: what was acknowledged is there afterwards, and the coordinator goes on by itself."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from hypernode.chain.keys import Keypair, address_of
from hypernode.store.embedded import EmbeddedPostgres
from tests.faults.actors import DONE, LIMIT_S, Worker, ledger_faults, submit, until, wasm
from tests.faults.conftest import Chain
from tests.network import TestNetwork, eventually, new_database

CLIENTS = 4
KILLS = 2
AFTER_EACH = 30
"""Submissions that are acknowledged before the next kill."""


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server that may be killed: nobody else uses it."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("own")) as server:
        yield server


class Load:
    """Clients that submit jobs without pause, and write down what they were told."""

    def __init__(self, url: str) -> None:
        self.acknowledged: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.unexpected: list[str] = []
        self._url = url
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._submit, daemon=True) for _ in range(CLIENTS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(LIMIT_S)

    def _submit(self) -> None:
        body = {
            "walletAddress": address_of(Keypair()), "jobType": "generic_compute", "input": wasm(DONE),
            "requirements": {"capabilities": ["nobody has this"]},
        }  # fmt: skip
        with httpx.Client(base_url=self._url, timeout=60) as http:
            while not self._stopping.is_set():
                answer = http.post("/api/jobs", json=body)
                self.statuses[answer.status_code] += 1
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json()["job"]["jobId"])
                elif answer.status_code != 503 or answer.headers["content-type"] != "application/problem+json":
                    self.unexpected.append(answer.text)


def test_no_acknowledged_job_is_lost_and_the_coordinator_goes_on(
    own_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, chain: Chain
):
    network = TestNetwork(tmp_path_factory.mktemp("home"), new_database(own_postgres), *chain)
    try:
        coordinator = network.coordinator(HYPERNODE_POLL_LEASE_TTL_S="5").ready()
        with coordinator.client(Keypair()) as client, Worker(coordinator.url, price="0") as worker:
            running = submit(client, wasm(DONE))
            offer = worker.take(running.job_id)
            with Load(coordinator.url) as load:
                for _ in range(KILLS):
                    enough = len(load.acknowledged) + AFTER_EACH
                    eventually(lambda enough=enough: len(load.acknowledged) >= enough, "load", LIMIT_S)
                    refused = load.statuses[503]
                    _kill(own_postgres)
                    eventually(lambda refused=refused: load.statuses[503] > refused, "a 503", LIMIT_S)
                    assert own_postgres.start() in network.database_url.replace(_name(network), "postgres")
                enough = len(load.acknowledged) + AFTER_EACH
                eventually(lambda: len(load.acknowledged) >= enough, "the coordinator to go on", LIMIT_S)

            assert load.unexpected == []
            assert set(load.statuses) == {201, 503}
            stored = {str(row["job_id"]) for row in network.rows("SELECT job_id FROM job")}
            assert set(load.acknowledged) <= stored
            _finish(worker, offer)
            again = submit(client, wasm(DONE))
            worker.serve()
            until(client, running.job_id, "completed")
            until(client, again.job_id, "completed")
        assert coordinator.alive()
        assert ledger_faults(network) == []
    finally:
        network.stop()


def _kill(server: EmbeddedPostgres) -> None:
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    server.wait(LIMIT_S)
    server.stop()


def _name(network: TestNetwork) -> str:
    return network.database_url.split("@/", 1)[1].split("?", 1)[0]


def _finish(worker: Worker, offer: dict[str, str]) -> None:
    """The job that ran when the database went: its node reports, whether the lease still lives or not."""
    worker.say(worker.hello | {"leases": [offer["leaseId"]]})
    worker.report(offer)
