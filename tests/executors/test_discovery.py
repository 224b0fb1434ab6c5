"""Executors are found by entry point, and a broken plug-in harms no other."""

import subprocess
import sys
from pathlib import Path

import pytest

from hypernode import executors


def test_the_two_job_types_are_found():
    assert {"llm_inference", "generic_compute"} <= executors.load().keys()


def test_loading_imports_no_engine():
    check = (
        "import sys; from hypernode import executors; executors.load()\n"
        "assert not {'xllamacpp', 'wasmtime', 'httpx'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_a_broken_plug_in_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plug_in = tmp_path / "broken-1.0.dist-info"
    plug_in.mkdir()
    (plug_in / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (plug_in / "entry_points.txt").write_text("[hypernode.executors]\nbroken = no_such_module:Executor\n")
    monkeypatch.syspath_prepend(tmp_path)

    found, broken = executors.discover()

    assert "no_such_module" in broken["broken"]
    assert "generic_compute" in found


def test_a_job_type_without_an_executor_is_an_error():
    with pytest.raises(LookupError):
        executors.load_one("knitting")
