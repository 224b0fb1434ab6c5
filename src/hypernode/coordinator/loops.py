"""Background loops: started together, restarted after an error, stopped together."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

log: Final = structlog.get_logger(__name__)

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0


class Loops:
    """The tasks that run for as long as the coordinator does."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run something that never ends; after an error it starts again, later and later while errors go on."""
        self._tasks.append(asyncio.create_task(_keep_running(name, run), name=name))

    def every(self, name: str, seconds: float, beat: Callable[[], Awaitable[None]]) -> None:
        """Run something again and again, with a pause in between."""

        async def run() -> None:
            while True:
                await beat()
                await asyncio.sleep(seconds)

        self.start(name, run)

    async def stop(self) -> None:
        """Cancel all and wait for them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


async def heard(news: asyncio.Event, within_s: float) -> bool:
    """Wait for news, which are taken; False where none came in time."""
    try:
        async with asyncio.timeout(within_s):
            await news.wait()
    except TimeoutError:
        return False
    news.clear()
    return True


async def _keep_running(name: str, run: Callable[[], Awaitable[None]]) -> None:
    pause_s = FIRST_PAUSE_S
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await run()
        except Exception as error:
            # One loop's trouble (a lost database, an RPC that is down) must not end the others.
            log.warning("loop_failed", loop=name, error=f"{type(error).__name__}: {error}", exc_info=True)
        pause_s = FIRST_PAUSE_S if loop.time() - began > LONGEST_PAUSE_S else min(pause_s * 2, LONGEST_PAUSE_S)
        await asyncio.sleep(pause_s)
