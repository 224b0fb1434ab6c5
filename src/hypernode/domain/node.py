"""A node's lifecycle, and the defaults and units of its description."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hypernode.domain.lifecycle import Move, terminal_states


class NodeState(StrEnum):
    """Where a node stands. `busy` is not stored: it is an online node without a free slot."""

    ONLINE = "online"  #: Heard of within the silence limit; takes work.
    DRAINING = "draining"  #: Finishes what it has and takes no more.
    OFFLINE = "offline"  #: Silent for too long.
    SUSPENDED = "suspended"  #: Failed its checks; takes no work.
    DEREGISTERED = "deregistered"  #: Its owner removed it.


class NodeEvent(StrEnum):
    """What can happen to a node."""

    HEARTBEAT = "heartbeat"  #: It spoke, and takes work.
    DRAIN = "drain"  #: It spoke, and takes no more work.
    FALL_SILENT = "fall_silent"  #: The silence limit passed.
    SUSPEND = "suspend"  #: It failed its checks.
    DEREGISTER = "deregister"  #: Its owner removed it.


_REACHABLE: Final = frozenset({NodeState.ONLINE, NodeState.DRAINING})
_ACTIVE: Final = _REACHABLE | {NodeState.OFFLINE}

MOVES: Final[Mapping[NodeEvent, Move[NodeState]]] = {
    NodeEvent.HEARTBEAT: Move(_ACTIVE, NodeState.ONLINE),
    NodeEvent.DRAIN: Move(_ACTIVE, NodeState.DRAINING),
    NodeEvent.FALL_SILENT: Move(_REACHABLE, NodeState.OFFLINE),
    NodeEvent.SUSPEND: Move(_ACTIVE, NodeState.SUSPENDED),
    NodeEvent.DEREGISTER: Move(_ACTIVE | {NodeState.SUSPENDED}, NodeState.DEREGISTERED),
}

TERMINAL: Final = terminal_states(NodeState, MOVES)

BUSY: Final = "busy"
OFFLINE_AFTER_S: Final = 120
"""Silence after which a node counts as offline."""

MB_PER_GB: Final = 1024
_LEAST_MB: Final = 1024


def vram_mb(given: int) -> int:
    """VRAM in MB. Callers in the wild send GB as well: a value under 1024 is GB."""
    return given * MB_PER_GB if given < _LEAST_MB else given
