"""The numbers an operator may choose, with defaults that suit a network of strangers."""

from dataclasses import dataclass

from hypernode.domain.assurance import AUDIT_SHARE
from hypernode.domain.job import MAX_ATTEMPTS
from hypernode.domain.money import UNITS_PER_HYPER, Amount
from hypernode.domain.node import OFFLINE_AFTER_S
from hypernode.domain.payment import PROVIDER_SHARE_BP

_MILLIHYPER = Amount(UNITS_PER_HYPER // 1000)


@dataclass(frozen=True, slots=True)
class Policy:
    """How long things may take, and who gets what."""

    lease_ttl_s: int = 30  #: Silence after which a node with a socket loses its jobs.
    poll_lease_ttl_s: int = 150  #: The same for nodes that only send the contract's heartbeat, one a minute.
    overtime_s: float = 60.0  #: A node that beats on this long after the job's time loses it all the same.
    max_attempts: int = MAX_ATTEMPTS
    offline_after_s: float = OFFLINE_AFTER_S
    provider_share_bp: int = PROVIDER_SHARE_BP
    least_payout: Amount = _MILLIHYPER  #: Smaller earnings wait for more.
    treasury_wallet: str | None = None  #: Where the network's part is paid out; None: it stays in the ledger.
    payout_every_s: float = 10.0
    payout_cap: Amount | None = None  #: The most that may leave in a day; None: no cap.
    anchor_at: int = 1_000  #: Receipts that are anchored at once,
    anchor_every_s: float = 60.0  #: or as soon as one has waited this long.
    chain_poll_s: float = 2.0  #: How often the chain is asked for news.
    rescue_every_s: float = 1.0
    beat_flush_s: float = 2.0
    keep_events_days: int = 30
    auditors: frozenset[str] = frozenset()  #: Wallets whose nodes' word on a result is enough: the operator's.
    audit_share: float = AUDIT_SHARE  #: Of a known node's results.
    audit_patience_s: float = 120.0  #: A result that no node has begun to check by then is accepted unverified.

    @property
    def beat_every_s(self) -> float:
        """How often a node with a socket should beat: three chances within a lease's time."""
        return self.lease_ttl_s / 3
