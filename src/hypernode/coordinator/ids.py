"""New identifiers and secrets, and what is kept of a secret."""

import base64
import hashlib
import hmac
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


class Secrets:
    """Tokens that belong to an id. With the network's key they can be made again, so none needs to be stored."""

    def __init__(self, network_key: bytes) -> None:
        self._key = hashlib.sha256(b"hypernode:tokens:" + network_key).digest()

    def token(self, prefix: str, owner: UUID) -> str:
        """The token of what has this id: of 256 bits, which nobody else can compute."""
        digest = hmac.digest(self._key, prefix.encode() + owner.bytes, "sha256")
        return f"{prefix}_{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def secret_hash(secret: str) -> bytes:
    """What is stored of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()
