"""A peer of bench/events.py: one stream of events to many subscribers on `websockets`, by its own broadcast().

What the publisher sends becomes an event with a number and a time, encoded once. Nothing is stored. On uvloop, without
compression, with msgspec for JSON, and keepalive pings as by default: they end a reader that takes nothing, after 40 s.
"""

import asyncio
import http
import os
import signal
from datetime import UTC, datetime

import msgspec
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.http11 import Request, Response

JOB_ID = "01234567-89ab-7def-8123-456789abcdef"
subscribers: set[ServerConnection] = set()


def health(connection: ServerConnection, request: Request) -> Response | None:
    return connection.respond(http.HTTPStatus.OK, "") if request.path == "/health" else None


async def handle(connection: ServerConnection) -> None:
    if connection.request is not None and connection.request.path == "/publish":
        await publish(connection)
        return
    subscribers.add(connection)
    try:
        await connection.wait_closed()
    finally:
        subscribers.discard(connection)


async def publish(connection: ServerConnection) -> None:
    seq = 0
    async for message in connection:
        seq += 1
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        data = msgspec.json.decode(message)
        event = {"seq": seq, "jobId": JOB_ID, "kind": "stream", "data": data, "at": at}
        broadcast(subscribers, msgspec.json.encode(event).decode())


async def main() -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    port = int(os.environ["PORT"])
    async with serve(
        handle, "127.0.0.1", port, process_request=health, compression=None, backlog=4096, close_timeout=0.1
    ):
        await ended.wait()
        os._exit(0)  # Thousands of closing handshakes are no part of the bench.


if __name__ == "__main__":
    uvloop.run(main())
