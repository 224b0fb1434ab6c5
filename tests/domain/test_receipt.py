"""The canonical receipt: one text for one content."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypernode.domain.merkle import leaf_hash
from hypernode.domain.receipt import (
    NotCanonical,
    Receipt,
    Verdict,
    canonical,
    canonical_json,
    input_digest,
    leaf,
    value_digest,
)

RECEIPT = Receipt(
    receipt_id="0199e0a4-7c00-7000-8000-000000000001",
    job_id="0199e0a4-7c00-7000-8000-000000000002",
    customer="7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv",
    provider="92s9qna3djkMncZzkacyNQ38UKnNXZFh4Jgqe3Cmpump",
    node_id="0199e0a4-7c00-7000-8000-000000000003",
    job_type="llm_inference",
    model="smollm2-135m-instruct é",
    input_digest="a" * 64,
    result_digest="b" * 64,
    artifacts=("c" * 64,),
    unit="tokens",
    units=64,
    cost=1_000_000,
    provider_part=900_000,
    network_part=100_000,
    verdict=Verdict.UNVERIFIED,
    assurance="none",
    created_at="2026-11-23T10:00:00.000Z",
    started_at="2026-11-23T10:00:00.100Z",
    ended_at="2026-11-23T10:00:01.400Z",
    network="5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
)
TEXT = (
    '{"artifacts":["' + "c" * 64 + '"],"assurance":"none","cost":1000000,"createdAt":"2026-11-23T10:00:00.000Z",'
    '"customer":"7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv","endedAt":"2026-11-23T10:00:01.400Z","inputDigest":"'
    + "a" * 64 + '","jobId":"0199e0a4-7c00-7000-8000-000000000002","jobType":"llm_inference",'
    '"model":"smollm2-135m-instruct é","network":"5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d","networkPart":100000,'
    '"nodeId":"0199e0a4-7c00-7000-8000-000000000003","provider":"92s9qna3djkMncZzkacyNQ38UKnNXZFh4Jgqe3Cmpump",'
    '"providerPart":900000,"receiptId":"0199e0a4-7c00-7000-8000-000000000001","resultDigest":"' + "b" * 64 + '",'
    '"startedAt":"2026-11-23T10:00:00.100Z","unit":"tokens","units":64,"verdict":"unverified","version":1}'
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def test_a_receipt_has_one_text():
    assert canonical(RECEIPT).decode() == TEXT
    assert canonical(msgspec.json.decode(TEXT, type=Receipt)) == TEXT.encode()
    assert leaf(RECEIPT) == leaf_hash(TEXT.encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [("cost", -1), ("cost", 10**15 + 1), ("cost", 1.5), ("units", 2**53), ("inputDigest", "A" * 64), ("version", 2),
     ("endedAt", "2026-11-23T10:00:01Z"), ("verdict", "perhaps"), ("surplus", 1)],
)  # fmt: skip
def test_what_a_receipt_cannot_say_is_refused(name: str, value: Any):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(json.loads(TEXT) | {name: value}, Receipt)


def test_escapes_are_those_of_rfc_8785():
    # The string of RFC 8785, section 3.2.2.
    value = '\u20ac$\u000f\nA\'B"\\\\"/'

    assert canonical_json(value).decode() == '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


@given(JSON)
def test_the_order_of_keys_does_not_matter(value: Any):
    shuffled = json.loads(json.dumps(value, sort_keys=True))

    assert canonical_json(json.loads(canonical_json(value))) == canonical_json(value) == canonical_json(shuffled)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], "\ud800", {"key": object()}])
def test_what_is_no_json_has_no_digest(value: Any):
    with pytest.raises(NotCanonical):
        value_digest(value)


def test_the_salt_hides_a_short_input():
    value = {"prompt": "yes"}

    assert input_digest(bytes(16), value) != input_digest(b"1" * 16, value) != value_digest(value)
    with pytest.raises(ValueError, match="16 bytes"):
        input_digest(b"", value)
