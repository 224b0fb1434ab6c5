"""Receipts, proofs and answers of a chain with what our own code says of them: what the web app's checks must say too.

`python -m tests.chain.receipt_vectors` writes them to `web/src/receipts/vectors.json`.
"""

import asyncio
import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from hypernode.chain import keys
from hypernode.chain.anchors import memo_text
from hypernode.chain.keys import Keypair
from hypernode.chain.rpc import Rpc, RpcRefused
from hypernode.chain.transactions import Signed, sign_memo
from hypernode.chain.verify import Anchoring, Inclusion, ReceiptFile, UnreadableReceipt, check, read
from hypernode.domain import merkle
from hypernode.domain import receipt as receipts
from hypernode.domain.receipt import Receipt, canonical, canonical_json, leaf

PATH: Final = Path(__file__).parents[2] / "web" / "src" / "receipts" / "vectors.json"
NETWORK_KEY: Final = Keypair.from_seed(bytes(range(32)))
STRANGER: Final = Keypair.from_seed(bytes(range(1, 33)))
TRUSTED: Final = keys.address_of(NETWORK_KEY)
GENESIS: Final = "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N"
OTHER_GENESIS: Final = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
SLOT: Final = 435_888_111
RECEIPT: Final = Receipt(
    receipt_id="0199e0a4-7c00-7000-8000-000000000001",
    job_id="0199e0a4-7c00-7000-8000-000000000002",
    customer="7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv",
    provider="92s9qna3djkMncZzkacyNQ38UKnNXZFh4Jgqe3Cmpump",
    node_id="0199e0a4-7c00-7000-8000-000000000003",
    job_type="llm_inference",
    model='smollm2 "é" \U0001f600',
    input_digest="a" * 64,
    result_digest="b" * 64,
    artifacts=("c" * 64, "d" * 64),
    unit="tokens",
    units=64,
    cost=1_000_000,
    provider_part=900_000,
    network_part=100_000,
    verdict=receipts.Verdict.PASSED,
    assurance="sampled",
    created_at="2026-11-23T10:00:00.000Z",
    started_at="2026-11-23T10:00:00.100Z",
    ended_at="2026-11-23T10:00:01.400Z",
    network=GENESIS,
)
INDEX: Final = 2
TREE: Final = merkle.Tree(
    [merkle.leaf_hash(bytes([number])) if number != INDEX else leaf(RECEIPT) for number in range(5)]
)
MEMO: Final = memo_text(TREE.root, TREE.size)
ANCHOR: Final = sign_memo(NETWORK_KEY, MEMO, GENESIS)
INCLUSION: Final = Inclusion(INDEX, TREE.size, TREE.root.hex(), tuple(each.hex() for each in TREE.proof(INDEX)))
FILE: Final = ReceiptFile(
    RECEIPT,
    keys.sign_text(NETWORK_KEY, canonical(RECEIPT)),
    TRUSTED,
    INCLUSION,
    Anchoring(ANCHOR.signature, SLOT, GENESIS),
)

Answers = Mapping[str, Any]
"""What a node answers to which method; null to getTransaction: it knows none."""


class Recorded(Rpc):
    """A node whose answers are known."""

    def __init__(self, answers: Answers) -> None:
        super().__init__("https://rpc.example")
        self._answers = answers

    async def call(self, method: str, *params: Any) -> Any:
        """The answer on record."""
        if method not in self._answers:
            raise RpcRefused(method, -32_601, "Method not found")
        return self._answers[method]


def chain(signed: Signed = ANCHOR, *, raw: bytes | None = None, err: Any = None, genesis: str = GENESIS) -> Answers:
    """A cluster on which a chain transaction landed."""
    wire = base64.b64encode(signed.raw if raw is None else raw).decode()
    landed = {"transaction": [wire, "base64"], "slot": SLOT, "meta": {"err": err}, "blockTime": 1}
    return {"getGenesisHash": genesis, "getTransaction": landed}


def anchored_by(signed: Signed) -> ReceiptFile:
    """The receipt with another chain transaction as its anchor."""
    return replace(FILE, anchor=Anchoring(signed.signature, SLOT, GENESIS))


def receipt_with(**changes: Any) -> ReceiptFile:
    """The file with its receipt altered."""
    return replace(FILE, receipt=replace(RECEIPT, **changes))


def merkle_with(**changes: Any) -> ReceiptFile:
    """The file with its proof altered."""
    return replace(FILE, merkle=replace(INCLUSION, **changes))


def cases() -> Iterator[tuple[str, ReceiptFile, Answers, str | None]]:
    """What is checked: its name, the file, the chain, and the key that the reader trusts."""
    flipped = bytearray(ANCHOR.raw)
    flipped[-1] ^= 1
    other_root = sign_memo(NETWORK_KEY, memo_text(bytes(32), 5), GENESIS)
    other_text = sign_memo(NETWORK_KEY, "hello", GENESIS)
    by_stranger = sign_memo(STRANGER, MEMO, GENESIS)
    yield "honest", FILE, chain(), TRUSTED
    yield "no key to compare", FILE, chain(), None
    yield "another key", FILE, chain(), keys.address_of(STRANGER)
    yield "not anchored yet", replace(FILE, merkle=None, anchor=None), chain(), TRUSTED
    yield "anchor without a proof", replace(FILE, merkle=None), chain(), TRUSTED
    yield "units altered", receipt_with(units=65), chain(), TRUSTED
    yield "cost altered", receipt_with(cost=2_000_000), chain(), TRUSTED
    yield "verdict altered", receipt_with(verdict=receipts.Verdict.FAILED), chain(), TRUSTED
    yield "model altered", receipt_with(model="gpt"), chain(), TRUSTED
    yield "network altered", receipt_with(network=OTHER_GENESIS), chain(), TRUSTED
    yield "signature of another", replace(FILE, signature=ANCHOR.signature), chain(), TRUSTED
    yield "no signature", replace(FILE, signature="0" * 64), chain(), TRUSTED
    yield "signer altered", replace(FILE, signer=keys.address_of(STRANGER)), chain(), TRUSTED
    yield "signer is no address", replace(FILE, signer="me"), chain(), None
    yield "leaf index altered", merkle_with(leaf_index=1), chain(), TRUSTED
    yield "leaf index beyond the tree", merkle_with(leaf_index=5), chain(), TRUSTED
    yield "tree size altered", merkle_with(tree_size=6), chain(), TRUSTED
    yield "root altered", merkle_with(root="0" * 64), chain(), TRUSTED
    yield "proof cut short", merkle_with(proof=INCLUSION.proof[:-1]), chain(), TRUSTED
    yield "slot altered", replace(FILE, anchor=Anchoring(ANCHOR.signature, SLOT + 1, GENESIS)), chain(), TRUSTED
    yield "anchor on another cluster", replace(FILE, anchor=Anchoring("x", SLOT, OTHER_GENESIS)), chain(), TRUSTED
    yield "anchor is no signature", replace(FILE, anchor=Anchoring("x", SLOT, GENESIS)), chain(), TRUSTED
    yield "node of another cluster", FILE, chain(genesis=OTHER_GENESIS), TRUSTED
    yield "node without an answer", FILE, {"getGenesisHash": GENESIS}, TRUSTED
    yield "no such transaction", FILE, {**chain(), "getTransaction": None}, TRUSTED
    yield "transaction failed", FILE, chain(err="AccountInUse"), TRUSTED
    yield "another transaction", FILE, chain(other_text), TRUSTED
    yield "transaction altered", FILE, chain(raw=bytes(flipped)), TRUSTED
    yield "another root anchored", anchored_by(other_root), chain(other_root), TRUSTED
    yield "no anchor in the memo", anchored_by(other_text), chain(other_text), TRUSTED
    yield "anchored by a stranger", anchored_by(by_stranger), chain(by_stranger), TRUSTED


NO_FILES: Final = ("", "{}", "null", "[]", '{"receipt": {}}')
"""Contents that are no receipt files."""
SPOILERS: Final = (
    ('"units":64', '"units":-1'), ('"units":64', '"units":1.5'), ('"units":64', '"units":"64"'), ('"units":64,', ""),
    ('"units":64', f'"units":{2**53}'), ('"cost":1000000', f'"cost":{10**15 + 1}'), ("a" * 64, "A" * 64),
    ("10:00:01.400Z", "10:00:01Z"), ('"passed"', '"perhaps"'), ('"version":1', '"version":2'),
    ("smollm2", "\\ud800"), ('"leafIndex":2', '"leafIndex":2,"extra":1'), ('"slot":', '"slots":'), ("}}", "}"),
)  # fmt: skip
"""What makes a receipt file unreadable: a text in it, and another in its place."""


def canonical_values() -> list[Any]:
    """JSON values whose text is easy to get wrong."""
    return [
        None, True, 0, -1, 2**53 - 1, "", "é\u2028\u007f", "\u0000\b\t\n\u000b\f\r\u001f\"\\/", [], {}, [1, [2, "x"]],
        {"b": 1, "a": {"d": 1, "c": 2}}, {"\U0001f600": 1, "\uffff": 2, "z": 3, "": 4, "aa": 5, "a": 6},
    ]  # fmt: skip


def proofs() -> Iterator[dict[str, Any]]:
    """Every place of small trees, with its proof."""
    for size in (1, 2, 3, 7, 8):
        tree = merkle.Tree([merkle.leaf_hash(bytes([number])) for number in range(size)])
        for index in range(size):
            siblings = [sibling.hex() for sibling in tree.proof(index)]
            yield {"data": index, "index": index, "size": size, "proof": siblings, "root": tree.root.hex()}


def verified(chains: list[Answers]) -> Iterator[dict[str, Any]]:
    """Every case with what our checks say of it; the chain by its place in the list."""
    for name, file, answers, trusted in cases():
        found = asyncio.run(check(file, Recorded(answers), trusted))
        assert found.complete == (name == "honest")
        if answers not in chains:
            chains.append(answers)
        checks = [[item.name, item.verdict.value, item.detail] for item in found.items]
        given = {"file": msgspec.to_builtins(file), "chain": chains.index(answers), "trusted": trusted}
        yield {"name": name, **given, "checks": checks}


def refused(content: str) -> bool:
    """Whether our reader refuses it."""
    try:
        read(content.encode())
    except UnreadableReceipt:
        return True
    return False


def vectors() -> str:
    """All of them, one a line."""
    chains: list[Answers] = []
    text = msgspec.json.encode(FILE).decode()
    assert all(refused(content) for content in [*NO_FILES, *(text.replace(*spoiler) for spoiler in SPOILERS)])
    content = {
        "text": [text],
        "noFiles": NO_FILES,
        "spoilers": SPOILERS,
        "canonical": [{"value": value, "text": canonical_json(value).decode()} for value in canonical_values()],
        "merkle": list(proofs()),
        "files": list(verified(chains)),
        "chains": chains,
    }
    lists = (f"{json.dumps(name)}: [\n{_lines(items)}\n]" for name, items in content.items())
    return "{\n" + ",\n".join(lists) + "\n}\n"


def _lines(items: Iterable[Any]) -> str:
    return ",\n".join(json.dumps(item) for item in items)


if __name__ == "__main__":
    PATH.write_text(vectors())
