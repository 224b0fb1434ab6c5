"""The GPUs of this machine: NVIDIA by NVML, AMD and Apple by the tools of their makers."""

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

TIMEOUT_S: Final = 15.0
_MB: Final = 1 << 20


class Gpu(msgspec.Struct, frozen=True):
    """One GPU. Texts are empty and numbers 0 where the tool does not say."""

    model: str
    vram_mb: int = 0
    driver: str = ""
    cuda: str = ""  #: The newest CUDA that the driver supports.
    compute_capability: str = ""  #: NVIDIA's, as in 9.0; AMD's architecture, as in gfx942.


class GpuLoad(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """What a GPU is doing now; None where the tool does not say."""

    load_percent: float | None = None
    temperature_c: float | None = None
    memory_used_mb: int | None = None


class GpuReport(msgspec.Struct):
    """All GPUs and their loads, in the same order."""

    gpus: list[Gpu] = []
    loads: list[GpuLoad] = []


def look() -> GpuReport:
    """The GPUs of the first vendor that has any. Never raises; takes at most a few times TIMEOUT_S."""
    for tool, arguments, parse in _PROBES:
        if tool and (answer := _ask(tool, arguments)):
            try:
                report = parse(answer)
            except (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError):
                continue  # A version of the tool that we do not know.
            if report.gpus:
                return report
    return GpuReport()


def _ask(tool: str, arguments: Sequence[str]) -> str:
    try:
        return subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""


def parse_nvml(answer: str) -> GpuReport:
    """The JSON of `hypernode.node.nvml`."""
    return msgspec.json.decode(answer, type=GpuReport)


def parse_amd_smi(answer: str) -> GpuReport:
    """The JSON of `amd-smi static`: a list of GPUs, wrapped in `gpu_data` since ROCm 6.4."""
    found: Any = json.loads(answer)
    cards = msgspec.convert(found["gpu_data"] if isinstance(found, dict) else found, list[dict[str, Any]])
    return GpuReport(
        [
            Gpu(
                model=card["asic"]["market_name"],
                vram_mb=_megabytes(card.get("vram", {}).get("size", 0)),
                driver=str(card.get("driver", {}).get("version", "")),
                compute_capability=str(card["asic"].get("target_graphics_version", "")),
            )
            for card in cards
        ]
    )


def parse_rocm_smi(answer: str) -> GpuReport:
    """The JSON of `rocm-smi`, older than amd-smi: an object by card, and one called system."""
    found: dict[str, dict[str, str]] = json.loads(answer)
    driver = found.get("system", {}).get("Driver version", "")
    return GpuReport(
        [
            Gpu(
                model=card.get("Card Series") or card.get("Card series") or card.get("Card model") or "AMD GPU",
                vram_mb=int(card.get("VRAM Total Memory (B)", 0)) // _MB,
                driver=driver,
                compute_capability=card.get("GFX Version", ""),
            )
            for name, card in sorted(found.items())
            if name.startswith("card")
        ]
    )


def parse_system_profiler(answer: str) -> GpuReport:
    """The JSON of macOS's `system_profiler SPDisplaysDataType`. Apple's GPUs share the machine's memory."""
    import psutil

    displays = json.loads(answer)["SPDisplaysDataType"]
    unified_mb = psutil.virtual_memory().total // _MB
    return GpuReport(
        [
            Gpu(model=display["sppci_model"], vram_mb=unified_mb, driver=platform.mac_ver()[0])
            for display in displays
            if display.get("sppci_model", "").startswith("Apple")
        ]
    )


def _megabytes(size: Any) -> int:
    """amd-smi writes `{"value": 196592, "unit": "MB"}`, and before ROCm 6 the text `196592 MB`."""
    text = f"{size['value']} {size['unit']}" if isinstance(size, dict) else str(size)
    value, _, unit = text.partition(" ")
    return int(float(value) * (1024 if unit.startswith("G") else 1))


_PROBES: Final[Sequence[tuple[str | None, Sequence[str], Callable[[str], GpuReport]]]] = (
    (sys.executable, ("-P", "-m", "hypernode.node.nvml"), parse_nvml),
    (shutil.which("amd-smi"), ("static", "--asic", "--vram", "--driver", "--json"), parse_amd_smi),
    (
        shutil.which("rocm-smi"),
        ("--showproductname", "--showmeminfo", "vram", "--showdriverversion", "--json"),
        parse_rocm_smi,
    ),
    (
        shutil.which("system_profiler") if sys.platform == "darwin" else None,
        ("SPDisplaysDataType", "-json"),
        parse_system_profiler,
    ),
)
