"""HTTP load over keep-alive connections, every answer checked: by wrk where it is installed, else by asyncio."""

import asyncio
import gc
import itertools
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import uvloop

from bench.harness import HOST

WRK: Final = shutil.which("wrk")
WRK_SCRIPT: Final = Path(__file__).with_name("wrk.lua")
GENERATOR: Final = "wrk" if WRK else "asyncio"
ANSWER_WITHIN_S: Final = 30
RUN_ONCE_WITHIN_S: Final = 300
UNIQUE: Final = b"@" * 12
"""In its place each request that is sent has a number of its own, as long: what it makes is new."""
_RUNS: Final = itertools.count(1)
_A_RUN: Final = 10_000_000  #: More requests than a run sends.
LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """Whole requests, sent in turn, and what each right answer holds."""

    requests: Sequence[bytes]
    status: int
    texts: Sequence[str]


@dataclass(frozen=True)
class Measured:
    """What one run saw."""

    answers: int
    seconds: float
    p50_us: float
    p99_us: float
    generator_cpu_s: float

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


class WrongAnswer(Exception):
    """A server answered other than it should, or not at all."""


def get(path: str) -> bytes:
    """A whole request."""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def post(path: str, body: bytes, token: str | None = None) -> bytes:
    """A whole request."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def run_for(load: Load, port: int, connections: int, seconds: int) -> Measured:
    """Send for that time, as fast as the server answers."""
    first = next(_RUNS) * _A_RUN
    if WRK:
        return _by_wrk(WRK, load, first, port, connections, seconds)
    return _by_asyncio(load, _numbered(itertools.cycle(load.requests), first), port, connections, seconds)


def run_once(load: Load, port: int, connections: int) -> Measured:
    """Send each request once."""
    requests = _numbered(load.requests, next(_RUNS) * _A_RUN)
    measured = _by_asyncio(load, requests, port, connections, RUN_ONCE_WITHIN_S)
    if measured.answers != len(load.requests):
        raise WrongAnswer(f"{measured.answers} answers to {len(load.requests)} requests in {RUN_ONCE_WITHIN_S} s")
    return measured


def _numbered(requests: Iterable[bytes], first: int) -> Iterator[bytes]:
    return (request.replace(UNIQUE, b"%012d" % number) for number, request in enumerate(requests, first))


def _by_wrk(wrk: str, load: Load, first: int, port: int, connections: int, seconds: int) -> Measured:
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={ANSWER_WITHIN_S}s", "-s", str(WRK_SCRIPT)]
    with tempfile.NamedTemporaryFile() as file:
        file.writelines(b"%d\n%b" % (len(request), request) for request in load.requests)
        file.flush()
        checks = [str(load.status), UNIQUE.decode(), str(first), *load.texts]
        command = [wrk, *options, f"http://{HOST}:{port}", "--", file.name, *checks]
        before = _cpu_s(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + ANSWER_WITHIN_S)
        cpu_s = _cpu_s(resource.RUSAGE_CHILDREN) - before
    line = re.search(r"^measured (\d+) (\d+) (\d+) (\d+) (\d+)\n(.*)", done.stdout, re.MULTILINE)
    if line is None:
        raise WrongAnswer(f"wrk: {done.stdout}{done.stderr}")
    answers, run_us, p50_us, p99_us, wrong = (int(figure) for figure in line.groups()[:5])
    if wrong or not answers:
        raise WrongAnswer(f"{wrong} of {answers}, for example {line[6]}")
    return Measured(answers, run_us / 1e6, p50_us, p99_us, cpu_s)


def _by_asyncio(load: Load, requests: Iterator[bytes], port: int, connections: int, seconds: float) -> Measured:
    gc.collect()
    gc.disable()
    try:
        before, start = _cpu_s(resource.RUSAGE_SELF), time.perf_counter()
        took_s = uvloop.run(_drive(load, requests, port, connections, start + seconds))
        run_s, cpu_s = time.perf_counter() - start, _cpu_s(resource.RUSAGE_SELF) - before
    finally:
        gc.enable()
    took_s.sort()
    p50_s, p99_s = took_s[len(took_s) // 2], took_s[len(took_s) * 99 // 100]
    return Measured(len(took_s), run_s, p50_s * 1e6, p99_s * 1e6, cpu_s)


async def _drive(load: Load, requests: Iterator[bytes], port: int, connections: int, deadline: float) -> list[float]:
    loop = asyncio.get_running_loop()
    took_s: list[float] = []

    def new_connection() -> _Connection:
        return _Connection(load, requests, deadline, took_s)

    async with asyncio.timeout(deadline - time.perf_counter() + ANSWER_WITHIN_S):
        opening = (loop.create_connection(new_connection, HOST, port) for _ in range(connections))
        made = await asyncio.gather(*opening)
        await asyncio.gather(*(connection.done for _, connection in made))
    return took_s


class _Connection(asyncio.Protocol):
    """Sends a request, checks the whole answer, sends the next."""

    transport: asyncio.Transport  # pyright: ignore[reportUninitializedInstanceVariable]  Set by connection_made.

    def __init__(self, load: Load, requests: Iterator[bytes], deadline: float, took_s: list[float]) -> None:
        self.requests, self.deadline, self.took_s = requests, deadline, took_s
        self.status = b"HTTP/1.1 %d " % load.status
        self.texts = [text.encode() for text in load.texts]
        self.received = b""
        self.sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._send_next()

    def data_received(self, data: bytes) -> None:
        self.received += data
        head_end = self.received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = LENGTH.search(self.received, 0, head_end)
        if length is not None and len(self.received) < head_end + 4 + int(length[1]):
            return
        self.took_s.append(time.perf_counter() - self.sent_at)
        answer, self.received = self.received, b""
        if length is None or not answer.startswith(self.status) or not all(text in answer for text in self.texts):
            self._end(WrongAnswer(answer[:1000].decode(errors="replace")))
        else:
            self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(WrongAnswer("the server closed the connection"))

    def _send_next(self) -> None:
        request = next(self.requests, None) if time.perf_counter() < self.deadline else None
        if request is None:
            self._end(None)
            return
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def _end(self, error: WrongAnswer | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self.transport.close()


def _cpu_s(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime
