"""A third party's plug-in that attacks the node it runs on, to prove that the sandbox holds."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from hypernode.ports import Capability, Executor, JobContext, Outcome, Unit


class Input(msgspec.Struct):
    """Which deed, and on what."""

    deed: str
    targets: list[str] = []


class Output(msgspec.Struct):
    """What each target gave."""

    loot: dict[str, str] = {}


class Attack(Executor):
    """The job type attack."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("deeds", per=1)
    environment: ClassVar[tuple[str, ...]] = ("ATTACK_PLUGIN", "ATTACK_SERVICE", "ATTACK_OTHER_SERVICE")

    def probe(self) -> Capability:
        return Capability(available=True)

    def artifacts(self, given: Input) -> Mapping[str, str]:
        return {}

    def connects(self, given: Input) -> tuple[str, ...]:
        return ("ATTACK_SERVICE",)

    def most_units(self, given: Input, output: Any) -> int:
        return 1

    def run(self, given: Input, context: JobContext) -> Outcome:
        return Outcome(Output(getattr(self, given.deed)(context, given.targets) or {}), 1)

    # --- what is outside

    def read(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        return {each: attempt(lambda each=each: Path(each).read_bytes()[:1000].decode()) for each in targets}

    def write(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        return {each: attempt(lambda each=each: Path(each).write_text("attacked") and "written") for each in targets}

    def open_to_write(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        return {each: attempt(lambda each=each: os.close(os.open(each, os.O_WRONLY)) or "open") for each in targets}

    def environments(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        return self.read(context, ["/proc/self/environ", *map(str, Path("/proc").glob("[0-9]*/environ"))])

    def processes(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        return self.read(context, [*map(str, Path("/proc").glob("[0-9]*/cmdline"))])

    def descriptors(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        links = {each.name: attempt(lambda each=each: str(each.readlink())) for each in Path("/proc/self/fd").iterdir()}
        return {name: link for name, link in links.items() if not link.startswith("FileNotFoundError")}

    def kill(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        return {each: attempt(lambda each=each: os.kill(int(each), signal.SIGKILL) or "killed") for each in targets}

    def connect(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        def talk(target: str) -> str:
            if target.startswith(("/", "@")):
                with socket.socket(socket.AF_UNIX) as unix:
                    unix.connect(target.replace("@", "\0"))
                    return "connected"
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=5):
                return "connected"

        return {each: attempt(lambda each=each: talk(each)) for each in targets}

    def relay(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        with socket.socket(socket.AF_UNIX) as unix:
            unix.connect(os.environ["ATTACK_SERVICE_SOCKET"])
            unix.sendall(b"question")
            unix.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := unix.recv(1000):
                answer += piece
        return {"answer": answer.decode(), "variables": " ".join(sorted(os.environ))}

    # --- bombs

    def fork_bomb(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        while True:
            if not os.fork():
                time.sleep(600)
        return {}

    def memory_bomb(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        hoard = []
        while True:
            hoard.append(bytearray(b"\x01" * (8 << 20)))
        return {}

    def shared_memory_bomb(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        """In children, so that this one lives and does not tell."""
        for _ in range(8):
            if not os.fork():
                hoard = [bytearray(b"\x01" * (1 << 20)) for _ in range(100)]
                time.sleep(600)
                del hoard
        time.sleep(600)
        return {}

    def memory_file_bomb(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        file = os.memfd_create("hoard")
        while True:
            os.write(file, b"\x01" * (8 << 20))
        return {}

    def shared_folder_bomb(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        with Path("/dev/shm/hoard").open("wb") as file:
            while True:
                file.write(b"\x01" * (8 << 20))
        return {}

    def disk_bomb(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        folder = Path(targets[0]) if targets else context.outputs
        for number in range(100_000):
            (folder / str(number)).write_bytes(b"\x01" * (8 << 20))
            time.sleep(0.1)
        return {}

    def sparse_bomb(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        with (context.outputs / "sparse").open("wb") as file:
            file.truncate(1 << 40)
        return {}

    # --- outputs

    def link_outputs(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        for number, target in enumerate(targets):
            (context.outputs / str(number)).symlink_to(target)
        return {}

    def hard_link_outputs(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        first = context.outputs / "first"
        first.write_text("x")
        (context.outputs / "linked").hardlink_to(first)
        return {}

    def replace_outputs(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        context.outputs.rename(context.outputs.with_name("moved"))
        context.outputs.symlink_to(targets[0])
        return {}

    def link_checkpoint(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        (context.outputs / "state").symlink_to(targets[0])
        context.checkpoint(context.outputs / "state")
        time.sleep(0.5)
        (context.outputs / "state").unlink()
        return {}

    def name_checkpoint(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        os.mkfifo(context.outputs / "pipe")
        for name in ("..", "pipe", "none"):
            context.checkpoint(context.outputs / name)
            time.sleep(0.2)
        (context.outputs / "pipe").unlink()
        return {}

    def pipe_outputs(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        os.mkfifo(context.outputs / "pipe")
        return {}

    def device_outputs(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        return {"device": attempt(lambda: os.mknod(context.outputs / "sda", 0o60644, os.makedev(8, 0)) or "made")}

    def deep_outputs(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        os.chdir(context.outputs)
        for _ in range(3_000):
            os.mkdir("deeper")
            os.chdir("deeper")
        return {}

    def closed_outputs(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        (context.outputs / "closed").mkdir()
        (context.outputs / "closed" / "file").touch()
        (context.outputs / "closed").chmod(0)
        return {}

    # --- ends

    def stubborn(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        outlive(targets[0])
        context.log("ready")
        time.sleep(600)
        return {}

    def daemons(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        for _ in range(3):
            outlive(targets[0])
        return {}

    def polite(self, context: JobContext, targets: list[str]) -> dict[str, str]:
        """Leave a word when asked to end."""

        def leave(*_: object) -> None:
            context.log("asked to end")
            sys.exit()

        signal.signal(signal.SIGTERM, leave)
        context.log("ready")
        time.sleep(600)
        return {}


def outlive(mark: str) -> None:
    """A process twice forked, in a session of its own, that ignores all it can."""
    if os.fork() == 0:
        os.setsid()
        code = (
            "import signal, time; signal.signal(15, signal.SIG_IGN); signal.signal(1, signal.SIG_IGN); time.sleep(600)"
        )
        subprocess.Popen([sys.executable, "-S", "-c", code, mark], start_new_session=True)
        os._exit(0)
    os.wait()


def attempt(what: Callable[[], Any]) -> str:
    """What it gave, or how it failed."""
    try:
        return str(what())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
