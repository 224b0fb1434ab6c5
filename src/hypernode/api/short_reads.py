"""The short way of reads: which requests it knows, and whose answer they wait for."""

import re
from asyncio import Future
from functools import lru_cache
from typing import Final, cast
from urllib.parse import parse_qsl
from uuid import UUID

from hypernode.api.reads import NodeQuery, Reads
from hypernode.coordinator.access import Caller
from hypernode.protocol import limits

JOB: Final = b"/api/jobs/"
NODES: Final = b"/api/nodes"
_NUMBER: Final = re.compile("[1-9][0-9]{0,3}")


def is_read(url: bytes) -> bool:
    """Whether a GET of this may go the short way."""
    return url == NODES or url.startswith((JOB, NODES + b"?"))


def answer_of(reads: Reads, url: bytes, caller: Caller) -> "Future[bytes | None] | None":
    """The answer to come; None at once: not of the ordinary form, the framework has to. Raises Overloaded."""
    if url.startswith(JOB):
        job_id = _id(url[len(JOB) :])
        return None if job_id is None else reads.job(job_id, caller)
    query = _query(url)
    return None if query is None else cast("Future[bytes | None]", reads.nodes(query))


@lru_cache(maxsize=1024)
def _query(url: bytes) -> NodeQuery | None:
    """The page that a URL with no more than a limit and a cursor asks for."""
    try:
        given = parse_qsl(url[len(NODES) + 1 :].decode(), keep_blank_values=True, strict_parsing=url != NODES)
    except ValueError:
        return None
    named = dict(given)
    limit = named.pop("limit", str(limits.DEFAULT_LIST_LIMIT))
    cursor = named.pop("cursor", None)
    before = None if cursor is None else _id(cursor.encode())
    if named or len(given) > 2 or (cursor is not None and before is None):
        return None
    if not _NUMBER.fullmatch(limit) or int(limit) > limits.MAX_LIST_LIMIT:
        return None
    return NodeQuery(int(limit), before)


def _id(text: bytes) -> UUID | None:
    try:
        return UUID(text.decode())
    except ValueError:
        return None
