"""The seams where more than one real implementation exists: an executor for each job type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec


@dataclass(frozen=True, slots=True)
class Unit:
    """What a job type is priced by: a price is HYPER for every `per` units of `name`."""

    name: str
    per: int


@dataclass(frozen=True, slots=True)
class Capability:
    """What an executor can do on this machine, or what it lacks."""

    available: bool
    engine: str = ""  #: Engine and version, as in `wasmtime 50.0.1`.
    models: tuple[str, ...] = ()  #: Names of the models that this machine can serve; the first is the default.
    missing: str = ""  #: Why it is not available.
    fix: str = ""  #: The command that would make it available.


@dataclass(frozen=True, slots=True)
class JobContext:
    """All that a run may touch. Paths are private to the job."""

    model: str
    inputs: Path  #: Holds the artifacts that `Executor.artifacts` named, under those names; read-only by custom.
    outputs: Path  #: Every regular file left here becomes an artifact of the result.
    max_duration_s: float
    progress: Callable[[float, str], None]  #: Fraction 0..1 and a short message.
    log: Callable[[str], None]
    stream: Callable[[str], None]  #: A piece of the answer, as soon as it is there.


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run claims."""

    output: msgspec.Struct
    units: int
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    """Engine, version, instruction set or GPU architecture, model digest: results compare bit for bit where it is
    equal.
    """


class ExecutionFailed(Exception):
    """The run ended without a result. `blames_input` when every honest node would fail alike."""

    def __init__(self, message: str, *, blames_input: bool = False) -> None:
        super().__init__(message)
        self.blames_input = blames_input


class Executor(Protocol):
    """Runs one job type. Importing its module and all but `probe` and `run` must need no engine.

    Found by the entry point group `hypernode.executors`; the name of the entry point is the job type.
    """

    Input: ClassVar[type[msgspec.Struct]]
    Output: ClassVar[type[msgspec.Struct]]
    unit: ClassVar[Unit]
    model_suffix: ClassVar[str]  #: Of model files that a job may bring along, as in `.gguf`; empty: it brings none.
    environment: ClassVar[tuple[str, ...]]
    """Environment variables of the node that reach the child process of a run; all others are withheld."""

    def probe(self) -> Capability:
        """What this machine can do. Never raises; may load the engine, so call it in a child process."""
        ...

    def artifacts(self, given: Any) -> Mapping[str, str]:
        """The artifacts that an input of type `Input` needs: relative file name -> sha256 in hex."""
        ...

    def most_units(self, given: Any, output: Any) -> int:
        """The most units that an honest run with this input and output can have used. Pure and cheap."""
        ...

    def run(self, given: Any, context: JobContext) -> Outcome:
        """Do the work, in the child process of its own that the caller made. Raises ExecutionFailed."""
        ...
