"""Puts jobs together again that were spread over parts, and ends what is left of those of which a part failed."""

import asyncio
from collections.abc import Mapping
from typing import Final

from hypernode.coordinator import wholes
from hypernode.coordinator.canceller import Canceller
from hypernode.coordinator.loops import heard
from hypernode.coordinator.settler import Ended
from hypernode.domain.job import TERMINAL
from hypernode.ports import Executor
from hypernode.store import parts
from hypernode.store.database import Database

SWEEP_EVERY_S: Final = 5.0
MAX_JOBS: Final = 1_000


class Gatherer:
    """Looks when a part has ended, and now and then at all. Every coordinator runs one."""

    def __init__(self, database: Database, executors: Mapping[str, Executor], canceller: Canceller) -> None:
        self._database = database
        self._executors = executors
        self._canceller = canceller
        self._news = asyncio.Event()

    def ended(self, ended: Ended) -> None:
        """An attempt is over."""
        if ended.part:
            self._news.set()

    async def run(self) -> None:
        """Gather until cancelled."""
        while True:
            for job in await parts.done(self._database, MAX_JOBS):
                # Where parts go on, one has ended badly: the others are not wanted any more.
                for part in await parts.of_job(self._database, job["job_id"]):
                    if part["state"] not in TERMINAL:
                        await self._canceller.end(part)
                await wholes.end(self._database, self._executors[job["job_type"]], job)
            await heard(self._news, SWEEP_EVERY_S)
