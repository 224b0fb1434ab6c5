"""Receipts: the canonical statement of a finished job, which its signature and its Merkle leaf cover."""

import json
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hypernode.domain import merkle
from hypernode.domain.money import SUPPLY

VERSION: Final = 1
SALT_BYTES: Final = 16
MAX_SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8785 goes through doubles)."""

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""A sha256 in lower-case hex."""
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
"""ISO 8601, UTC, milliseconds."""
Count = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]
Money = Annotated[int, Meta(ge=0, le=SUPPLY)]
"""Base units of HYPER."""


class Verdict(StrEnum):
    """What checking the result found."""

    PASSED = "passed"  #: It was checked as the assurance says, and it held.
    FAILED = "failed"  #: It was checked, and it did not hold.
    UNVERIFIED = "unverified"  #: Nobody checked it.


class Receipt(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What the network says of a finished job. It holds no prompt and no result, only digests of them."""

    receipt_id: str
    job_id: str
    customer: str  #: Wallet.
    provider: str  #: Wallet.
    node_id: str
    job_type: str
    model: str
    input_digest: Digest  #: `input_digest(salt, input)`; the parties to the job know the salt.
    result_digest: Digest  #: `value_digest(result)`.
    artifacts: tuple[Digest, ...]  #: The result's files, in the order of their names.
    unit: str
    units: Count
    cost: Money
    provider_part: Money
    network_part: Money
    verdict: Verdict
    assurance: str  #: What checking the customer chose.
    created_at: Moment
    started_at: Moment
    ended_at: Moment
    network: str  #: Genesis hash of the cluster where the money moved.
    version: Annotated[int, Meta(ge=VERSION, le=VERSION)] = VERSION


class NotCanonical(ValueError):
    """The value has no canonical JSON: NaN, an infinity, or text that is no Unicode."""


def canonical_json(value: Any) -> bytes:
    """The one text of a JSON value: keys sorted by code point, no spaces, UTF-8, only the escapes JSON needs.

    For values of integers up to 2^53, ASCII keys, text, booleans and null this is RFC 8785 (JCS). Floats are
    written as Python's `repr` writes them, which JCS does not in every case. Raises NotCanonical.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (ValueError, TypeError) as error:
        raise NotCanonical(str(error)) from error


def canonical(receipt: Receipt) -> bytes:
    """The bytes that the network signs and the Merkle leaf hashes."""
    # Text, integers and lists alone: the same as `canonical_json`, only quicker.
    return msgspec.json.encode(receipt, order="sorted")


def value_digest(value: Any) -> str:
    """The sha256 of any JSON value's canonical text. Raises NotCanonical."""
    return sha256(canonical_json(value)).hexdigest()


def input_digest(salt: bytes, value: Any) -> str:
    """The salted sha256 of a job's input: without the salt a short prompt could be guessed. Raises NotCanonical."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, got {len(salt)}")
    return sha256(salt + canonical_json(value)).hexdigest()


def leaf(receipt: Receipt) -> bytes:
    """The receipt's leaf hash in a batch's Merkle tree."""
    return merkle.leaf_hash(canonical(receipt))
