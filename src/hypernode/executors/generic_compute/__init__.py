"""Runs a customer's own program: WebAssembly, a container, or a Python script."""

import contextlib
import logging
import shutil
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import ClassVar, Final

from hypernode.executors.generic_compute.inputs import MAX_STDOUT_BYTES, AnyProgram, Input, Oci, Output, Python, Wasm
from hypernode.executors.generic_compute.settings import CONTAINER_HOST, ENVIRONMENT, Settings
from hypernode.ports import Capability, Claim, Example, ExecutionFailed, Executor, Finding, JobContext, Outcome, Unit

__all__ = ["MAX_STDOUT_BYTES", "GenericCompute", "Input", "Output"]

_log = logging.getLogger(__name__)

FIX: Final = "hypernode node doctor --fix generic_compute"


class GenericCompute(Executor):
    """The job type generic_compute. Priced by fuel: about one unit an executed WebAssembly instruction.

    Containers and scripts use 10^9 of fuel for each second of each core that they were granted.
    """

    Input = Input
    Output = Output
    unit: ClassVar = Unit("fuel", per=1_000_000_000)
    title: ClassVar = "Run a program"
    about: ClassVar = "WebAssembly, a container or a Python script, with files that go in and files that come out."
    extra: ClassVar = "wasm"
    environment: ClassVar[tuple[str, ...]] = ENVIRONMENT

    def probe(self) -> Capability:
        """Available where wasmtime can be loaded: every such node runs WebAssembly.

        The runtimes stand for models, so that a job that names one goes to a node that has it.
        """
        try:
            import_module("wasmtime")
            from hypernode.executors.generic_compute import wasm

            runtimes = {"wasm": wasm.engine_name()}
        except Exception as error:
            return Capability(available=False, missing=f"wasmtime: {error}", fix=FIX)
        try:
            runtimes |= _other_runtimes(Settings.read())
        except ExecutionFailed as failure:
            _log.warning("neither containers nor scripts: %s", failure)
        return Capability(available=True, engine=", ".join(runtimes.values()), models=tuple(runtimes))

    def artifacts(self, given: AnyProgram) -> Mapping[str, str]:
        """The program, if it was uploaded, and the files; those in a folder of their own, which becomes `/in`."""
        files = {f"files/{name}": digest for name, digest in given.files.items()}
        match given:
            case Wasm(module=program) if program.sha256:
                return files | {"module": program.sha256}
            case Python(script=program) if program.sha256:
                return files | {"script": program.sha256}
            case _:
                return files

    def connects(self, given: AnyProgram) -> tuple[str, ...]:
        """A container is run by the engine."""
        return (CONTAINER_HOST,) if isinstance(given, Oci) else ()

    def most_units(self, given: AnyProgram, output: Output) -> int:
        """The fuel that was granted."""
        return given.fuel

    def asked_units(self, given: AnyProgram) -> tuple[int, int]:
        """Up to the fuel that is granted."""
        return 0, given.fuel

    def example(self) -> Example:
        """A WebAssembly module that computes a little."""
        from hypernode.executors.generic_compute.example import EXAMPLE

        return EXAMPLE

    def run(self, given: AnyProgram, context: JobContext) -> Outcome:
        """Run the program. A non-zero exit is a result."""
        # Imported only where it is used, since each adds to the start of every job.
        match given:
            case Wasm():
                from hypernode.executors.generic_compute import wasm

                return wasm.run(given, context)
            case Oci():
                from hypernode.executors.generic_compute import oci

                return oci.run(given, context)
            case Python():
                from hypernode.executors.generic_compute import script

                return script.run(given, context)

    def verify(self, given: AnyProgram, claim: Claim, context: JobContext, seed: int) -> Finding:
        """Run it again, all of it, so that there is nothing to choose."""
        from hypernode.executors.generic_compute import checks

        return checks.verify(given, claim, context, partial(self.run, given))

    def sweep(self, folder: Path) -> None:
        """Remove the containers of a job that was killed, or of all whose folders lie in this one."""
        from hypernode.executors.generic_compute import sweeper

        try:
            settings = Settings.read()
            if settings.container_host:
                sweeper.sweep(folder, settings)
        except ExecutionFailed as failure:
            _log.warning("containers of jobs may be left: %s", failure)


def _other_runtimes(settings: Settings) -> dict[str, str]:
    """Runtime -> engine, of those that a node may lack."""
    from hypernode.executors.generic_compute import oci, script

    found: dict[str, str] = {}
    # Whether the sandbox holds is known to the runner alone.
    if settings.allow_unsandboxed or shutil.which("bwrap"):
        found["python"] = script.engine_name()
    with contextlib.suppress(ExecutionFailed):
        found["oci"] = oci.engine_name(settings)
    return found
