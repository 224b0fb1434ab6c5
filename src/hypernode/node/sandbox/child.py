"""Starts a command in the sandbox, and makes certain that it and all that it started are gone in the end."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from hypernode.domain.isolation import Isolation
from hypernode.node.limits import Limits
from hypernode.node.outputs import remove
from hypernode.node.sandbox import cgroups
from hypernode.node.sandbox.bubblewrap import TEMPORARY, Bubblewrap, Room, filter_file
from hypernode.node.sandbox.cgroups import Cgroups, Group
from hypernode.node.sandbox.rlimits import Rlimits

TERM_GRACE_S: Final = 1.2
"""From SIGTERM to SIGKILL; with what is left to do, a cancelled job is gone within two seconds."""
_VANISH_TIMEOUT_S: Final = 5.0
_INFO_BYTES: Final = 4_096
_SIGNALLED: Final = 128
"""A shell, and bubblewrap, exit with this and the signal's number where their child was killed by one."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How this machine keeps a job apart: with both parts, one, or neither."""

    bubblewrap: Bubblewrap | None = None
    cgroups: Cgroups | None = None
    isolation: Isolation = Isolation.NONE  #: What a trial proved of it.

    @classmethod
    def find(cls, home: Path) -> "Sandbox":
        """What there is on this machine; whether it holds is another question. `home` is the node's."""
        return cls(Bubblewrap.find(home), cgroups.find())

    def rlimits(self, limits: Limits) -> Rlimits:
        """What a child has to impose on itself."""
        return Rlimits.of(limits, grouped=self.cgroups is not None, apart=self.bubblewrap is not None)


BARE: Final = Sandbox()
"""A process of its own with a clean environment, and no walls."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a child may touch."""

    folder: Path  #: To write, and to work in. Holds a folder for temporary files: `TEMPORARY`.
    shown: Sequence[Path] = ()  #: Else on the machine, to read.
    writable: Sequence[Path] = ()  #: Else on the machine, to write.


@contextlib.contextmanager
def temporary_place(home: Path, shown: Sequence[Path] = (), writable: Sequence[Path] = ()) -> Iterator[Place]:
    """A place like that of a job, for what is no job."""
    folder = Path(tempfile.mkdtemp(prefix="place-", dir=home))
    try:
        (folder / TEMPORARY).mkdir()
        yield Place(folder, shown, writable)
    finally:
        remove(folder)


@dataclass(slots=True)
class Child:
    """A command that runs in the sandbox."""

    process: asyncio.subprocess.Process
    limits: Limits
    group: Group | None
    _first: "_FirstProcess | None" = field(default=None)

    def exceeded(self) -> str:
        """Which limit it ran into, in words; empty: none that is counted."""
        if self.group and self.group.out_of_memory():
            return f"used more than {self.limits.memory_mb} MB of memory"
        return ""

    def starved(self) -> str:
        """Why something within may have failed, in words; empty: nothing is known."""
        if self.group and self.group.out_of_processes():
            return f"started more than {self.limits.processes} processes and threads"
        return ""

    def killed_by(self) -> signal.Signals | None:
        """The signal that ended it."""
        code = self.process.returncode or 0
        number = -code if code < 0 else code - _SIGNALLED
        return signal.Signals(number) if number in set(signal.Signals) else None

    async def stop(self) -> None:
        """End it and all that it started. Holds against a second cancellation, too."""
        try:
            if self._first:
                await self._first.known()
            if self.process.returncode is None:
                self._ask_to_end()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TERM_GRACE_S):
                        await self.process.wait()
        finally:
            if self._first:
                self._first.kill()
            _signal_group(self.process.pid, signal.SIGKILL)
            await self.process.wait()
            if self._first:
                await self._first.vanished()
            if self.group:
                await self.group.remove()

    def _ask_to_end(self) -> None:
        """SIGTERM to the command itself: bubblewrap would die of it, and take all down at once."""
        inside = self._first.children() if self._first else []
        for pid in inside:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if not inside:
            _signal_group(self.process.pid, signal.SIGTERM)


@contextlib.asynccontextmanager
async def spawn(
    sandbox: Sandbox,
    command: Sequence[str],
    place: Place,
    *,
    environment: Mapping[str, str],
    limits: Limits,
    pass_fds: Sequence[int] = (),
) -> AsyncGenerator[Child]:
    """Run a command with pipes for standard input and output; standard error joins the latter.

    None of what it started outlives the context. Raises OSError where it cannot be started.
    """
    group = sandbox.cgroups.make(limits) if sandbox.cgroups else None
    try:
        with _opening(sandbox.bubblewrap, place, limits) as (opening, fds, first):
            starting = asyncio.ensure_future(
                asyncio.create_subprocess_exec(
                    *(group.joining() if group else []),
                    *opening,
                    *command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                    pass_fds=(*pass_fds, *fds),
                    start_new_session=True,
                    cwd=place.folder,
                    env=environment,
                )
            )
            # Nothing may be awaited between here and the `try` below: a cancellation would leave the process behind.
            try:
                process = await asyncio.shield(starting)
            except asyncio.CancelledError:  # Else asyncio would kill it, and not what it has started.
                await Child(await starting, limits, group, first).stop()
                raise
    except BaseException:
        if group:
            await group.remove()
        raise
    child = Child(process, limits, group, first)
    try:
        yield child
    finally:
        await child.stop()
        if first:
            first.close()
        await _emptied(process)


async def _emptied(process: asyncio.subprocess.Process) -> None:
    """Return when the pipes of a process that is gone are closed: asyncio would complain of open ones."""
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(_VANISH_TIMEOUT_S):
            while await process.stdout.read(_INFO_BYTES):
                pass


@contextlib.contextmanager
def _opening(
    bubblewrap: Bubblewrap | None, place: Place, limits: Limits
) -> Iterator[tuple[list[str], list[int], "_FirstProcess | None"]]:
    """The beginning of the command, the descriptors that it needs, and who hears of the sandbox's first process."""
    if bubblewrap is None:
        yield [], [], None
        return
    shared_mb = None if limits.memory_mb is None else limits.memory_mb // 2
    room = Room(place.folder, place.shown, place.writable, shared_mb)
    read_fd, write_fd = os.pipe()
    filter_fd = filter_file()
    fds = [write_fd] if filter_fd is None else [write_fd, filter_fd]
    first = _FirstProcess(read_fd)
    try:
        yield bubblewrap.command(room, filter_fd=filter_fd, info_fd=write_fd), fds, first
    except BaseException:
        first.close()
        raise
    finally:
        for descriptor in fds:
            os.close(descriptor)


class _FirstProcess:
    """Process 1 of the sandbox: when it is gone, the kernel has ended all others there.

    Bubblewrap binds it to its own life, but late: until then it would outlive a bubblewrap that is killed.
    """

    def __init__(self, info_fd: int) -> None:
        self._info_fd = info_fd
        self._told = b""
        self._known = asyncio.Event()
        self._pid = 0
        self._pidfd = -1
        self._loop = asyncio.get_running_loop()
        os.set_blocking(info_fd, False)
        self._loop.add_reader(info_fd, self._read)

    def _read(self) -> None:
        piece = os.read(self._info_fd, _INFO_BYTES)
        self._told += piece
        with contextlib.suppress(msgspec.DecodeError, KeyError, OSError):
            pid: int = msgspec.json.decode(self._told)["child-pid"]
            self._pidfd, self._pid = os.pidfd_open(pid), pid
        if self._pid or not piece:
            self._loop.remove_reader(self._info_fd)
            self._known.set()

    async def known(self) -> None:
        """Return when bubblewrap has made it, or has ended before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_VANISH_TIMEOUT_S):
                await self._known.wait()

    def kill(self) -> None:
        """End it and all others there."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def children(self) -> list[int]:
        """The command's process, as the machine numbers it."""
        if not self._pid:
            return []
        with contextlib.suppress(OSError):
            return [int(pid) for pid in Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()]
        return []

    async def vanished(self) -> None:
        """Return when it is gone."""
        if self._pidfd < 0:
            return
        gone = asyncio.Event()
        self._loop.add_reader(self._pidfd, gone.set)
        try:
            async with asyncio.timeout(_VANISH_TIMEOUT_S):
                await gone.wait()
        finally:
            self._loop.remove_reader(self._pidfd)

    def close(self) -> None:
        """Let go of the descriptors."""
        self._loop.remove_reader(self._info_fd)
        os.close(self._info_fd)
        if self._pidfd >= 0:
            os.close(self._pidfd)


def _signal_group(pid: int, number: signal.Signals) -> None:
    # macOS answers EPERM for a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
