"""HYPER on its way from a wallet on the chain to its balance in the network."""

import asyncio
import secrets
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from hypernode.chain.keys import Keypair
from hypernode.chain.rpc import Rpc, RpcError, RpcRefused, RpcUnavailable, Status
from hypernode.chain.transactions import Outcome, Signed, landed, sign_transfer
from hypernode.client.errors import ClientError
from hypernode.domain.money import Amount
from hypernode.protocol.wallets import Vault

T = TypeVar("T")

POLL_S: Final = 0.2
TRANSFER_PATIENCE_S: Final = 300.0
"""By then a chain transaction has landed or expired, unless the Solana node is gone."""
CREDIT_PATIENCE_S: Final = 120.0
"""How long the network may take to credit a deposit that the chain has finalized."""


class DepositFailed(ClientError):
    """The deposit did not arrive. The message says whether HYPER left the wallet."""


async def transfer(vault: Vault, owner: Keypair, amount: Amount, rpc_url: str) -> str:
    """Send base units to the network's vault; the chain transaction's signature, once it is final.

    Raises DepositFailed.
    """
    rpc = Rpc(rpc_url)
    try:
        if (genesis_hash := await rpc.genesis_hash()) != vault.genesis_hash:
            raise DepositFailed(f"{rpc_url} serves cluster {genesis_hash}, the vault is on {vault.genesis_hash}")
        recent = await rpc.latest_blockhash()
        note = f"hypernode:deposit:{secrets.token_hex(8)}"
        signed = sign_transfer(
            owner, vault.mint, vault.token_program, vault.address, amount, recent.blockhash, note=note
        )
        try:
            async with asyncio.timeout(TRANSFER_PATIENCE_S):
                await _send_until_final(rpc, signed, recent.last_valid_block_height)
        except TimeoutError as error:
            sentence = f"{rpc_url} does not say what became of {signed.signature}: look before trying again"
            raise DepositFailed(sentence) from error
        return signed.signature
    except RpcError as error:
        raise DepositFailed(f"the Solana node did not take the deposit, nothing was sent: {error}") from error
    finally:
        await rpc.aclose()


async def airdrop(rpc_url: str, address: str, *, lamports: int, base_units: int) -> None:
    """Ask a localnet's faucet for SOL and HYPER, and wait for them. Both are play money."""
    rpc = Rpc(rpc_url)
    try:
        signatures = [
            await rpc.airdrop(address, lamports),
            await rpc.call("hypernode_faucet", address, base_units),
        ]
        async with asyncio.timeout(TRANSFER_PATIENCE_S):
            # Confirmed, since the next chain transaction is simulated on what is.
            while not all(map(_is_confirmed, (await rpc.signature_statuses(signatures)).values)):
                await asyncio.sleep(POLL_S)
    except (RpcError, TimeoutError) as error:
        raise ClientError(f"{rpc_url} has no faucet that answers; only a localnet has one: {error}") from error
    finally:
        await rpc.aclose()


def _is_confirmed(status: Status | None) -> bool:
    return status is not None and status.confirmation_status in ("confirmed", "finalized")


async def _send_until_final(rpc: Rpc, signed: Signed, last_valid_block_height: int) -> None:
    """The same bytes again and again: they land once at most. Raises RpcError only before anything was sent."""
    sent = False
    while True:
        try:
            await rpc.send(signed.raw)
            sent = True
        except RpcUnavailable:
            sent = True  # Perhaps it was: only the chain knows.
        except RpcRefused as refused:
            if not (sent or refused.already_processed):
                raise
        await asyncio.sleep(POLL_S)
        try:
            fate = await landed(rpc, signed.signature, last_valid_block_height)
        except RpcError:
            continue
        match fate.outcome:
            case Outcome.FINALIZED_OK:
                return
            case Outcome.FINALIZED_ERR:
                raise DepositFailed(f"the chain refused the deposit, no HYPER left the wallet: {fate.error}")
            case Outcome.EXPIRED:
                raise DepositFailed("the deposit expired before it landed, no HYPER left the wallet: try again")
            case Outcome.UNKNOWN:
                pass


def rpc_url_of(vault: Vault, given: str | None) -> str:
    """Where to reach the vault's chain. Only a localnet says so itself."""
    if url := given or vault.rpc_url:
        return url
    raise ClientError("this network's chain is not its own localnet: name a Solana node (--rpc-url, SOLANA_RPC_URL)")


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine for a program that blocks, even where an event loop runs already, as in a notebook."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
