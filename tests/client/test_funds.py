"""Deposits and play money on a real localnet."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from hypernode.chain import localnet, tokens
from hypernode.chain.keys import Keypair, address_of
from hypernode.chain.rpc import Rpc
from hypernode.client import DepositFailed
from hypernode.client.funds import airdrop, transfer
from hypernode.domain.money import Amount
from hypernode.protocol.wallets import Vault

STARTS_WITHIN_S = 30.0
SOL = 10**9


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[localnet.Localnet]:
    folder = tmp_path_factory.mktemp("localnet")
    command = [sys.executable, "-m", "hypernode.chain.localnet", "--folder", str(folder), "--port", "0"]
    process = subprocess.Popen([*command, "--slot-ms", "20", "--finalize-slots", "2"])
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while (state := localnet.read(folder)) is None:
            assert process.poll() is None, "the localnet ended"
            assert time.monotonic() < deadline, "the localnet did not start"
            time.sleep(0.02)
        yield state
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def vault(chain: localnet.Localnet) -> Vault:
    address = address_of(Keypair())
    return Vault(
        address=address,
        token_account=tokens.ata(address, chain.mint, chain.token_program),
        mint=chain.mint,
        token_program=chain.token_program,
        decimals=6,
        genesis_hash=chain.genesis_hash,
        rpc_url=chain.rpc_url,
    )


async def test_two_equal_deposits_both_arrive(chain: localnet.Localnet, vault: Vault):
    owner = Keypair()
    await airdrop(chain.rpc_url, address_of(owner), lamports=SOL, base_units=100)

    signatures = {await transfer(vault, owner, Amount(40), chain.rpc_url) for _ in range(2)}

    rpc = Rpc(chain.rpc_url)
    assert await rpc.token_balance(vault.token_account, "finalized") == 80
    assert len(signatures) == 2
    await rpc.aclose()


async def test_a_wallet_without_the_money_is_told_that_nothing_was_sent(chain: localnet.Localnet, vault: Vault):
    owner = Keypair()
    await airdrop(chain.rpc_url, address_of(owner), lamports=SOL, base_units=10)

    with pytest.raises(DepositFailed, match="nothing was sent"):
        await transfer(vault, owner, Amount(11), chain.rpc_url)


async def test_a_node_of_another_cluster_is_never_sent_money(chain: localnet.Localnet, vault: Vault):
    vault.genesis_hash = "another"

    with pytest.raises(DepositFailed, match="serves cluster"):
        await transfer(vault, Keypair(), Amount(1), chain.rpc_url)
