"""Receipts that a stranger checks: every altered byte is found."""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hypernode.chain import base58, keys
from hypernode.chain.anchors import memo_text, parse_memo
from hypernode.chain.keys import Keypair
from hypernode.chain.rpc import Rpc, RpcUnavailable, WireTransaction
from hypernode.chain.transactions import Signed, sign_memo
from hypernode.chain.verify import (
    Anchoring,
    Check,
    Inclusion,
    ReceiptFile,
    UnreadableReceipt,
    Verdict,
    check,
    check_offline,
    read,
)
from hypernode.domain import receipt as receipts
from hypernode.domain.merkle import Tree, leaf_hash
from hypernode.domain.receipt import Receipt, canonical, leaf

NETWORK_KEY = Keypair.from_seed(bytes(range(32)))
TRUSTED = keys.address_of(NETWORK_KEY)
BLOCKHASH = GENESIS = "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N"
SLOT = 435_888_111
RECEIPT = Receipt(
    receipt_id="r", job_id="j", customer="c", provider="p", node_id="n", job_type="generic_compute", model="",
    input_digest="a" * 64, result_digest="b" * 64, artifacts=(), unit="fuel", units=10, cost=10, provider_part=9,
    network_part=1, verdict=receipts.Verdict.PASSED, assurance="none", created_at="2026-11-23T10:00:00.000Z",
    started_at="2026-11-23T10:00:00.100Z", ended_at="2026-11-23T10:00:01.400Z", network=GENESIS,
)  # fmt: skip
INDEX = 0
TREE = Tree([leaf(RECEIPT), *(leaf_hash(bytes([number])) for number in range(4))])
ANCHOR: Signed = sign_memo(NETWORK_KEY, memo_text(TREE.root, TREE.size), BLOCKHASH)
INCLUSION = Inclusion(INDEX, TREE.size, TREE.root.hex(), tuple(sibling.hex() for sibling in TREE.proof(INDEX)))
FILE = ReceiptFile(
    RECEIPT,
    base58.encode(keys.sign(NETWORK_KEY, canonical(RECEIPT))),
    TRUSTED,
    INCLUSION,
    Anchoring(ANCHOR.signature, SLOT, GENESIS),
)
BYTES = msgspec.json.encode(FILE)


@dataclass
class Chain:
    """A cluster on which the anchor landed, or what a test puts in its place."""

    raw: bytes = ANCHOR.raw
    err: Any = None
    genesis: str = GENESIS
    down: bool = False
    url: str = "http://chain"

    async def genesis_hash(self) -> str:
        if self.down:
            raise RpcUnavailable("getGenesisHash", "ConnectError")
        return self.genesis

    async def wire_transaction(self, signature: str) -> WireTransaction | None:
        return WireTransaction(self.raw, SLOT, self.err, 1) if signature == ANCHOR.signature else None


def checked(file: ReceiptFile, chain: Chain | None = None, trusted: str | None = TRUSTED) -> dict[str, Check]:
    checks = asyncio.run(check(file, cast("Rpc", cast("object", chain or Chain())), trusted))
    assert checks.failed == any(item.verdict is Verdict.FAILED for item in checks.items)
    return {item.name: item for item in checks.items}


def test_an_honest_receipt_holds():
    assert {item.verdict for item in checked(FILE).values()} == {Verdict.OK}
    assert read(BYTES) == FILE


def test_without_a_node_the_anchor_stays_unchecked_and_says_so():
    checks = check_offline(FILE, TRUSTED)

    assert [item.name for item in checks.items if item.verdict is Verdict.NOT_CHECKED] == ["anchor"]
    assert not checks.failed
    assert not checks.complete
    assert "ConnectError" in checked(FILE, Chain(down=True))["anchor"].detail


def test_a_signer_that_nobody_vouches_for_is_not_called_right():
    assert checked(FILE, trusted=None)["signer"].verdict is Verdict.NOT_CHECKED
    assert checked(FILE, trusted=keys.address_of(Keypair()))["signer"].verdict is Verdict.FAILED


@given(st.integers(0, len(BYTES) - 1), st.integers(1, 255))
@example(BYTES.index(b'"treeSize":5') + 11, ord("5") ^ ord("6"))
@example(BYTES.index(b'"slot":') + 7, ord("4") ^ ord("5"))
def test_every_altered_byte_is_found(position: int, flip: int):
    altered = bytearray(BYTES)
    altered[position] ^= flip
    try:
        file = read(bytes(altered))
    except UnreadableReceipt:
        return

    assert file == FILE or any(item.verdict is not Verdict.OK for item in checked(file).values())


def altered(**changes: Any) -> ReceiptFile:
    return msgspec.structs.replace(FILE, **changes)


@pytest.mark.parametrize(
    ("file", "chain", "name", "said"),
    [
        (altered(receipt=msgspec.structs.replace(RECEIPT, units=11)), Chain(), "signature", "did not sign"),
        (altered(receipt=msgspec.structs.replace(RECEIPT, cost=11)), Chain(), "cost", "add up to 10"),
        (altered(signature="1" * 64), Chain(), "signature", "did not sign"),
        (altered(signature="0" * 64), Chain(), "signature", "base58"),
        (altered(merkle=msgspec.structs.replace(INCLUSION, leaf_index=1)), Chain(), "inclusion", "leaf 1 of 5"),
        (altered(merkle=None), Chain(), "anchor", "no proof"),
        (altered(anchor=Anchoring(ANCHOR.signature, SLOT, "else")), Chain(), "anchor", "cluster"),
        (altered(anchor=Anchoring(FILE.signature, SLOT, GENESIS)), Chain(), "anchor", "no finalized transaction"),
        (altered(anchor=Anchoring("nonsense", SLOT, GENESIS)), Chain(), "anchor", "no chain transaction's signature"),
        (FILE, Chain(err="AccountInUse"), "anchor", "failed"),
        (FILE, Chain(raw=sign_memo(NETWORK_KEY, "else", BLOCKHASH).raw), "anchor", "not the one"),
        (FILE, Chain(raw=ANCHOR.raw[:-1]), "anchor", "not the one"),
        (FILE, Chain(raw=b"\0" + ANCHOR.raw[65:]), "anchor", "not the one"),
    ],
)
def test_a_failed_check_says_what_differs(file: ReceiptFile, chain: Chain, name: str, said: str):
    item = checked(file, chain)[name]

    assert item.verdict is Verdict.FAILED
    assert said in item.detail


def test_another_cluster_is_not_asked():
    assert checked(FILE, Chain(genesis="else"))["anchor"].verdict is Verdict.NOT_CHECKED


def test_a_receipt_that_is_not_anchored_yet_is_no_forgery():
    checks = check_offline(altered(merkle=None, anchor=None), TRUSTED)

    assert not checks.failed


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 100_000, b"\xff", BYTES[:-1] + b',"extra":1}', b" " * (1 << 21)])
def test_what_is_no_receipt_file_is_refused(data: bytes):
    with pytest.raises(UnreadableReceipt):
        read(data)


@pytest.mark.parametrize("text", ["", "hypernode:2:" + "a" * 64 + ":1", "hypernode:1:" + "A" * 64 + ":1", "x"])
def test_other_memos_are_no_anchors(text: str):
    assert parse_memo(text) is None
    assert len(memo_text(bytes(32), 10_000)) <= 93
