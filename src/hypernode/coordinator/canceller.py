"""Withdraws jobs for their customers: before they run for nothing, while they run for what was done."""

from collections.abc import Mapping
from uuid import UUID

from hypernode.coordinator import wholes
from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.settler import STOPPED, Ending, Settler
from hypernode.domain.errors import NotCancellable, NotFound, StaleLease, Unauthorized
from hypernode.domain.job import TERMINAL, JobState
from hypernode.domain.lease import LeaseEvent
from hypernode.domain.money import ZERO
from hypernode.domain.payment import Split
from hypernode.ports import Executor
from hypernode.store import events, jobs, ledger, parts
from hypernode.store.database import Database, Row
from hypernode.store.events import status_event

MAX_TRIES = 10


class Canceller:
    """The way out of a job."""

    def __init__(
        self,
        database: Database,
        executors: Mapping[str, Executor],
        matchmaker: Matchmaker,
        settler: Settler,
    ) -> None:
        self._database = database
        self._executors = executors
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
            if await (self._stop_parts(rows[0]) if rows[0]["parts"] else self.end(rows[0])):
                return
        raise NotCancellable(state)

    async def end(self, job: Row) -> bool:
        """Withdraw a job, or stop it where it runs; False if it has moved since it was read."""
        return await (self._stop(job["job_id"]) if job["state"] == JobState.RUNNING else self.withdraw(job["job_id"]))

    async def withdraw(self, job_id: UUID) -> bool:
        """End a job that has not run; False if it has."""
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

    async def _stop_parts(self, job: Row) -> bool:
        for part in await parts.of_job(self._database, job["job_id"]):
            if part["state"] not in TERMINAL and not await self.end(part):
                return False
        await wholes.end(self._database, self._executors[job["job_type"]], job)
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
