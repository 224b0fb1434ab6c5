"""A job's event stream (Server-Sent Events), read across dropped connections."""

from collections.abc import Iterator
from typing import Final

import msgspec

from hypernode.client.errors import JobFailed
from hypernode.domain.job import TERMINAL, JobState
from hypernode.protocol.jobs import Event, Job

SHORTEST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
_decode = msgspec.json.Decoder(Event).decode


class EventFeed:
    """Turns bytes into events: each once, in order, until the job's last state. `seq` is where to go on."""

    def __init__(self, after: int) -> None:
        self.seq = after
        self.over = False
        self.pause_s = SHORTEST_PAUSE_S
        self._rest = b""
        self._data: list[bytes] = []
        self._quiet = True

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that a piece of the stream completes."""
        # Not str.splitlines: a token may hold U+2028 or U+0085, which end no line in this format.
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in (line.removesuffix(b"\r") for line in lines):
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                text = b"\n".join(self._data)
                self._data.clear()
                if not text:  # A sign of life.
                    continue
                event = _decode(text)
                if event.seq > self.seq:
                    yield self._took(event)

    def reconnect(self) -> bool:
        """Forget a connection's unfinished rest. False: it brought no news, so the job may have none to tell."""
        news = not self._quiet
        self.pause_s = SHORTEST_PAUSE_S if news else min(self.pause_s * 2, LONGEST_PAUSE_S)
        self._rest, self._quiet = b"", True
        self._data.clear()
        return news

    def _took(self, event: Event) -> Event:
        self.seq, self._quiet = event.seq, False
        self.over = event.kind == "status" and is_over(event.data["status"])
        return event


def is_over(status: str) -> bool:
    """Whether a job in this state never changes again."""
    return status in TERMINAL


def completed(job: Job) -> Job:
    """The job, which has a result. Raises JobFailed."""
    if job.status != JobState.COMPLETED:
        raise JobFailed(job)
    return job
