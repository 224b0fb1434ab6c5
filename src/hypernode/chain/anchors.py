"""Anchors: the Merkle root of a batch of receipts, in a memo on the chain."""

import re
from dataclasses import dataclass
from typing import Final

from solders.transaction import SanitizeError, VersionedTransaction

from hypernode.chain.rpc import Rpc
from hypernode.chain.tokens import MEMO_PROGRAM

VERSION: Final = 1
NOT_SIGNED: Final = "the node's chain transaction is not the one that was signed"
_MEMO: Final = re.compile(r"hypernode:1:([0-9a-f]{64}):([1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A tree's root and how many receipts it covers."""

    root: bytes
    size: int


@dataclass(frozen=True, slots=True)
class AnchorCheck:
    """What the chain says of an anchor. `problem` is empty where it holds; slot and Unix time where it landed."""

    problem: str
    slot: int | None = None
    block_time_s: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the anchor holds."""
        return not self.problem


def memo_text(root: bytes, size: int) -> str:
    """What the memo says: at most 93 bytes."""
    return f"hypernode:{VERSION}:{root.hex()}:{size}"


def parse_memo(text: str) -> Anchor | None:
    """The anchor in a memo; None for any other text."""
    found = _MEMO.fullmatch(text)
    return Anchor(bytes.fromhex(found[1]), int(found[2])) if found else None


async def check_anchor(rpc: Rpc, signature: str, root: bytes, size: int, signer: str) -> AnchorCheck:
    """Whether a finalized chain transaction, signed by `signer`, anchors this tree. Raises RpcError.

    The signatures are verified here and the memo is read from the bytes they cover: the node is believed only
    in that the chain took them.
    """
    landed = await rpc.wire_transaction(signature)
    if landed is None:
        return AnchorCheck(f"the chain has no finalized transaction {signature}")
    if landed.err is not None:
        return AnchorCheck(f"the chain transaction failed: {landed.err}", landed.slot, landed.block_time_s)
    try:
        transaction = VersionedTransaction.from_bytes(landed.raw)
        transaction.sanitize()
    except (ValueError, SanitizeError):  # Whoever runs the node may send anything.
        return AnchorCheck(NOT_SIGNED, landed.slot, landed.block_time_s)
    problem = _problem(transaction, signature, Anchor(root, size), signer)
    return AnchorCheck(problem, landed.slot, landed.block_time_s)


def _problem(transaction: VersionedTransaction, signature: str, expected: Anchor, signer: str) -> str:
    if str(transaction.signatures[0]) != signature or not all(transaction.verify_with_results()):
        return NOT_SIGNED
    message = transaction.message
    keys = [str(key) for key in message.account_keys]
    if signer not in keys[: message.header.num_required_signatures]:
        return f"the chain transaction is not signed by {signer}"
    anchors: list[Anchor] = []
    for instruction in message.instructions:
        if keys[instruction.program_id_index] != MEMO_PROGRAM:
            continue
        # The memo program makes sure that every account given to it has signed.
        if signer in (keys[index] for index in instruction.accounts if index < len(keys)):
            anchor = parse_memo(bytes(instruction.data).decode(errors="replace"))
            anchors += [anchor] if anchor else []
    if expected in anchors:
        return ""
    if not anchors:
        return f"the chain transaction holds no anchor by {signer}"
    return f"it anchors root {anchors[0].root.hex()} of {anchors[0].size}, not {expected.root.hex()} of {expected.size}"
