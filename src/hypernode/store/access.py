"""Sign-ins, API keys, idempotency keys and the audit log. Of every secret only its SHA-256 is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hypernode.domain.money import Amount
from hypernode.store.database import LAST_ID, Database, Row, statements

SQL: Final = statements("access")
IN_FLIGHT_S: Final = 60.0
"""An idempotency key whose request has no answer after this long belongs to a coordinator that died."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """An idempotency key's use: the id for what it makes, and its answer if it has one."""

    resource_id: UUID
    status: int | None = None
    response: bytes | None = None


async def insert_challenge(database: Database, nonce: str, wallet: str, message: str, expires_at: datetime) -> None:
    """Remember a text that a wallet was asked to sign."""
    await database.execute(SQL["insert_challenge"], nonce, wallet, message, expires_at)


async def take_challenge(database: Database, nonce: str) -> Row | None:
    """The challenge (wallet, message, expires_at), which cannot be taken twice."""
    return await database.row(SQL["take_challenge"], nonce)


async def insert_session(database: Database, token_hash: bytes, wallet: str, expires_at: datetime) -> None:
    """A wallet proved itself."""
    await database.execute(SQL["insert_session"], token_hash, wallet, expires_at)


async def session(database: Database, token_hash: bytes) -> Row | None:
    """Whose session token it is (wallet, expires_at), if it is still good."""
    return await database.row(SQL["session"], token_hash)


async def insert_key(
    database: Database,
    key_id: UUID,
    wallet: str,
    name: str,
    token_hash: bytes,
    scopes: list[str],
    spending_limit: Amount | None,
    expires_at: datetime | None,
) -> Row:
    """A key for a program."""
    row = await database.row(SQL["insert_key"], key_id, wallet, name, token_hash, scopes, spending_limit, expires_at)
    assert row is not None
    return row


async def key(database: Database, token_hash: bytes) -> Row | None:
    """Whose API key it is (key_id, wallet, scopes, expires_at), if it is still good."""
    return await database.row(SQL["key"], token_hash)


async def keys(database: Database, wallet: str, before: UUID | None, limit: int) -> list[Row]:
    """A wallet's keys, newest first."""
    return await database.fetch(SQL["list_keys"], wallet, before or LAST_ID, limit)


async def key_owner(database: Database, key_id: UUID) -> str | None:
    """Whose key it is."""
    return await database.value(SQL["key_owner"], key_id)


async def revoke_key(database: Database, key_id: UUID) -> Row | None:
    """End a key."""
    return await database.row(SQL["revoke_key"], key_id)


async def forget_expired(database: Database) -> None:
    """Drop challenges, sessions and idempotency keys whose time is over."""
    await database.execute(SQL["forget"])


async def reserve(
    database: Database, caller: str, key: str, route: str, body_hash: bytes, resource_id: UUID
) -> Reserved | None:
    """Take an idempotency key; None if it is taken. After a crash the same id comes back for the same request."""
    row = await database.row(SQL["reserve"], caller, key, route, body_hash, resource_id, IN_FLIGHT_S)
    return None if row is None else Reserved(row["resource_id"])


async def reserved(database: Database, caller: str, key: str) -> Row | None:
    """What an idempotency key was used for: route, body_hash, resource_id, status, response."""
    return await database.row(SQL["reserved"], caller, key)


async def answer(database: Database, caller: str, key: str, status: int, response: bytes) -> None:
    """Remember the answer."""
    await database.execute(SQL["answer"], caller, key, status, response)


async def release(database: Database, caller: str, key: str) -> None:
    """Forget a request that failed: it may be made again."""
    await database.execute(SQL["release"], caller, key)


async def abandon(database: Database, caller: str, key: str) -> None:
    """Nobody answers this request any more: the next one with the key takes it up, with the same id."""
    await database.execute(SQL["abandon"], caller, key)


async def audit(database: Database, actor: str, action: str, data: dict[str, Any]) -> None:
    """Record an operator's act."""
    await database.execute(SQL["audit"], actor, action, data)
