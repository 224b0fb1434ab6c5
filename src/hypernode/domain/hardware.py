"""Sizes of memory as they are sold, from what machines report."""

from typing import Final

from hypernode.domain.node import MB_PER_GB

RESERVED_SHARE: Final = 0.03
"""What cards and firmware keep for themselves: a 24 GB card reports 24,564 MB, a machine of 64 GB about 62.7 GB."""
_STEPS_GB: Final = (8, 1)


def nominal_mb(reported_mb: int) -> int:
    """The size that was sold, where the reported one is at most 3 % below it; else the reported one.

    A job that asks for 24 GB means a 24 GB card.
    """
    for step in _STEPS_GB:
        sold = -(-reported_mb // (step * MB_PER_GB)) * step * MB_PER_GB
        if reported_mb >= sold * (1 - RESERVED_SHARE):
            return sold
    return reported_mb


def least_mb(asked_gb: float) -> int:
    """The least reported size that counts as what was asked."""
    return round(asked_gb * MB_PER_GB * (1 - RESERVED_SHARE))
