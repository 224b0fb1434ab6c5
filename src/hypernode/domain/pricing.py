"""What a job costs, and for how long a budget pays."""

from typing import Final

from hypernode.domain.money import Amount

HOUR_S: Final = 3_600
HOUR_MS: Final = HOUR_S * 1_000


def cost(
    duration_ms: int, hourly_price: Amount, units: int, unit_per: int, unit_price: Amount | None, hold: Amount
) -> Amount:
    """Verified units at the node's unit price, or, where it asks none, time at its hourly price.

    Rounded down, so that rounding never charges more, and never above the hold.
    """
    asked = max(0, duration_ms) * hourly_price // HOUR_MS if unit_price is None else units * unit_price // unit_per
    return Amount(min(hold, asked))


def affordable_s(budget: Amount, hourly_price: Amount, max_duration_s: int) -> int:
    """Seconds that a node may work so that the budget pays for all of them: at least 1."""
    if hourly_price == 0:
        return max_duration_s
    return max(1, min(max_duration_s, budget * HOUR_S // hourly_price))
