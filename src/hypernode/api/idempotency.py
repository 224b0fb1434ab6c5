"""The Idempotency-Key of POST requests that create: same key and body, same answer."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response

from hypernode.coordinator.ids import new_id
from hypernode.domain.errors import BadField, HypernodeError, IdempotencyConflict, InvalidRequest, RequestInFlight
from hypernode.protocol import limits
from hypernode.store import access
from hypernode.store.database import Database

HEADER: Final = "idempotency-key"

Make = Callable[[UUID], Awaitable[tuple[int, msgspec.Struct]]]
"""Makes the thing, with this id, and gives status and answer. Called again with the same id only after a crash."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A secret in the answer that tells of a new thing. It is not stored with the answer, but made again."""

    field: str
    tell: Callable[[UUID], str]


async def once(
    request: Request[Any, Any, Any],
    database: Database,
    who: str,
    make: Make,
    *,
    secret: Shown | None = None,
    body_hash: bytes | None = None,
) -> Response[Any]:
    """Answer a creating request: make the thing, or repeat the answer that its key had before."""
    key = request.headers.get(HEADER)
    if key is None:
        status, answer = await make(new_id())
        return Response(answer, status_code=status)
    if not 0 < len(key) <= limits.MAX_TEXT:
        raise InvalidRequest([BadField("Idempotency-Key", f"1 to {limits.MAX_TEXT} characters")])
    route = f"{request.method} {request.url.path}"
    body_hash = body_hash or hashlib.sha256(await request.body()).digest()
    reserved = await access.reserve(database, who, key, route, body_hash, new_id())
    if reserved is None:
        return await _repeat(database, who, key, route, body_hash, secret)
    try:
        status, answer = await make(reserved.resource_id)
    except HypernodeError:  # Nothing was made: the request may be sent again, and changed.
        await access.release(database, who, key)
        raise
    except Exception:  # Whether it was made is not known: the same request gets the same id again.
        await access.abandon(database, who, key)
        raise
    encoded = msgspec.json.encode(answer)
    await access.answer(database, who, key, status, _without(encoded, secret))
    return Response(encoded, status_code=status, media_type="application/json")


async def _repeat(
    database: Database, who: str, key: str, route: str, body_hash: bytes, secret: Shown | None
) -> Response[Any]:
    known = await access.reserved(database, who, key)
    if known is None:
        raise RequestInFlight  # It failed just now: the caller may try again.
    if known["route"] != route or known["body_hash"] != body_hash:
        raise IdempotencyConflict
    if known["response"] is None:
        raise RequestInFlight
    body: bytes = known["response"]
    if secret is not None and known["status"] == HTTPStatus.CREATED:
        body = msgspec.json.encode({**msgspec.json.decode(body), secret.field: secret.tell(known["resource_id"])})
    headers = {"Idempotency-Replayed": "true"}
    return Response(body, status_code=known["status"], media_type="application/json", headers=headers)


def _without(encoded: bytes, secret: Shown | None) -> bytes:
    if secret is None:
        return encoded
    return msgspec.json.encode({k: v for k, v in msgspec.json.decode(encoded).items() if k != secret.field})
