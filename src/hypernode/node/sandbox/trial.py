"""A node tries its own sandbox when it starts, with the deeds of a hostile job, and claims only what held."""

import asyncio
import contextlib
import secrets
import socket
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from hypernode.domain.isolation import Isolation
from hypernode.node.limits import Limits
from hypernode.node.sandbox import bubblewrap, cgroups
from hypernode.node.sandbox.child import Place, Sandbox, spawn, temporary_place
from hypernode.node.sandbox.deeds import DEEDS, DONE, READY, Task

TIMEOUT_S: Final = 15.0
"""Of one deed. It takes a fraction of a second; a machine that starts up may be busy."""
LIMITS: Final = Limits(memory_mb=96, processes=24)
"""Small, so that the bombs are."""
QUOTAS: Final = ("memory", "processes")
WALLS: Final = ("network", "secrets", "processes of others", "files", "kernel")
_ROUTED: Final = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737). Asked for the way there, the kernel names this machine's own address."""
_DOCUMENTATION: Final = "see docs/explanation/sandbox.md"
_KERNEL_SETTINGS: Final = {
    "kernel/apparmor_restrict_unprivileged_userns": "0",
    "kernel/unprivileged_userns_clone": "1",
}
"""Under /proc/sys: what some distributions set otherwise, so that only root may make a sandbox."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What held, and what did not."""

    held: tuple[str, ...]
    broken: Mapping[str, str]  #: What did not hold -> what a job could do.
    reason: str = ""  #: Why not.
    fix: str = ""  #: A command that would mend it.

    @property
    def isolation(self) -> Isolation:
        """What the node may claim."""
        if not self.broken:
            return Isolation.SANDBOX
        return Isolation.PROCESS if self.broken.keys().isdisjoint(QUOTAS) else Isolation.NONE

    def sentence(self) -> str:
        """What was found, in one line."""
        if not self.broken:
            return f"jobs are confined: {', '.join(self.held)}"
        found = "; ".join(f"{name}: {what}" for name, what in self.broken.items())
        return f"{self.reason}: {found}" if self.reason else found


async def prepare(home: Path) -> tuple[Sandbox, str]:
    """The sandbox of this machine, less bubblewrap where that does not even start, and the reason of what it lacks.

    `home` is the node's, and must exist.
    """
    sandbox = await asyncio.to_thread(Sandbox.find, home)
    if sandbox.bubblewrap is None:
        return sandbox, "bubblewrap is not installed" if sys.platform == "linux" else "bubblewrap needs Linux"
    with temporary_place(home) as place:
        said = await _say(sandbox, ["/bin/sh", "-c", f"echo {READY}"], place, b"")
    if READY not in said.split():
        return replace(sandbox, bubblewrap=None), f"bubblewrap does not start: {said.strip()}"
    return sandbox, "" if sandbox.cgroups else "there are no control groups for the node"


async def hold(sandbox: Sandbox, home: Path, reason: str = "") -> Trial:
    """Try all deeds, side by side. Takes about a second."""
    async with _outside(sandbox, home) as task:
        found = await asyncio.gather(*(_try(sandbox, home, deed, task) for deed in DEEDS))
        found.append([f"files: wrote in {folder}" for folder in task.closed if _remove(Path(folder, task.mark))])
    broken: dict[str, str] = {}
    for line in (line for lines in found for line in lines):
        name, _, what = line.partition(": ")
        broken.setdefault(name, what)
    held = tuple(name for name in (*QUOTAS, *WALLS) if name not in broken)
    return Trial(held, broken, reason, _fix(sandbox, reason) if broken else "")


async def find(home: Path) -> tuple[Sandbox, Trial]:
    """The sandbox of this machine, and how it held."""
    sandbox, reason = await prepare(home)
    return sandbox, await hold(sandbox, home, reason)


def _fix(sandbox: Sandbox, reason: str) -> str:
    if sys.platform != "linux":
        return _DOCUMENTATION
    if sandbox.bubblewrap is None:
        for name, value in _KERNEL_SETTINGS.items():
            setting = Path("/proc/sys", name)
            if "start" in reason and setting.exists() and setting.read_text().strip() != value:
                return f"sysctl -w {name.replace('/', '.')}={value}"
        return bubblewrap.FIX if "installed" in reason else _DOCUMENTATION
    return cgroups.FIX if sandbox.cgroups is None else _DOCUMENTATION


async def _try(sandbox: Sandbox, home: Path, deed: str, task: Task) -> Sequence[str]:
    """What worked of a deed, each with the name of what it belongs to."""
    with temporary_place(home) as place:
        command = [sys.executable, "-P", "-m", "hypernode.node.sandbox.deeds", deed]
        said = await _say(sandbox, command, place, msgspec.json.encode(task))
    lines = said.splitlines()
    if READY not in lines:  # A deed that was not tried proves nothing.
        unproved = WALLS if deed == "walls" else ["processes"] if deed == "processes" else ["memory"]
        return [f"{name}: could not be tried: {lines[-1] if lines else 'nothing started'}" for name in unproved]
    return [line.removeprefix(DONE) for line in lines if line.startswith(DONE)]


async def _say(sandbox: Sandbox, command: Sequence[str], place: Place, given: bytes) -> str:
    """All that a command says within the sandbox."""
    try:
        async with asyncio.timeout(TIMEOUT_S), spawn(sandbox, command, place, environment={}, limits=LIMITS) as child:
            said, _ = await child.process.communicate(given)
            return said.decode(errors="replace")
    except TimeoutError:
        return f"hung for {TIMEOUT_S:g} s"
    except OSError as error:
        return str(error)


@contextlib.asynccontextmanager
async def _outside(sandbox: Sandbox, home: Path) -> AsyncGenerator[Task]:
    """Things that no job may reach: listeners, a secret in the node's home."""
    canary = home / f"canary-{secrets.token_hex(8)}"
    mark = f"hypernode-{secrets.token_hex(8)}"
    with contextlib.ExitStack() as stack:
        canary.touch(mode=0o600)
        stack.callback(canary.unlink)
        canary.write_text(secrets.token_hex())
        listening = [stack.enter_context(socket.create_server((host, 0))) for host in ("127.0.0.1", *_own_address())]
        local = stack.enter_context(socket.socket(socket.AF_UNIX))
        if sys.platform == "linux":
            local.bind(f"\0{mark}")
            local.listen()
        yield Task(
            rlimits=sandbox.rlimits(LIMITS),
            memory_mb=LIMITS.memory_mb or 0,
            processes=LIMITS.processes or 0,
            addresses=[each.getsockname() for each in listening],
            secret=str(canary),
            closed=[str(home), sys.prefix, "/usr", "/etc", "/"],
            mark=mark,
            process_namespace=str(Path("/proc/self/ns/pid").readlink()) if sys.platform == "linux" else "",
        )


def _remove(path: Path) -> bool:
    """Whether a file was there."""
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _own_address() -> list[str]:
    """This machine's address in its local network, if it has one."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(_ROUTED)
        return [asking.getsockname()[0]]
    return []
