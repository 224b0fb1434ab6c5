"""Linux control groups: what a job and all that it starts may use together. Version 2, and version 1 where it rules."""

import asyncio
import contextlib
import itertools
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hypernode.node.limits import Limits

FIX: Final = "systemd-run --user --scope -p Delegate=yes hypernode node start ..."
"""Gives the node control groups of its own; so does Delegate=yes in a service."""
_CONTROLLERS: Final = ("memory", "pids", "cpu")
_NEEDED: Final = frozenset({"memory", "pids"})
_AGENT: Final = "hypernode-agent"
"""Version 2 lets a group either hold processes or divide what it has: those that are there move into this one."""
_PREFIX: Final = "hypernode-job-"
_MB: Final = 1 << 20
_SHARES_PER_CORE: Final = 1024
"""Under version 1 a job weighs as much as one process a core, however many threads it has."""
_REMOVAL_TRIES: Final = 200
_REMOVAL_PAUSE_S: Final = 0.01
_numbers = itertools.count()

JOIN: Final = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; n=$((n-1)); done; exec "$@"'
"""A shell moves itself into groups, then becomes the command: Python's preexec_fn is not safe beside threads."""


@dataclass(frozen=True, slots=True)
class Group:
    """The groups of one job: one folder under version 2, one a controller under version 1."""

    folders: Mapping[str, Path]  #: By controller.
    unified: bool

    def joining(self) -> list[str]:
        """The beginning of a command that shall run within."""
        places = [str(folder / "cgroup.procs") for folder in self._places]
        return ["/bin/sh", "-c", JOIN, "sh", str(len(places)), *places]

    def out_of_memory(self) -> bool:
        """Whether the kernel killed something within for want of memory."""
        file = self.folders["memory"] / ("memory.events" if self.unified else "memory.oom_control")
        return _counter(file, "oom_kill") > 0

    def out_of_processes(self) -> bool:
        """Whether something within could not start a process."""
        return _counter(self.folders["pids"] / "pids.events", "max") > 0

    async def remove(self) -> None:
        """Kill what still runs within, and give the groups back."""
        for folder in self._places:
            for _ in range(_REMOVAL_TRIES):
                _kill(folder)
                with contextlib.suppress(FileNotFoundError):
                    try:
                        folder.rmdir()
                    except OSError:  # Processes that were killed take a moment to go.
                        await asyncio.sleep(_REMOVAL_PAUSE_S)
                        continue
                break

    @property
    def _places(self) -> Sequence[Path]:
        return list(dict.fromkeys(self.folders.values()))


@dataclass(frozen=True, slots=True)
class Cgroups:
    """Where this node may make groups."""

    parents: Mapping[str, Path]  #: By controller.
    unified: bool

    def make(self, limits: Limits) -> Group:
        """A new group with the limits on memory and processes."""
        name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        group = Group({controller: parent / name for controller, parent in self.parents.items()}, self.unified)
        for folder in dict.fromkeys(group.folders.values()):
            folder.mkdir()
        for controller, file, value in _settings(limits, self.unified):
            if controller in group.folders:
                path = group.folders[controller] / file
                if path.exists():  # There is none for swap where the kernel does not count it.
                    path.write_text(value)
        return group


def find() -> Cgroups | None:
    """Where this process may make groups that limit memory and processes; None: nowhere.

    Tries it with a group. Moves the processes of this one's group out of the way where version 2 asks for it.
    """
    if sys.platform != "linux":
        return None
    try:
        for candidate in _candidates(_mounts(), _own()):
            if _works(candidate):
                _sweep(candidate)
                return candidate
    except OSError:
        pass
    return None


def _works(candidate: Cgroups) -> bool:
    try:
        group = candidate.make(Limits(memory_mb=64, processes=8))
    except OSError:
        return False
    for folder in dict.fromkeys(group.folders.values()):
        folder.rmdir()
    return True


def _candidates(mounts: Mapping[str, Path], own: Mapping[str, str]) -> Iterator[Cgroups]:
    """Version 1 where it has the controllers, else version 2: in this process's group, in the parent, at the top."""
    if mounts.keys() >= _NEEDED:
        nearest = {each: _within(mounts[each], own.get(each, "/")) for each in _CONTROLLERS if each in mounts}
        yield Cgroups(nearest, unified=False)
    elif top := mounts.get(""):
        mine = _within(top, own.get("", "/"))
        if mine.name == _AGENT:
            yield _unified(mine.parent)
        if _is_delegated(mine, top) and _divide(mine):
            yield _unified(mine)
        if os.geteuid() == 0 and (_words(top / "cgroup.subtree_control") >= _NEEDED or _hand_on(top)):
            yield _unified(top)


def _unified(parent: Path) -> Cgroups:
    return Cgroups(dict.fromkeys(_words(parent / "cgroup.subtree_control") & set(_CONTROLLERS) | _NEEDED, parent), True)


def _mounts() -> dict[str, Path]:
    """Mount points by controller; version 2's by the empty name."""
    found: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        point = Path(before.split(" ")[4])
        if kind == "cgroup2":
            found.setdefault("", point)
        elif kind == "cgroup":
            found.update((each, point) for each in options.split(",") if each in _CONTROLLERS)
    return found


def _own() -> dict[str, str]:
    """This process's group in each hierarchy, by controller; in version 2's by the empty name."""
    found: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        found.update((each, path) for each in controllers.split(","))
    return found


def _within(point: Path, path: str) -> Path:
    """A group's folder; where a container shows only a part of the hierarchy, that part's top."""
    folder = point / path.lstrip("/")
    return folder if folder.is_dir() else point


def _is_delegated(mine: Path, top: Path) -> bool:
    """Whether systemd, or the maker of a container, left the division of this group to who runs in it."""
    for attribute in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(mine, attribute) == b"1":
                return True
    return mine == top and (mine / "cgroup.type").exists()  # The true top has no type.


def _divide(mine: Path) -> bool:
    """Make room for groups within this one: what runs in it moves into one of them."""
    try:
        leaf = mine / _AGENT
        leaf.mkdir(exist_ok=True)
        for pid in (mine / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (leaf / "cgroup.procs").write_text(pid)
    except OSError:
        return False
    return _hand_on(mine)


def _hand_on(folder: Path) -> bool:
    """Give a group's controllers to the groups within it."""
    there = _words(folder / "cgroup.controllers") & set(_CONTROLLERS)
    try:
        (folder / "cgroup.subtree_control").write_text(" ".join(f"+{each}" for each in sorted(there)))
    except OSError:
        return False
    return there >= _NEEDED


def _settings(limits: Limits, unified: bool) -> Iterator[tuple[str, str, str]]:
    """Controller, file, value."""
    if limits.memory_mb is not None:
        memory = str(limits.memory_mb * _MB)
        if unified:
            yield "memory", "memory.max", memory
            yield "memory", "memory.swap.max", "0"
            yield "memory", "memory.oom.group", "1"
        else:
            yield "memory", "memory.limit_in_bytes", memory
            yield "memory", "memory.memsw.limit_in_bytes", memory
    if limits.processes is not None:
        yield "pids", "pids.max", str(limits.processes)
    if not unified:  # Version 2 weighs a job like the agent, as it is.
        yield "cpu", "cpu.shares", str(_SHARES_PER_CORE * (os.cpu_count() or 1))


def _sweep(cgroups: Cgroups) -> None:
    """Remove what an agent that was killed left behind."""
    for parent in set(cgroups.parents.values()):
        for folder in parent.glob(f"{_PREFIX}*"):
            agent = folder.name.removeprefix(_PREFIX).partition("-")[0]
            if not Path("/proc", agent).exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _kill(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for pid in (folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _counter(file: Path, name: str) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)


def _words(file: Path) -> frozenset[str]:
    try:
        return frozenset(file.read_text().split())
    except OSError:
        return frozenset()
