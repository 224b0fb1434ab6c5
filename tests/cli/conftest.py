"""The `hypernode` command run in-process, and a scripted network for it to talk to."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from hypernode.cli.app import app
from tests.client.scripted import ScriptedServer, serving

Hypernode = Callable[..., Any]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with serving() as server:
        monkeypatch.setenv("HYPERNODE_URL", server.url)
        yield server


@pytest.fixture
def hypernode(monkeypatch: pytest.MonkeyPatch) -> Hypernode:
    """Runs the command with these arguments; the result has exit_code, stdout and stderr."""
    for name in ("HYPERNODE_WALLET", "HYPERNODE_TOKEN", "SOLANA_RPC_URL"):
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)


@pytest.fixture
def wiring(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the long-running processes were started with, instead of starting them."""
    started: list[dict[str, Any]] = []
    for name in ("up", "coordinator", "localnet", "node"):
        module = ModuleType(f"hypernode.wiring.{name}")
        module.run = lambda **given: started.append(given)  # pyright: ignore[reportAttributeAccessIssue]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return started
