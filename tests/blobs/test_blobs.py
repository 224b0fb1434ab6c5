"""The contract of every place for artifacts: a local folder and an S3 API."""

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from hypernode.blobs import (
    ArtifactMissing,
    ArtifactTooLarge,
    Blobs,
    DigestMismatch,
    InvalidDigest,
    Stored,
    open_blobs,
)
from hypernode.blobs.content import READ_BYTES
from hypernode.blobs.places import LEFTOVER_AGE_S

MIB = 1 << 20
LARGE = random.Random(7).randbytes(20 * MIB + 3)
ABSENT = "0" * 64
slow_fixture = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Place:
    """Artifacts, with a way to see what is really there."""

    blobs: Blobs
    staging: Path
    keys: Callable[[], list[str]] = field(repr=False)


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def folder_place(tmp_path: Path) -> Place:
    folder = tmp_path / "artifacts"
    blobs = open_blobs(folder)
    staging = folder / ".staging"

    def keys() -> list[str]:
        return [path.name for path in folder.rglob("*") if path.is_file() and path.parent != staging]

    return Place(blobs, staging, keys)


def s3_place(tmp_path: Path, url: str) -> Place:
    bucket = f"bucket-{uuid4()}"
    httpx.put(f"{url}/{bucket}").raise_for_status()
    staging = tmp_path / "staging"
    blobs = open_blobs(
        f"s3://{bucket}/some/prefix",
        staging=staging,
        config={"endpoint": url, "region": "us-east-1", "access_key_id": "any", "secret_access_key": "any"},
        client_options={"allow_http": True},
    )

    def keys() -> list[str]:
        listing = httpx.get(f"{url}/{bucket}?list-type=2").text
        return [piece.split("</Key>")[0].rsplit("/", 1)[-1] for piece in listing.split("<Key>")[1:]]

    return Place(blobs, staging, keys)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return folder_place(tmp_path)
    return s3_place(tmp_path, cast("str", request.getfixturevalue("s3_url")))


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def pieces(content: bytes, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def put(place: Place, content: bytes) -> Stored:
    return await place.blobs.put(pieces(content), limit_bytes=len(content))


async def read(place: Place, sha256: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in await place.blobs.get(sha256, start, end)])


def assert_nothing_is_left(place: Place) -> None:
    assert place.keys() == []
    assert list(place.staging.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"\x00", b"hello" * 1000, LARGE], ids=["0 B", "1 B", "5 kB", "20 MiB"])
async def test_what_was_put_comes_back(place: Place, content: bytes):
    stored = await put(place, content)

    assert stored == Stored(digest_of(content), len(content))
    assert await place.blobs.size(stored.sha256) == len(content)
    assert await read(place, stored.sha256) == content
    assert place.keys() == [stored.sha256]
    assert list(place.staging.iterdir()) == []


async def test_a_large_artifact_comes_in_bounded_chunks(place: Place):
    stored = await put(place, LARGE)

    sizes = [len(chunk) async for chunk in await place.blobs.get(stored.sha256)]
    assert max(sizes) == READ_BYTES
    assert sum(sizes) == len(LARGE)


@pytest.mark.parametrize("content", [b"123456", LARGE], ids=["small", "20 MiB"])
async def test_an_upload_over_its_limit_leaves_nothing(place: Place, content: bytes):
    with pytest.raises(ArtifactTooLarge) as refused:
        await place.blobs.put(pieces(content), limit_bytes=len(content) - 1)

    assert refused.value.limit_bytes == len(content) - 1
    assert_nothing_is_left(place)


async def test_the_limit_stops_a_stream_that_never_ends(place: Place):
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(64 * 1024)

    with pytest.raises(ArtifactTooLarge):
        await place.blobs.put(endless(), limit_bytes=10 * MIB)


async def test_a_producer_that_raises_midway_leaves_nothing(place: Place):
    async def broken() -> AsyncIterator[bytes]:
        async for piece in pieces(LARGE[: 12 * MIB]):
            yield piece
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await place.blobs.put(broken(), limit_bytes=len(LARGE))

    assert_nothing_is_left(place)


async def test_a_cancelled_upload_leaves_nothing(place: Place):
    reached = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield LARGE[: 3 * MIB]
        reached.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(place.blobs.put(stalled(), limit_bytes=len(LARGE)))
    await reached.wait()
    upload.cancel()

    with pytest.raises(asyncio.CancelledError):
        await upload
    assert_nothing_is_left(place)


async def test_content_other_than_announced_leaves_nothing(place: Place):
    with pytest.raises(DigestMismatch) as refused:
        await place.blobs.put(pieces(b"this"), 10, expected=digest_of(b"that"))

    assert (refused.value.expected, refused.value.actual) == (digest_of(b"that"), digest_of(b"this"))
    assert_nothing_is_left(place)


async def test_content_as_announced_is_stored(place: Place):
    await place.blobs.put(pieces(b"this"), 10, expected=digest_of(b"this"))

    assert await read(place, digest_of(b"this")) == b"this"


async def test_a_range_is_a_slice(place: Place):
    content = LARGE[: 2 * READ_BYTES + 3]
    size = len(content)
    stored = await put(place, content)

    for start, end in [(0, 1), (0, size), (3, 1 << 40), (READ_BYTES - 1, READ_BYTES + 1), (READ_BYTES, 2 * READ_BYTES)]:
        assert await read(place, stored.sha256, start, end) == content[start:end]
    for start in (1, size - 1, size, 1 << 40):
        assert await read(place, stored.sha256, start) == content[start:]
    for start, end in [(0, 0), (5, 5), (7, 3), (1 << 40, 1 << 41)]:
        assert await read(place, stored.sha256, start, end) == b""


@pytest.mark.parametrize(("start", "end"), [(-1, None), (0, -1)])
async def test_negative_positions_are_refused(place: Place, start: int, end: int | None):
    with pytest.raises(ValueError, match="negative"):
        await place.blobs.get(ABSENT, start, end)


async def test_a_missing_artifact_is_told_before_the_first_byte(place: Place):
    with pytest.raises(ArtifactMissing) as refused:
        await place.blobs.get(ABSENT)

    assert refused.value.sha256 == ABSENT
    assert await place.blobs.size(ABSENT) is None


async def test_an_artifact_deleted_while_it_is_read_is_missing(place: Place):
    stored = await put(place, LARGE)
    chunks = await place.blobs.get(stored.sha256)
    await anext(chunks)
    await place.blobs.delete(stored.sha256)

    with pytest.raises(ArtifactMissing):
        await anext(chunks)


async def test_a_deleted_artifact_is_gone_and_may_be_deleted_again_and_put_again(place: Place):
    stored = await put(place, b"content")

    await place.blobs.delete(stored.sha256)
    await place.blobs.delete(stored.sha256)
    assert await place.blobs.size(stored.sha256) is None

    await put(place, b"content")
    assert await read(place, stored.sha256) == b"content"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "../" * 21 + "x",
        "/etc/passwd",
        "a" * 63,
        "a" * 65,
        "A" * 64,
        "g" * 64,
        "a" * 64 + "\n",
        "a" * 63 + "\0",
        "٣" * 64,
    ],
)
async def test_what_is_no_digest_is_refused(place: Place, text: str):
    attempts: list[Awaitable[Any]] = [
        place.blobs.get(text),
        place.blobs.size(text),
        place.blobs.delete(text),
        place.blobs.put(pieces(b"x"), 1, expected=text),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidDigest):
            await attempt
    assert_nothing_is_left(place)


async def test_many_uploads_of_the_same_content_at_once_are_one_artifact(place: Place):
    content = LARGE[: 6 * MIB]

    stored = await asyncio.gather(*(put(place, content) for _ in range(8)))

    assert set(stored) == {Stored(digest_of(content), len(content))}
    assert await read(place, digest_of(content)) == content
    assert place.keys() == [digest_of(content)]
    assert list(place.staging.iterdir()) == []


async def test_nothing_is_visible_before_the_last_byte(place: Place):
    async def watched() -> AsyncIterator[bytes]:
        async for piece in pieces(LARGE[: 8 * MIB], MIB):
            yield piece
            assert place.keys() == []

    await place.blobs.put(watched(), limit_bytes=len(LARGE))


@slow_fixture
@given(
    parts=st.lists(st.one_of(st.binary(max_size=40), st.integers(0, 2 * MIB).map(bytes)), max_size=6), data=st.data()
)
async def test_the_cut_of_the_stream_does_not_matter(place: Place, parts: list[bytes], data: st.DataObject):
    whole = b"".join(parts)

    async def stream() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    stored = await place.blobs.put(stream(), limit_bytes=len(whole))
    start, end = (data.draw(st.integers(0, len(whole) + 1)) for _ in range(2))

    assert stored == Stored(digest_of(whole), len(whole))
    assert await read(place, stored.sha256) == whole
    assert await read(place, stored.sha256, start, end) == whole[start:end]


async def test_opening_removes_what_died_long_ago_but_no_upload_that_may_still_run(tmp_path: Path):
    place = folder_place(tmp_path)
    for name, age_s in (("old", LEFTOVER_AGE_S + 60), ("young", LEFTOVER_AGE_S - 60)):
        staged = place.staging / name
        staged.touch()
        then = staged.stat().st_mtime - age_s
        os.utime(staged, (then, then))

    folder_place(tmp_path)

    assert [path.name for path in place.staging.iterdir()] == ["young"]


def test_artifacts_are_private_to_us(tmp_path: Path):
    place = folder_place(tmp_path)
    stored = asyncio.run(put(place, b"content"))

    sha256 = stored.sha256
    assert (tmp_path / "artifacts" / sha256[:2] / sha256[2:4] / sha256).stat().st_mode & 0o077 == 0


def test_a_url_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="s3://bucket/prefix, not ftp://"):
        open_blobs("ftp://somewhere/else")
