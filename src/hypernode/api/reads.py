"""The busiest reads, as encoded answers: a job, and lists of nodes."""

from asyncio import Future
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from litestar import MediaType, Response

from hypernode.api.views import node_view, shown_jobs
from hypernode.coordinator.access import Caller
from hypernode.protocol.jobs import JobAnswer
from hypernode.protocol.nodes import Node, NodeList
from hypernode.store import jobs, nodes
from hypernode.store.database import Database
from hypernode.store.group_read import GroupRead

MAX_NODES: Final = 50_000
"""Encoded nodes that are kept: some 50 MB."""
MAX_PAGES: Final = 50
"""Encoded lists of them that are kept: the same."""
ID_CHARS: Final = 36


@dataclass(frozen=True, slots=True)
class NodeQuery:
    """Which nodes a list is of: see `nodes.listed`."""

    limit: int
    before: UUID | None = None
    state: str | None = None
    gpu_model: str | None = None
    capability: str | None = None
    min_vram_mb: int | None = None
    country: str | None = None
    wallet: str | None = None


class Reads:
    """Reads them for all who wait at once."""

    def __init__(self, database: Database, units: Mapping[str, str]) -> None:
        self._database = database
        self._units = units
        self._jobs: GroupRead[tuple[UUID, Caller], bytes | None] = GroupRead(database, self._read_jobs)
        self._lists: GroupRead[NodeQuery, bytes] = GroupRead(database, self._read_lists)
        self._pages: dict[NodeQuery, tuple[str, bytes]] = {}  #: As listed, and encoded.
        self._nodes: dict[str, msgspec.Raw] = {}  #: By their entry in a listing.

    def job(self, job_id: UUID, caller: Caller) -> "Future[bytes | None]":
        """A JobAnswer with as much of the job as is the caller's; None: there is no such job. Raises Overloaded."""
        return self._jobs.put((job_id, caller))

    def nodes(self, query: NodeQuery) -> "Future[bytes]":
        """A NodeList. Raises Overloaded."""
        return self._lists.put(query)

    async def _read_jobs(self, asked: Sequence[tuple[UUID, Caller]]) -> dict[tuple[UUID, Caller], bytes | None]:
        rows = {row["job_id"]: row for row in await jobs.get(self._database, list({job_id for job_id, _ in asked}))}
        there = [key for key in asked if key[0] in rows]
        shown = [
            (rows[job_id], caller.is_party(rows[job_id]["wallet"], rows[job_id]["node_id"])) for job_id, caller in there
        ]
        views = await shown_jobs(self._database, self._units, shown)
        encoded = (msgspec.json.encode(JobAnswer(job=view)) for view in views)
        return {**dict.fromkeys(asked), **dict(zip(there, encoded, strict=True))}

    async def _read_lists(self, asked: Sequence[NodeQuery]) -> dict[NodeQuery, bytes]:
        return {query: await self._list(query) for query in asked}

    async def _list(self, query: NodeQuery) -> bytes:
        listed = await nodes.listed(
            self._database,
            state=query.state,
            gpu_model=query.gpu_model,
            capability=query.capability,
            min_vram_mb=query.min_vram_mb,
            country=query.country,
            wallet=query.wallet,
            before=query.before,
            limit=query.limit,
        )
        known_listed, known_page = self._pages.get(query, ("", b""))
        if known_page and listed == known_listed:
            return known_page
        page = await self._encode(listed.split(",") if listed else [], query.limit)
        if len(self._pages) >= MAX_PAGES:
            self._pages.clear()
        self._pages[query] = listed, page
        return page

    async def _encode(self, listed: Sequence[str], limit: int) -> bytes:
        """A page of nodes; only what has changed since it was encoded last is read and encoded again."""
        if len(self._nodes) > MAX_NODES:
            self._nodes.clear()
        changed = {UUID(each[:ID_CHARS]): each for each in listed if each not in self._nodes}
        for row in await nodes.of_ids(self._database, list(changed)) if changed else ():
            each = changed[row["node_id"]]
            view = node_view({**row, "live_leases": row["capacity"] if each.endswith("1") else 0})
            self._nodes[each] = msgspec.Raw(msgspec.json.encode(view))
        views = [self._nodes[each] for each in listed if each in self._nodes]  # Some may have been removed just now.
        cursor = listed[-1][:ID_CHARS] if len(listed) == limit else None
        # Raw is encoded as the node that it is already.
        answer = NodeList(count=len(views), nodes=cast("list[Node]", views), next_cursor=cursor)
        return msgspec.json.encode(answer)


def encoded(content: bytes) -> Response[Any]:
    """An answer that is JSON already."""
    return Response(content, media_type=MediaType.JSON)
