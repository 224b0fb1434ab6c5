"""What a lifecycle table is made of: one row an event, from the states it may leave to the state it enters."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Move(Generic[State]):
    """An event's effect: allowed in any of `sources`, ends in `target`."""

    sources: frozenset[State]
    target: State

    @property
    def source_names(self) -> list[str]:
        """The sources as the store's guards take them, in a fixed order."""
        return sorted(self.sources)


def terminal_states(states: type[State], moves: Mapping[Event, Move[State]]) -> frozenset[State]:
    """The states that no event leaves."""
    left = frozenset[State]().union(*(move.sources for move in moves.values()))
    return frozenset(states) - left
