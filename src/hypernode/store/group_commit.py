"""Group commit: a flusher takes all that has arrived, commits it together, then takes the next.

An idle system commits at once, a busy one in larger and larger groups (6.7 us a row at 256 rows against 124 us at one;
FACTS.md). Callers are answered after the commit. One flusher: a second one would halve the groups, and the rows of
small ones cost more than the wait for the disk that it saves. After a small group it rests for as long as that took:
else several coordinators that take turns at the events lock have a few rows each time, and spend all on small commits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

import asyncpg

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MAX_GROUP: Final = 512
MAX_WAITING: Final = 50_000
DEADLOCK_TRIES: Final = 3
TURNS: Final = 3
ENOUGH: Final = 64
"""So many that wait are a group worth its commit."""
MAX_REST_S: Final = 0.01


class Overloaded(Exception):
    """More work is waiting than the store may ever be asked to hold; try again later."""


class GroupCommit(Generic[Item, Answer]):
    """Collects items and hands them in groups to `flush`, which answers each in order, or raises for all.

    An answer that is an exception is raised at its caller alone.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]],
        *,
        max_rest_s: float = MAX_REST_S,
    ) -> None:
        self._flush = flush
        self._max_rest_s = max_rest_s
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Answer:
        """Wait until the item's group has been committed. Raises Overloaded."""
        return await self.put(item)

    def put(self, item: Item) -> asyncio.Future[Answer]:
        """Hand an item in; the answer comes when its group has been committed. Raises Overloaded."""
        if len(self._waiting) >= MAX_WAITING:
            raise Overloaded
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._run())
        return answer

    async def drain(self) -> None:
        """Wait until nothing is waiting."""
        while self._flusher is not None:
            await asyncio.wait([self._flusher])

    async def _run(self) -> None:
        try:
            await self._flush_all()
        finally:  # In the same turn in which nothing was found to wait: no item is left behind.
            self._flusher = None

    async def _flush_all(self) -> None:
        clock = asyncio.get_running_loop().time
        rest_s = 0.0
        while self._waiting:
            if len(self._waiting) < ENOUGH:
                await asyncio.sleep(rest_s)
            await _let_others_arrive()
            began = clock()
            group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
            try:
                answers = await self._commit([item for item, _ in group])
            except Exception as error:
                answers = [error] * len(group)
            rest_s = min(clock() - began, self._max_rest_s)
            for (_, future), answer in zip(group, answers, strict=True):
                if future.done():  # Its caller went away; the others must not suffer.
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _commit(self, items: Sequence[Item]) -> Sequence[Answer | Exception]:
        for _ in range(DEADLOCK_TRIES - 1):
            try:
                return await self._flush(items)
            except asyncpg.DeadlockDetectedError:  # Nothing was done; the other transaction is through by now.
                continue
        return await self._flush(items)


async def _let_others_arrive() -> None:
    """What has been received but not read yet joins the group: three turns of the loop, no timer."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
