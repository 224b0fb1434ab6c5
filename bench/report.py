"""RESULTS.md: each bench replaces its own section."""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
LOAD_AT_START: Final = os.getloadavg()[0]
PACKAGES: Final = ("hypernode", "litestar", "uvicorn", "asyncpg", "msgspec")
TITLE: Final = "# What was measured\n\nEach bench replaces its own section: see README.md.\n"


def publish(heading: str, text: str) -> None:
    """Print a section and put it into RESULTS.md in the old one's place."""
    section = f"## {heading}\n\n{_setting()}\n\n{text.strip()}\n"
    print(section)
    known = RESULTS.read_text() if RESULTS.exists() else TITLE
    head, *sections = re.split(r"^(?=## )", known, flags=re.MULTILINE)
    kept = [s.strip() + "\n" for s in sections if not s.startswith(f"## {heading}\n")]
    RESULTS.write_text("\n".join([head.strip() + "\n", *sorted([*kept, section])]))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, figures to the right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _setting() -> str:
    memory_gib = psutil.virtual_memory().total / 2**30
    python = f"Python {platform.python_version()}"
    node = shutil.which("node")
    node_version = (
        subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout if node else "absent"
    )
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC. {_processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, "
        f"{platform.system()} {platform.release()}; load average at the start: {LOAD_AT_START:.1f}. "
        f"{python}, {packages}; Node {node_version.strip()}. All on one machine, over 127.0.0.1."
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*: (.*)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return model[1] if model else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
