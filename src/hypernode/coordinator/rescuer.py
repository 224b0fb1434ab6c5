"""Notices silence: leases whose time has passed, nodes that fell silent, connections that died."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hypernode.coordinator.dispatcher import Dispatcher
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.sessions import Sessions
from hypernode.coordinator.settler import EXPIRED, OVERTIME, Ending, Settler
from hypernode.domain.errors import StaleLease
from hypernode.domain.lease import LeaseEvent
from hypernode.store import access, events, figures, jobs, nodes
from hypernode.store.database import Database

MAX_EXPIRIES: Final = 1_000


class Rescuer:
    """Every coordinator runs one; they may look at the same leases, and each lease still ends once."""

    def __init__(
        self, database: Database, sessions: Sessions, dispatcher: Dispatcher, settler: Settler, policy: Policy
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._dispatcher = dispatcher
        self._settler = settler
        self._policy = policy

    async def rescue(self) -> None:
        """One look at everything."""
        await self._expire(await jobs.due_leases(self._database, MAX_EXPIRIES), EXPIRED)
        late = await jobs.overtime_leases(self._database, MAX_EXPIRIES, self._policy.overtime_s)
        await self._expire(late, OVERTIME)
        await nodes.fall_silent(self._database, self._policy.offline_after_s)
        now = asyncio.get_running_loop().time()
        for session in self._sessions:
            if session.closed or now - session.heard_at > session.lease_ttl_s:
                self._dispatcher.close(session)

    async def _expire(self, lease_ids: Sequence[UUID], reason: str) -> None:
        endings = (self._settler.end(Ending(lease_id, LeaseEvent.EXPIRE, reason)) for lease_id in lease_ids)
        for outcome in await asyncio.gather(*endings, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, StaleLease):
                raise outcome

    async def tidy(self) -> None:
        """Forget what is over for long."""
        await access.forget_expired(self._database)
        await events.prune(self._database, self._policy.keep_events_days)
        await figures.forget_nodes(self._database)
