"""The Idempotency-Key of POST requests that create: same key and body, same answer."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response

from hypernode.coordinator.ids import new_id
from hypernode.domain.errors import BadField, IdempotencyConflict, InvalidRequest, RequestInFlight
from hypernode.protocol import limits
from hypernode.store import access
from hypernode.store.database import Database

HEADER: Final = "idempotency-key"

Make = Callable[[UUID], Awaitable[tuple[int, msgspec.Struct]]]
"""Makes the thing, with this id, and gives status and answer. Called again with the same id only after a crash."""


async def once(request: Request[Any, Any, Any], database: Database, who: str, make: Make) -> Response[Any]:
    """Answer a creating request: make the thing, or repeat the answer that its key had before."""
    key = request.headers.get(HEADER)
    if key is None:
        status, answer = await make(new_id())
        return Response(answer, status_code=status)
    if not 0 < len(key) <= limits.MAX_TEXT:
        raise InvalidRequest([BadField("Idempotency-Key", f"1 to {limits.MAX_TEXT} characters")])
    route = f"{request.method} {request.url.path}"
    body_hash = hashlib.sha256(await request.body()).digest()
    reserved = await access.reserve(database, who, key, route, body_hash, new_id())
    if reserved is None:
        return await _repeat(database, who, key, route, body_hash)
    try:
        status, answer = await make(reserved.resource_id)
    except BaseException:
        await access.release(database, who, key)
        raise
    encoded = msgspec.json.encode(answer)
    await access.answer(database, who, key, status, encoded)
    return Response(encoded, status_code=status, media_type="application/json")


async def _repeat(database: Database, who: str, key: str, route: str, body_hash: bytes) -> Response[Any]:
    known = await access.reserved(database, who, key)
    if known is None:
        raise RequestInFlight  # It failed just now: the caller may try again.
    if known["route"] != route or known["body_hash"] != body_hash:
        raise IdempotencyConflict
    if known["response"] is None:
        raise RequestInFlight
    headers = {"Idempotency-Replayed": "true"}
    return Response(known["response"], status_code=known["status"], media_type="application/json", headers=headers)
