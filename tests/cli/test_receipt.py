"""`hypernode receipt verify` on files that are true, altered or something else."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypernode.chain import base58, keys
from hypernode.domain.receipt import Receipt, Verdict, canonical
from tests.cli.conftest import Hypernode

KEYPAIR = keys.Keypair()
SIGNER = keys.address_of(KEYPAIR)
DIGEST = "0" * 64
AT = "2026-11-23T12:00:00.000Z"


@pytest.fixture
def receipt() -> dict[str, Any]:
    """A signed receipt that is in no batch yet."""
    statement = Receipt(
        receipt_id="r",
        job_id="j",
        customer=SIGNER,
        provider=SIGNER,
        node_id="n",
        job_type="llm_inference",
        model="m",
        input_digest=DIGEST,
        result_digest=DIGEST,
        artifacts=(),
        unit="tokens",
        units=10,
        cost=100,
        provider_part=90,
        network_part=10,
        verdict=Verdict.UNVERIFIED,
        assurance="none",
        created_at=AT,
        started_at=AT,
        ended_at=AT,
        network="genesis",
    )
    signature = base58.encode(keys.sign(KEYPAIR, canonical(statement)))
    return {"receipt": msgspec.to_builtins(statement), "signature": signature, "signer": SIGNER}


def verify(hypernode: Hypernode, folder: Path, content: str, *options: str) -> tuple[int, dict[str, str]]:
    file = folder / "receipt.json"
    file.write_text(content)
    result = hypernode("receipt", "verify", file, "--json", *options)
    return result.exit_code, {each["name"]: each["verdict"] for each in json.loads(result.stdout)["checks"]}


def test_a_true_receipt_passes_what_can_be_checked(hypernode: Hypernode, tmp_path: Path, receipt: dict[str, Any]):
    exit_code, verdicts = verify(hypernode, tmp_path, json.dumps(receipt), "--signer", SIGNER)

    assert exit_code == 0
    assert verdicts == {
        "signer": "ok", "signature": "ok", "cost": "ok", "inclusion": "not checked", "anchor": "not checked"
    }  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [("cost", 1), ("units", 11), ("provider", "somebody else")])
def test_an_altered_receipt_fails(
    hypernode: Hypernode, tmp_path: Path, receipt: dict[str, Any], field: str, value: object
):
    receipt["receipt"][field] = value

    exit_code, verdicts = verify(hypernode, tmp_path, json.dumps(receipt))

    assert exit_code == 1
    assert verdicts["signature"] == "failed"


def test_a_receipt_by_somebody_else_fails(hypernode: Hypernode, tmp_path: Path, receipt: dict[str, Any]):
    exit_code, verdicts = verify(hypernode, tmp_path, json.dumps(receipt), "--signer", keys.address_of(keys.Keypair()))

    assert exit_code == 1
    assert verdicts["signer"] == "failed"


@pytest.mark.parametrize("content", ["", "{}", "[1]", "\x00", '{"receipt": 1, "more": 2}'])
def test_something_else_fails(hypernode: Hypernode, tmp_path: Path, content: str):
    assert verify(hypernode, tmp_path, content) == (1, {"format": "failed"})


def test_people_read_every_check_and_the_sum_of_them(hypernode: Hypernode, tmp_path: Path, receipt: dict[str, Any]):
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt))

    result = hypernode("receipt", "verify", file)

    assert "covers the whole receipt" in result.stdout
    assert "What was checked holds; not everything was checked." in result.stdout
