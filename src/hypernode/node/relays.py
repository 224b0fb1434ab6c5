"""The way from a job, which has no network, to the services on this machine that its executor declares."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hypernode.ports import ExecutionFailed

SUFFIX: Final = "_SOCKET"
"""Of the variable that names the socket for the address in the variable without it."""
MAX_CONNECTIONS: Final = 64
"""Of one job to one service at a time; more are closed at once."""
_PIECE_BYTES: Final = 1 << 16
_UNIX: Final = "unix"
_PORTS: Final = {"http": 80, "https": 443}


@contextlib.asynccontextmanager
async def relays(names: Sequence[str], environment: Mapping[str, str]) -> AsyncGenerator[dict[str, str]]:
    """A Unix socket for each named variable that is set, as variables for the job; they close with the context.

    Raises ExecutionFailed for an address that is no http, https or unix one.
    """
    wanted = {name: environment[name] for name in names if environment.get(name)}
    if not wanted:
        yield {}
        return
    # Not in the job's folder: a socket's path has room for about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="hypernode-", dir="/tmp"))
    try:
        async with contextlib.AsyncExitStack() as stack:
            sockets: dict[str, str] = {}
            for number, (name, address) in enumerate(wanted.items()):
                path = folder / str(number)
                await stack.enter_async_context(_relay(path, _target(name, address)))
                sockets[name + SUFFIX] = str(path)
            yield sockets
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def addresses(names: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Those of the variables that hold the address of a service."""
    schemes = tuple(f"{scheme}://" for scheme in (*_PORTS, _UNIX))
    return [name for name in names if environment.get(name, "").startswith(schemes)]


_Target = Path | tuple[str, int]


def _target(name: str, address: str) -> _Target:
    """Where an address leads."""
    try:
        parts = urlsplit(address)
        if parts.scheme == _UNIX and parts.path:
            return Path(parts.path)
        if parts.scheme in _PORTS and parts.hostname:
            return parts.hostname, parts.port or _PORTS[parts.scheme]
    except ValueError:
        pass
    raise ExecutionFailed(f"{name} is no address of a service: http://HOST:PORT, https://HOST:PORT or unix:///PATH")


@contextlib.asynccontextmanager
async def _relay(path: Path, target: _Target) -> AsyncGenerator[None]:
    """Listen on a path; whoever connects there talks with the target."""
    open_ways: set[asyncio.Task[None]] = set()
    over = False

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = asyncio.current_task()
        assert way
        if over or len(open_ways) >= MAX_CONNECTIONS:  # Over: it was accepted just before the end.
            writer.close()
            return
        open_ways.add(way)
        try:
            await _join(reader, writer, target)
        except asyncio.CancelledError:  # The job is over. Python 3.11 would log a handler that ends by this.
            pass
        finally:
            open_ways.discard(way)

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield
    finally:
        over = True
        server.close()
        for way in open_ways:
            way.cancel()
        await asyncio.gather(*open_ways, return_exceptions=True)


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: _Target) -> None:
    """Pass bytes both ways until both ends are done; a target that does not answer closes the connection."""
    with contextlib.closing(writer), contextlib.suppress(OSError):
        if isinstance(target, Path):
            theirs, ours = await asyncio.open_unix_connection(target)
        else:
            theirs, ours = await asyncio.open_connection(*target)
        with contextlib.closing(ours):
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass(reader, ours))
                both.create_task(_pass(theirs, writer))


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(_PIECE_BYTES):
            sink.write(piece)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
