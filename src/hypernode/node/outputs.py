"""The files that a job leaves: counted, measured, and refused where they are not plain files."""

import hashlib
import itertools
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from hypernode.ports import ExecutionFailed

MAX_DEPTH: Final = 64
"""Of folders in a job's folder."""
LEAST_FREE_MB: Final = 512
"""With less on the disk, jobs that run are ended before the machine is harmed."""
_BLOCK_BYTES: Final = 512


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
    if not stat.S_ISDIR(outputs.lstat().st_mode):
        raise ExecutionFailed("the folder of outputs was replaced", blames_input=True)
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


def take(outputs: Path, name: str, target: Path, most_bytes: int) -> OutputFile:
    """Copy a plain file that lies directly in the folder of outputs of a job that still runs, and may be hostile.

    Raises ExecutionFailed where it is no plain file, or too large.
    """
    if PurePosixPath(name).name != name or name in ("", ".", ".."):
        raise ExecutionFailed(f"{name} is no name of a file in the folder of outputs", blames_input=True)
    folder = os.open(outputs, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        # What is opened is looked at, and not its name again: the job may put another thing there at any time.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise ExecutionFailed(f"{name} cannot be read: {error.strerror}", blames_input=True) from error
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "rb") as source, target.open("wb") as copy:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1 or status.st_size > most_bytes:
            raise ExecutionFailed(f"{name} is no plain file of at most {most_bytes} bytes", blames_input=True)
        shutil.copyfileobj(source, copy)
    return OutputFile(target, name, _digest(target), target.stat().st_size)


def check_disk(folder: Path, most_mb: int | None) -> None:
    """Raises ExecutionFailed where all that is in a job's folder is too large, or the disk nearly full."""
    used = sum(status.st_blocks * _BLOCK_BYTES for _, status in _walk(folder))
    if most_mb is not None and used > most_mb << 20:
        raise ExecutionFailed(f"used more than {most_mb} MB of disk")
    # Open files that were deleted are in no folder.
    if shutil.disk_usage(folder).free < LEAST_FREE_MB << 20:
        raise ExecutionFailed(f"less than {LEAST_FREE_MB} MB of the node's disk were left")


def remove(folder: Path) -> None:
    """Delete a folder, whatever a job has made of it: closed to its owner, or nested thousands deep.

    Folders move up before they are emptied, so that no path grows long. Raises OSError where that fails.
    """
    numbers = itertools.count()
    while True:
        inner = [path for path in _emptied(folder) if path]
        if not inner:
            break
        for path in inner:
            for child in _emptied(path):
                child.rename(folder / f".{next(numbers)}-{path.name[:8]}")
            path.rmdir()
    folder.rmdir()


def _emptied(folder: Path) -> list[Path]:
    """The folders in a folder, after all else was deleted from it."""
    folder.chmod(stat.S_IRWXU)
    inner: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                inner.append(Path(entry.path))
            else:
                Path(entry.path).unlink()
    return inner


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything below that is no folder; symbolic links are not followed. What vanishes meanwhile is left out.

    Raises ExecutionFailed for folders that are nested too deep, or that cannot be looked into.
    """
    pending = [(folder, 0)]
    while pending:
        parent, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise ExecutionFailed(f"folders are nested more than {MAX_DEPTH} deep", blames_input=True)
        try:
            with os.scandir(parent) as entries:
                found = [Path(entry.path) for entry in entries]
        except FileNotFoundError:
            continue
        except PermissionError:
            raise ExecutionFailed(f"folder {parent.name} cannot be read", blames_input=True) from None
        for path in found:
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(status.st_mode):
                pending.append((path, depth + 1))
            else:
                yield path, status


def _digest(path: Path) -> str:
    # The process group is dead, but the last step before open could have been a swap for a link.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
