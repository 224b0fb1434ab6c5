"""Finds Blender on this machine and talks to it: a process of its own, since it is under the GPL and may crash.

Either its Python module `bpy` in an environment of its own (`ports.engine_folder`), or the program `blender`.
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import IO, Any, Final, Self

from hypernode.ports import ExecutionFailed, engine_folder

BLENDER: Final = "HYPERNODE_BLENDER"
"""A Blender to use in place of the module: the folder where it was unpacked, or the program."""
ENVIRONMENT: Final = (
    BLENDER,
    # How Cycles finds its GPUs, and the libraries of their drivers.
    *("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
)
INSIDE: Final = Path(__file__).parent / "inside"
START: Final = f"import sys; sys.path.append({str(INSIDE.parent)!r}); from inside.session import main; main()"
LAST_WORDS_BYTES: Final = 2_000
END_TIMEOUT_S: Final = 5.0


class Unavailable(Exception):
    """There is no Blender here; the message says what was looked for."""


def find(environment: Mapping[str, str]) -> list[str]:
    """The command that starts a session, less its last argument. Raises Unavailable."""
    module = engine_folder("render") / "bin" / "python"
    named = environment.get(BLENDER)
    if named and Path(named).is_dir():
        named = str(Path(named) / "blender")
    program = shutil.which(named or "blender", path=environment.get("PATH"))
    if named and not program:
        raise Unavailable(f"{BLENDER} names no program: {named}")
    if not named and module.exists():
        # -I: neither the job's folder nor variables decide what is imported.
        return [str(module), "-I", "-B", "-c", START]
    if not program:
        raise Unavailable(f"neither bpy in {engine_folder('render')}, nor blender in PATH, nor {BLENDER}")
    options = ("--background", "--factory-startup", "--disable-autoexec", "-noaudio", "--python-exit-code", "1")
    return [program, *options, "--python-expr", START, "--"]


class Blender:
    """A running Blender, as a context; killed once `seconds` have passed since the start. Raises ExecutionFailed."""

    def __init__(self, command: list[str], seconds: float) -> None:
        self._seconds = seconds
        self._overdue = False
        self._stack = contextlib.ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        self._said: IO[bytes] = self._stack.enter_context((folder / "stderr").open("w+b"))
        reading, writing = os.pipe()
        self._answers = self._stack.enter_context(os.fdopen(reading, "rb"))
        try:
            self._process = subprocess.Popen(
                [*command, str(writing)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                pass_fds=(writing,),
                cwd=folder,
                # Nothing of a user's own settings; Cycles caches its kernels under HOME, where there is one.
                env={**os.environ, "TMPDIR": str(folder), "BLENDER_USER_RESOURCES": str(folder)},
            )
        finally:
            os.close(writing)
        self._timer = Timer(max(0.0, seconds), self._expire)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if kind:
            self._process.kill()
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()  # Its script ends where its commands do.
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stack.close()

    def ask(self, what: str, on_progress: Callable[[float], None] = lambda _: None, **arguments: Any) -> dict[str, Any]:
        """One command's answer. Raises ExecutionFailed, which blames the input where the scene is at fault."""
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
            self._process.stdin.flush()
        while (line := self._answers.readline()).endswith(b"\n"):  # Else it was killed, maybe while it wrote.
            answer: dict[str, Any] = json.loads(line)
            if "refused" in answer:
                raise ExecutionFailed(answer["refused"], blames_input=True)
            if "failed" in answer:
                raise ExecutionFailed(answer["failed"])
            if "progress" not in answer:
                return answer
            on_progress(answer["progress"])
        raise ExecutionFailed(self._how_it_ended())

    def _expire(self) -> None:
        self._overdue = True
        self._process.kill()

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        if self._overdue:
            return f"rendered longer than {self._seconds:g} s"
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
        self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, self._said.tell() - LAST_WORDS_BYTES))
        words = self._said.read().decode(errors="replace").strip().splitlines()
        return f"Blender {how}: {words[-1] if words else 'without a word'}"


def fingerprint(about: Mapping[str, Any]) -> dict[str, str]:
    """What pixels depend on besides job and scene: Cycles and its libraries choose their kernels by these."""
    script = b"".join(path.read_bytes() for path in sorted(INSIDE.glob("*.py")))
    return {
        "engine": f"{about['engine']} ({about['build']})",
        "isa": " ".join([platform.machine(), *about["features"]]),
        "libc": " ".join([platform.system(), *platform.libc_ver()]).strip(),
        "device": about["device"],
        "script": hashlib.sha256(script).hexdigest()[:16],
    }
