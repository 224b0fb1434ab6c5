"""Starts jobs that waited for funds, as soon as their customer's balance covers them."""

import asyncio
from collections.abc import Iterable
from typing import Final

from hypernode.coordinator.intake import lacking
from hypernode.coordinator.loops import heard
from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.settler import Ended
from hypernode.domain.job import JobState
from hypernode.domain.money import Amount
from hypernode.store import events, jobs, ledger
from hypernode.store.database import Database, Row
from hypernode.store.events import status_event

SWEEP_EVERY_S: Final = 30.0
MAX_JOBS: Final = 1_000


class Funder:
    """Looks at a wallet when its balance may have grown, and now and then at all that could be helped."""

    def __init__(self, database: Database, matchmaker: Matchmaker) -> None:
        self._database = database
        self._matchmaker = matchmaker
        self._wallets: set[str] = set()
        self._news = asyncio.Event()

    def wake(self, wallets: Iterable[str]) -> None:
        """The balances of these wallets may have grown."""
        self._wallets.update(wallets)
        self._news.set()

    def ended(self, ended: Ended) -> None:
        """An attempt is over: what its hold returned may pay for a job that waits."""
        if ended.job_state is not JobState.QUEUED:
            self.wake([ended.wallet])

    async def run(self) -> None:
        """Fund until cancelled."""
        among: set[str] | None = None
        while True:
            for wallet in await jobs.unfunded_wallets(self._database, among):
                await self.fund(wallet)
            among = None
            if await heard(self._news, SWEEP_EVERY_S):
                among, self._wallets = self._wallets, set()

    async def fund(self, wallet: str) -> None:
        """Lock the budgets that the balance covers, the oldest jobs first; the others say what they lack now."""
        async with self._database.transaction() as connection:
            waiting = await jobs.unfunded(connection, wallet, MAX_JOBS)
            if not waiting:
                return
            account = ledger.customer(wallet)
            balance = (await ledger.lock(connection, [account]))[account]
            affordable: list[Row] = []
            dear: list[Row] = []
            for row in waiting:
                if row["budget"] <= balance:
                    balance = Amount(balance - row["budget"])
                    affordable.append(row)
                else:
                    dear.append(row)
            await jobs.say_lack(connection, [(r["job_id"], lacking(Amount(r["budget"] - balance))) for r in dear])
            if not affordable:
                return
            funded = await jobs.fund(connection, [row["job_id"] for row in affordable])
            await ledger.hold(connection, [(r["job_id"], wallet, r["budget"]) for r in affordable])
            told = [status_event(job_id, wallet, JobState.QUEUED) for job_id in funded]
            await events.append(connection, told, queued=True)
        self._matchmaker.refill()
