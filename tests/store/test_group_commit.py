"""What waits is committed together, every caller is answered, and none suffers for another."""

import asyncio
from collections.abc import Sequence

import pytest

from hypernode.store.group_commit import MAX_GROUP, MAX_WAITING, GroupCommit, Overloaded


class Flush:
    """Answers each number with its double, once it is let."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.open = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append(len(items))
        await self.open.wait()
        return [ValueError(item) if item < 0 else 2 * item for item in items]


async def _begun(flush: Flush, groups: int) -> None:
    async with asyncio.timeout(5):
        while len(flush.groups) < groups:
            await asyncio.sleep(0)


async def test_what_arrives_during_a_commit_is_the_next_group() -> None:
    flush = Flush()
    group = GroupCommit(flush)
    answers = [group.put(0)]
    await _begun(flush, 1)
    answers += [group.put(number) for number in range(1, MAX_GROUP + 2)]
    flush.open.set()

    assert await asyncio.gather(*answers) == [2 * number for number in range(MAX_GROUP + 2)]
    assert flush.groups == [1, MAX_GROUP, 1]


async def test_a_caller_gets_its_own_error_and_one_that_left_harms_nobody() -> None:
    flush = Flush()
    group = GroupCommit(flush)
    fine, wrong, gone = group.put(1), group.put(-1), group.put(2)
    gone.cancel()
    flush.open.set()

    assert await fine == 2
    with pytest.raises(ValueError, match="-1"):
        await wrong
    await group.drain()
    assert flush.groups == [3]


async def test_no_more_is_taken_than_may_wait() -> None:
    flush = Flush()
    group = GroupCommit(flush)
    answers = [group.put(number) for number in range(MAX_WAITING)]

    with pytest.raises(Overloaded):
        group.put(0)

    flush.open.set()
    await asyncio.gather(*answers)
