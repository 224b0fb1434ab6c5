"""New identifiers and secrets, and what is kept of a secret."""

import hashlib
import os
import secrets
import time
from typing import Final
from uuid import UUID

from hypernode.domain.ids import RANDOM_BYTES, uuid7

_SECRET_BYTES: Final = 32


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))


def new_secret(prefix: str) -> str:
    """A token for a caller to keep; the prefix tells what it is for, also to secret scanners."""
    return f"{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def secret_hash(secret: str) -> bytes:
    """What is stored of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()
