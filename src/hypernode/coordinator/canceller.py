"""Withdraws jobs for their customers: before they run for nothing, while they run for what was done."""

from uuid import UUID

from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.settler import STOPPED, Ending, Settler
from hypernode.domain.errors import NotCancellable, NotFound, StaleLease, Unauthorized
from hypernode.domain.job import TERMINAL, JobState
from hypernode.domain.lease import LeaseEvent
from hypernode.domain.money import ZERO
from hypernode.domain.payment import Split
from hypernode.store import events, jobs, ledger
from hypernode.store.database import Database
from hypernode.store.events import status_event

MAX_TRIES = 10


class Canceller:
    """The way out of a job."""

    def __init__(self, database: Database, matchmaker: Matchmaker, settler: Settler) -> None:
        self._database = database
        self._matchmaker = matchmaker
        self._settler = settler

    async def cancel(self, job_id: UUID, wallet: str, *, stop_running: bool) -> None:
        """End a job. Raises NotFound, Unauthorized, NotCancellable.

        The job may move while we look (it is leased, it comes back): look again then.
        """
        state = JobState.RUNNING
        for _ in range(MAX_TRIES):
            rows = await jobs.get(self._database, [job_id])
            if not rows:
                raise NotFound("Job")
            if rows[0]["wallet"] != wallet:
                raise Unauthorized
            state = JobState(rows[0]["state"])
            if state in TERMINAL or (state is JobState.RUNNING and not stop_running):
                raise NotCancellable(state)
            if await (self._stop(job_id) if state is JobState.RUNNING else self._withdraw(job_id)):
                return
        raise NotCancellable(state)

    async def _withdraw(self, job_id: UUID) -> bool:
        async with self._database.transaction() as connection:
            row = await jobs.cancel(connection, job_id)
            if row is None:
                return False
            whole = Split(ZERO, ZERO, row["budget"])
            held = await ledger.end_holds(connection, [ledger.Ending(job_id, None, whole, row["key_id"])])
            if row["key_id"] and not held:  # It waited for funds: only the key's limit knew of it.
                await ledger.spend(connection, [(row["key_id"], -row["budget"])])
            await events.append(connection, [status_event(job_id, row["wallet"], JobState.CANCELLED)])
        self._matchmaker.forget(job_id)
        return True

    async def _stop(self, job_id: UUID) -> bool:
        lease = await jobs.live_lease(self._database, job_id)
        if lease is None:
            return False
        try:
            await self._settler.end(Ending(lease["lease_id"], LeaseEvent.REVOKE, STOPPED))
        except StaleLease:
            return False
        return True
