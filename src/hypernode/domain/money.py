"""Amounts of HYPER: whole base units inside, JSON numbers or decimal strings outside."""

import re
from fractions import Fraction
from typing import Final, NewType

Amount = NewType("Amount", int)
"""Base units: 1 HYPER = 1,000,000."""

DECIMALS: Final = 6
UNITS_PER_HYPER: Final = 10**DECIMALS
SUPPLY: Final = Amount(10**9 * UNITS_PER_HYPER)
"""All HYPER there is; no honest amount is larger."""

ZERO: Final = Amount(0)
_LONGEST_TEXT: Final = 40
# Narrower than what Decimal and Fraction read: no `inf`, no `1_0`, no `1/3`, no digits of other scripts, and an
# exponent too short to cost time or memory.
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


class InvalidAmount(ValueError):
    """The text or number is no amount of HYPER; the message says why."""


def parse(value: str | int | float) -> Amount:
    """Base units of an amount in HYPER as it came over the wire.

    Raises InvalidAmount for NaN, infinities, negatives, more than 6 decimals and more than the supply.
    """
    if isinstance(value, bool):
        raise InvalidAmount("an amount is a number or a decimal string")
    if isinstance(value, int):  # Most amounts; and Python refuses to make the text of a huge one.
        return _valid(value * UNITS_PER_HYPER)
    # repr of a float is the shortest text that reads back as the same float: what the sender most likely wrote.
    text = value.strip() if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST_TEXT:
        raise InvalidAmount("an amount has at most 40 characters")
    if not _NUMBER.fullmatch(text):
        raise InvalidAmount("an amount is a finite number or a decimal string")
    number = Fraction(text)
    units = number * UNITS_PER_HYPER
    if units.denominator != 1:
        raise InvalidAmount(f"an amount has at most {DECIMALS} decimals")
    return _valid(units.numerator)


def _valid(units: int) -> Amount:
    if not 0 <= units <= SUPPLY:
        raise InvalidAmount("an amount is not negative, and at most the supply, 1,000,000,000 HYPER")
    return Amount(units)


def to_number(amount: Amount) -> int | float:
    """The JSON number of an amount in HYPER: an int where it is whole."""
    whole, rest = divmod(amount, UNITS_PER_HYPER)
    return whole if rest == 0 else amount / UNITS_PER_HYPER


def to_text(amount: Amount) -> str:
    """The exact decimal text of an amount in HYPER, as in `12.5`."""
    whole, rest = divmod(amount, UNITS_PER_HYPER)
    return f"{whole}.{rest:0{DECIMALS}d}".rstrip("0") if rest else str(whole)
