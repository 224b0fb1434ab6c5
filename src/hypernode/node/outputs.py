"""The files that a job leaves: counted, measured, and refused where they are not plain files."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hypernode.ports import ExecutionFailed


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file of the result."""

    path: Path
    name: str  #: Relative to the folder of outputs.
    sha256: str
    size: int  #: Bytes.


def within(folder: Path, name: PurePosixPath) -> Path:
    """The path of a relative name. Raises ExecutionFailed for one that leads out of the folder."""
    if name.is_absolute() or ".." in name.parts or not name.parts:
        raise ExecutionFailed(f"{name} is no name of a file within the job's folder", blames_input=True)
    return folder / name


def measure(outputs: Path, most_files: int, most_bytes: int) -> list[tuple[Path, int]]:
    """All files with their sizes in bytes, by name. Raises ExecutionFailed for too many, too large, or no plain files.

    The outputs are the job's own doing, so each of these blames the input.
    """
    found: list[tuple[Path, int]] = []
    total = 0
    for path, status in _walk(outputs):
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise ExecutionFailed(f"output {path.relative_to(outputs)} is not a plain file", blames_input=True)
        found.append((path, status.st_size))
        total += status.st_size
        if len(found) > most_files:
            raise ExecutionFailed(f"more than {most_files} output files", blames_input=True)
        if total > most_bytes:
            raise ExecutionFailed(f"more than {most_bytes} bytes of output files", blames_input=True)
    return sorted(found)


def collect(outputs: Path, most_files: int, most_bytes: int) -> list[OutputFile]:
    """All files with their digests. Raises as `measure` does."""
    return [
        OutputFile(path, path.relative_to(outputs).as_posix(), _digest(path), size)
        for path, size in measure(outputs, most_files, most_bytes)
    ]


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything below that is no folder; symbolic links are not followed. What vanishes meanwhile is left out."""
    for parent, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(parent, name)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            if not stat.S_ISDIR(status.st_mode):
                yield path, status


def _digest(path: Path) -> str:
    # The process group is dead, but the last step before open could have been a swap for a link.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
