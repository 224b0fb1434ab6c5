"""Amounts of HYPER: whole base units inside, JSON numbers or decimal strings outside."""

import re
from decimal import Decimal
from typing import Final, NewType

Amount = NewType("Amount", int)
"""Base units: 1 HYPER = 1,000,000."""

DECIMALS: Final = 6
UNITS_PER_HYPER: Final = 10**DECIMALS
SUPPLY: Final = Amount(10**9 * UNITS_PER_HYPER)
"""All HYPER there is; no honest amount is larger."""

ZERO: Final = Amount(0)
_LONGEST_TEXT: Final = 40
_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""Stricter than Python, which reads `1_0`, `+1`, `1e3`, full-width digits and spaces around as well."""


class InvalidAmount(ValueError):
    """The text or number is no amount of HYPER; the message says why."""


def parse(value: str | int | float) -> Amount:
    """Base units of an amount in HYPER as it came over the wire.

    Raises InvalidAmount for NaN, infinities, negatives, more than 6 decimals and more than the supply.
    """
    if isinstance(value, bool):
        raise InvalidAmount("an amount is a number or a decimal string")
    # repr of a float is the shortest text that reads back as the same float: what the sender most likely wrote.
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST_TEXT:
        raise InvalidAmount("an amount has at most 40 characters")
    if isinstance(value, str) and not _DECIMAL.fullmatch(text):
        raise InvalidAmount("an amount is a number or a decimal string")
    number = Decimal(text)
    if not number.is_finite():
        raise InvalidAmount("an amount is finite")
    if number < 0:
        raise InvalidAmount("an amount is not negative")
    if number > SUPPLY // UNITS_PER_HYPER:
        raise InvalidAmount("an amount is at most the supply, 1,000,000,000 HYPER")
    units = number.scaleb(DECIMALS)
    if units != int(units):
        raise InvalidAmount(f"an amount has at most {DECIMALS} decimals")
    return Amount(int(units))


def to_number(amount: Amount) -> int | float:
    """The JSON number of an amount in HYPER: an int where it is whole."""
    whole, rest = divmod(amount, UNITS_PER_HYPER)
    return whole if rest == 0 else amount / UNITS_PER_HYPER


def to_text(amount: Amount) -> str:
    """The exact decimal text of an amount in HYPER, as in `12.5`."""
    whole, rest = divmod(amount, UNITS_PER_HYPER)
    return f"{whole}.{rest:0{DECIMALS}d}".rstrip("0") if rest else str(whole)
