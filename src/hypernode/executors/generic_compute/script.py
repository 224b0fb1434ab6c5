"""Runs a Python script in a process of its own, by the node's interpreter, with packages that the node has."""

import contextlib
import ctypes
import os
import platform
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Final

from hypernode.executors.generic_compute.budget import Budget
from hypernode.executors.generic_compute.capture import Capture, Streams
from hypernode.executors.generic_compute.inputs import Output, Python
from hypernode.executors.generic_compute.settings import Settings
from hypernode.executors.processor import isa
from hypernode.ports import ExecutionFailed, JobContext, Outcome

POLL_S: Final = 0.05
"""How long the end of a script that left its streams to others can go unnoticed."""
_PIECE_BYTES: Final = 1 << 16
_LAST_PIECES: Final = 32
"""More than a pipe holds: what is still written after the script's end is not its own."""
_SIGNALLED: Final = 128
_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h
_PASSED_ON: Final = (
    *("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"),
    *("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
)


def engine_name() -> str:
    """Engine and version."""
    return f"python {platform.python_version()}"


def run(given: Python, context: JobContext) -> Outcome:
    """Run the script to its end. Any exit is a result, but for that which want of memory brings about."""
    settings = Settings.read()
    if not (settings.sandboxed or settings.allow_unsandboxed):
        raise ExecutionFailed("this node has no sandbox, and runs no scripts without one")
    packages = [_installed(requirement) for requirement in given.requirements]
    _hide()
    budget = Budget(given.fuel, 1, context.max_duration_s)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        output = _execute(_command(given, context, Path(folder)), given, budget, Path(folder), Streams(context))
    platform_name = f"{sys.platform}-{platform.libc_ver()[0]}"
    fingerprint = {"engine": engine_name(), "platform": platform_name, "isa": isa(), "packages": " ".join(packages)}
    return Outcome(output, output.fuel_used, fingerprint)


def _installed(text: str) -> str:
    """Name and version of the package that fulfils a requirement. Raises ExecutionFailed where none does."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(text)
    except InvalidRequirement as error:
        raise ExecutionFailed(f"{text} is no requirement, as numpy>=2 is one: {error}", blames_input=True) from None
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        raise ExecutionFailed(f"this node has no {wanted.name}; the script requires {text}") from None
    if not wanted.specifier.contains(found, prereleases=True):
        raise ExecutionFailed(f"this node has {wanted.name} {found}; the script requires {text}")
    return f"{wanted.name}=={found}"


def _hide() -> None:
    """Keep this process's memory, environment and open files from a script that runs as the same user."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _command(given: Python, context: JobContext, folder: Path) -> list[str]:
    """Lays out the script's folder: itself, `in`, `out`."""
    files = context.inputs / "files"
    files.mkdir(exist_ok=True)
    (folder / "in").symlink_to(files)
    (folder / "out").symlink_to(context.outputs)
    script = folder / "script.py"
    script.write_bytes(
        (context.inputs / "script").read_bytes() if given.script.text is None else given.script.text.encode()
    )
    # -P: a file beside the script must not shadow a module.
    return [sys.executable, "-P", "-s", "-B", str(script), *given.args]


def _execute(command: list[str], given: Python, budget: Budget, folder: Path, streams: Streams) -> Output:
    same = {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | same | given.env
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given.stdin.encode())
        stdin.seek(0)
        # Only 0, 1 and 2 are open in it: the way to the agent is not.
        process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environment
        )
    budget.start()
    with process:
        try:
            assert process.stdout
            assert process.stderr
            _follow(process, {process.stdout: streams.stdout, process.stderr: streams.stderr}, budget)
        finally:
            process.kill()
    code = process.returncode
    if code == -signal.SIGKILL:
        raise ExecutionFailed("was killed, as by the need for more memory than this node allows")
    return streams.output(code if code >= 0 else _SIGNALLED - code, budget.used())


def _follow(process: "subprocess.Popen[bytes]", pipes: Mapping[IO[bytes], Capture], budget: Budget) -> None:
    """Read both pipes until the script has ended: what it left running may hold them open for longer."""
    with selectors.DefaultSelector() as waiting:
        for pipe, capture in pipes.items():
            os.set_blocking(pipe.fileno(), False)
            waiting.register(pipe, selectors.EVENT_READ, capture)
        while process.poll() is None:
            if waiting.get_map():
                _drain(waiting, min(POLL_S, budget.remaining_s()))
            else:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(min(POLL_S, budget.remaining_s()))
        for _ in range(_LAST_PIECES):
            if not _drain(waiting, 0):
                break


def _drain(waiting: selectors.BaseSelector, timeout_s: float) -> bool:
    """Take a piece from each pipe that has one. False if none had."""
    ready = waiting.select(timeout_s)
    for key, _ in ready:
        if piece := os.read(key.fd, _PIECE_BYTES):
            key.data(piece)
        else:
            waiting.unregister(key.fileobj)
    return bool(ready)
