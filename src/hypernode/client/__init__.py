"""The Python SDK: `Client` for programs that block, `AsyncClient` for asyncio."""

from hypernode.chain.keys import InvalidKeyFile, Keypair, is_wallet_address
from hypernode.chain.keys import create as create_wallet
from hypernode.chain.keys import load as load_wallet
from hypernode.client.async_client import AsyncClient
from hypernode.client.errors import ApiError, ClientError, InvalidUrl, JobFailed, NoWallet, Unreachable, WrongContent
from hypernode.client.funds import DepositFailed
from hypernode.client.receipts import Check, Checks, Verdict, verify_receipt
from hypernode.client.sync_client import Client

__all__ = [
    "ApiError",
    "AsyncClient",
    "Check",
    "Checks",
    "Client",
    "ClientError",
    "DepositFailed",
    "InvalidKeyFile",
    "InvalidUrl",
    "JobFailed",
    "Keypair",
    "NoWallet",
    "Unreachable",
    "Verdict",
    "WrongContent",
    "create_wallet",
    "is_wallet_address",
    "load_wallet",
    "verify_receipt",
]
