"""The nodes that are connected to this coordinator, whatever their link."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from hypernode.protocol.frames import CoordinatorFrame

MAX_OUTBOX: Final = 10_000
"""Frames that wait for a node; one that reads none of so many is taken for dead."""


@dataclass(slots=True)
class Held:
    """A lease that a connected node holds."""

    lease_id: UUID
    job_id: UUID
    wallet: str
    job_type: str
    model: str
    assurance: str
    audit: bool  #: It checks another job's result.
    accepted: bool = False
    resume: str = ""  #: The checkpoint that it was offered with; not known any more after a reconnection.

    @classmethod
    def of(cls, lease_id: UUID, job: Mapping[str, Any], *, accepted: bool = False) -> "Held":
        """A lease on a stored job."""
        audit = job["audit_of"] is not None
        return cls(
            lease_id, job["job_id"], job["wallet"], job["job_type"], job["model"], job["assurance"], audit, accepted
        )


@dataclass(eq=False, slots=True)
class Session:
    """One node's connection: frames for it wait in the outbox until its link takes them."""

    node_id: UUID
    wallet: str
    polls: bool  #: Its link is HTTP: it hears of us only when it asks.
    lease_ttl_s: int
    heard_at: float  #: Loop time of the last frame or poll.
    capacity: int = 1
    leases: dict[UUID, Held] = field(default_factory=dict)
    closed: bool = False
    _outbox: list[CoordinatorFrame] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, *frames: CoordinatorFrame) -> None:
        """Put frames into the outbox."""
        self._outbox.extend(frames)
        self._news.set()
        if len(self._outbox) > MAX_OUTBOX:
            self.close()

    async def take(self, timeout_s: float | None = None) -> list[CoordinatorFrame]:
        """The frames that wait; none when the time is over or the session is closed."""
        if not self._outbox and not self.closed:
            try:
                # Not wait_for, which in Python 3.11 can swallow a cancellation.
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
            except TimeoutError:
                return []
        frames, self._outbox = self._outbox, []
        if not self.closed:
            self._news.clear()
        return frames

    def close(self) -> None:
        """End the session; its link notices at the next take."""
        self.closed = True
        self._news.set()


class Sessions:
    """The live sessions, one a node."""

    def __init__(self) -> None:
        self._by_node: dict[UUID, Session] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._by_node.values()))

    def __len__(self) -> int:
        return len(self._by_node)

    def get(self, node_id: UUID) -> Session | None:
        """The session of a node, if it is connected here."""
        return self._by_node.get(node_id)

    def attach(self, session: Session) -> None:
        """A node connected; an older connection of it ends."""
        if (old := self._by_node.get(session.node_id)) and old is not session:
            old.close()
        self._by_node[session.node_id] = session

    def detach(self, session: Session) -> bool:
        """A connection ended; False if a newer one has replaced it."""
        session.close()
        if self._by_node.get(session.node_id) is not session:
            return False
        del self._by_node[session.node_id]
        return True
