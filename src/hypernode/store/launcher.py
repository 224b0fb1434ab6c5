"""Becomes a command that dies with the program that started it, under an identity other than root.

Run as `python -I -S launcher.py PARENT_PID IDENTITY COMMAND...`; a step of its own because `preexec_fn` is unsafe in a
program with threads. IDENTITY is one of

- `same`: as we are;
- `namespace:UID:GID`: root in disguise, in a user namespace where root is called UID, so that its files stay root's
own;
- `user:UID:GID`: another user of this machine.
"""

import ctypes
import os
import signal
import sys
from typing import Final

CLONE_NEWUSER: Final = 0x10000000
PR_SET_PDEATHSIG: Final = 1


def main(parent: int, identity: str, command: list[str]) -> None:
    """Becomes `command`; exits with a message on stderr where that fails."""
    try:
        _take(identity)
        _die_with(parent)
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"cannot run {command[0]} as {identity}: {error}")


def _take(identity: str) -> None:
    kind, *ids = identity.split(":")
    if kind == "same":
        return
    uid, gid = map(int, ids)
    if kind == "namespace":
        _enter_namespace(uid, gid)
    else:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _enter_namespace(uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    # The kernel wants `setgroups` denied before a process may write its own map of groups.
    for name, text in (("setgroups", "deny"), ("gid_map", f"{gid} {outer_gid} 1"), ("uid_map", f"{uid} {outer_uid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        # After the identity: a change of user clears it. SIGINT is PostgreSQL's fast and orderly shutdown.
        _call("prctl", PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
    # A parent that died before the call above sends no signal any more.
    if os.getppid() != parent:
        sys.exit(f"the program that asked for this, process {parent}, is gone")


def _call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc[function](*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
