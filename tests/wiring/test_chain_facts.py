"""What the network tells everybody of its chain."""

import pytest

from hypernode.api.services import ChainFacts
from hypernode.wiring.chain import CLUSTERS, LOCALNET, told
from hypernode.wiring.settings import Settings

OPERATORS_OWN = "https://rpc.example/?api-key=sesame"


def facts(network: str, **settings: str) -> ChainFacts:
    return told(Settings(SOLANA_RPC_URL=OPERATORS_OWN, **settings), network, "genesis", "key")


@pytest.mark.parametrize("network", [*CLUSTERS.values(), "a genesis hash that nobody knows"])
def test_the_operators_own_rpc_is_told_to_nobody(network: str):
    assert "sesame" not in repr(facts(network))


def test_a_public_cluster_has_a_public_rpc_and_another_has_none():
    assert facts("devnet").public_rpc_url == "https://api.devnet.solana.com"
    assert facts("a genesis hash that nobody knows").public_rpc_url is None


def test_a_localnet_is_reached_where_it_is():
    assert facts(LOCALNET).public_rpc_url == facts(LOCALNET).localnet_rpc_url == OPERATORS_OWN


def test_the_operator_may_name_another_one():
    named = facts("mainnet-beta", HYPERNODE_PUBLIC_RPC_URL="https://public.example")

    assert named.public_rpc_url == "https://public.example"
    assert named.localnet_rpc_url is None
