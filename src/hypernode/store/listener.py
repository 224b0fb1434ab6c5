"""Hears what other coordinators notify, over a connection of its own."""

import asyncio
from collections.abc import Callable, Mapping

import asyncpg

CHECK_EVERY_S = 15.0


async def listen(url: str, handlers: Mapping[str, Callable[[str], None]]) -> None:
    """Call a channel's handler with each payload until cancelled; raises when the connection is lost.

    Each handler is called once with an empty payload at the start: whatever was notified before is missed.
    """
    connection = await asyncpg.connect(url)
    try:
        for channel, handler in handlers.items():
            await connection.add_listener(channel, _relay(handler))
            handler("")
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            await connection.execute("SELECT 1")
    finally:
        connection.terminate()


def _relay(handler: Callable[[str], None]) -> Callable[[object, int, str, object], None]:
    def relay(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        handler(str(payload))

    return relay
