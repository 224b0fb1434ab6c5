"""What a job costs, and for how long a budget pays."""

from hypernode.domain.money import Amount


def cost(
    milliseconds: int, hourly_price: Amount, units: int, unit_per: int, unit_price: Amount | None, hold: Amount
) -> Amount:
    asked = milliseconds * hourly_price // 3_600_000 if unit_price is None else units * unit_price // unit_per
    return Amount(min(hold, asked))


def affordable_s(budget: Amount, hourly_price: Amount, max_duration_s: int) -> int:
    return max_duration_s if hourly_price == 0 else max(1, min(max_duration_s, budget * 3600 // hourly_price))
