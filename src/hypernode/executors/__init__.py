"""Finds executors: one plug-in a job type, declared under the entry point group `hypernode.executors`."""

import logging
from importlib.metadata import entry_points
from typing import Final

from hypernode.ports import Executor

GROUP: Final = "hypernode.executors"

_log = logging.getLogger(__name__)


def discover() -> tuple[dict[str, Executor], dict[str, str]]:
    """All executors by job type, and the reason of each that could not be imported. Loads no engine."""
    found: dict[str, Executor] = {}
    broken: dict[str, str] = {}
    for entry in entry_points(group=GROUP):
        try:
            found[entry.name] = entry.load()()
        except Exception as error:
            broken[entry.name] = f"{entry.value}: {type(error).__name__}: {error}"
    return found, broken


def load() -> dict[str, Executor]:
    """All executors by job type. One that cannot be imported is logged and left out."""
    found, broken = discover()
    for job_type, reason in broken.items():
        _log.warning("executor %s is unusable: %s", job_type, reason)
    return found


def load_one(job_type: str) -> Executor:
    """The executor of one job type, without importing the others. Raises LookupError if there is none."""
    entries = entry_points(group=GROUP, name=job_type)
    if not entries:
        raise LookupError(f"no executor for {job_type}")
    return next(iter(entries)).load()()
