"""The way from a job to a declared service."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hypernode.node.relays import MAX_CONNECTIONS, addresses, relays
from hypernode.ports import ExecutionFailed

MANY = b"x" * (4 << 20)


@contextlib.asynccontextmanager
async def echo(path: Path | None = None) -> AsyncIterator[str]:
    """A service that sends back what it got, once all has come."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    if path:
        async with await asyncio.start_unix_server(answer, path):
            yield f"unix://{path}"
    else:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def ask(path: str, question: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    with contextlib.closing(writer):
        writer.write(question)
        writer.write_eof()
        return await reader.read()


@pytest.mark.parametrize("unix", [False, True])
async def test_bytes_go_both_ways_and_ends_arrive(tmp_path: Path, unix: bool):
    async with echo(tmp_path / "service" if unix else None) as address, relays(["URL"], {"URL": address}) as sockets:
        assert set(sockets) == {"URL_SOCKET"}
        assert len(sockets["URL_SOCKET"]) < 100
        assert await ask(sockets["URL_SOCKET"], b"small") == b"small"
        assert await ask(sockets["URL_SOCKET"], MANY) == MANY


async def test_http_goes_through():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(asked), asked))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with (
            relays(["URL"], {"URL": address}) as sockets,
            httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=sockets["URL_SOCKET"])) as client,
        ):
            assert (await client.get(f"{address}/v1/models")).text.startswith("GET /v1/models HTTP/1.1")


async def test_a_service_that_does_not_answer_closes_the_connection():
    async with echo() as address:
        pass

    async with relays(["URL"], {"URL": address}) as sockets:
        assert await ask(sockets["URL_SOCKET"], b"") == b""


async def test_the_way_closes_with_the_job():
    ended = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"welcome")
        await reader.read()
        ended.set()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with relays(["URL"], {"URL": address}) as sockets:
            path = sockets["URL_SOCKET"]
            reader, writer = await asyncio.open_unix_connection(path)
            assert await reader.readexactly(7) == b"welcome"

        assert await reader.read() == b""
        await ended.wait()
        writer.close()
    assert not Path(path).parent.exists()


async def test_a_job_cannot_open_ways_without_end():
    async with echo() as address, relays(["URL"], {"URL": address}) as sockets:
        ways = [await asyncio.open_unix_connection(sockets["URL_SOCKET"]) for _ in range(MAX_CONNECTIONS)]
        await asyncio.sleep(0.1)

        with contextlib.suppress(ConnectionError):
            assert await ask(sockets["URL_SOCKET"], b"one more") == b""

        for _, writer in ways:
            writer.close()


@pytest.mark.parametrize("address", ["ftp://host:1", "h:80", "http://", "unix://", "http://host:port", "/run/x"])
async def test_what_is_no_address_is_refused_by_name(address: str):
    with pytest.raises(ExecutionFailed, match="URL is no address of a service"):
        async with relays(["URL"], {"URL": address}):
            pass


async def test_a_variable_that_is_not_set_needs_no_way():
    async with relays(["URL", "EMPTY"], {"EMPTY": "", "OTHER": "http://127.0.0.1:1"}) as sockets:
        assert sockets == {}


def test_addresses_are_told_from_other_variables():
    environment = {
        "A": "http://h:1",
        "B": "unix:///run/x",
        "C": "/models",
        "D": "12",
        "E": "https://h",
        "F": "http://[",
    }

    assert addresses([*environment, "G"], environment) == ["A", "B", "E", "F"]
