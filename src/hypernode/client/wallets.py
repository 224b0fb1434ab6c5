"""The API's routes of money as methods."""

from uuid import uuid4

from hypernode.client.call import Call, Page, lists, reads, segment, whole
from hypernode.client.conversation import Caller
from hypernode.client.routes import listing, route
from hypernode.protocol.limits import DEFAULT_LIST_LIMIT
from hypernode.protocol.wallets import (
    Earning,
    EarningList,
    Movement,
    PayoutList,
    PayoutView,
    Statement,
    WalletAnswer,
    Withdraw,
    WithdrawAnswer,
)
from hypernode.protocol.wire import HyperIn


class WalletRoutes(Caller):
    """A wallet's balance and its movements; by default this client's wallet."""

    @route
    def wallet(self, address: str | None = None) -> Call[WalletAnswer]:
        """A wallet's balance, and the vault where deposits go."""
        return Call("GET", f"/api/wallets/{segment(address or self.address)}", reads(WalletAnswer, whole))

    @route
    def withdraw(self, amount: HyperIn, *, idempotency_key: str | None = None) -> Call[PayoutView]:
        """Send HYPER from the balance to the wallet. Repeated safely, as `submit_job`."""
        return Call(
            "POST",
            f"/api/wallets/{segment(self.address)}/withdraw",
            reads(WithdrawAnswer, lambda answer: answer.payout),
            body=Withdraw(amount=amount),
            idempotency_key=idempotency_key or uuid4().hex,
        )

    @listing
    def payouts(self, address: str | None = None, *, page_size: int = DEFAULT_LIST_LIMIT) -> Call[Page[PayoutView]]:
        """Payments on the chain to a wallet, newest first."""
        path = f"/api/wallets/{segment(address or self.address)}/payouts"
        return Call("GET", path, lists(PayoutList, lambda answer: answer.payouts), params={"limit": page_size})

    @listing
    def earnings(self, address: str | None = None, *, page_size: int = DEFAULT_LIST_LIMIT) -> Call[Page[Earning]]:
        """What the jobs of a wallet's nodes brought, newest first."""
        path = f"/api/wallets/{segment(address or self.address)}/earnings"
        return Call("GET", path, lists(EarningList, lambda answer: answer.earnings), params={"limit": page_size})

    @listing
    def statement(self, address: str | None = None, *, page_size: int = DEFAULT_LIST_LIMIT) -> Call[Page[Movement]]:
        """Movements of a wallet's balance, newest first."""
        path = f"/api/wallets/{segment(address or self.address)}/statement"
        return Call("GET", path, lists(Statement, lambda answer: answer.movements), params={"limit": page_size})
