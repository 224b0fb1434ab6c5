"""The seams where more than one real implementation exists: an executor for each job type."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Protocol

import msgspec

from hypernode.domain.receipt import Verdict


@dataclass(frozen=True, slots=True)
class Unit:
    """What a job type is priced by: a price is HYPER for every `per` units of `name`."""

    name: str
    per: int


@dataclass(frozen=True, slots=True)
class Example:
    """A small job that works, for whoever has not asked for one of its type yet."""

    input: Mapping[str, Any]
    model: str = "default"
    max_duration_s: int = 600
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """By name: what the input names by SHA-256 and has to be uploaded before."""


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
    stream: Callable[[str], None]
    """A piece of the answer, as soon as it is there: text, or a picture as one `data:image/...;base64,...` URI."""
    checkpoint: Callable[[Path], None] = lambda _: None
    """Keep this file, in the folder of outputs, outside of the node: another attempt may go on from the latest one."""
    resume: Path | None = None  #: The latest checkpoint of an earlier attempt at the same job.


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run claims."""

    output: msgspec.Struct
    units: int
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    """Engine, version, instruction set or GPU architecture, model digest: results compare bit for bit where it is
    equal.
    """


@dataclass(frozen=True, slots=True)
class Claim:
    """What a node reported of a run, as an audit sees it. Nothing in it can be trusted."""

    output: Any  #: Of the executor's type `Output`.
    units: int
    model: str
    fingerprint: Mapping[str, str]
    files: Path  #: Holds the result's artifacts under their names.


@dataclass(frozen=True, slots=True)
class Finding:
    """What checking a claim found: passed, failed, or unverified where this machine cannot tell."""

    verdict: Verdict
    evidence: str  #: One sentence that names what was compared and how it differed.
    figures: Mapping[str, float] = field(default_factory=dict)  #: The numbers behind it.


class ExecutionFailed(Exception):
    """The run ended without a result. `blames_input` when every honest node would fail alike."""

    def __init__(self, message: str, *, blames_input: bool = False) -> None:
        super().__init__(message)
        self.blames_input = blames_input


class Executor(Protocol):
    """Runs one job type. Importing its module and all but `probe`, `run` and `verify` must need no engine.

    Found by the entry point group `hypernode.executors`; the name of the entry point is the job type. Inherit from this
    class: what has a value or a body here is the default.
    """

    Input: ClassVar[type[msgspec.Struct] | UnionType]  #: A Struct, or a union of tagged ones.
    Output: ClassVar[type[msgspec.Struct]]
    unit: ClassVar[Unit]
    title: ClassVar[str] = ""  #: What a customer wants done, in a few words: the heading of a form.
    about: ClassVar[str] = ""  #: What goes in and what comes out, in a sentence or two.
    model_suffix: ClassVar[str] = ""
    """Of model files that a job may bring along, as in `.gguf`; empty: it brings none."""
    environment: ClassVar[tuple[str, ...]] = ()
    """Environment variables of the node that reach the child process of a run; all others are withheld."""
    extra: ClassVar[str] = (
        ""  #: The extra of its distribution that installs the engine, as in `pip install 'hypernode[wasm]'`.
    )
    model_packages: ClassVar[tuple[str, ...]] = ()
    """Packages that carry a model to begin with; installed without what they depend on."""
    apart: ClassVar[bool] = False  #: The engine needs a Python environment of its own: `engine_folder`.
    resident: ClassVar[bool] = False
    """One process may run many jobs of one model at once, each in a thread, and keeps the loaded engine in between."""

    def probe(self) -> Capability:
        """What this machine can do. Never raises; may load the engine, so call it in a child process."""
        ...

    def artifacts(self, given: Any) -> Mapping[str, str]:
        """The artifacts that an input of type `Input` needs: relative file name -> sha256 in hex."""
        return {}

    def connects(self, given: Any) -> tuple[str, ...]:
        """Which of `environment` hold the address of a service on this machine that a run must reach.

        A job has no network. For each of these a socket is bound into its sandbox, and leads to that address alone; the
        variable's name with `_SOCKET` appended holds its path.
        """
        return ()

    def sweep(self, folder: Path) -> None:
        """Remove what runs in this folder, or in folders within, left with those services, as a killed one would.

        Called by the node itself, after each run that connects and when the node starts. Never raises.
        """

    def most_units(self, given: Any, output: Any) -> int:
        """The most units that an honest run with this input and output can have used. Pure and cheap."""
        ...

    def asked_units(self, given: Any) -> tuple[int, int | None]:
        """The fewest and the most units that an honest run with this input can use, as far as the input alone tells.

        None: there is no telling. Pure and cheap.
        """
        return 0, None

    def example(self) -> Example | None:
        """A small job of this type; None: it has none."""
        return None

    def split(self, given: Any, most: int) -> Sequence[Any]:
        """At most so many inputs of type `Input` that together are this one, of about equal weight. Pure and cheap."""
        return [given]

    def join(self, given: Any, outputs: Sequence[Any]) -> msgspec.Struct:
        """The output of the whole from those of its parts, in the order of `split`; their files are kept as they are.

        Raises ValueError where they do not fit together.
        """
        (whole,) = outputs
        return whole

    def run(self, given: Any, context: JobContext) -> Outcome:
        """Do the work, in the child process of its own that the caller made. Raises ExecutionFailed."""
        ...

    def verify(self, given: Any, claim: Claim, context: JobContext, seed: int) -> Finding:
        """Check what another node claims for this input, as `run` would: in a child process, in a sandbox.

        `seed` was drawn after the claim was made: what it selects the node could not foresee. Raises ExecutionFailed
        where the check itself broke.
        """
        return Finding(Verdict.UNVERIFIED, "this job type has no check")


def engine_folder(job_type: str) -> Path:
    """Where the engine of an executor that needs a Python environment of its own is installed: a venv."""
    return Path(sys.prefix) / "engines" / job_type
