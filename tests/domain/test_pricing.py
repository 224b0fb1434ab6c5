"""What a job costs."""

from hypothesis import given
from hypothesis import strategies as st

from hypernode.domain.money import SUPPLY, Amount
from hypernode.domain.payment import BASIS_POINTS, split
from hypernode.domain.pricing import affordable_s, cost

amounts = st.integers(0, SUPPLY).map(Amount)


def test_an_hour_at_the_hourly_price_costs_the_price():
    assert cost(3_600_000, Amount(7), 0, 1, None, Amount(100)) == 7


def test_units_at_the_unit_price_cost_that_and_no_time():
    assert cost(3_600_000, Amount(7), 2_500, 1_000, Amount(10), Amount(100)) == 25


def test_a_part_of_a_base_unit_is_not_charged():
    assert cost(1, Amount(3_599_999), 0, 1, None, Amount(100)) == 0


@given(st.integers(0, 10**10), amounts, st.integers(0, 10**13), st.integers(1, 10**9), st.none() | amounts, amounts)
def test_no_cost_is_above_the_hold(duration_ms, hourly, units, per, unit_price, hold):
    assert 0 <= cost(duration_ms, hourly, units, per, unit_price, hold) <= hold


@given(amounts, amounts, st.integers(1, 30 * 86_400))
def test_a_node_that_works_as_long_as_it_may_is_paid_for_all_of_it(budget, hourly, longest):
    seconds = affordable_s(budget, hourly, longest)

    assert 1 <= seconds <= longest
    if seconds > 1:
        assert seconds * hourly <= budget * 3_600


@given(amounts, amounts, st.integers(0, BASIS_POINTS))
def test_the_parts_of_a_hold_add_up_to_it(held, price, share_bp):
    parts = split(held, price, share_bp)

    assert parts.provider + parts.network + parts.refund == held
    assert parts.cost == min(held, price)
    assert min(parts.provider, parts.network, parts.refund) >= 0
