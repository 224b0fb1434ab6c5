"""What a hostile job would try, for a node to try on itself: `python -m hypernode.node.sandbox.deeds DEED`.

Standard input holds a Task. Each thing that worked is printed as a line of its own.
"""

import ctypes
import errno
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from hypernode.node.sandbox.rlimits import Rlimits

READY: Final = "ready"
"""Printed first: what does not print it was not tried."""
DONE: Final = "done: "
"""Begins each line that says what worked; what an interpreter prints when it dies of a limit does not."""
CHILDREN: Final = 4
"""Processes that take memory together, each less than the limit."""
HOLD_S: Final = 0.1
LIFE_S: Final = 60.0
_CONNECT_TIMEOUT_S: Final = 0.3
_PIECE: Final = b"\x01" * (1 << 20)
_CLONE_NEWUSER: Final = 0x1000_0000
_PTRACE_ATTACH: Final = 16
_NO_PROCESS: Final = (1 << 22) + 1
"""More than Linux gives."""
_AF_VSOCK: Final = 40
_KERNEL_FILES: Final = ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger")
"""Whoever writes them owns the machine. They are opened only."""


class Task(msgspec.Struct, frozen=True):
    """Where the walls should be."""

    rlimits: Rlimits
    memory_mb: int
    processes: int
    addresses: list[tuple[str, int]]  #: Listeners outside.
    secret: str  #: A file outside.
    closed: list[str]  #: Folders outside, not to be written to.
    mark: str  #: Name of the file to leave there, and of another listener, in the abstract namespace.
    process_namespace: str  #: As /proc/self/ns/pid reads outside.


def main() -> None:
    """Try one deed."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    task.rlimits.impose()
    _say(READY)
    for line in DEEDS[sys.argv[1]](task):
        _say(DONE + line)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def memory(task: Task) -> Iterator[str]:
    """Take more than the limit in one process."""
    if _all_live([2 * task.memory_mb], _fill):
        yield f"memory: a process took more than {task.memory_mb} MB"


def shares(task: Task) -> Iterator[str]:
    """Take more than the limit in several processes together."""
    if _all_live([task.memory_mb * 3 // 4] * CHILDREN, _fill):
        yield f"memory: several processes together took more than {task.memory_mb} MB"


def files(task: Task) -> Iterator[str]:
    """Take more than the limit in files that lie in memory."""
    if _all_live([2 * task.memory_mb], _fill_file):
        yield f"memory: files in memory took more than {task.memory_mb} MB"


def _all_live(parts: list[int], fill: Callable[[int], object]) -> bool:
    """Whether one child for each part lives after it took as many MB, all at the same time."""
    reading, writing = os.pipe()
    children = [pid for part in parts if (pid := _fork(lambda part=part: _take(part, fill, reading, writing)))]
    os.close(writing)
    told = b""
    # Each tells when it has its part; the pipe ends early when none is left that could.
    while len(told) < len(parts) and (piece := os.read(reading, len(parts))):
        told += piece
    os.close(reading)
    ended = [os.waitpid(pid, 0)[1] for pid in children]
    return len(told) == len(parts) and not any(ended)


def _take(part: int, fill: Callable[[int], object], reading: int, writing: int) -> None:
    os.close(reading)
    held = fill(part)
    os.write(writing, b"x")
    os.close(writing)
    time.sleep(HOLD_S)
    del held


def _fork(work: Callable[[], None]) -> int:
    """The pid of a child that does the work; 0 where none can be made."""
    try:
        pid = os.fork()
    except OSError:
        return 0
    if pid:
        return pid
    try:
        work()
    except BaseException:
        os._exit(1)
    os._exit(0)


def _fill(megabytes: int) -> object:
    return [bytearray(_PIECE) for _ in range(megabytes)]


def _fill_file(megabytes: int) -> object:
    files = [os.memfd_create(str(number)) for number in range(8)]
    for number in range(megabytes):
        os.write(files[number % 8], _PIECE)
    return files


def processes(task: Task) -> Iterator[str]:
    """Start more than the limit."""
    started = 0
    while started <= task.processes:
        try:
            pid = os.fork()
        except OSError:
            return
        if not pid:
            os.closerange(0, 3)  # Whoever reads what is said shall not wait for this one.
            time.sleep(LIFE_S)
            os._exit(0)
        started += 1
    yield f"processes: started {started}"


def walls(task: Task) -> Iterator[str]:
    """Try all that leads out."""
    yield from (f"network: {found}" for found in _network(task))
    with suppress(OSError):
        Path(task.secret).read_bytes()
        yield f"secrets: read {task.secret}"
    if str(Path("/proc/self/ns/pid").readlink()) == task.process_namespace:
        yield "processes of others: sees those of the machine"
    for folder in task.closed:  # Whether it arrived is seen outside: here, a folder may be another one.
        with suppress(OSError):
            Path(folder, task.mark).touch()
    for name in _KERNEL_FILES:
        with suppress(OSError):
            os.close(os.open(name, os.O_WRONLY))
            yield f"files: may write {name}"
    yield from (f"kernel: {found}" for found in _calls())


def _network(task: Task) -> Iterator[str]:
    for host, port in task.addresses:
        with suppress(OSError), socket.create_connection((host, port), _CONNECT_TIMEOUT_S):
            yield f"connected to {host}"
    with suppress(OSError), socket.socket(socket.AF_UNIX) as local:
        local.connect(f"\0{task.mark}")
        yield "connected to a socket in the abstract namespace"
    if others := [name for _, name in socket.if_nameindex() if name != "lo"]:
        yield f"sees the interfaces {', '.join(others)}"


def _calls() -> Iterator[str]:
    """System calls that the filter should refuse."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Where nothing refuses them, these two fail for another reason: there is no such process, and no such folder.
    if libc.ptrace(_PTRACE_ATTACH, _NO_PROCESS, 0, 0) and ctypes.get_errno() != errno.EPERM:
        yield "ptrace"
    if libc.mount(b"none", b"/none/such", b"tmpfs", 0, None) and ctypes.get_errno() != errno.EPERM:
        yield "mount"
    if libc.unshare(_CLONE_NEWUSER) == 0:
        yield "a user namespace within"
    with suppress(OSError):
        socket.socket(_AF_VSOCK, socket.SOCK_STREAM).close()
        yield "sockets that lead to the hypervisor"


DEEDS: Final[Mapping[str, Callable[[Task], Iterator[str]]]] = {
    each.__name__: each for each in (memory, shares, files, processes, walls)
}

if __name__ == "__main__":
    main()
