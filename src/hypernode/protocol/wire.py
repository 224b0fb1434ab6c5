"""The shapes that every HTTP body shares: camelCase names, `success`, bounded texts, times and amounts."""

import functools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from hypernode.protocol import limits

NO_NUL = "^[^\\u0000]*$"
"""PostgreSQL's text holds no U+0000."""
Text = Annotated[str, msgspec.Meta(max_length=limits.MAX_TEXT, pattern=NO_NUL)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.MAX_TEXT, pattern=NO_NUL)]
Wallet = Annotated[
    str,
    msgspec.Meta(
        pattern="^[1-9A-HJ-NP-Za-km-z]{32,44}$",
        max_length=44,  # Python's `$` also matches before a last line feed.
        description="A Solana address: base58 of 32 bytes.",
        examples=["9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"],
    ),
]
HyperIn = Annotated[
    int | float | str,
    msgspec.Meta(description="HYPER: a number or a decimal string with at most 6 decimals.", examples=[10, "0.5"]),
]
Hyper = Annotated[int | float, msgspec.Meta(description="HYPER.")]
Time = Annotated[
    str, msgspec.Meta(description="ISO 8601, UTC, milliseconds.", extra_json_schema={"format": "date-time"})
]
JsonObject = dict[str, Any]


def one_of(values: Iterable[str]) -> msgspec.Meta:
    """What a text of an answer is now. Older clients are to read answers that know more, so they are told, not held."""
    return msgspec.Meta(extra_json_schema={"enum": [str(value) for value in values]})


class Body(msgspec.Struct, rename="camel", kw_only=True):
    """Base of request bodies and answers."""


class Ok(Body):
    """An answer that only says that it worked."""

    message: str
    success: bool = True


class Problem(Body, omit_defaults=True):
    """RFC 9457 problem details, and the `error` and `code` that older clients read."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    code: str
    errors: list[JsonObject] = []  #: For a wrong body: each bad field's path and what was expected there.
    valid_types: list[str] | None = None


@functools.lru_cache(maxsize=256)  # All that one commit writes has the same time.
def iso(at: datetime) -> str:
    """The wire form of a time: `2026-11-23T12:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def iso_or_none(at: datetime | None) -> str | None:
    """The wire form of a time that may be missing."""
    return None if at is None else iso(at)
