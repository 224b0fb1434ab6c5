"""How much one job may use and put out."""

from dataclasses import dataclass
from typing import Final

from hypernode.protocol.limits import MAX_ARTIFACT_BYTES, MAX_OUTPUT_FILES, MAX_RESULT_BYTES, MAX_STREAM_CHARS


@dataclass(frozen=True, slots=True)
class Limits:
    """What is streamed or logged beyond is dropped; whatever else is exceeded ends the job. None: no limit."""

    memory_mb: int | None = None  #: Of all its processes together where cgroups hold them, else of each.
    processes: int | None = None  #: With their threads.
    disk_mb: int | None = None  #: All files in its folder: inputs, temporary files, outputs.
    stream_chars: int = MAX_STREAM_CHARS
    log_lines: int = 10_000
    result_bytes: int = MAX_RESULT_BYTES
    output_files: int = MAX_OUTPUT_FILES
    output_bytes: int = MAX_ARTIFACT_BYTES
    open_files: int = 1_024


MEMORY_SHARE: Final = 0.8
"""Of the machine's memory, for all jobs together, where the provider names no other limit."""
DISK_MB: Final = 20_000
LEAST_PROCESSES: Final = 1_024
PROCESSES_PER_CORE: Final = 32
"""Engines start a few threads a core, in each of several libraries."""


def usual_memory_mb(machine_mb: int, capacity: int) -> int:
    """What one of so many jobs at once may use."""
    return int(machine_mb * MEMORY_SHARE / capacity)


def usual_processes(cores: int) -> int:
    """How many processes and threads a job may have."""
    return max(LEAST_PROCESSES, PROCESSES_PER_CORE * cores)
