"""Counts requests in fixed windows, each from a caller's first request on."""

import math
import time
from dataclasses import dataclass
from typing import Final

from limits import RateLimitItem

_SWEEP_ABOVE: Final = 10_000  #: Callers in memory; fewer are not worth a look.


@dataclass(slots=True)
class _Window:
    ends_at: float
    used: int = 0


class Windows:
    """How much of its limit each caller has used.

    In memory and without awaiting, which `limits`' own storages cannot: one turn of the event loop more a request is
    dearer than the whole count.
    """

    def __init__(self, limit: RateLimitItem) -> None:
        self.amount: Final = limit.amount
        self.seconds: Final = limit.get_expiry()
        self._windows: dict[str, _Window] = {}
        self._sweep_at = 0.0

    def count(self, name: str) -> tuple[int, int]:
        """One request more: (requests left, negative beyond the limit; seconds until the window ends)."""
        window, now = self._window(name)
        window.used += 1
        return self.amount - window.used, max(1, math.ceil(window.ends_at - now))

    def is_full(self, name: str) -> bool:
        """Whether the caller's next request goes beyond the limit."""
        return self._window(name)[0].used >= self.amount

    def _window(self, name: str) -> tuple[_Window, float]:
        now = time.monotonic()
        window = self._windows.get(name)
        if window is None or window.ends_at <= now:
            self._sweep(now)
            window = self._windows[name] = _Window(now + self.seconds)
        return window, now

    def _sweep(self, now: float) -> None:
        if len(self._windows) > _SWEEP_ABOVE and now >= self._sweep_at:
            self._windows = {name: window for name, window in self._windows.items() if window.ends_at > now}
            self._sweep_at = now + self.seconds
