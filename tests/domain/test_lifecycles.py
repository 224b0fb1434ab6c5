"""The lifecycle tables: nothing gets stuck, nothing is out of reach, and what is over stays over."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from hypernode.domain import job, lease, node, payment
from hypernode.domain.lifecycle import Move, terminal_states

LIFECYCLES = {
    "job": (job.JobState, job.JobEvent, job.MOVES, {"pending", "queued"}, {"completed", "failed", "cancelled"}),
    "lease": (
        lease.LeaseState, lease.LeaseEvent, lease.MOVES, {"offered"}, {"succeeded", "failed", "expired", "revoked"},
    ),
    "node": (node.NodeState, node.NodeEvent, node.MOVES, {"online"}, {"deregistered"}),
    "hold": (payment.HoldState, payment.HoldEvent, payment.HOLD_MOVES, {"held"}, {"settled", "released"}),
    "transfer": (
        payment.TransferState, payment.TransferEvent, payment.TRANSFER_MOVES, {"signed"}, {"finalized", "failed"},
    ),
    "table": (payment.TableState, payment.TableEvent, payment.TABLE_MOVES, {"building"}, {"closed"}),
    "payout": (payment.PayoutState, payment.PayoutEvent, payment.PAYOUT_MOVES, {"due"}, {"finalized"}),
}  # fmt: skip

Moves = Mapping[Any, Move[Any]]
every_lifecycle = pytest.mark.parametrize(
    ("states", "events", "moves", "first", "last"), LIFECYCLES.values(), ids=LIFECYCLES.keys()
)


def reachable(start: set[Any], moves: Moves) -> set[Any]:
    """All states that some chain of events leads to."""
    found = set(start)
    while grown := {move.target for move in moves.values() if move.sources & found} - found:
        found |= grown
    return found


@every_lifecycle
def test_every_state_can_be_entered(
    states: type[StrEnum], events: type[StrEnum], moves: Moves, first: set[str], last: set[str]
):
    assert reachable(first, moves) == set(states)


@every_lifecycle
def test_every_state_has_a_way_to_an_end(
    states: type[StrEnum], events: type[StrEnum], moves: Moves, first: set[str], last: set[str]
):
    assert all(reachable({state}, moves) & last for state in states)


@every_lifecycle
def test_the_ends_are_the_intended_ones_and_final(
    states: type[StrEnum], events: type[StrEnum], moves: Moves, first: set[str], last: set[str]
):
    assert terminal_states(states, moves) == last
    assert all(not move.sources & last for move in moves.values())


@every_lifecycle
def test_every_event_has_its_row(
    states: type[StrEnum], events: type[StrEnum], moves: Moves, first: set[str], last: set[str]
):
    assert set(moves) == set(events)
    assert all(move.sources <= set(states) and move.target in states for move in moves.values())
    assert all(move.source_names == sorted(move.sources) for move in moves.values())
