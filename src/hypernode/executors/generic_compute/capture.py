"""Keeps what a program writes to its streams, within bounds, and passes it on while it runs."""

import codecs
from collections.abc import Callable

from hypernode.executors.generic_compute.inputs import MAX_STDERR_BYTES, MAX_STDOUT_BYTES, Output
from hypernode.ports import JobContext


class Capture:
    """Keeps the first `limit` bytes of a stream and passes them on as they come; the rest is dropped."""

    def __init__(self, limit: int, forward: Callable[[str], None]) -> None:
        self.truncated = False
        self._room = limit
        self._forward = forward
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pieces: list[str] = []

    def __call__(self, data: bytes) -> None:
        """Take a piece."""
        kept = data[: self._room]
        self.truncated = self.truncated or len(kept) < len(data)
        self._room -= len(kept)
        self._take(self._decoder.decode(kept))

    def text(self) -> str:
        """What was kept; ends the stream."""
        self._take(self._decoder.decode(b"", final=True))
        return "".join(self._pieces)

    def _take(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._forward(piece)


class Streams:
    """Both streams of a run: stdout goes on as it comes, stderr by whole lines into the log."""

    def __init__(self, context: JobContext) -> None:
        self._lines = _Lines(context.log)
        self.stdout = Capture(MAX_STDOUT_BYTES, context.stream)
        self.stderr = Capture(MAX_STDERR_BYTES, self._lines)

    def output(self, exit_code: int, fuel_used: int) -> Output:
        """The result of a run that ended."""
        stdout, stderr = self.stdout.text(), self.stderr.text()
        self._lines.end()
        return Output(exit_code, fuel_used, stdout, stderr, self.stdout.truncated or self.stderr.truncated)


class _Lines:
    """Programs write a line in pieces: log whole lines."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._pending = ""

    def __call__(self, piece: str) -> None:
        *lines, self._pending = (self._pending + piece).split("\n")
        for line in lines:
            self._log(line)

    def end(self) -> None:
        """Log what no line feed ended."""
        if self._pending:
            self._log(self._pending)
