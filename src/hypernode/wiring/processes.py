"""Child processes that stop with us: orderly when we stop, and also when we are killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from hypernode.store import launcher

STOP_WITHIN_S: Final = 15.0
POLL_S: Final = 0.05


class ChildFailed(Exception):
    """A child ended, or did not become ready; the message holds the end of its log."""


class Child:
    """A `hypernode` command in a process of its own, logging into a file."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "hypernode", *arguments]
        launch = [sys.executable, "-I", "-S", str(launcher.__file__), str(os.getpid()), "same", *command]
        with log.open("ab") as file:
            # A session of its own: Ctrl-C reaches us alone, and we stop the children in their order.
            self.process = subprocess.Popen(
                launch, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip

    def check(self) -> None:
        """Raises ChildFailed if it has ended."""
        status = self.process.poll()
        if status is not None:
            raise ChildFailed(f"{self.name} ended with status {status}\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not listen."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def wait_until_ready(child: Child, ready: Callable[[], bool], within_s: float) -> None:
    """Wait until a child is ready. Raises ChildFailed."""
    deadline = time.monotonic() + within_s
    while not ready():
        child.check()
        if time.monotonic() > deadline:
            raise ChildFailed(f"{child.name} was not ready within {within_s:.0f} s\n{child.last_lines()}")
        time.sleep(POLL_S)
