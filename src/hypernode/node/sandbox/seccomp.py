"""The system calls that no job needs and that have opened kernels: a filter that refuses them, as BPF.

Assembled here, not by libseccomp, which many machines lack. It is a list of what is refused: an engine that uses an
unforeseen call keeps working. Calls newer than this list are refused as if the kernel did not have them.
"""

import errno
import platform
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS, of struct seccomp_data
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_JUMP_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06
_KILL: Final = 0x8000_0000
_REFUSE: Final = 0x0005_0000  # The errno in the lower half.
_ALLOW: Final = 0x7FFF_0000

_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # Offsets; of arguments, the lower half.

FIRST_UNKNOWN: Final = 463
"""Linux 6.10 ends at 462. Above lies also the x32 side of x86-64."""

_NEW_NAMESPACES: Final = 0x7E02_0000
"""Flags of clone: mount, cgroup, UTS, IPC, user, PID and network namespaces."""
_TERMINAL_INJECTION: Final = (0x5412, 0x541C)
"""ioctls TIOCSTI and TIOCLINUX."""
_FAMILIES: Final = (1, 2, 10, 16)
"""Sockets: Unix, IPv4, IPv6, netlink. Not AF_VSOCK, which leads out of a network namespace, nor AF_ALG."""

# fmt: off
_REFUSED: Final[Mapping[str, tuple[int | None, int | None]]] = {
    # Other processes.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    # Mounts, roots, namespaces.
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "setns": (308, 268), "unshare": (272, 97),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    # Large and often broken parts of the kernel.
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "vmsplice": (278, 75), "move_pages": (279, 239), "migrate_pages": (256, 238),
    "personality": (135, 92), "modify_ldt": (154, None), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    # The machine as a whole.
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "syslog": (103, 116), "iopl": (172, None), "ioperm": (173, None),
    "clock_settime": (227, 112), "settimeofday": (164, 170), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58), "uselib": (134, None),
    "ustat": (136, None), "sysfs": (139, None), "create_module": (174, None), "query_module": (178, None),
    "_sysctl": (156, None),
}
"""Name -> number on x86-64 and on aarch64; None where there is no such call."""
# fmt: on


@dataclass(frozen=True, slots=True)
class _Machine:
    audit: int  #: AUDIT_ARCH_*, from linux/audit.h
    column: int  #: Of `_REFUSED`.
    clone: int
    clone3: int
    ioctl: int
    sockets: tuple[int, int]  #: socket, socketpair


_MACHINES: Final = {
    "x86_64": _Machine(0xC000_003E, 0, 56, 435, 16, (41, 53)),
    "aarch64": _Machine(0xC000_00B7, 1, 220, 435, 29, (198, 199)),
}


def assemble(machine: str = platform.machine()) -> bytes:
    """The filter, as `bwrap --seccomp` takes it; empty for a machine that has none here."""
    known = _MACHINES.get(machine)
    return b"".join(struct.pack("<HBBI", *each) for each in _program(known)) if known else b""


_Instruction = tuple[int, int, int, int]
"""Code, how many to skip if true, how many if false, operand."""


def _program(machine: _Machine) -> Iterator[_Instruction]:
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _JUMP_EQUAL, 1, 0, machine.audit
    yield _RETURN, 0, 0, _KILL  # 32-bit calls have numbers of their own.
    yield _LOAD, 0, 0, _NUMBER
    yield from _refuse_if(_JUMP_AT_LEAST, FIRST_UNKNOWN, errno.ENOSYS)
    for numbers in _REFUSED.values():
        if (number := numbers[machine.column]) is not None:
            yield from _refuse_if(_JUMP_EQUAL, number, errno.EPERM)
    # Its flags lie in memory, out of a filter's sight: without it libraries use clone.
    yield from _refuse_if(_JUMP_EQUAL, machine.clone3, errno.ENOSYS)
    # Each block ends by loading the number anew, so that it leaves things as it found them.
    yield _JUMP_EQUAL, 0, 4, machine.clone
    yield _LOAD, 0, 0, _FIRST
    yield from _refuse_if(_JUMP_ANY_BIT, _NEW_NAMESPACES, errno.EPERM)
    yield _LOAD, 0, 0, _NUMBER
    yield _JUMP_EQUAL, 0, 6, machine.ioctl
    yield _LOAD, 0, 0, _SECOND
    for request in _TERMINAL_INJECTION:
        yield from _refuse_if(_JUMP_EQUAL, request, errno.EPERM)
    yield _LOAD, 0, 0, _NUMBER
    for number in machine.sockets:
        yield _JUMP_EQUAL, 0, len(_FAMILIES) + 3, number
        yield _LOAD, 0, 0, _FIRST
        for position, family in enumerate(_FAMILIES):
            yield _JUMP_EQUAL, len(_FAMILIES) - position, 0, family
        yield _RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT
        yield _LOAD, 0, 0, _NUMBER
    yield _RETURN, 0, 0, _ALLOW


def _refuse_if(jump: int, operand: int, number: int) -> Iterator[_Instruction]:
    yield jump, 0, 1, operand
    yield _RETURN, 0, 0, _REFUSE | number
