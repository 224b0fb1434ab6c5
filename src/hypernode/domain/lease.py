"""A lease's lifecycle: one attempt of a job on one node, fenced by its number."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hypernode.domain.lifecycle import Move, terminal_states


class LeaseState(StrEnum):
    """Where an attempt stands."""

    OFFERED = "offered"  #: Sent to the node; no answer yet.
    RUNNING = "running"  #: Accepted; heartbeats renew it.
    REPORTED = "reported"  #: The node is done; its result is being checked.
    SUCCEEDED = "succeeded"  #: Its result was accepted.
    FAILED = "failed"  #: The node reported an error or declined.
    EXPIRED = "expired"  #: The node was silent for the lease's time.
    REVOKED = "revoked"  #: The customer stopped the job.


class LeaseEvent(StrEnum):
    """What can happen to an attempt."""

    ACCEPT = "accept"  #: The node took the offer.
    RENEW = "renew"  #: The node showed that it is alive.
    REPORT = "report"  #: The node reported a result that is checked before it is accepted.
    SUCCEED = "succeed"  #: The node reported a result and it was accepted.
    FAIL = "fail"  #: The node reported an error, or declined, or its result failed the check.
    EXPIRE = "expire"  #: Its deadline passed.
    REVOKE = "revoke"  #: The customer stopped the job.


_OFFERED: Final = frozenset({LeaseState.OFFERED})
LIVE: Final = frozenset({LeaseState.OFFERED, LeaseState.RUNNING})
"""The node is at work."""
OPEN: Final = LIVE | {LeaseState.REPORTED}
"""The attempt is not over."""

MOVES: Final[Mapping[LeaseEvent, Move[LeaseState]]] = {
    LeaseEvent.ACCEPT: Move(_OFFERED, LeaseState.RUNNING),
    LeaseEvent.RENEW: Move(frozenset({LeaseState.RUNNING}), LeaseState.RUNNING),
    LeaseEvent.REPORT: Move(LIVE, LeaseState.REPORTED),
    LeaseEvent.SUCCEED: Move(OPEN, LeaseState.SUCCEEDED),
    LeaseEvent.FAIL: Move(OPEN, LeaseState.FAILED),
    LeaseEvent.EXPIRE: Move(LIVE, LeaseState.EXPIRED),
    LeaseEvent.REVOKE: Move(LIVE, LeaseState.REVOKED),
}

TERMINAL: Final = terminal_states(LeaseState, MOVES)
