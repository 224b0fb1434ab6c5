"""A scripted network, and a client that repeats without waiting."""

from collections.abc import Iterator

import pytest

from hypernode.client import conversation, events
from tests.client.scripted import ScriptedServer, serving


@pytest.fixture
def network() -> Iterator[ScriptedServer]:
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "PAUSES_S", (0.0,) * len(conversation.PAUSES_S))
    monkeypatch.setattr(events, "SHORTEST_PAUSE_S", 0.0)
    monkeypatch.setattr(events, "LONGEST_PAUSE_S", 0.0)
