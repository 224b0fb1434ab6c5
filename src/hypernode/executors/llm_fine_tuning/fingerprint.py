"""Says on what a run ran: where two fingerprints are equal, so are the bytes of the results."""

import platform
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

from hypernode.executors.llm_fine_tuning.loading import Loaded

_PACKAGES: Final = ("torch", "transformers", "peft", "gguf")


def engine() -> str:
    """The packages with their versions."""
    return ", ".join(f"{name} {version(name)}" for name in _PACKAGES)


def fingerprint(loaded: Loaded, threads: int, base_digest: str) -> dict[str, str]:
    """Engine, instruction set, device, precision, threads, quantizer, and the base's digest."""
    torch = import_module("torch")
    on_gpu = loaded.device == "cuda"
    return {
        "engine": engine(),
        "isa": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        # Libraries choose kernels and block sizes by the processor's model, too.
        "device": _gpu() if on_gpu else _cpu(),
        "dtype": str(loaded.dtype).removeprefix("torch."),
        "threads": "" if on_gpu else str(threads),
        "quantizer": f"bitsandbytes {version('bitsandbytes')}" if loaded.quantized else "",
        "model": base_digest,
    }


def _gpu() -> str:
    torch = import_module("torch")
    major, minor = torch.cuda.get_device_capability()
    return f"{torch.cuda.get_device_name()} {major}.{minor}, CUDA {torch.version.cuda}, ROCm {torch.version.hip}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
