"""Receipts checked by a stranger: the signature, the place in the tree, the tree's anchor on the chain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hypernode.chain import base58, keys
from hypernode.chain.anchors import check_anchor
from hypernode.chain.rpc import Rpc, RpcError
from hypernode.domain import merkle
from hypernode.domain.receipt import MAX_SAFE_INTEGER, Digest, Receipt, canonical, leaf

MAX_FILE_BYTES: Final = 1 << 20
MAX_PROOF: Final = 64
SIGNATURE_BYTES: Final = 64
LONGEST_SIGNATURE: Final = 88
"""Characters of 64 bytes in base58, at most."""

Size = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]


class Inclusion(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Where the receipt stands in its batch's tree. Hashes are hex; the proof runs from the leaf's sibling upwards."""

    leaf_index: Size
    tree_size: Size
    root: Digest
    proof: Annotated[tuple[Digest, ...], Meta(max_length=MAX_PROOF)]


class Anchoring(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The chain transaction that holds the tree's root."""

    transaction: str
    slot: Size
    genesis_hash: str


class ReceiptFile(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A receipt with all that proves it. `signature` (base58) is the signer's, over the receipt's canonical JSON."""

    receipt: Receipt
    signature: str
    signer: str
    merkle: Inclusion | None = None
    anchor: Anchoring | None = None


class Verdict(StrEnum):
    """What became of one check."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, and a sentence on what was found."""

    name: str
    verdict: Verdict
    detail: str


@dataclass(frozen=True, slots=True)
class Checks:
    """All checks of one file."""

    items: Sequence[Check]

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return any(item.verdict is Verdict.FAILED for item in self.items)

    @property
    def complete(self) -> bool:
        """Whether everything was checked and holds."""
        return all(item.verdict is Verdict.OK for item in self.items)


class UnreadableReceipt(ValueError):
    """The file is no receipt file; the message says what is wrong where."""


def read(data: bytes) -> ReceiptFile:
    """A receipt file's content. Unknown fields are refused: they would be unproved. Raises UnreadableReceipt."""
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableReceipt(f"a receipt file has at most {MAX_FILE_BYTES} bytes")
    try:
        return msgspec.json.decode(data, type=ReceiptFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableReceipt(str(error)) from error


def check_offline(file: ReceiptFile, trusted_signer: str | None = None) -> Checks:
    """What the file alone can prove. The tree's size and the anchor's truth need the chain: see `check`."""
    return Checks([*_own_checks(file, trusted_signer), _not_checked("anchor", "needs an RPC node")])


async def check(file: ReceiptFile, rpc: Rpc, trusted_signer: str | None = None) -> Checks:
    """All that the file and the chain can prove. A node that cannot be reached leaves the anchor unchecked."""
    return Checks([*_own_checks(file, trusted_signer), await _anchor_check(file, rpc)])


def _own_checks(file: ReceiptFile, trusted_signer: str | None) -> Iterator[Check]:
    yield _signer_check(file, trusted_signer)
    yield _signature_check(file)
    yield _sum_check(file.receipt)
    yield _inclusion_check(file)


def _signer_check(file: ReceiptFile, trusted: str | None) -> Check:
    if trusted is None:
        return _not_checked("signer", f"signed by {file.signer}; name the network's key to compare it")
    if file.signer != trusted:
        return _failed("signer", f"signed by {file.signer}, not by the network's key {trusted}")
    return _ok("signer", f"signed by the network's key {trusted}")


def _signature_check(file: ReceiptFile) -> Check:
    if not _is_signature(file.signature):
        return _failed("signature", "it is not 64 bytes in base58")
    if not keys.is_wallet_address(file.signer):
        return _failed("signature", f"the signer {file.signer} is no address")
    if not keys.verify(file.signer, base58.decode(file.signature), canonical(file.receipt)):
        return _failed("signature", f"{file.signer} did not sign this receipt: it, or the signature, was altered")
    return _ok("signature", "covers the whole receipt")


def _sum_check(receipt: Receipt) -> Check:
    parts = receipt.provider_part + receipt.network_part
    if parts != receipt.cost:
        return _failed("cost", f"the parts add up to {parts} base units, the cost is {receipt.cost}")
    return _ok("cost", f"{receipt.units} {receipt.unit} for {receipt.cost} base units; the parts add up")


def _inclusion_check(file: ReceiptFile) -> Check:
    if file.merkle is None:
        return _not_checked("inclusion", "the receipt is in no batch yet")
    proof = [bytes.fromhex(sibling) for sibling in file.merkle.proof]
    root = bytes.fromhex(file.merkle.root)
    if not merkle.verify(leaf(file.receipt), file.merkle.leaf_index, file.merkle.tree_size, proof, root):
        place = f"{file.merkle.leaf_index} of {file.merkle.tree_size}"
        return _failed(
            "inclusion", f"the proof does not lead from this receipt, as leaf {place}, to root {file.merkle.root}"
        )
    return _ok("inclusion", f"leaf {file.merkle.leaf_index} of {file.merkle.tree_size} under root {file.merkle.root}")


async def _anchor_check(file: ReceiptFile, rpc: Rpc) -> Check:
    if file.anchor is None or file.merkle is None:
        if file.anchor is not None:
            return _failed("anchor", "there is an anchor but no proof that leads to it")
        return _not_checked("anchor", "the receipt is not anchored yet")
    anchor, tree = file.anchor, file.merkle
    if anchor.genesis_hash != file.receipt.network:
        return _failed("anchor", f"it is on cluster {anchor.genesis_hash}, the receipt on {file.receipt.network}")
    if not _is_signature(anchor.transaction):
        return _failed("anchor", f"{anchor.transaction} is no chain transaction's signature")
    try:
        genesis_hash = await rpc.genesis_hash()
        if genesis_hash != anchor.genesis_hash:
            return _not_checked(
                "anchor", f"{rpc.url} serves cluster {genesis_hash}, the anchor is on {anchor.genesis_hash}"
            )
        found = await check_anchor(rpc, anchor.transaction, bytes.fromhex(tree.root), tree.tree_size, file.signer)
    except RpcError as error:
        return _not_checked("anchor", f"the node gave no answer: {error}")
    if not found.ok:
        return _failed("anchor", found.problem)
    if found.slot != anchor.slot:
        return _failed("anchor", f"the chain transaction landed in slot {found.slot}, not {anchor.slot}")
    return _ok("anchor", f"chain transaction {anchor.transaction} in slot {found.slot}, finalized")


def _is_signature(text: str) -> bool:
    return len(text) <= LONGEST_SIGNATURE and base58.is_canonical(text, SIGNATURE_BYTES)


def _ok(name: str, detail: str) -> Check:
    return Check(name, Verdict.OK, detail)


def _failed(name: str, detail: str) -> Check:
    return Check(name, Verdict.FAILED, detail)


def _not_checked(name: str, detail: str) -> Check:
    return Check(name, Verdict.NOT_CHECKED, detail)
