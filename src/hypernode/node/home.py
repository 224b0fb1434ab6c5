"""A node's folder on its machine: made when it is missing, and held by one agent at a time."""

import fcntl
from pathlib import Path
from typing import BinaryIO


class HomeInUse(Exception):
    """Another agent works in this home."""


def make(home: Path) -> None:
    """Make the folder, with those that it holds, where they are missing."""
    for folder in (home, home / "models", home / "cache"):
        folder.mkdir(parents=True, exist_ok=True)


def hold(home: Path) -> BinaryIO:
    """Make the folder and keep others out while the returned file is open. Raises HomeInUse."""
    make(home)
    lock = (home / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise HomeInUse(f"a node runs in {home} already: give each node a home of its own") from None
    return lock
