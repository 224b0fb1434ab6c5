"""Amounts as they come over the wire, from people who mean well and from people who do not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypernode.domain.money import SUPPLY, UNITS_PER_HYPER, Amount, InvalidAmount, parse, to_number, to_text

amounts = st.integers(0, SUPPLY).map(Amount)


@pytest.mark.parametrize(
    ("given", "units"),
    [
        (0, 0),
        (10, 10_000_000),
        (0.5, 500_000),
        (0.1, 100_000),
        (1e-6, 1),
        (0.000001, 1),
        (1e9, SUPPLY),
        (-0.0, 0),
        ("0", 0),
        ("10.5", 10_500_000),
        ("0.000001", 1),
        (" 1 ", 1_000_000),
        ("007", 7_000_000),
        ("1.500000000", 1_500_000),
        (".5", 500_000),
        ("1e3", 1_000_000_000),
        ("1E-6", 1),
        ("1000000000", SUPPLY),
    ],
)
def test_an_amount_is_read_exactly(given: str | float, units: int):
    assert parse(given) == units


@pytest.mark.parametrize(
    "given",
    [
        math.nan, math.inf, -math.inf, -1, -0.5, 2**64, 1e400, 1e308, 1e-7, 0.1 + 0.2,
        SUPPLY // UNITS_PER_HYPER + 1, True, False,
        "", " ", ".", "e5", "NaN", "sNaN", "nan123", "inf", "-Infinity", "1e400", "1e999999999", "1e-999999999",
        "0e9999999999", "1.0000001", "1e-7", "-1", "-0.000001", "1000000000.000001", "18446744073709551616", "0x10",
        "0b1", "1_0", "1,000", "1 000", "1/3", "١", "１", "1٫5", "½", "1\x00", "1\n2", "--1", "1.2.3", "1" * 41,
        "0." + "0" * 5000 + "1", "9" * 100_000,
        "0.1000000000000000000000000000000000001",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(given: str | float):
    with pytest.raises(InvalidAmount):
        parse(given)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_int_too_long_to_be_written_is_refused(sign: int):
    with pytest.raises(InvalidAmount):
        parse(sign * 10**5000)


@given(text=st.text() | st.from_regex(r"[+-]?[0-9_.eE+-]{0,30}", fullmatch=True) | st.floats() | st.integers())
def test_whatever_comes_is_an_amount_within_the_supply_or_refused(text: str | float):
    try:
        units = parse(text)
    except InvalidAmount:
        return
    assert 0 <= units <= SUPPLY


@given(amount=amounts)
def test_text_and_number_read_back_as_the_same_amount(amount: Amount):
    assert parse(to_text(amount)) == amount
    assert parse(to_number(amount)) == amount
