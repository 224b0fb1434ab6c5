"""Events: written in groups, and brought to whoever follows a job or a wallet, in order and without gaps."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

from hypernode.store import events
from hypernode.store.database import Database, Row
from hypernode.store.events import NewEvent
from hypernode.store.group_commit import GroupCommit

MAX_BACKLOG: Final = 10_000
"""Events that wait for one subscriber; a slower one reads on from the store."""


class Subscription:
    """One reader of events, from a sequence number on."""

    def __init__(self, database: Database, after: int, job_id: UUID | None, wallet: str | None) -> None:
        self._database = database
        self._after = after
        self._job_id = job_id
        self._wallet = wallet
        self._live: asyncio.Queue[Row] = asyncio.Queue(MAX_BACKLOG)
        self._behind = True  #: There may be events in the store that are not in the queue.

    def offer(self, event: Row) -> None:
        """A new event; those of other jobs are passed over."""
        if self._job_id is not None and event["job_id"] != self._job_id:
            return
        if self._wallet is not None and event["wallet"] != self._wallet:
            return
        try:
            self._live.put_nowait(event)
        except asyncio.QueueFull:
            self._behind = True

    async def __aiter__(self) -> AsyncIterator[Row]:
        while True:
            while self._behind:
                self._behind = False
                async for event in self.stored():
                    yield event
            event = await self._live.get()
            if event["seq"] > self._after and not self._behind:
                self._after = event["seq"]
                yield event

    async def stored(self) -> AsyncIterator[Row]:
        """The events that are there already, and no more."""
        while page := await self._page():
            for event in page:
                self._after = event["seq"]
                yield event

    async def _page(self) -> list[Row]:
        return await events.after(self._database, self._after, job_id=self._job_id, wallet=self._wallet)


class Bus:
    """The events of all coordinators, as they become visible in the store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions: set[Subscription] = set()
        self._news = asyncio.Event()
        self._group = GroupCommit(self._flush)

    async def publish(self, given: Sequence[NewEvent]) -> None:
        """Store events that belong to no other change."""
        await self._group.submit(given)

    def wake(self) -> None:
        """There are new events in the store."""
        self._news.set()

    def subscribe(self, after: int, *, job_id: UUID | None = None, wallet: str | None = None) -> Subscription:
        """Follow a job, a wallet's jobs, or all; call `unsubscribe` at the end."""
        subscription = Subscription(self._database, after, job_id, wallet)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop following."""
        self._subscriptions.discard(subscription)

    async def run(self) -> None:
        """Bring new events to the subscribers until cancelled."""
        seen = await events.newest(self._database)
        while True:
            await self._news.wait()
            self._news.clear()
            if not self._subscriptions:
                newest = await events.newest(self._database)
                if not self._subscriptions:  # Who came meanwhile may have read the store before its newest event.
                    seen = newest
                    continue
            while page := await events.after(self._database, seen):
                seen = page[-1]["seq"]
                for event in page:
                    for subscription in tuple(self._subscriptions):
                        subscription.offer(event)

    async def _flush(self, groups: Sequence[Sequence[NewEvent]]) -> list[None]:
        async with self._database.transaction() as connection:
            await events.append(connection, [event for group in groups for event in group])
        return [None] * len(groups)
