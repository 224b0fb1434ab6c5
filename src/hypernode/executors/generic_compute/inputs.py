"""What a customer asks of generic_compute, and what comes back: one form of input for each runtime."""

from pathlib import PurePosixPath
from typing import Annotated, Final

import msgspec

from hypernode.protocol.artifacts import Sha256

DEFAULT_FUEL: Final = 10**10
"""About ten seconds of simple arithmetic on one core."""
MAX_FUEL: Final = 10**13
DEFAULT_TIMED_FUEL: Final = 60 * 10**9
"""A minute on one core."""
MAX_TIMED_FUEL: Final = 9 * 10**15
"""2,500 hours on one core; JSON numbers are exact up to here."""
FUEL_PER_CORE_SECOND: Final = 10**9
"""Where no instructions can be counted, fuel is time: a nanosecond of a core that the job was granted."""
DEFAULT_MEMORY_MB: Final = 64
MAX_MEMORY_MB: Final = 4096
"""All that 32-bit WebAssembly can address."""
DEFAULT_CONTAINER_MEMORY_MB: Final = 1024
MAX_CONTAINER_MEMORY_MB: Final = 4 << 20
MAX_CPUS: Final = 1_024
MAX_STDOUT_BYTES: Final = 128 << 10
MAX_STDERR_BYTES: Final = 32 << 10
"""A control character takes six bytes in JSON: six times both stay below protocol.limits.MAX_RESULT_BYTES."""
MAX_TEXT_CHARS: Final = 1 << 20
"""Of a script, a module or standard input in the job itself; what is larger is uploaded."""
MAX_ARGUMENT_CHARS: Final = 128 << 10
"""Linux takes no longer argument or variable."""

FileName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?![\s\S]*[\x00-\x1f\\])(?!\.{1,2}(/|$))(?!.*/\.{1,2}(/|$))[^/]+(/[^/]+)*$",
        max_length=255,
        description="Relative path without `.` and `..`.",
    ),
]
Text = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$", max_length=MAX_ARGUMENT_CHARS)]
VariableName = Annotated[str, msgspec.Meta(pattern=r"^[^\x00=]+$", max_length=255)]
ImageReference = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([a-z0-9][a-z0-9._:-]*/[a-z0-9][a-z0-9._/-]*@)?sha256:[0-9a-f]{64}(?!\n)$",
        max_length=512,
        description="`registry/name@sha256:DIGEST`, or the id `sha256:DIGEST` of an image on the node.",
    ),
]
Requirement = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])? *"
        r"((~=|===?|!=|<=?|>=?) *[A-Za-z0-9.*+!_-]+( *, *(~=|===?|!=|<=?|>=?) *[A-Za-z0-9.*+!_-]+)*)?(?!\n)$",
        max_length=200,
        description="As in `numpy>=2,<3`.",
    ),
]


class Module(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """The program, in exactly one of three forms."""

    sha256: Sha256 | None = None  #: An uploaded artifact, binary or text format.
    wat: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARS)] | None = None  #: Text format.
    base64: Annotated[bytes, msgspec.Meta(max_length=MAX_TEXT_CHARS)] | None = None  #: Binary format.

    def __post_init__(self) -> None:
        if sum(form is not None for form in (self.sha256, self.wat, self.base64)) != 1:
            raise ValueError("give exactly one of sha256, wat and base64")


class Script(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """The program, in exactly one of two forms."""

    sha256: Sha256 | None = None  #: An uploaded artifact.
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARS)] | None = None

    def __post_init__(self) -> None:
        if (self.sha256 is None) == (self.text is None):
            raise ValueError("give exactly one of sha256 and text")


class Program(
    msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="runtime"
):
    """What all runtimes have in common."""

    args: Annotated[list[Text], msgspec.Meta(max_length=1_000)] = []
    env: Annotated[dict[VariableName, Text], msgspec.Meta(max_length=1_000)] = {}
    stdin: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARS)] = ""
    files: Annotated[dict[FileName, Sha256], msgspec.Meta(max_length=1_000)] = {}  #: Artifacts to read under `/in`.

    def __post_init__(self) -> None:
        for name in self.files:
            if any(str(parent) in self.files for parent in PurePosixPath(name).parents):
                raise ValueError(f"{name} lies within another file")


class Wasm(Program, frozen=True, kw_only=True, tag="wasm"):
    """A WASI command: its `_start` is called once."""

    module: Module
    fuel: Annotated[int, msgspec.Meta(ge=1, le=MAX_FUEL)] = DEFAULT_FUEL  #: Instructions that are granted.
    memory_mb: Annotated[int, msgspec.Meta(ge=1, le=MAX_MEMORY_MB)] = msgspec.field(
        name="memoryMB", default=DEFAULT_MEMORY_MB
    )


class Oci(Program, frozen=True, kw_only=True, tag="oci"):
    """A container, made from an image that is named by its content."""

    image: ImageReference
    entrypoint: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=100)] | None = None  #: The image's own.
    fuel: Annotated[int, msgspec.Meta(ge=1, le=MAX_TIMED_FUEL)] = DEFAULT_TIMED_FUEL  #: Nanoseconds times `cpus`.
    cpus: Annotated[int, msgspec.Meta(ge=1, le=MAX_CPUS)] = 1  #: Cores that are granted.
    memory_mb: Annotated[int, msgspec.Meta(ge=8, le=MAX_CONTAINER_MEMORY_MB)] = msgspec.field(
        name="memoryMB", default=DEFAULT_CONTAINER_MEMORY_MB
    )  #: Of all its processes, `/tmp` included.
    gpu: bool = False  #: All GPUs of the node.
    network: bool = False  #: Only where the node's owner allows it.
    deterministic: bool = False  #: Stdout and files are equal in every run: the result can be checked by another run.


class Python(Program, frozen=True, kw_only=True, tag="python"):
    """A Python script. It finds its files in the folder `in` and leaves its results in the folder `out`."""

    script: Script
    requirements: Annotated[list[Requirement], msgspec.Meta(max_length=100)] = []  #: Packages that the node must have.
    fuel: Annotated[int, msgspec.Meta(ge=1, le=MAX_TIMED_FUEL)] = DEFAULT_TIMED_FUEL  #: Nanoseconds.
    deterministic: bool = False  #: Stdout and files are equal in every run: the result can be checked by another run.


AnyProgram = Wasm | Oci | Python
Input = AnyProgram


class Output(msgspec.Struct, rename="camel", frozen=True):
    """How the program ended. What it wrote under `/out` are the result's artifacts."""

    exit_code: int  #: 128 and the signal's number where a signal ended it.
    fuel_used: int
    stdout: str
    stderr: str
    truncated: bool = False  #: stdout or stderr was longer than is kept here.
