"""What the machine says of itself; the answers of GPU tools are recorded, since no test machine has all vendors."""

import json
from pathlib import Path

import msgspec
import pytest

from hypernode.node import gpus, inventory
from hypernode.node.gpus import Gpu, GpuLoad, GpuReport


def test_this_machine_is_described(tmp_path: Path):
    hardware = inventory.look()

    assert hardware.cpu_model
    assert hardware.ram_mb > 0
    assert hardware.gpu_model
    assert {"cpuPercent", "ramUsedMB", "gpus"} <= inventory.live_metrics(with_gpus=True).keys()


def test_a_machine_keeps_its_id_and_each_home_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (one := tmp_path / "one").mkdir()
    (two := tmp_path / "two").mkdir()

    assert inventory.machine_id(one) == inventory.machine_id(one) != inventory.machine_id(two)

    monkeypatch.setattr(inventory, "_MACHINE_ID", tmp_path / "missing")
    assert inventory.machine_id(one) == inventory.machine_id(one) != inventory.machine_id(two)


def test_nvml_report_is_read():
    report = GpuReport([Gpu("NVIDIA H100 80GB HBM3", 81_559, "580.65", "13.0", "9.0")], [GpuLoad(10, 40, 512)])

    assert gpus.parse_nvml(msgspec.json.encode(report).decode()) == report


@pytest.mark.parametrize("size", [{"value": 196_592, "unit": "MB"}, "196592 MB"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_amd_smi_is_read(size: object, wrapped: bool):
    card = {
        "gpu": 0,
        "asic": {"market_name": "AMD Instinct MI300X", "target_graphics_version": "gfx942"},
        "vram": {"size": size},
        "driver": {"name": "amdgpu", "version": "6.12.12"},
    }

    report = gpus.parse_amd_smi(json.dumps({"gpu_data": [card]} if wrapped else [card]))

    assert report.gpus == [Gpu("AMD Instinct MI300X", 196_592, "6.12.12", compute_capability="gfx942")]


def test_rocm_smi_is_read():
    answer = {
        "card0": {"Card Series": "AMD Radeon RX 7900 XTX", "VRAM Total Memory (B)": "25753026560"},
        "system": {"Driver version": "6.8.5"},
    }

    assert gpus.parse_rocm_smi(json.dumps(answer)).gpus == [Gpu("AMD Radeon RX 7900 XTX", 24_560, "6.8.5")]


def test_apple_shares_its_memory():
    answer = {"SPDisplaysDataType": [{"sppci_model": "Apple M3 Max"}, {"sppci_model": "Intel UHD Graphics"}]}

    found = gpus.parse_system_profiler(json.dumps(answer)).gpus

    assert [gpu.model for gpu in found] == ["Apple M3 Max"]
    assert found[0].vram_mb > 0
