"""The limits that a process sets on itself before it does a job's work, and can never raise again."""

import resource
import sys
from typing import Final

import msgspec

from hypernode.node.limits import Limits

_MB: Final = 1 << 20


class Rlimits(msgspec.Struct, frozen=True):
    """What is limited by process; a child inherits it. None: not limited."""

    file_bytes: int | None = None
    open_files: int | None = None
    memory_mb: int | None = None
    processes: int | None = None

    @classmethod
    def of(cls, limits: Limits, *, grouped: bool, apart: bool) -> "Rlimits":
        """What cgroups do not do better, where there are some: `grouped`.

        Processes are counted by user, and so only in a user namespace of the job's own: `apart`.
        """
        memory_mb = None if grouped else limits.memory_mb
        processes = limits.processes if apart and not grouped else None
        return cls(limits.output_bytes, limits.open_files, memory_mb, processes)

    def impose(self) -> None:
        """Limit this process."""
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_FSIZE, self.file_bytes)
        _lower(resource.RLIMIT_NOFILE, self.open_files)
        if sys.platform == "linux":
            # Not RLIMIT_AS: CUDA and WebAssembly engines reserve far more addresses than they use.
            _lower(resource.RLIMIT_DATA, None if self.memory_mb is None else self.memory_mb * _MB)
            # Of a user within its user namespace; the machine's root is exempt.
            _lower(resource.RLIMIT_NPROC, self.processes)


def _lower(what: int, most: int | None) -> None:
    if most is not None:
        _, hard = resource.getrlimit(what)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))
