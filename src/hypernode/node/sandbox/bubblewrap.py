"""The command line of bubblewrap, the program that makes a job's namespaces: https://github.com/containers/bubblewrap."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hypernode.node.sandbox import seccomp, view

FIX: Final = "apt install bubblewrap"
USER: Final = "65534"
"""The user and group that a job believes to be."""
TEMPORARY: Final = "tmp"
"""In a job's folder: what is /tmp within."""
OUTPUTS: Final = "outputs"
"""In a job's folder: what becomes the result's files."""
_TMP: Final = "/tmp"  # noqa: S108 - the sandbox's own.
_SHARED: Final = "/dev/shm"  # noqa: S108 - the sandbox's own.
_DEFAULT_SHARED_MB: Final = 1_024
_MB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Room:
    """One job's place."""

    folder: Path  #: The only place that the job can write to, at the same path within.
    shown: Sequence[Path]  #: Else on the machine, to read.
    writable: Sequence[Path]  #: Else on the machine, to write.
    shared_mb: int | None  #: Most of shared memory.


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """The program, and what is the same for all jobs."""

    path: Path
    options: frozenset[str]  #: Those that this version knows, of those that older ones do not.
    secrets: tuple[Path, ...]  #: Folders of which no job sees more than it is shown by name.
    system: tuple[str, ...]  #: Arguments for the system's folders.
    readable: tuple[Path, ...]  #: Shown at the same path.
    devices: tuple[Path, ...]

    @classmethod
    def find(cls, home: Path) -> "Bubblewrap | None":
        """The program on this machine; `home` is the node's. None: it is not installed."""
        program = shutil.which("bwrap")
        if program is None:
            return None
        told = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
        known = (told.stdout + told.stderr).split()
        secrets = (home.resolve(), Path.home().resolve())
        devices, facts = view.gpus()
        links, folders = view.links_and_folders()
        shown = [*folders, *view.topology(), *facts, *view.python()]
        system = [each for link, target in links.items() for each in ("--symlink", target, link)]
        for path, source in view.configuration().items():
            system += ["--ro-bind", str(source), str(path)]
        return cls(
            Path(program),
            frozenset({"--size", "--disable-userns"} & set(known)),
            secrets,
            tuple(system),
            tuple(view.outermost(view.without_ancestors_of(secrets, shown))),
            tuple(devices),
        )

    def command(self, room: Room, *, filter_fd: int | None, info_fd: int) -> list[str]:
        """The beginning of a command that shall run in a room."""
        return [
            str(self.path),
            *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
            *("--unshare-net", "--uid", USER, "--gid", USER, "--hostname", "job", "--cap-drop", "ALL"),
            *("--die-with-parent", "--new-session", "--info-fd", str(info_fd)),
            *(["--disable-userns"] if "--disable-userns" in self.options else []),
            *([] if filter_fd is None else ["--seccomp", str(filter_fd)]),
            *("--proc", "/proc", "--dev", "/dev", *self._shared_memory(room)),
            *(each for device in self.devices for each in ("--dev-bind", str(device), str(device))),
            # Root without any capability may write what is root's below /proc/sys, and so may a job of root's node.
            *("--remount-ro", "/proc", "--remount-ro", "/dev", "--bind", str(room.folder / TEMPORARY), _TMP),
            *self.system,
            *self._mounts(room),
            *("--remount-ro", "/", "--chdir", str(room.folder), "--"),
        ]

    def _shared_memory(self, room: Room) -> Iterator[str]:
        if "--size" in self.options:
            yield from ("--size", str((room.shared_mb or _DEFAULT_SHARED_MB) * _MB), "--tmpfs", _SHARED)
        else:
            yield from ("--bind", str(room.folder / TEMPORARY), _SHARED)

    def _mounts(self, room: Room) -> Iterator[str]:
        """A folder comes before what lies in it, or it would cover that."""
        shown = dict.fromkeys([*self.readable, *view.without_ancestors_of(self.secrets, room.shown)], "--ro-bind")
        modes: Mapping[Path, str] = shown | dict.fromkeys(room.writable, "--bind")
        for path in sorted(modes, key=lambda each: len(each.parts)):
            yield from (modes[path], str(path), str(path))
        yield from ("--bind", str(room.folder), str(room.folder))
        # A mount of its own: a job cannot put a link in its place, which the node would follow.
        yield from ("--bind-try", str(room.folder / OUTPUTS), str(room.folder / OUTPUTS))


def filter_file() -> int | None:
    """A descriptor from which bubblewrap reads the filter of system calls; None where there is no filter."""
    program = seccomp.assemble()
    if not program:
        return None
    descriptor = os.memfd_create("seccomp")
    os.pwrite(descriptor, program, 0)
    return descriptor
