"""Memory as it is sold."""

import pytest

from hypernode.domain.hardware import least_mb, nominal_mb


@pytest.mark.parametrize(
    ("reported_mb", "sold_gb"),
    [(24_564, 24), (12_282, 12), (81_559, 80), (16_376, 16), (8_192, 8), (64_205, 64), (24_105, 24), (0, 0)],
)
def test_what_a_card_or_machine_reports_counts_as_what_it_was_sold_as(reported_mb: int, sold_gb: int):
    assert nominal_mb(reported_mb) == sold_gb * 1024
    assert reported_mb >= least_mb(sold_gb)


def test_a_size_between_those_sold_stays_what_it_is():
    assert nominal_mb(10 * 1024 + 400) == 10 * 1024 + 400


def test_a_smaller_card_does_not_count_as_the_next_larger_one():
    assert nominal_mb(22 * 1024) == 22 * 1024
    assert least_mb(24) > 22 * 1024
