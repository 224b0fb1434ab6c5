"""Balances, deposits and withdrawals over HTTP."""

from typing import Annotated

from hypernode.domain.job import TERMINAL
from hypernode.domain.payment import PayoutState
from hypernode.domain.receipt import Verdict
from hypernode.protocol.wire import Body, Hyper, HyperIn, Time, one_of


class Vault(Body):
    """Where a deposit goes: an ordinary SPL transfer to `tokenAccount`."""

    address: str
    token_account: str
    mint: str
    token_program: str
    decimals: int
    genesis_hash: str
    rpc_url: str | None  #: Only where it is the operator's own localnet.


class WalletState(Body):
    """What a wallet has in the network."""

    wallet_address: str
    balance: Hyper  #: Free to spend or withdraw.
    held: Hyper  #: Locked by live jobs.
    earned: Hyper  #: A provider's pay that no payout has gathered yet.
    paying_out: Hyper  #: On its way to the wallet.


class WalletAnswer(Body):
    """A wallet, and where its deposits go."""

    wallet: WalletState
    vault: Vault
    success: bool = True


class Withdraw(Body):
    """Send a part of the balance back to the wallet."""

    amount: HyperIn


class PayoutView(Body):
    """A payment to a wallet."""

    payout_id: str
    kind: Annotated[str, one_of(("earnings", "withdrawal", "network"))]
    wallet_address: str
    amount: Hyper
    status: Annotated[str, one_of(PayoutState)]
    tx_signature: str | None
    created_at: Time
    finalized_at: Time | None


class WithdrawAnswer(Body):
    """The withdrawal under way."""

    message: str
    payout: PayoutView
    success: bool = True


class PayoutList(Body):
    """Payments to a wallet, newest first."""

    count: int
    payouts: list[PayoutView]
    next_cursor: str | None
    success: bool = True


class Earning(Body):
    """What one job brought a provider."""

    job_id: str
    node_id: str
    job_type: str
    model: str
    status: Annotated[str, one_of(sorted(TERMINAL))]
    units: int
    unit: str
    price: Hyper  #: HYPER per hour that the node asked when it got the job.
    unit_price: Hyper | None  #: What it asked for the job type's unit of price instead.
    cost: Hyper  #: What the customer paid.
    amount: Hyper  #: The provider's part of it.
    verdict: Annotated[str, one_of(Verdict)]
    audit_of: str | None  #: The job whose result this one checked.
    earned_at: Time
    payout: PayoutView | None  #: Null: no payout has gathered it yet.


class EarningList(Body):
    """Paid jobs of a wallet's nodes, newest first."""

    count: int
    earnings: list[Earning]
    next_cursor: str | None
    success: bool = True


class Movement(Body):
    """A line of a wallet's statement."""

    id: int
    kind: str
    reference: str
    amount: Hyper  #: Negative where it left the balance.
    at: Time


class Statement(Body):
    """Movements of a wallet's balance, newest first."""

    count: int
    movements: list[Movement]
    next_cursor: str | None
    success: bool = True
