"""Content-addressed files over any object store: what is there under a digest is whole and has that digest.

An upload is staged in a local file, because its key is known only when its last byte is hashed. That needs disk space,
but no second copy in the store, no size limit of a copy there, and no half upload to clean up in a bucket.
"""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import obstore

from hypernode.domain.errors import HypernodeError, NotFound, TooLarge

if TYPE_CHECKING:
    from obstore.store import ObjectStore

WRITE_BYTES: Final = 1 << 20
"""Bytes gathered for one write in a thread: small chunks would cost more in hand-overs than in work."""
READ_BYTES: Final = 4 << 20
"""Bytes of one request to the store, so the most that a download holds in memory."""
_DIGEST: Final = re.compile("[0-9a-f]{64}")


class ArtifactTooLarge(TooLarge):
    """An upload passed its limit; nothing of it is kept."""


class ArtifactMissing(NotFound):
    """Nothing is stored under the digest."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"Artifact {sha256}")
        self.sha256 = sha256


@dataclass(eq=False)
class DigestMismatch(HypernodeError):
    """An upload is not what it was announced to be; nothing of it is kept."""

    expected: str
    actual: str
    code = "digest_mismatch"
    template = "The content has the SHA-256 {actual}, not {expected}"


@dataclass(eq=False)
class InvalidDigest(HypernodeError):
    """The text is no digest."""

    text: str
    code = "invalid_digest"
    template = "A digest is a SHA-256: 64 digits of lower-case hex"


@dataclass(frozen=True, slots=True)
class Stored:
    """What an upload became. `size` is in bytes."""

    sha256: str
    size: int


class Blobs:
    """The artifacts in one place; made by `open_blobs`. All methods may run at once, on the same digest too."""

    def __init__(self, store: "ObjectStore", staging: Path, publish: Callable[[Path, str], Awaitable[None]]) -> None:
        """`publish` puts a finished file of `staging` under a key, whole or not at all."""
        self._store = store
        self._staging = staging
        self._publish = publish

    async def put(self, stream: AsyncIterator[bytes], limit_bytes: int, expected: str | None = None) -> Stored:
        """Stores a stream. Nothing is visible before all of it is safe, and nothing at all if the stream raises.

        `expected` is the digest that it must have. Raises ArtifactTooLarge, DigestMismatch, InvalidDigest.
        """
        if expected is not None:
            _key(expected)
        number, name = tempfile.mkstemp(dir=self._staging)
        path = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                stored = await _write(stream, file, limit_bytes)
            if expected is not None and expected != stored.sha256:
                raise DigestMismatch(expected, stored.sha256)
            await self._publish(path, _key(stored.sha256))
        finally:
            path.unlink(missing_ok=True)
        return stored

    async def get(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but not including `end`, as far as there are any, in chunks of at most
        READ_BYTES.

        Raises ArtifactMissing and InvalidDigest before it returns, so an answer's head can still tell; ValueError for
        a negative position.
        """
        if start < 0 or (end is not None and end < 0):
            raise ValueError("a range has no negative positions")
        size = await self.size(sha256)
        if size is None:
            raise ArtifactMissing(sha256)
        return self._read(sha256, start, size if end is None else min(end, size))

    async def size(self, sha256: str) -> int | None:
        """Bytes of the artifact, None if it is not there. Raises InvalidDigest."""
        try:
            return (await obstore.head_async(self._store, _key(sha256)))["size"]
        except FileNotFoundError:
            return None

    async def delete(self, sha256: str) -> None:
        """Removes the artifact if it is there. Raises InvalidDigest."""
        try:
            await obstore.delete_async(self._store, _key(sha256))
        except FileNotFoundError:
            return

    async def _read(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        # One request a chunk, not one stream: a slow reader would keep a stream open until the store ends it.
        for position in range(start, end, READ_BYTES):
            try:
                chunk = await obstore.get_range_async(
                    self._store, _key(sha256), start=position, end=min(position + READ_BYTES, end)
                )
            except FileNotFoundError:
                raise ArtifactMissing(sha256) from None
            yield bytes(chunk)


async def _write(stream: AsyncIterator[bytes], file: BinaryIO, limit_bytes: int) -> Stored:
    """Writes a stream to a file, on disk for good."""
    digest = hashlib.sha256()
    size = 0
    gathered = bytearray()

    def flush() -> None:
        digest.update(gathered)
        file.write(gathered)
        gathered.clear()

    async for chunk in stream:
        size += len(chunk)
        if size > limit_bytes:
            raise ArtifactTooLarge(limit_bytes)
        gathered += chunk
        if len(gathered) >= WRITE_BYTES:
            await asyncio.to_thread(flush)

    def finish() -> None:
        flush()
        file.flush()
        os.fsync(file.fileno())

    await asyncio.to_thread(finish)
    return Stored(digest.hexdigest(), size)


def _key(sha256: str) -> str:
    """Two levels of folders keep each one small."""
    if not _DIGEST.fullmatch(sha256):
        raise InvalidDigest(sha256)
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
