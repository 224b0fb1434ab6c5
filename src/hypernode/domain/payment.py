"""Money's lifecycles: a job's hold, a payout, its batch and lookup table; the split of what a job cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hypernode.domain.lifecycle import Move, terminal_states
from hypernode.domain.money import Amount


class HoldState(StrEnum):
    """Where a locked budget stands."""

    HELD = "held"  #: Locked in escrow.
    SETTLED = "settled"  #: Split between provider, network and customer.
    RELEASED = "released"  #: Returned whole to the customer.


class HoldEvent(StrEnum):
    """The two ends of a hold."""

    SETTLE = "settle"  #: A result was accepted, or a stopped job is paid for what was done.
    RELEASE = "release"  #: The job ended unpaid.


_HELD: Final = frozenset({HoldState.HELD})

HOLD_MOVES: Final[Mapping[HoldEvent, Move[HoldState]]] = {
    HoldEvent.SETTLE: Move(_HELD, HoldState.SETTLED),
    HoldEvent.RELEASE: Move(_HELD, HoldState.RELEASED),
}


class TransferState(StrEnum):
    """Where a chain transaction of ours (a batch of payouts, an anchor) stands."""

    SIGNED = "signed"  #: Its bytes are stored; it may or may not have been sent.
    SENT = "sent"  #: An RPC took it at least once.
    FINALIZED = "finalized"  #: The chain will not forget it, and it did what it says.
    FAILED = "failed"  #: It landed with an error, or its blockhash expired before it landed.


class TransferEvent(StrEnum):
    """What can happen to a chain transaction of ours."""

    SEND = "send"  #: Handed to an RPC.
    FINALIZE = "finalize"  #: Seen finalized without error.
    FAIL = "fail"  #: Seen finalized with an error, or expired.


_OPEN: Final = frozenset({TransferState.SIGNED, TransferState.SENT})

TRANSFER_MOVES: Final[Mapping[TransferEvent, Move[TransferState]]] = {
    TransferEvent.SEND: Move(frozenset({TransferState.SIGNED}), TransferState.SENT),
    TransferEvent.FINALIZE: Move(_OPEN, TransferState.FINALIZED),
    TransferEvent.FAIL: Move(_OPEN, TransferState.FAILED),
}


class PayoutState(StrEnum):
    """Where a payment to a wallet stands."""

    DUE = "due"  #: Owed; in no batch.
    BATCHED = "batched"  #: Part of a signed batch.
    FINALIZED = "finalized"  #: On the chain for good.


class PayoutEvent(StrEnum):
    """What can happen to a payout."""

    BATCH = "batch"  #: Put into a signed batch.
    FINALIZE = "finalize"  #: Its batch is final.
    RETURN = "return"  #: Its batch failed; it is owed again.


PAYOUT_MOVES: Final[Mapping[PayoutEvent, Move[PayoutState]]] = {
    PayoutEvent.BATCH: Move(frozenset({PayoutState.DUE}), PayoutState.BATCHED),
    PayoutEvent.FINALIZE: Move(frozenset({PayoutState.BATCHED}), PayoutState.FINALIZED),
    PayoutEvent.RETURN: Move(frozenset({PayoutState.BATCHED}), PayoutState.DUE),
}


class TableState(StrEnum):
    """Where an address lookup table of payees stands."""

    BUILDING = "building"  #: Its chain transaction is signed.
    OPEN = "open"  #: Payouts use it; it may grow.
    RETIRED = "retired"  #: No payout uses it any more; it is deactivated, and closed when the chain allows that.
    CLOSED = "closed"  #: It is gone, and its rent is back; or it never came to be.


class TableEvent(StrEnum):
    """What can happen to a lookup table."""

    OPEN = "open"  #: It is on the chain for good.
    FAIL = "fail"  #: Its chain transaction failed or expired.
    RETIRE = "retire"  #: No payout has used it for long.
    CLOSE = "close"  #: The chain has it no more.


TABLE_MOVES: Final[Mapping[TableEvent, Move[TableState]]] = {
    TableEvent.OPEN: Move(frozenset({TableState.BUILDING}), TableState.OPEN),
    TableEvent.FAIL: Move(frozenset({TableState.BUILDING}), TableState.CLOSED),
    TableEvent.RETIRE: Move(frozenset({TableState.OPEN}), TableState.RETIRED),
    TableEvent.CLOSE: Move(frozenset({TableState.RETIRED}), TableState.CLOSED),
}

HOLD_TERMINAL: Final = terminal_states(HoldState, HOLD_MOVES)
TRANSFER_TERMINAL: Final = terminal_states(TransferState, TRANSFER_MOVES)
PAYOUT_TERMINAL: Final = terminal_states(PayoutState, PAYOUT_MOVES)
TABLE_TERMINAL: Final = terminal_states(TableState, TABLE_MOVES)

BASIS_POINTS: Final = 10_000
PROVIDER_SHARE_BP: Final = 9_000
"""The provider's default part of a job's cost, in basis points: 90 %."""


@dataclass(frozen=True, slots=True)
class Split:
    """What becomes of a hold; the three parts add up to it exactly."""

    provider: Amount
    network: Amount
    refund: Amount

    @property
    def cost(self) -> Amount:
        """What the customer pays."""
        return Amount(self.provider + self.network)


def split(held: Amount, cost: Amount, provider_share_bp: int) -> Split:
    """Divide a hold. A cost above the hold is cut to it; the indivisible rest of the cost is the network's."""
    if not 0 <= provider_share_bp <= BASIS_POINTS:
        raise ValueError(f"a share is 0 to {BASIS_POINTS} basis points, got {provider_share_bp}")
    payable = min(held, cost)
    provider = payable * provider_share_bp // BASIS_POINTS
    return Split(Amount(provider), Amount(payable - provider), Amount(held - payable))
