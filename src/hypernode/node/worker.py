"""The child process of one job: `python -m hypernode.node.worker EVENTS_FD`, with the job's Spec on standard input.

Events go out as JSON lines on a file descriptor of their own. Standard output is joined to standard error, so that what
native engines print can never corrupt them.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from hypernode.domain.receipt import Verdict
from hypernode.executors import load_one
from hypernode.node.events import Checkpoint, ClaimSpec, Done, Event, Failed, Log, Progress, Spec, Stream
from hypernode.ports import Claim, ExecutionFailed, Executor, Finding, JobContext
from hypernode.protocol.limits import MAX_LOG_LINE

PIECE_CHARS: Final = 16_384
"""Longer pieces of text are cut, so that no event line grows long."""
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def main() -> None:
    """Run the job and emit its events; the last one is Done or Failed."""
    die_with(os.getppid())
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=Spec)
    spec.rlimits.impose()
    os.dup2(2, 1)
    with os.fdopen(int(sys.argv[1]), "wb") as out:
        emitter = Emitter(_writing(out))
        emitter.emit(perform(load_one(spec.job_type), spec, context_of(spec, emitter)))


def context_of(spec: Spec, emitter: "Emitter") -> JobContext:
    """What a run may touch."""
    return JobContext(
        model=spec.model,
        inputs=Path(spec.inputs),
        outputs=Path(spec.outputs),
        max_duration_s=spec.max_duration_s,
        progress=lambda fraction, message: emitter.emit(Progress(fraction, message)),
        log=lambda line: emitter.emit(Log(line[:MAX_LOG_LINE])),
        stream=emitter.stream,
        checkpoint=lambda path: emitter.emit(Checkpoint(path.name)),
        resume=Path(spec.resume) if spec.resume else None,
    )


def perform(executor: Executor, spec: Spec, context: JobContext) -> Event:
    """The event that ends the job. Any other exception is a defect: the runner reports its traceback."""
    try:
        given = msgspec.convert(spec.input, executor.Input)
        if spec.audit:
            return Done(msgspec.to_builtins(_verify(executor, given, spec.audit, context)), 0, {})
        outcome = executor.run(given, context)
    except msgspec.ValidationError as error:
        return Failed(str(error), blames_input=True)
    except ExecutionFailed as failure:
        return Failed(str(failure), failure.blames_input)
    except MemoryError:
        return Failed(_out_of_memory(spec), blames_input=False)
    return Done(msgspec.to_builtins(outcome.output), outcome.units, dict(outcome.fingerprint))


def _out_of_memory(spec: Spec) -> str:
    return f"used more than {spec.rlimits.memory_mb} MB of memory" if spec.rlimits.memory_mb else "ran out of memory"


def _verify(executor: Executor, given: Any, audit: ClaimSpec, context: JobContext) -> Finding:
    try:
        output = msgspec.convert(audit.output, executor.Output)
    except msgspec.ValidationError as error:
        return Finding(Verdict.FAILED, f"the claimed output is none of this job type: {error}")
    claim = Claim(output, audit.units, audit.model, audit.fingerprint, Path(audit.files))
    return executor.verify(given, claim, context, audit.seed)


class Emitter:
    """Says what a run says, from any of its threads."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self.emit = emit

    def stream(self, text: str) -> None:
        """A piece of the answer, in pieces that make no long lines."""
        for start in range(0, len(text), PIECE_CHARS):
            self.emit(Stream(text[start : start + PIECE_CHARS]))


def _writing(out: BinaryIO) -> Callable[[Event], None]:
    """Writes events as whole lines."""
    lock = threading.Lock()

    def emit(event: Event) -> None:
        line = msgspec.json.encode(event) + b"\n"
        with lock:
            out.write(line)
            out.flush()

    return emit


def die_with(parent: int) -> None:
    """An agent that was killed cannot stop its jobs: let them go down with it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
