"""Connects to Solana, and refuses to start on a chain or a mint that the settings do not allow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hypernode.api.services import ChainFacts
from hypernode.chain import keys, localnet, tokens
from hypernode.chain.rpc import Rpc
from hypernode.coordinator.vault import Vault
from hypernode.wiring.settings import LOOPBACK, Auth, BadSettings, Settings

HYPER_MINT: Final = "92s9qna3djkMncZzkacyNQ38UKnNXZFh4Jgqe3Cmpump"
LOCALNET: Final = "localnet"
CLUSTERS: Final = {
    "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d": "mainnet-beta",
    "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG": "devnet",
    "4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY": "testnet",
}
"""Genesis hashes of Solana's public clusters (Solana docs, "Clusters and Public RPC Endpoints")."""
PUBLIC_RPC_URLS: Final = {name: f"https://api.{name}.solana.com" for name in CLUSTERS.values()}
"""The endpoints that Solana runs for everybody (the same page)."""
LOCALNET_LAMPORTS: Final = 10**12
LEAST_LAMPORTS: Final = 10**9


@dataclass(frozen=True, slots=True)
class ChainConnection:
    """A chain that suits the settings, the network's vault and its signing key."""

    rpc: Rpc
    vault: Vault
    network_key: keys.Keypair
    facts: ChainFacts


async def connect(settings: Settings) -> ChainConnection:
    """Check the cluster and the mint. Raises BadSettings, UnsuitableMint, RpcError."""
    rpc = Rpc(settings.solana_rpc_url, timeout_s=settings.rpc_timeout_s)
    genesis_hash = await rpc.genesis_hash()
    own = localnet.read(settings.home / "localnet")
    is_localnet = own is not None and own.genesis_hash == genesis_hash
    network = LOCALNET if is_localnet else CLUSTERS.get(genesis_hash, genesis_hash)
    _check(settings, network)
    address = settings.hyper_token_mint or (own.mint if own is not None and is_localnet else HYPER_MINT)
    mint = tokens.inspect_mint(address, await rpc.account(address))
    folder = settings.home / "keys"
    vault = Vault(_key(folder, "vault"), mint)
    network_key = _key(folder, "network")
    if settings.treasury_wallet and not keys.is_wallet_address(settings.treasury_wallet):
        raise BadSettings(f"HYPERNODE_TREASURY_WALLET is no Solana address: {settings.treasury_wallet}")
    if is_localnet:
        for wallet in (vault.address, keys.address_of(network_key)):
            if await rpc.balance(wallet) < LEAST_LAMPORTS:
                await rpc.airdrop(wallet, LOCALNET_LAMPORTS)
    facts = told(settings, network, genesis_hash, keys.address_of(network_key))
    return ChainConnection(rpc, vault, network_key, facts)


def told(settings: Settings, network: str, genesis_hash: str, anchor_key: str) -> ChainFacts:
    """What everybody may know. Not the operator's own RPC, unless it is a localnet: its URL may hold a key."""
    localnet_rpc_url = settings.solana_rpc_url if network == LOCALNET else None
    public_rpc_url = settings.public_rpc_url or localnet_rpc_url or PUBLIC_RPC_URLS.get(network)
    return ChainFacts(
        network=network,
        genesis_hash=genesis_hash,
        explorer_url=_explorer(network, public_rpc_url),
        anchor_key=anchor_key,
        localnet_rpc_url=localnet_rpc_url,
        public_rpc_url=public_rpc_url,
    )


def _check(settings: Settings, network: str) -> None:
    if network == "mainnet-beta":
        if not settings.mainnet:
            raise BadSettings("SOLANA_RPC_URL is Solana's mainnet, where money is real: set HYPERNODE_MAINNET=true")
        if settings.payout_cap is None:
            raise BadSettings("On mainnet HYPERNODE_PAYOUT_CAP must say how much HYPER may leave in a day")
    elif settings.mainnet:
        raise BadSettings(f"HYPERNODE_MAINNET is set, but SOLANA_RPC_URL is {network}")
    if network == LOCALNET and settings.host not in LOOPBACK:
        raise BadSettings(
            f"The localnet's tokens are worth nothing, so they must not be served on {settings.host}: "
            "set SOLANA_RPC_URL to a cluster, or HYPERNODE_HOST=127.0.0.1"
        )
    if settings.auth is Auth.OPEN and network != LOCALNET:
        raise BadSettings(
            f"HYPERNODE_AUTH=open believes every caller, so it must not be used on {network}: set HYPERNODE_AUTH=signed"
        )


def _key(folder: Path, name: str) -> keys.Keypair:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return keys.load_or_create(folder / f"{name}.json")


def _explorer(network: str, rpc_url: str | None) -> str:
    base = "https://explorer.solana.com"
    if network == "mainnet-beta":
        return base
    if network in CLUSTERS.values():
        return f"{base}?cluster={network}"
    return f"{base}?cluster=custom&customUrl={rpc_url}" if rpc_url else base
