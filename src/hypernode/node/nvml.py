"""What NVML says of the NVIDIA GPUs: `python -m hypernode.node.nvml` prints it as JSON.

A program of its own, since a driver in a bad state can hang or crash whoever asks it.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pynvml as _pynvml  # pyright: ignore[reportMissingTypeStubs]

from hypernode.node.gpus import Gpu, GpuLoad, GpuReport

_MB: Final = 1 << 20
pynvml: Any = _pynvml
"""Untyped."""


def main() -> None:
    """Print a GpuReport; nothing where there is no driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return
    driver = pynvml.nvmlSystemGetDriverVersion()
    cuda = _or(0, pynvml.nvmlSystemGetCudaDriverVersion_v2)
    report = GpuReport()
    for index in range(pynvml.nvmlDeviceGetCount()):
        device = pynvml.nvmlDeviceGetHandleByIndex(index)
        major, minor = _or((0, 0), pynvml.nvmlDeviceGetCudaComputeCapability, device)
        memory = _or(None, pynvml.nvmlDeviceGetMemoryInfo, device)  # Not known where memory is unified.
        utilization = _or(None, pynvml.nvmlDeviceGetUtilizationRates, device)
        report.gpus.append(
            Gpu(
                model=pynvml.nvmlDeviceGetName(device),
                vram_mb=memory.total // _MB if memory else 0,
                driver=driver,
                cuda=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else "",
                compute_capability=f"{major}.{minor}" if major else "",
            )
        )
        report.loads.append(
            GpuLoad(
                load_percent=utilization.gpu if utilization else None,
                temperature_c=_or(None, pynvml.nvmlDeviceGetTemperature, device, pynvml.NVML_TEMPERATURE_GPU),
                memory_used_mb=memory.used // _MB if memory else None,
            )
        )
    sys.stdout.buffer.write(msgspec.json.encode(report))


def _or(default: Any, ask: Callable[..., Any], *arguments: Any) -> Any:
    """Many figures are not supported by some GPU."""
    try:
        return ask(*arguments)
    except pynvml.NVMLError:
        return default


if __name__ == "__main__":
    main()
