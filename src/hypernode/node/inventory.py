"""What this machine is made of, and how busy it is."""

import hashlib
import platform
import re
import secrets
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from hypernode.node import gpus

_MB: Final = 1 << 20
_MACHINE_ID: Final = Path("/etc/machine-id")


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine as it offers itself. With GPUs of several models, those that are most numerous count."""

    gpu_model: str  #: CPU where there is no GPU.
    gpu_count: int
    vram_mb: int  #: Of one GPU.
    driver_version: str
    cuda_version: str
    compute_capability: str
    cpu_model: str
    ram_mb: int
    host_os: str


def look() -> Hardware:
    """Take stock. Never raises; may take seconds where a driver is slow."""
    found = gpus.look().gpus
    gpu, count = Counter(found).most_common(1)[0] if found else (gpus.Gpu("CPU"), 0)
    return Hardware(
        gpu_model=gpu.model,
        gpu_count=count,
        vram_mb=gpu.vram_mb,
        driver_version=gpu.driver,
        cuda_version=gpu.cuda,
        compute_capability=gpu.compute_capability,
        cpu_model=cpu_model(),
        ram_mb=psutil.virtual_memory().total // _MB,
        host_os=f"{platform.system()} {platform.release()}",
    )


def cpu_model() -> str:
    """The processor's name."""
    if sys.platform == "linux":
        name = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        return name[1] if name else platform.machine()  # ARM kernels give no name.
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()


def machine_id(home: Path) -> str:
    """Tells this machine, and this home on it, from the owner's others; the same after every restart.

    Hashed, since systemd asks that a machine's id stay confidential (machine-id(5)).
    """
    known = _MACHINE_ID.read_text().strip() if _MACHINE_ID.is_file() else ""
    if not known:
        own = home / "machine-id"
        if not own.is_file():
            own.write_text(secrets.token_hex(16))
        known = own.read_text()
    return hashlib.sha256(f"hypernode {known} {home.resolve()}".encode()).hexdigest()[:32]


def live_metrics(with_gpus: bool) -> dict[str, Any]:
    """Loads in percent and memory in MB, now. Takes a moment where there are GPUs to ask."""
    memory = psutil.virtual_memory()
    metrics: dict[str, Any] = {
        "cpuPercent": psutil.cpu_percent(),  # Since the call before.
        "ramUsedMB": (memory.total - memory.available) // _MB,
    }
    if with_gpus:
        metrics["gpus"] = msgspec.to_builtins(gpus.look().loads)
    return metrics
