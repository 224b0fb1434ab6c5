"""generic_compute: a WebAssembly module computes Fibonacci numbers, the same on every machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from hypernode.cli.show import details, printable
from hypernode.cli.stories import Story
from hypernode.client import Client
from hypernode.executors.generic_compute.example import EXAMPLE
from hypernode.protocol.jobs import Job


def _input(_: Mapping[str, str]) -> dict[str, Any]:
    return dict(EXAMPLE.input)


def _show(out: Console, _client: Client, job: Job, _folder: Path) -> None:
    result = job.result or {}
    numbers = ", ".join(printable(str(result.get("stdout", ""))).split())
    out.print(details(numbers=numbers, fuel=result.get("fuelUsed"), exit_code=result.get("exitCode")))


STORY: Final = Story(asks="a WebAssembly module to be run", input=_input, show=_show)
