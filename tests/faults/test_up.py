"""`hypernode up`: starts, serves, stops without leaving anything behind, and finds its things again."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from hypernode.chain.keys import Keypair, address_of
from hypernode.client import Client
from tests.faults.actors import DONE, LIMIT_S, Worker, submit, until, wasm
from tests.network import Process, eventually, free_port


class Up(Process):
    """`hypernode up` in a home of its own."""

    def __init__(self, home: Path, logs: Path, **settings: str) -> None:
        port = free_port()
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        environment = {"PORT": str(port), "HYPERNODE_HOME": str(home), "HYPERNODE_UP_NODE": "false"} | settings
        super().__init__("up", ["-m", "hypernode", "up"], environment, logs)

    def ready(self) -> "Up":
        eventually(lambda: self.alive() and "Hypernode is up" in self.log.read_text(), "the network", LIMIT_S)
        return self

    def family(self) -> dict[str, psutil.Process]:
        """All processes below it, by a word of what they are."""
        words = ("localnet", "coordinator", "node start", "postgres")
        found = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            line = " ".join(child.cmdline())
            found |= {word: child for word in words if word in line and word not in found}
        return found

    def ended(self) -> int:
        """Its exit status, once it has ended."""
        return self.process.wait(LIMIT_S)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Used again and again: making a cluster takes a while."""
    return tmp_path_factory.mktemp("up")


@pytest.fixture
def starting(home: Path, logs: Path) -> Iterator[list[Up]]:
    """What a test starts, it need not stop."""
    started: list[Up] = []
    yield started
    for each in started:
        each.stop()


def _all_gone(family: dict[str, psutil.Process]) -> bool:
    return not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in family.values())


def _assert_nothing_is_left(family: dict[str, psutil.Process]) -> None:
    def look() -> bool:
        try:
            return _all_gone(family)
        except psutil.NoSuchProcess:
            return False

    eventually(look, "all children to end", LIMIT_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_where_it_was_told_and_stops_in_order(
    home: Path, logs: Path, starting: list[Up], number: signal.Signals
):
    starting.append(up := Up(home, logs))
    up.ready()
    assert httpx.get(f"{up.url}/health").json()["status"] == "healthy"
    family = up.family()
    assert set(family) == {"localnet", "coordinator", "postgres"}
    assert {"postgres", "localnet", "keys", "logs"} <= {path.name for path in home.iterdir()}

    up.signal(number)

    assert up.ended() == 0, up.log.read_text()
    _assert_nothing_is_left(family)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{up.url}/health")


def test_nothing_is_left_behind_when_it_is_killed_and_all_is_found_again(home: Path, logs: Path, starting: list[Up]):
    starting.append(up := Up(home, logs))
    up.ready()
    owner = Keypair()
    with Client(up.url, wallet=owner) as client, Worker(up.url) as worker:
        client.airdrop(hyper="10")
        client.deposit("7")
        job = submit(client, wasm(DONE), budget="2")
        assert worker.report(worker.take(job.job_id))
        eventually(lambda: client.receipt(job.job_id).get("anchor"), "the anchor", LIMIT_S)
        eventually(lambda: [p for p in client.payouts(worker.wallet) if p.finalized_at], "the payout", LIMIT_S)
        before = client.wallet(), client.receipt(job.job_id), list(client.payouts(worker.wallet))
        assert before[0].wallet.balance < 7
    family = up.family()

    up.kill()

    _assert_nothing_is_left(family)
    starting.append(again := Up(home, logs))
    again.ready()
    with Client(again.url, wallet=owner) as client:
        after = client.wallet(), client.receipt(job.job_id), list(client.payouts(worker.wallet))
        assert after[0].wallet == before[0].wallet
        assert after[0].vault.address == before[0].vault.address
        assert after[0].vault.mint == before[0].vault.mint
        assert after[1:] == before[1:]
        client.deposit("1")  # The chain goes on, and the watcher where it was.
        eventually(lambda: client.wallet().wallet.balance > before[0].wallet.balance, "the deposit", LIMIT_S)


def test_a_second_one_on_the_same_home_is_refused(home: Path, logs: Path, starting: list[Up]):
    starting.append(first := Up(home, logs))
    first.ready()

    starting.append(second := Up(home, logs))

    assert second.ended() == 1
    assert f"in use by process {first.process.pid}" in second.log.read_text()
    assert "Traceback" not in second.log.read_text()
    assert httpx.get(f"{first.url}/health").is_success


@pytest.mark.parametrize("part", ["localnet", "coordinator"])
def test_it_ends_and_says_so_when_a_part_of_it_is_killed(home: Path, logs: Path, starting: list[Up], part: str):
    starting.append(up := Up(home, logs))
    up.ready()
    family = up.family()

    family[part].kill()

    assert up.ended() == 1
    assert f"hypernode up: {part} ended with status -9" in up.log.read_text()
    _assert_nothing_is_left(family)


def test_it_starts_its_database_again_when_that_is_killed(home: Path, logs: Path, starting: list[Up]):
    starting.append(up := Up(home, logs))
    up.ready()
    killed = up.family()["postgres"]

    os.kill(killed.pid, signal.SIGKILL)

    def works() -> bool:
        answer = httpx.post(f"{up.url}/api/jobs", json={
            "walletAddress": address_of(Keypair()), "jobType": "generic_compute", "input": wasm(DONE),
        })  # fmt: skip
        assert answer.status_code in (201, 503)
        return answer.status_code == 201 and killed.pid != up.family()["postgres"].pid

    eventually(works, "the database to be back", LIMIT_S)
    up.alive()


def test_its_own_node_works_and_leaves_with_it(home: Path, logs: Path, starting: list[Up]):
    starting.append(up := Up(home, logs, HYPERNODE_UP_NODE="true"))
    up.ready()
    family = up.family()
    assert set(family) == {"localnet", "coordinator", "postgres", "node start"}
    with Client(up.url, wallet=Keypair()) as client:
        client.airdrop(hyper="1")
        client.deposit("1")
        job = submit(client, wasm(DONE), budget="1")
        until(client, job.job_id, "completed")

    up.kill()

    _assert_nothing_is_left(family)


def test_it_says_that_its_port_is_taken(home: Path, logs: Path, starting: list[Up]):
    starting.append(first := Up(home, logs))
    first.ready()

    starting.append(second := Up(home.with_name("other"), logs, PORT=first.url.rsplit(":", 1)[1]))

    assert second.ended() == 1
    assert "address already in use" in second.log.read_text().lower()
    assert "Traceback" not in second.log.read_text()
