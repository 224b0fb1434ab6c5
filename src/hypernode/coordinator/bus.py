"""Events: written in groups, and brought to whoever follows a job or a wallet, in order and without gaps."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hypernode.store import events
from hypernode.store.database import Database, Row
from hypernode.store.events import NewEvent
from hypernode.store.group_commit import GroupCommit

CATCH_UP: Final = 100
"""Events that a subscriber is given of the store at once; it takes these before it gets more."""
TOLD_AT_ONCE: Final = 256
"""Subscribers that are told before others get their turn."""


@dataclass(slots=True)
class Batch:
    """Events in their order, the same for all who are told them."""

    events: Sequence[Row]
    wire: bytes = b""  #: What the API made of them: encoded once, sent to many.

    @property
    def first(self) -> int:
        """Its first event's sequence number."""
        return self.events[0]["seq"]

    @property
    def last(self) -> int:
        """Its last event's sequence number."""
        return self.events[-1]["seq"]


Put = Callable[[Batch], bool]
"""Takes a batch. False: give no more until it has been drained."""


class Subscription:
    """One reader of events, from a sequence number on: of the store at its own pace, then each as it comes."""

    def __init__(self, database: Database, after: int, job_id: UUID | None, wallet: str | None) -> None:
        self.job_id = job_id
        self.wallet = wallet
        self._database = database
        self._after = after
        self._put: Put | None = None  #: While it has all that is in the store.
        self._missed = False  #: There was news while it had not.
        self._behind = asyncio.Event()

    def offer(self, batch: Batch) -> None:
        """New events of its job or wallet."""
        if self._put is None:
            self._missed = True
            return
        if batch.first <= self._after:
            batch = Batch([event for event in batch.events if event["seq"] > self._after])
            if not batch.events:
                return
        self._after = batch.last
        if not self._put(batch):
            self._put = None
            self._behind.set()

    async def follow(self, put: Put, drained: Callable[[], Awaitable[None]]) -> None:
        """Hand over all events until cancelled. One who takes none for a while reads on from the store."""
        while True:
            await drained()
            self._missed = False
            if batch := await self._page():
                put(batch)
            elif not self._missed:
                self._put = put
                await self._behind.wait()
                self._behind.clear()

    async def stored(self) -> AsyncGenerator[Batch]:
        """The events that are there already, and no more."""
        while batch := await self._page():
            yield batch

    async def _page(self) -> Batch | None:
        found = await events.after(self._database, self._after, job_id=self.job_id, wallet=self.wallet, limit=CATCH_UP)
        if not found:
            return None
        self._after = found[-1]["seq"]
        return Batch(found)


class Bus:
    """The events of all coordinators, as they become visible in the store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: dict[UUID | str, set[Subscription]] = {}  #: By job, or wallet.
        self._news = asyncio.Event()
        self._group = GroupCommit(self._flush)

    async def publish(self, given: Sequence[NewEvent]) -> None:
        """Store events that belong to no other change."""
        await self._group.submit(given)

    def wake(self) -> None:
        """There are new events in the store."""
        self._news.set()

    def subscribe(self, after: int, *, job_id: UUID | None = None, wallet: str | None = None) -> Subscription:
        """Follow a job, or else a wallet's jobs; call `unsubscribe` at the end."""
        subscription = Subscription(self._database, after, job_id, wallet)
        self._followers.setdefault(_followed(subscription), set()).add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop following."""
        followers = self._followers.get(_followed(subscription), set())
        followers.discard(subscription)
        if not followers:
            self._followers.pop(_followed(subscription), None)

    async def run(self) -> None:
        """Bring new events to the subscribers until cancelled."""
        seen = await events.newest(self._database)
        while True:
            await self._news.wait()
            self._news.clear()
            if not self._followers:
                newest = await events.newest(self._database)
                if not self._followers:  # Who came meanwhile may have read the store before its newest event.
                    seen = newest
                    continue
            while page := await events.after(self._database, seen):
                seen = page[-1]["seq"]
                await self._tell(page)

    async def _tell(self, page: Sequence[Row]) -> None:
        told: defaultdict[UUID | str, list[Row]] = defaultdict(list)
        for event in page:
            for followed in (event["job_id"], event["wallet"]):
                if followed in self._followers:
                    told[followed].append(event)
        for followed, of_one in told.items():
            batch = Batch(of_one)
            # Who comes meanwhile reads the store, where these events are.
            for number, subscription in enumerate(tuple(self._followers.get(followed, ())), 1):
                subscription.offer(batch)
                if number % TOLD_AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _flush(self, groups: Sequence[Sequence[NewEvent]]) -> list[None]:
        async with self._database.transaction() as connection:
            await events.append(connection, [event for group in groups for event in group])
        return [None] * len(groups)


def _followed(subscription: Subscription) -> UUID | str:
    if subscription.job_id is not None:
        return subscription.job_id
    assert subscription.wallet is not None
    return subscription.wallet
