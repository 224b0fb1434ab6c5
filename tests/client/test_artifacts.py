"""Files sent and received."""

import hashlib
import io
from pathlib import Path

import pytest

from hypernode.client import AsyncClient, Client, Unreachable, WrongContent
from tests.client.answers import ADDRESS, problem
from tests.client.scripted import HANG_UP, Reply, ScriptedServer

CONTENT = bytes(range(256)) * 3_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
STORED = Reply(201, {"success": True, "artifact": {"sha256": SHA256, "size": len(CONTENT), "name": "scene.blend"}})


def test_an_upload_is_repeated_whole(network: ScriptedServer, tmp_path: Path):
    path = tmp_path / "scene.blend"
    path.write_bytes(CONTENT)
    network.reply(HANG_UP, STORED)

    with Client(network.url, wallet=ADDRESS) as client:
        stored = client.upload(path)

    assert stored.artifact.sha256 == SHA256
    assert [asked.body for asked in network.asked] == [CONTENT, CONTENT]
    assert network.asked[1].headers["X-Artifact-Name"] == "scene.blend"
    assert network.asked[1].path == f"/api/artifacts?walletAddress={ADDRESS}"


async def test_memory_and_files_are_uploaded_asynchronously(network: ScriptedServer, tmp_path: Path):
    path = tmp_path / "scene.blend"
    path.write_bytes(CONTENT)
    network.reply(STORED, STORED)

    async with AsyncClient(network.url) as client:
        await client.upload(path)
        await client.upload(CONTENT, name="x")

    assert [asked.body for asked in network.asked] == [CONTENT, CONTENT]


def test_a_stream_is_sent_from_where_it_stands(network: ScriptedServer):
    source = io.BytesIO(b"head" + CONTENT)
    source.seek(4)
    network.reply(Reply(503, {}), STORED)

    with Client(network.url) as client:
        client.upload(source)

    assert [asked.body for asked in network.asked] == [CONTENT, CONTENT]


def test_a_download_arrives_whole(network: ScriptedServer, tmp_path: Path):
    network.reply(Reply(raw=CONTENT))

    with Client(network.url) as client:
        client.download(SHA256, tmp_path / "scene")

    assert (tmp_path / "scene").read_bytes() == CONTENT


async def test_a_download_of_something_else_leaves_no_file(network: ScriptedServer, tmp_path: Path):
    network.reply(Reply(raw=b"something else"), Reply(raw=CONTENT[:-1], broken=True))

    async with AsyncClient(network.url) as client:
        with pytest.raises(WrongContent):
            await client.download(SHA256, tmp_path / "scene")
        with pytest.raises(Unreachable):
            await client.download(SHA256, tmp_path / "scene")

    assert list(tmp_path.iterdir()) == []


def test_a_refused_download_leaves_no_file(network: ScriptedServer, tmp_path: Path):
    network.reply(Reply(403, problem(403, "unauthorized", "Unauthorized")))

    with Client(network.url) as client, pytest.raises(Exception, match="Unauthorized"):
        client.download(SHA256, tmp_path / "scene")

    assert list(tmp_path.iterdir()) == []
