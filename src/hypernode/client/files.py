"""Artifacts on their way: files that are sent, and files that are received and checked."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, Final

import httpx

from hypernode.client.errors import WrongContent

CHUNK_BYTES: Final = 1 << 18


class Content(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that is read from a file, a stream or memory as it is sent, and read again when it is sent again."""

    def __init__(self, source: Path | bytes | BinaryIO) -> None:
        self._source = source
        self.repeatable = isinstance(source, Path | bytes) or source.seekable()
        self._start = source.tell() if self.repeatable and not isinstance(source, Path | bytes) else 0
        self._sent = False

    @property
    def headers(self) -> dict[str, str]:
        """The length where it is known, else none at all."""
        match self._source:
            case Path():
                length = {"Content-Length": str(self._source.stat().st_size)}
            case bytes():
                length = {"Content-Length": str(len(self._source))}
            case _:
                length = {"Transfer-Encoding": "chunked"}
        return {"Content-Type": "application/octet-stream", **length}

    def __iter__(self) -> Iterator[bytes]:
        if isinstance(self._source, bytes):
            yield self._source
            return
        with self._open(self._source) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = iter(self)
        while chunk := await asyncio.to_thread(next, chunks, b""):
            yield chunk

    def _open(self, source: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
        if isinstance(source, Path):
            return source.open("rb")
        if self.repeatable:
            source.seek(self._start)
        elif self._sent:
            raise httpx.StreamConsumed
        self._sent = True
        return nullcontext(source)


@contextmanager
def receiving(sha256: str, path: Path) -> Generator[Callable[[bytes], object], None, None]:
    """Write a download; it appears at `path` whole and only if its content has the right SHA-256."""
    digest = hashlib.sha256()
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:

            def write(chunk: bytes) -> None:
                digest.update(chunk)
                file.write(chunk)

            yield write
        if digest.hexdigest() != sha256:
            raise WrongContent(sha256, digest.hexdigest())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
