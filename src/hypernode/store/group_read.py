"""Group read: what many ask for at once is asked of the store once, and kept for as long as nothing there changes.

Each group asks PostgreSQL for its snapshot first: which transactions have ended, whoever made them. While that is the
same, so is all that anybody can read, and no answer needs to be read or encoded again. Nobody has to say what has
changed, and a reader is never told less than what was committed when it asked, here or at another coordinator.
"""

from asyncio import Future
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from hypernode.store.database import Database
from hypernode.store.group_commit import GroupCommit

Key = TypeVar("Key")
Answer = TypeVar("Answer", bytes, bytes | None)

MAX_KEPT_BYTES: Final = 64 << 20
_ENTRY_BYTES: Final = 500
"""What an entry takes besides its answer, about."""
_SNAPSHOT: Final = "SELECT pg_current_snapshot()::text"


class GroupRead(Generic[Key, Answer]):
    """Answers keys with what `read` makes of them: bytes, or None for what is not there."""

    def __init__(self, database: Database, read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Answer]]]) -> None:
        self._database = database
        self._read = read
        self._group = GroupCommit(self._answer, max_rest_s=0)
        self._snapshot = ""
        self._kept: dict[Key, Answer] = {}
        self._kept_bytes = 0

    def put(self, key: Key) -> "Future[Answer]":
        """Ask; the answer comes with its group's. Raises Overloaded."""
        return self._group.put(key)

    async def _answer(self, keys: Sequence[Key]) -> list[Answer]:
        snapshot = await self._database.value(_SNAPSHOT)
        if snapshot != self._snapshot or self._kept_bytes > MAX_KEPT_BYTES:
            self._snapshot, self._kept, self._kept_bytes = snapshot, {}, 0
        if missing := list({key: None for key in keys if key not in self._kept}):
            found = await self._read(missing)
            self._kept |= found
            self._kept_bytes += sum(_ENTRY_BYTES + len(answer or b"") for answer in found.values())
        return [self._kept[key] for key in keys]
