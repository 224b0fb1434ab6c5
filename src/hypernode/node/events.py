"""What a job's child process is told, and what it tells: one JSON spec in, JSON lines out."""

from typing import Any

import msgspec

from hypernode.node.sandbox.rlimits import Rlimits


class ClaimSpec(msgspec.Struct, frozen=True):
    """What another node claims for the input."""

    output: dict[str, Any]
    units: int
    model: str
    fingerprint: dict[str, str]
    files: str  #: Folder of the claimed artifacts.
    seed: int


class Spec(msgspec.Struct, frozen=True):
    """A job as the child process gets it, on its standard input."""

    job_type: str
    model: str
    input: dict[str, Any]
    inputs: str  #: Folder of the fetched artifacts.
    outputs: str  #: Folder for the files of the result.
    max_duration_s: float
    rlimits: Rlimits
    audit: ClaimSpec | None = None  #: Check this instead of running the input.
    resume: str = ""  #: File of the latest checkpoint of an earlier attempt.


class Event(msgspec.Struct, tag_field="event", tag=str.lower, frozen=True):
    """Base of all events."""


class Progress(Event, frozen=True):
    """How far the job is, from 0 to 1."""

    fraction: float
    message: str


class Log(Event, frozen=True):
    """A line that the job wrote."""

    line: str


class Stream(Event, frozen=True):
    """A piece of the answer."""

    text: str


class Checkpoint(Event, frozen=True):
    """A file in the folder of outputs that another attempt could go on from."""

    name: str


class Done(Event, frozen=True):
    """The run ended with a result, or the audit with a finding: `verdict`, `evidence` and `figures`."""

    output: dict[str, Any]
    units: int
    fingerprint: dict[str, str]


class Failed(Event, frozen=True):
    """The run ended without one."""

    message: str
    blames_input: bool


AnyEvent = Progress | Log | Stream | Checkpoint | Done | Failed

decode = msgspec.json.Decoder(AnyEvent).decode
