"""Runs a WebAssembly module under wasmtime: bounded, without network, and the same on every node.

Given the same input, output and fuel are equal on every machine that runs the same wasmtime: NaNs are canonical,
threads and relaxed SIMD are off, and `wasi` shows nothing of the machine. Not fixed: the depth at which the call stack
ends depends on the instruction set, and which file names differ depends on the file system.
"""

import tempfile
from importlib.metadata import version
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Final

from hypernode.executors.generic_compute import wasi
from hypernode.executors.generic_compute.capture import Streams
from hypernode.executors.generic_compute.inputs import Wasm
from hypernode.ports import ExecutionFailed, JobContext, Outcome

if TYPE_CHECKING:
    import wasmtime

MAX_TABLE_ELEMENTS: Final = 1_000_000
STACK_ENDED: Final = "call stack exhausted"
"""In the message of a failure that another machine may not have."""


def engine_name() -> str:
    """Engine and version. Raises PackageNotFoundError without one."""
    return f"wasmtime {version('wasmtime')}"


def run(given: Wasm, context: JobContext) -> Outcome:
    """Call `_start`. A non-zero exit is a result; a trap or too little fuel is a failure that blames the input."""
    streams = Streams(context)
    with tempfile.NamedTemporaryFile() as stdin:
        stdin.write(given.stdin.encode())
        stdin.flush()
        exit_code, fuel_used = _execute(given, context, _settings(given, context, Path(stdin.name), streams))
    return Outcome(streams.output(exit_code, fuel_used), fuel_used, {"engine": engine_name()})


def _execute(given: Wasm, context: JobContext, settings: "wasmtime.WasiConfig") -> tuple[int, int]:
    """Exit code and fuel used."""
    import wasmtime

    engine = wasmtime.Engine(_config())
    store = wasmtime.Store(engine)
    # One instance and one memory of each two are those of `wasi`.
    store.set_limits(
        memory_size=given.memory_mb << 20, table_elements=MAX_TABLE_ELEMENTS, instances=2, tables=16, memories=2
    )
    store.set_fuel(given.fuel)
    store.set_epoch_deadline(1)
    store.set_wasi(settings)
    timer = Timer(context.max_duration_s, engine.increment_epoch)
    timer.daemon = True
    timer.start()
    exit_code = 0
    try:
        linked = wasi.linker(engine, store)
        start = linked.instantiate(store, _compile(engine, given, context.inputs)).exports(store).get("_start")
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


def _compile(engine: "wasmtime.Engine", given: Wasm, inputs: Path) -> "wasmtime.Module":
    import wasmtime

    if given.module.wat is not None:
        return wasmtime.Module(engine, bytes(wasmtime.wat2wasm(given.module.wat)))
    code = (inputs / "module").read_bytes() if given.module.base64 is None else given.module.base64
    return wasmtime.Module(engine, code)


def _settings(given: Wasm, context: JobContext, stdin: Path, streams: Streams) -> "wasmtime.WasiConfig":
    """All that the guest sees: arguments, variables, three streams, `/in` to read and `/out` to write."""
    import wasmtime

    files = context.inputs / "files"
    files.mkdir(exist_ok=True)
    settings = wasmtime.WasiConfig()
    settings.argv = ["job", *given.args]
    settings.env = given.env.items()
    settings.stdin_file = stdin
    settings.stdout_custom = streams.stdout
    settings.stderr_custom = streams.stderr
    settings.preopen_dir(str(files), "/in", fs_mutable=False)
    settings.preopen_dir(str(context.outputs), "/out", fs_mutable=True)
    return settings
