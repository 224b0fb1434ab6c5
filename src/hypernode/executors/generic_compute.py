"""Runs a customer's WebAssembly module under wasmtime: bounded, without network, and the same on every node.

Given the same input, output and fuel are equal on every machine that runs the same wasmtime: NaNs are canonical,
threads and relaxed SIMD are off, WASI's clock starts at 2000-01-01 and moves a microsecond a reading, its random bytes
are a fixed stream. Not fixed: `poll_oneoff` sleeps in real time, file timestamps are the machine's, and the depth at
which the call stack ends depends on the instruction set.
"""

import codecs
import hashlib
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from threading import Timer
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

import msgspec

from hypernode.ports import Capability, ExecutionFailed, Executor, JobContext, Outcome, Unit
from hypernode.protocol.artifacts import Sha256

if TYPE_CHECKING:
    import wasmtime

DEFAULT_FUEL: Final = 10**10
"""About ten seconds of simple arithmetic on one core."""
MAX_FUEL: Final = 10**13
DEFAULT_MEMORY_MB: Final = 64
MAX_MEMORY_MB: Final = 4096
"""All that 32-bit WebAssembly can address."""
MAX_STDOUT_BYTES: Final = 128 << 10
MAX_STDERR_BYTES: Final = 32 << 10
"""A control character takes six bytes in JSON: six times both stay below protocol.limits.MAX_RESULT_BYTES."""
MAX_TABLE_ELEMENTS: Final = 1_000_000
CLOCK_START_NS: Final = 946_684_800 * 10**9
CLOCK_STEP_NS: Final = 1_000
_U32: Final = 0xFFFF_FFFF
"""An i32 arrives signed from the guest."""
_WASI: Final = "wasi_snapshot_preview1"
_SUCCESS: Final = 0
_EFAULT: Final = 21
"""Errno `fault` of WASI preview 1: the guest passed an address outside of its memory."""

FileName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?![\s\S]*[\x00-\x1f\\])(?!\.{1,2}(/|$))(?!.*/\.{1,2}(/|$))[^/]+(/[^/]+)*$",
        max_length=255,
        description="Relative path without `.` and `..`.",
    ),
]
Text = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]
VariableName = Annotated[str, msgspec.Meta(pattern=r"^[^\x00=]+$")]


class Module(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """The program, in exactly one of three forms."""

    sha256: Sha256 | None = None  #: An uploaded artifact, binary or text format.
    wat: str | None = None  #: Text format.
    base64: bytes | None = None  #: Binary format.

    def __post_init__(self) -> None:
        if sum(form is not None for form in (self.sha256, self.wat, self.base64)) != 1:
            raise ValueError("give exactly one of sha256, wat and base64")


class Input(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A WASI command: its `_start` is called once."""

    runtime: Literal["wasm"]
    module: Module
    args: Annotated[list[Text], msgspec.Meta(max_length=1_000)] = []
    env: dict[VariableName, Text] = {}
    stdin: str = ""
    files: Annotated[dict[FileName, Sha256], msgspec.Meta(max_length=1_000)] = {}  #: Artifacts to read under `/in`.
    fuel: Annotated[int, msgspec.Meta(ge=1, le=MAX_FUEL)] = DEFAULT_FUEL
    memory_mb: Annotated[int, msgspec.Meta(ge=1, le=MAX_MEMORY_MB)] = msgspec.field(
        name="memoryMB", default=DEFAULT_MEMORY_MB
    )

    def __post_init__(self) -> None:
        for name in self.files:
            if any(str(parent) in self.files for parent in PurePosixPath(name).parents):
                raise ValueError(f"{name} lies within another file")


class Output(msgspec.Struct, rename="camel", frozen=True):
    """How the program ended. What it wrote under `/out` are the result's artifacts."""

    exit_code: int
    fuel_used: int
    stdout: str
    stderr: str
    truncated: bool = False  #: stdout or stderr was longer than is kept here.


class GenericCompute(Executor):
    """The job type generic_compute. Priced by fuel: about one unit an executed WebAssembly instruction."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("fuel", per=1_000_000_000)
    extra: ClassVar = "wasm"

    def probe(self) -> Capability:
        """Available where wasmtime can be loaded."""
        try:
            import_module("wasmtime")
        except Exception as error:
            return Capability(available=False, missing=f"wasmtime: {error}", fix="pip install 'hypernode[wasm]'")
        return Capability(available=True, engine=_engine_name())

    def artifacts(self, given: Input) -> Mapping[str, str]:
        """The module, if it was uploaded, and the files; those in a folder of their own, which becomes `/in`."""
        files = {f"files/{name}": digest for name, digest in given.files.items()}
        return files | ({"module": given.module.sha256} if given.module.sha256 else {})

    def most_units(self, given: Input, output: Output) -> int:
        """The fuel that was granted."""
        return given.fuel

    def run(self, given: Input, context: JobContext) -> Outcome:
        """Call `_start`. A non-zero exit is a result; a trap or too little fuel is a failure that blames the input."""
        stdout = _Capture(MAX_STDOUT_BYTES, context.stream)
        stderr = _Capture(MAX_STDERR_BYTES, _by_line(context.log))
        with tempfile.NamedTemporaryFile() as stdin:
            stdin.write(given.stdin.encode())
            stdin.flush()
            wasi = _wasi(given, context, Path(stdin.name), stdout, stderr)
            exit_code, fuel_used = _execute(given, context, wasi)
        output = Output(exit_code, fuel_used, stdout.text(), stderr.text(), stdout.truncated or stderr.truncated)
        return Outcome(output, fuel_used, {"engine": _engine_name()})


def _engine_name() -> str:
    return f"wasmtime {version('wasmtime')}"


def _execute(given: Input, context: JobContext, wasi: "wasmtime.WasiConfig") -> tuple[int, int]:
    """Exit code and fuel used."""
    import wasmtime

    engine = wasmtime.Engine(_config())
    store = wasmtime.Store(engine)
    store.set_limits(
        memory_size=given.memory_mb << 20, table_elements=MAX_TABLE_ELEMENTS, instances=1, tables=16, memories=1
    )
    store.set_fuel(given.fuel)
    store.set_epoch_deadline(1)
    store.set_wasi(wasi)
    timer = Timer(context.max_duration_s, engine.increment_epoch)
    timer.daemon = True
    timer.start()
    exit_code = 0
    try:
        start = _linker(engine).instantiate(store, _compile(engine, given, context.inputs)).exports(store).get("_start")
        if not isinstance(start, wasmtime.Func):
            raise ExecutionFailed("the module exports no function _start", blames_input=True)
        start(store)
    except wasmtime.ExitTrap as ended:
        exit_code = ended.code
    except wasmtime.Trap as trap:
        # Only the time limit depends on the machine.
        timed_out = trap.trap_code == wasmtime.TrapCode.INTERRUPT
        message = (
            f"ran longer than {context.max_duration_s:g} s" if timed_out else str(trap).strip().rpartition("\n")[2]
        )
        raise ExecutionFailed(message.strip(), blames_input=not timed_out) from None
    except (wasmtime.WasmtimeError, TypeError) as error:  # TypeError: `_start` takes parameters.
        raise ExecutionFailed(str(error), blames_input=True) from None
    finally:
        timer.cancel()
    return exit_code, given.fuel - store.get_fuel()


def _config() -> "wasmtime.Config":
    """What makes runs equal on all machines, and countable."""
    import wasmtime

    config = wasmtime.Config()
    config.consume_fuel = True
    config.epoch_interruption = True
    config.cranelift_nan_canonicalization = True
    config.wasm_threads = False
    config.wasm_relaxed_simd = False
    return config


def _compile(engine: "wasmtime.Engine", given: Input, inputs: Path) -> "wasmtime.Module":
    import wasmtime

    if given.module.wat is not None:
        return wasmtime.Module(engine, bytes(wasmtime.wat2wasm(given.module.wat)))
    code = (inputs / "module").read_bytes() if given.module.base64 is None else given.module.base64
    return wasmtime.Module(engine, code)


def _wasi(
    given: Input, context: JobContext, stdin: Path, stdout: "_Capture", stderr: "_Capture"
) -> "wasmtime.WasiConfig":
    """All that the guest sees: arguments, variables, three streams, `/in` to read and `/out` to write."""
    import wasmtime

    files = context.inputs / "files"
    files.mkdir(exist_ok=True)
    wasi = wasmtime.WasiConfig()
    wasi.argv = ["job", *given.args]
    wasi.env = given.env.items()
    wasi.stdin_file = stdin
    wasi.stdout_custom = stdout
    wasi.stderr_custom = stderr
    wasi.preopen_dir(str(files), "/in", fs_mutable=False)
    wasi.preopen_dir(str(context.outputs), "/out", fs_mutable=True)
    return wasi


def _linker(engine: "wasmtime.Engine") -> "wasmtime.Linker":
    """WASI, with a clock and random bytes that are the same in every run."""
    import wasmtime

    now_ns = CLOCK_START_NS
    drawn = 0

    def clock_time_get(caller: wasmtime.Caller, _clock: int, _precision: int, address: int) -> int:
        nonlocal now_ns
        now_ns += CLOCK_STEP_NS
        return _write(caller, address, 8, lambda: now_ns.to_bytes(8, "little"))

    def random_get(caller: wasmtime.Caller, address: int, length: int) -> int:
        nonlocal drawn
        drawn += 1
        return _write(caller, address, length, lambda: hashlib.shake_256(drawn.to_bytes(8)).digest(length & _U32))

    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    linker.allow_shadowing = True
    i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
    clock_type = wasmtime.FuncType([i32, i64, i32], [i32])
    linker.define_func(_WASI, "clock_time_get", clock_type, clock_time_get, access_caller=True)
    linker.define_func(_WASI, "random_get", wasmtime.FuncType([i32, i32], [i32]), random_get, access_caller=True)
    return linker


def _write(caller: "wasmtime.Caller", address: int, length: int, make: Callable[[], bytes]) -> int:
    """Put `length` bytes into the guest's memory; they are made only when they fit. Returns WASI's errno."""
    import wasmtime

    memory = caller.get("memory")
    start, end = address & _U32, (address & _U32) + (length & _U32)
    if not isinstance(memory, wasmtime.Memory) or end > memory.data_len(caller):
        return _EFAULT
    memory.write(caller, make(), start)
    return _SUCCESS


class _Capture:
    """Keeps the first `limit` bytes of a stream and passes them on as they come; the rest is dropped."""

    def __init__(self, limit: int, forward: Callable[[str], None]) -> None:
        self.truncated = False
        self._room = limit
        self._forward = forward
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pieces: list[str] = []

    def __call__(self, data: bytes) -> None:
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


def _by_line(log: Callable[[str], None]) -> Callable[[str], None]:
    """Programs write a line in pieces: log whole lines."""
    pending = ""

    def take(piece: str) -> None:
        nonlocal pending
        *lines, pending = (pending + piece).split("\n")
        for line in lines:
            log(line)

    return take
