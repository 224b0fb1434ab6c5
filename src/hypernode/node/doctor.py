"""What a machine lacks to be a good node, and the command that mends it: data, for the command line to print."""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from hypernode import executors as plug_ins
from hypernode.domain.isolation import Isolation
from hypernode.node import inventory
from hypernode.node.probe import probe
from hypernode.node.sandbox import trial as trials
from hypernode.node.sandbox.trial import Trial
from hypernode.node.settings import NodeSettings
from hypernode.ports import Capability

LEAST_FREE_GB: Final = 5
"""Below this, a model and the files of a job hardly fit."""
TIMEOUT_S: Final = 5.0
_GB: Final = 1 << 30
_PCI_DISPLAY_CLASS: Final = "0x03"
_PCI_VENDORS: Final = {
    "0x10de": ("NVIDIA", "install NVIDIA's driver: https://docs.nvidia.com/datacenter/tesla/driver-installation-guide"),
    "0x1002": ("AMD", "install ROCm with amd-smi: https://rocm.docs.amd.com/projects/install-on-linux"),
}


class Level(StrEnum):
    """How grave a finding is."""

    OK = "ok"
    MISSING = "missing"  #: Something that some job type needs; the node works without it.
    BROKEN = "broken"  #: The node cannot work like this.


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    level: Level
    detail: str
    fix: str = ""  #: A command or an address.


def examine(settings: NodeSettings) -> list[Finding]:
    """Look at everything. Never raises; takes a few seconds."""
    with contextlib.ExitStack() as stack:
        home = settings.home if settings.home.is_dir() else Path(stack.enter_context(TemporaryDirectory()))
        trial, capabilities = asyncio.run(_try(settings, home))
    return [
        *_job_types(capabilities),
        _sandbox(trial),
        _gpu(),
        _disk(settings.home),
        _coordinator(settings.coordinator_url),
    ]


async def _try(settings: NodeSettings, home: Path) -> tuple[Trial, dict[str, Capability]]:
    sandbox, lacks = await trials.prepare(home)
    return await asyncio.gather(
        trials.hold(sandbox, home, lacks),
        probe(plug_ins.discover()[0], settings.executor_environment(), sandbox, settings.limits(), home),
    )


def _sandbox(trial: Trial) -> Finding:
    if trial.isolation is Isolation.SANDBOX:
        return Finding("sandbox", Level.OK, trial.sentence())
    detail = f"{trial.sentence()}. This node takes jobs of its own wallet alone, or needs --allow-unsandboxed"
    return Finding("sandbox", Level.MISSING, detail, trial.fix)


def _job_types(capabilities: Mapping[str, Capability]) -> Iterator[Finding]:
    for job_type, reason in sorted(plug_ins.discover()[1].items()):
        yield Finding(job_type, Level.MISSING, f"plug-in is broken: {reason}", "reinstall or remove the plug-in")
    for job_type, capability in sorted(capabilities.items()):
        if capability.available:
            models = f", models: {', '.join(capability.models)}" if capability.models else ""
            yield Finding(job_type, Level.OK, capability.engine + models)
        else:
            yield Finding(job_type, Level.MISSING, capability.missing, capability.fix)


def _gpu() -> Finding:
    hardware = inventory.look()
    if hardware.gpu_count:
        driver = f", driver {hardware.driver_version}" if hardware.driver_version else ""
        cuda = f", CUDA {hardware.cuda_version}" if hardware.cuda_version else ""
        return Finding(
            "gpu", Level.OK, f"{hardware.gpu_count} x {hardware.gpu_model}, {hardware.vram_mb} MB{driver}{cuda}"
        )
    for vendor, fix in _cards_without_driver():
        return Finding("gpu", Level.MISSING, f"there is a GPU by {vendor}, but no driver answers", fix)
    return Finding("gpu", Level.OK, f"none: this node takes jobs that ask for no VRAM, on {hardware.cpu_model}")


def _cards_without_driver() -> Iterator[tuple[str, str]]:
    """Vendors of the graphics cards on the PCI bus; Linux only."""
    for card in Path("/sys/bus/pci/devices").glob("*") if sys.platform == "linux" else ():
        if (card / "class").read_text().startswith(_PCI_DISPLAY_CLASS):
            vendor = _PCI_VENDORS.get((card / "vendor").read_text().strip())
            if vendor:
                yield vendor


def _disk(home: Path) -> Finding:
    existing = next(folder for folder in (home, *home.resolve().parents) if folder.is_dir())
    free_gb = shutil.disk_usage(existing).free / _GB
    detail = f"{free_gb:.0f} GB free in {home}"
    if free_gb >= LEAST_FREE_GB:
        return Finding("disk", Level.OK, detail)
    return Finding("disk", Level.MISSING, detail, f"free some space: {LEAST_FREE_GB} GB at least")


def _coordinator(url: str) -> Finding:
    try:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(
            "coordinator", Level.BROKEN, f"{url}: {error}", "check the address and that it runs: hypernode up"
        )
    if answer.is_error:
        return Finding("coordinator", Level.BROKEN, f"{url} answers {answer.status_code}", "ask its operator")
    return Finding("coordinator", Level.OK, f"{url} is healthy")
