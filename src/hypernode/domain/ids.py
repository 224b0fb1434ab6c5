"""Identifiers: UUID version 7 (RFC 9562), which sort by the time they were made."""

from typing import Final
from uuid import UUID

RANDOM_BYTES: Final = 10


def uuid7(at_ms: int, random: bytes) -> UUID:
    """The UUIDv7 of a Unix time in milliseconds and 10 random bytes (RFC 9562, section 5.7)."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"uuid7 needs {RANDOM_BYTES} random bytes, got {len(random)}")
    bits = (at_ms & (1 << 48) - 1) << 80 | int.from_bytes(random)
    bits = bits & ~(0xF << 76) | 7 << 76
    bits = bits & ~(0x3 << 62) | 2 << 62
    return UUID(int=bits)
