"""Fetched files are kept within a size, and models are what they say."""

import asyncio
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from hypernode.node.cache import Cache
from hypernode.node.models import HubFile, Models
from hypernode.node.transfers import Transfers
from hypernode.ports import ExecutionFailed

A, B, C = "a" * 64, "b" * 64, "c" * 64


async def bring(path: Path) -> None:
    path.write_bytes(b"x" * 100)


async def get(cache: Cache, name: str) -> None:
    async with cache.hold(name, bring):
        pass


async def test_a_file_is_brought_once(tmp_path: Path):
    cache, brought = Cache(tmp_path, 1000), []

    async def slow(path: Path) -> None:
        brought.append(path)
        await asyncio.sleep(0.05)
        await bring(path)

    async def use() -> bytes:
        async with cache.hold(A, slow) as path:
            return path.read_bytes()

    assert await asyncio.gather(use(), use(), use()) == [b"x" * 100] * 3
    assert len(brought) == 1


async def test_what_was_not_used_for_longest_goes_first(tmp_path: Path):
    cache = Cache(tmp_path, 250)
    for age, name in enumerate((A, B)):
        await get(cache, name)
        os.utime(tmp_path / name, ns=(age, age))
    await get(cache, A)
    await get(cache, C)

    assert set(cache.names()) == {A, C}


async def test_what_is_in_use_stays_and_what_is_not_ours_too(tmp_path: Path):
    cache = Cache(tmp_path, 50)
    (tmp_path / "the-owners-own.gguf").write_bytes(b"y" * 1000)
    async with cache.hold(A, bring):
        await get(cache, B)
        assert cache.names() == [A]

    assert os.listdir(tmp_path) == ["the-owners-own.gguf"]


async def test_a_failed_transfer_leaves_nothing(tmp_path: Path):
    async def broken(path: Path) -> None:
        path.write_bytes(b"half")
        raise ExecutionFailed("the line broke")

    cache = Cache(tmp_path, 1000)
    with suppress(ExecutionFailed):
        async with cache.hold(A, broken):
            pass

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["../x", "a", A + "/b", ""])
async def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="no name"):
        async with Cache(tmp_path, 1).hold(name, bring):
            pass


class _Hub(BaseHTTPRequestHandler):
    """Serves files as a model hub does: a redirect that says the digest, then the content."""

    files = {
        "good/model/resolve/main/q4.gguf": b"GGUF and weights",
        "evil/model/resolve/main/q4.gguf": b"\x80\x04cos\nsystem\n",
        "torn/model/resolve/v1/q4.gguf": b"GGUF torn",
    }

    def do_GET(self) -> None:
        name = self.path.strip("/")
        stored = name.removeprefix("cdn/")
        if stored not in self.files:
            self.send_error(404)
        elif name == stored:
            digest = hashlib.sha256(self.files[name]).hexdigest() if not name.startswith("torn") else "0" * 64
            self.send_response(302)
            self.send_header("Location", f"/cdn/{name}")
            self.send_header("X-Linked-Etag", f'"{digest}"')
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.files[stored])))
            self.end_headers()
            self.wfile.write(self.files[stored])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def held(folder: Path, hub: str, model: str, suffix: str = ".gguf") -> bytes:
    async with httpx.AsyncClient() as http:
        models = Models(Cache(folder, 1000), Transfers(http), {"HF_ENDPOINT": hub})
        async with models.hold(model, suffix) as name:
            return (folder / f"{name}{suffix}").read_bytes()


async def test_a_model_is_fetched_from_a_hub(tmp_path: Path, hub: str):
    assert await held(tmp_path, hub, "hf:good/model/q4.gguf") == b"GGUF and weights"


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("hf:evil/model/q4.gguf", "is no GGUF file"),
        ("hf:torn/model@v1/q4.gguf", "arrived damaged"),
        ("hf:good/model/gone.gguf", "404"),
        ("hf:good/model/weights.bin", "no other format"),
        ("hf:good/model/../../secret.gguf", "is not hf:OWNER"),
        ("hf:nonsense", "is not hf:OWNER"),
    ],
)
async def test_what_is_no_model_of_the_format_is_refused(tmp_path: Path, hub: str, model: str, reason: str):
    with pytest.raises(ExecutionFailed, match=reason):
        await held(tmp_path, hub, model)

    assert os.listdir(tmp_path) == []


def test_a_hub_id_may_name_a_revision_and_a_folder():
    file = HubFile.parse("hf:owner/repo@abc123/some/folder/model.Q4.gguf")

    assert file.path == "/owner/repo/resolve/abc123/some/folder/model.Q4.gguf"
