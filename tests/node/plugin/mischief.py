"""A third party's plug-in that does one of many bad deeds, to prove that the runner contains it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from hypernode.domain.receipt import Verdict
from hypernode.ports import Capability, Claim, ExecutionFailed, Executor, Finding, JobContext, Outcome, Unit


class Input(msgspec.Struct):
    """Which deed."""

    deed: str
    artifacts: dict[str, str] = {}


class Output(msgspec.Struct):
    """Anything."""

    text: str = ""


class Mischief(Executor):
    """The job type mischief."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("deeds", per=1)
    environment: ClassVar[tuple[str, ...]] = ("MISCHIEF_DECLARED",)

    def probe(self) -> Capability:
        return Capability(available=True)

    def artifacts(self, given: Input) -> Mapping[str, str]:
        return given.artifacts

    def most_units(self, given: Input, output: Any) -> int:
        return 1

    def run(self, given: Input, context: JobContext) -> Outcome:
        text = getattr(self, given.deed)(context)
        return Outcome(Output(text or ""), 1)

    def verify(self, given: Input, claim: Claim, context: JobContext, seed: int) -> Finding:
        if given.deed == "fail":
            raise ExecutionFailed("the check broke")
        files = sorted(path.relative_to(claim.files).as_posix() for path in claim.files.rglob("*") if path.is_file())
        evidence = f"{claim.output.text} {claim.units} {claim.model} {dict(claim.fingerprint)} {files}"
        return Finding(Verdict.PASSED, evidence, {"seed": float(seed)})

    def environ(self, context: JobContext) -> str:
        return msgspec.json.encode(dict(os.environ)).decode()

    def folder(self, context: JobContext) -> str:
        (context.outputs / "a").mkdir()
        (context.outputs / "a" / "b.txt").write_text("b")
        return str(sorted(path.name for path in context.inputs.iterdir()))

    def fail(self, context: JobContext) -> str:
        raise ExecutionFailed("as asked", blames_input=True)

    def bug(self, context: JobContext) -> str:
        raise RuntimeError("a bug in the plug-in")

    def crash(self, context: JobContext) -> str:
        os.kill(os.getpid(), signal.SIGSEGV)
        return ""

    def leave(self, context: JobContext) -> str:
        os._exit(3)

    def prints(self, context: JobContext) -> str:
        print('{"event":"done"}', flush=True)
        os.write(1, b"\x00\xff garbage")
        subprocess.run(["echo", "more"], check=True)
        return "unharmed"

    def stubborn(self, context: JobContext) -> str:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        context.log(f"{os.getpid()} {child.pid}")
        time.sleep(600)
        return ""

    def streams(self, context: JobContext) -> str:
        for _ in range(100):
            context.stream("x" * 50_000)
        return ""

    def logs(self, context: JobContext) -> str:
        for number in range(200):
            context.log(f"{number} " + "x" * 10_000)
        return ""

    def boasts(self, context: JobContext) -> str:
        return "x" * (2 << 20)

    def links(self, context: JobContext) -> str:
        (context.outputs / "passwd").symlink_to("/etc/passwd")
        return ""

    def folder_links(self, context: JobContext) -> str:
        (context.outputs / "etc").symlink_to("/etc", target_is_directory=True)
        return ""

    def hard_links(self, context: JobContext) -> str:
        (context.inputs / "a").write_text("a")
        (context.outputs / "a").hardlink_to(context.inputs / "a")
        return ""

    def pipes(self, context: JobContext) -> str:
        os.mkfifo(context.outputs / "pipe")
        return ""

    def sockets(self, context: JobContext) -> str:
        os.chdir(context.outputs)
        socket.socket(socket.AF_UNIX).bind("socket")
        return ""

    def many_files(self, context: JobContext) -> str:
        for number in range(20):
            (context.outputs / str(number)).touch()
        return ""

    def large_file(self, context: JobContext) -> str:
        (context.outputs / "large").write_bytes(b"x" * (2 << 20))
        return ""

    def fills_the_disk(self, context: JobContext) -> str:
        for number in range(10):
            (context.outputs / str(number)).write_bytes(b"x" * 900_000)
        time.sleep(600)
        return ""

    def shadowed(self, context: JobContext) -> str:
        Path("wave.py").write_text("raise SystemExit(9)")
        import wave

        return str(wave.__file__)
