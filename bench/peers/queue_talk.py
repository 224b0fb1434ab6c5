"""What bench.queue and the processes of a contender say to each other: a line of JSON each way, over stdin and stdout.

    to a client:  {"first": 0, "jobs": 100, "inFlight": 8}  ->  {"began": s}      all jobs were submitted
    to a worker:  {"first": 0, "jobs": 100}                 ->  {"started": s, "ended": s, "strays": 0}

Each job carries a number, `first` and up. Times are in seconds of the machine's monotonic clock, the same for all
processes (Node's `process.hrtime` too).
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from threading import Lock, Thread
from typing import Any

Submit = Callable[[int], Awaitable[object]]


def commands() -> Iterator[dict[str, Any]]:
    """What the bench asks, until it is gone."""
    return map(json.loads, iter(sys.stdin.readline, ""))


def say(**answer: Any) -> None:
    """Tell the bench."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


class Tally:
    """A worker's count: each job of those that are expected once, and no other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._expected: set[int] = set()
        self._started = 0.0
        self._strays = 0
        Thread(target=self._listen, daemon=True).start()

    def started(self) -> None:
        """A job began to run."""
        self._started = self._started or time.monotonic()

    def done(self, number: int) -> None:
        """A job is complete."""
        with self._lock:
            if number not in self._expected:
                self._strays += 1
                return
            self._expected.remove(number)
            if not self._expected:
                say(started=self._started, ended=time.monotonic(), strays=self._strays)

    def _listen(self) -> None:
        for asked in commands():
            with self._lock:
                self._expected = set(range(asked["first"], asked["first"] + asked["jobs"]))
                self._started, self._strays = 0.0, 0
            say(expecting=asked["jobs"])
        os.kill(os.getpid(), signal.SIGTERM)  # The bench is gone.


async def submit_all(submit: Submit) -> None:
    """An asynchronous client: so many submissions in flight as the bench asks for."""
    say(ready=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        numbers = iter(range(asked["first"], asked["first"] + asked["jobs"]))
        began = time.monotonic()
        await asyncio.gather(*(_submit_in_turn(submit, numbers) for _ in range(min(asked["inFlight"], asked["jobs"]))))
        say(began=began)


async def _submit_in_turn(submit: Submit, numbers: Iterator[int]) -> None:
    for number in numbers:
        await submit(number)
