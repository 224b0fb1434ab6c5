"""Time as fuel: how long a program may run where no instructions can be counted."""

import math
import time

from hypernode.executors.generic_compute.inputs import FUEL_PER_CORE_SECOND
from hypernode.ports import ExecutionFailed


class Budget:
    """A job's time limit, and, once it is started, what its fuel pays for; whichever ends first."""

    def __init__(self, fuel: int, cpus: int, max_duration_s: float) -> None:
        self._fuel = fuel
        self._cpus = cpus
        self._max_duration_s = max_duration_s
        self._began = time.monotonic()
        self._started: float | None = None

    def start(self) -> None:
        """From now on fuel is used: all before was the node's own work."""
        self._started = time.monotonic()

    def remaining_s(self) -> float:
        """Seconds that are left. Raises ExecutionFailed when there are none; on another node there could be some."""
        now = time.monotonic()
        left_s = self._began + self._max_duration_s - now
        if left_s <= 0:
            raise ExecutionFailed(f"ran longer than {self._max_duration_s:g} s")
        if self._started is None:
            return left_s
        granted_s = self._fuel / (self._cpus * FUEL_PER_CORE_SECOND)
        paid_s = self._started + granted_s - now
        if paid_s <= 0:
            cores = "1 core" if self._cpus == 1 else f"{self._cpus} cores"
            raise ExecutionFailed(f"all fuel consumed: it was granted {granted_s:g} s on {cores}")
        return min(left_s, paid_s)

    def used(self) -> int:
        """Fuel used since the start: at least 1, at most what was granted."""
        elapsed_s = time.monotonic() - self._started if self._started is not None else 0.0
        return min(self._fuel, max(1, math.ceil(elapsed_s * self._cpus * FUEL_PER_CORE_SECOND)))
