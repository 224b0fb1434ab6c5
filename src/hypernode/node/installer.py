"""Installs what an executor lacks: the extra of its distribution, and the packages that carry a model for it."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from hypernode.executors import GROUP
from hypernode.ports import Executor, engine_folder

UV: Final = "uv"


class CannotInstall(Exception):
    """The message says why, and what to do."""


def install(job_type: str) -> None:
    """Make a job type's engine available to this Python. Raises CannotInstall."""
    for command in commands(job_type):
        try:
            subprocess.run(command, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CannotInstall(f"{' '.join(command)} failed: {error}") from error


def commands(job_type: str) -> list[list[str]]:
    """What to run, in order; empty where nothing is to be installed. Raises CannotInstall."""
    found = list(entry_points(group=GROUP, name=job_type))
    if not found or found[0].dist is None:
        known = ", ".join(sorted(entry.name for entry in entry_points(group=GROUP)))
        raise CannotInstall(f"there is no executor for {job_type}; there are {known}")
    executor: type[Executor] = found[0].load()
    specs = needed(found[0].dist.requires or [], executor.extra)
    python = Path(sys.executable)
    made: list[list[str]] = []
    if executor.apart:
        python = engine_folder(job_type) / "bin" / "python"
        made.append([sys.executable, "-m", "venv", str(engine_folder(job_type))])
    if specs:
        made.append([*_installer(python, apart=executor.apart), *specs])
    if executor.model_packages:
        made.append([*_installer(python, apart=executor.apart), "--no-deps", *executor.model_packages])
    return made


def needed(requires: Sequence[str], extra: str) -> list[str]:
    """The requirements that an extra alone asks for, without their markers."""
    parsed = [Requirement(line) for line in requires]
    return [
        str(each).partition(";")[0].strip()
        for each in parsed
        if each.marker and each.marker.evaluate({"extra": extra}) and not each.marker.evaluate({"extra": ""})
    ]


def _installer(python: Path, *, apart: bool) -> list[str]:
    """The command that installs into an environment: its pip, or uv where it has none."""
    if apart or importlib.util.find_spec("pip"):
        return [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv = shutil.which(UV) or shutil.which(UV, path=str(Path(sys.prefix) / "bin"))
    if uv is None:
        raise CannotInstall(f"{python} has no pip and there is no uv: install one of them")
    return [uv, "pip", "install", "--quiet", "--python", str(python)]
