"""Receipts checked without trusting the network: only the file and, for its anchor, a Solana node."""

from hypernode.chain.rpc import Rpc
from hypernode.chain.verify import Check, Checks, ReceiptFile, UnreadableReceipt, Verdict, check, check_offline, read
from hypernode.client.funds import blocking

__all__ = ["Check", "Checks", "Verdict", "verify_receipt"]


def verify_receipt(file: bytes, *, rpc_url: str | None = None, signer: str | None = None) -> Checks:
    """Every check of a receipt file. Without `rpc_url` its anchor, without the network's key its signer is
    unchecked.
    """
    try:
        receipt = read(file)
    except UnreadableReceipt as error:
        return Checks([Check("format", Verdict.FAILED, f"this is no receipt file: {error}")])
    return check_offline(receipt, signer) if rpc_url is None else blocking(_check(receipt, rpc_url, signer))


async def _check(receipt: ReceiptFile, rpc_url: str, signer: str | None) -> Checks:
    rpc = Rpc(rpc_url)
    try:
        return await check(receipt, rpc, signer)
    finally:
        await rpc.aclose()
