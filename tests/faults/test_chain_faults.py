"""The chain misbehaves as real ones do: what was earned is paid once, what was deposited is credited once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from hypernode.chain.keys import Keypair
from hypernode.client import ApiError, Client
from hypernode.store.embedded import EmbeddedPostgres
from tests.faults.actors import (
    DONE,
    LIMIT_S,
    UNITS,
    Worker,
    assert_paid_once,
    customer,
    earned,
    ledger_faults,
    on_chain,
    pull,
    restarted,
    send_to_vault,
    submit,
    until,
    wasm,
)
from tests.faults.conftest import Chain
from tests.network import Coordinator, TestNetwork, eventually, new_database

ONLY_PAYOUTS = {"HYPERNODE_ANCHOR_EVERY_S": "3600"}
"""A lever works on the next transaction that is sent: let that be the payout."""


one_token_program = pytest.mark.parametrize("running", ["spl-token"], indirect=True)
"""For what does not depend on the token program."""


@dataclass
class Running:
    """A network whose coordinator tests may kill and start again."""

    network: TestNetwork
    coordinator: Coordinator

    def restart(self) -> None:
        self.coordinator = restarted(self.network, self.coordinator, **ONLY_PAYOUTS).ready()


@pytest.fixture(scope="module", params=["spl-token", "token-2022"])
def running(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: EmbeddedPostgres,
    chain_of: Callable[[str], Chain],
) -> Iterator[Running]:
    """One for each token program that HYPER may have."""
    network = TestNetwork(tmp_path_factory.mktemp("home"), new_database(postgres), *chain_of(request.param))
    network.environment["HYPERNODE_RPC_TIMEOUT_S"] = "2"
    try:
        yield Running(network, network.coordinator(**ONLY_PAYOUTS).ready())
    finally:
        network.stop()


@pytest.fixture(autouse=True)
def levers(running: Running) -> Iterator[None]:
    """What a test did not use must not befall the next one: the localnet is everybody's."""
    yield
    pull(running.network, "clear")


def run_one(client: Client, worker: Worker) -> None:
    """A job is done, and earns its provider something."""
    job = submit(client, wasm(DONE), budget="1")
    assert worker.report(worker.take(job.job_id))
    assert until(client, job.job_id, "completed").metrics.cost > 0


@pytest.mark.parametrize("fault", ["hang", "bad_gateway", "drop", "fail"])
def test_a_provider_is_paid_once_whatever_becomes_of_the_first_attempt(running: Running, fault: str):
    with customer(running.coordinator, hyper="2", deposit="2") as client, Worker(running.coordinator.url) as worker:
        pull(running.network, fault)

        run_one(client, worker)

        assert_paid_once(running.network, [worker.wallet])
        assert on_chain(running.network, worker.wallet) > 0
    failed = running.network.rows("SELECT error FROM chain_transaction WHERE state = 'failed' AND error <> 'expired'")
    assert len(failed) == (1 if fault == "fail" else len(failed))


@one_token_program
def test_a_payout_whose_blockhash_expired_is_signed_anew_and_paid_once(running: Running):
    with customer(running.coordinator, hyper="2", deposit="2") as client, Worker(running.coordinator.url) as worker:
        for _ in range(40):  # The same bytes are sent again and again.
            pull(running.network, "drop")
        run_one(client, worker)
        sent = "SELECT signature FROM chain_transaction WHERE state = 'sent'"
        first = eventually(lambda: running.network.rows(sent), "a payout to be sent", LIMIT_S)

        pull(running.network, "warp", 200)

        assert_paid_once(running.network, [worker.wallet])
        assert on_chain(running.network, worker.wallet) > 0
    fate_of = "SELECT state, error FROM chain_transaction WHERE signature = $1"
    fate = running.network.rows(fate_of, first[0]["signature"])
    assert fate == [{"state": "failed", "error": "expired"}]


@one_token_program
def test_a_deposit_that_is_seen_twice_is_credited_once(running: Running):
    with customer(running.coordinator, hyper="3", deposit="3") as client:
        running.network.rows("DELETE FROM deposit_cursor")
        eventually(lambda: running.network.rows("SELECT 1 FROM deposit_cursor"), "the history to be read again")
        assert client.wallet().wallet.balance == 3
    assert ledger_faults(running.network) == []


@one_token_program
def test_deposits_that_arrive_while_the_coordinator_is_down_are_credited_when_it_is_back(running: Running):
    with running.coordinator.client(owner := Keypair()) as client:
        client.airdrop(hyper="100")
        vault = client.wallet().vault.address
        running.coordinator.kill()
        amounts = [UNITS + number for number in range(30)]  # More than one page of the vault's history.
        send_to_vault(running.network, owner, vault, amounts)

        running.restart()

        expected = sum(amounts) / UNITS
        eventually(lambda: client.wallet().wallet.balance >= expected, "the deposits to be credited", LIMIT_S)
        assert client.wallet().wallet.balance == pytest.approx(expected)
        assert len(list(client.statement())) == len(amounts)
    assert ledger_faults(running.network) == []


@pytest.mark.parametrize("fault", [None, "hang", "fail"])
def test_a_withdrawal_arrives_on_the_chain_once(running: Running, fault: str | None):
    with customer(running.coordinator, hyper="5", deposit="5") as client:
        if fault:
            pull(running.network, fault)

        client.withdraw("3.000001", idempotency_key="once")
        client.withdraw("3.000001", idempotency_key="once")

        done = "SELECT 1 FROM payout WHERE wallet = $1 AND state = 'finalized'"
        eventually(lambda: running.network.rows(done, client.address), "the withdrawal to be final", LIMIT_S)
        eventually(lambda: on_chain(running.network, client.address), "the withdrawal to arrive", LIMIT_S)
        assert on_chain(running.network, client.address) == 3_000_001
        assert client.wallet().wallet.balance == pytest.approx(1.999999)
        with pytest.raises(ApiError) as refused:
            client.withdraw("2")
        assert refused.value.code == "insufficient_balance"
    assert ledger_faults(running.network) == []


@one_token_program
def test_what_was_earned_before_the_chain_went_away_is_paid_when_it_is_back(running: Running):
    with customer(running.coordinator, hyper="2", deposit="2") as client, Worker(running.coordinator.url) as worker:
        for fault in ("hang", "bad_gateway", "fail", "drop", "hang"):
            pull(running.network, fault)
        for _ in range(3):
            run_one(client, worker)
        running.coordinator.kill()

        running.restart()

        assert_paid_once(running.network, [worker.wallet])
        assert on_chain(running.network, worker.wallet) == earned(running.network, worker.wallet) > 0
