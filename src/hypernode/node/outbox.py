"""What the node has to say, gathered so that many events leave in one message."""

import asyncio
import contextlib
from collections import deque
from typing import Final

from hypernode.protocol.frames import Log, NodeFrame, Progress, Stream

FLUSH_S: Final = 0.05
"""How long an event waits for others: below what a reader notices."""
MAX_WAITING: Final = 20_000
"""Frames kept while there is no link; the oldest go first. Reports are kept elsewhere until they are acknowledged."""
MAX_JOINED: Final = 64
"""Events of a lease that are joined into one frame."""


class Outbox:
    """A queue that joins neighbours: log lines, pieces of text, steps of progress of one lease."""

    def __init__(self) -> None:
        self._frames: deque[NodeFrame] = deque(maxlen=MAX_WAITING)
        self._joined = 0
        self._filled = asyncio.Event()
        self._urgent = asyncio.Event()

    def put(self, frame: NodeFrame, *, urgent: bool = False) -> None:
        """Say something; urgent frames do not wait for others."""
        last = self._frames[-1] if self._frames else None
        joined = _join(last, frame) if last and self._joined < MAX_JOINED else None
        if joined:
            self._frames[-1] = joined
        else:
            self._frames.append(frame)
        self._joined = self._joined + 1 if joined else 0
        self._filled.set()
        if urgent:
            self._urgent.set()

    def put_back(self, frames: list[NodeFrame]) -> None:
        """What was taken and could not be sent goes first again."""
        self._frames.extendleft(reversed(frames))
        self._filled.set()

    async def take(self) -> list[NodeFrame]:
        """All that is there, as soon as there is something urgent or something that waited long enough."""
        await self._filled.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                await self._urgent.wait()
        frames = list(self._frames)
        self._frames.clear()
        self._filled.clear()
        self._urgent.clear()
        return frames


def _join(last: NodeFrame, new: NodeFrame) -> NodeFrame | None:
    """One frame that says what two say, if there is one."""
    match last, new:
        case (Stream(), Stream()) if last.lease_id == new.lease_id:
            return Stream(last.lease_id, last.text + new.text)
        case (Log(), Log()) if last.lease_id == new.lease_id:
            return Log(last.lease_id, last.lines + new.lines)
        case (Progress(), Progress()) if last.lease_id == new.lease_id:
            return new
        case _:
            return None
