"""A process that stays: `python -m hypernode.node.resident EVENTS_FD JOB_TYPE`. It runs many jobs, each in a thread.

Standard input has a line of JSON for each order. Events go out as lines on a file descriptor of their own, each with
the id of its job; the last one of a job is Done or Failed.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from hypernode.executors import load_one
from hypernode.node.events import AnyEvent, Event, Failed, Spec
from hypernode.node.worker import Emitter, context_of, die_with, perform
from hypernode.ports import Executor

BROKEN_OFF: Final = "broken off"


class Start(msgspec.Struct, tag_field="order", tag="start", frozen=True):
    """Run a job."""

    job: str
    spec: Spec


class Break(msgspec.Struct, tag_field="order", tag="break", frozen=True):
    """Break a job off."""

    job: str


class Told(msgspec.Struct, frozen=True):
    """An event of a job."""

    job: str
    event: AnyEvent


decode_order = msgspec.json.Decoder(Start | Break).decode
decode_told = msgspec.json.Decoder(Told).decode


class BrokenOff(BaseException):
    """Raised in a job's thread by whatever it tells next. No Exception: executors must not take it for a failure."""


class _Voice:
    """What one job says; silent and raising once the job is broken off."""

    def __init__(self, job: str, write: Callable[[Told], None]) -> None:
        self.broken = threading.Event()
        self._job = job
        self._write = write

    def __call__(self, event: Event) -> None:
        if self.broken.is_set():
            raise BrokenOff
        assert isinstance(event, AnyEvent)
        self._write(Told(self._job, event))


def main() -> None:
    """Take orders until standard input ends."""
    die_with(os.getppid())
    lock, voices = threading.Lock(), dict[str, _Voice]()
    orders = sys.stdin.buffer
    executor = load_one(sys.argv[2])
    with os.fdopen(int(sys.argv[1]), "wb") as out:

        def write(told: Told) -> None:
            line = msgspec.json.encode(told) + b"\n"
            with lock:
                out.write(line)
                out.flush()

        os.dup2(2, 1)
        for line in orders:
            match decode_order(line):
                case Start(job, spec):
                    if not voices:
                        spec.rlimits.impose()
                    voices[job] = _Voice(job, write)
                    run = partial(_run, executor, spec, voices[job], partial(voices.pop, job))
                    threading.Thread(target=run, daemon=True).start()
                case Break(job):
                    if voice := voices.get(job):
                        voice.broken.set()


def _run(executor: Executor, spec: Spec, voice: _Voice, forget: Callable[[], object]) -> None:
    emitter = Emitter(voice)
    try:
        end = perform(executor, spec, context_of(spec, emitter))
    except BrokenOff:
        end = Failed(BROKEN_OFF, blames_input=False)
    except BaseException as error:
        end = Failed(f"{type(error).__name__}: {error}", blames_input=False)
    forget()
    voice.broken.clear()  # The last word gets out.
    with suppress(OSError):
        voice(end)


if __name__ == "__main__":
    main()
