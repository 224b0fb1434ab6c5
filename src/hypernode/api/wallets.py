"""Routes of wallets: balances, where deposits go, withdrawals, statements."""

from typing import Any

from litestar import Controller, Request, Response, get, post

from hypernode.api.idempotency import once
from hypernode.api.jobs import Limit
from hypernode.api.services import Services
from hypernode.api.views import earning_view, next_cursor, parse_cursor, payout_view
from hypernode.chain.keys import is_wallet_address
from hypernode.coordinator.access import Caller
from hypernode.coordinator.demands import amount
from hypernode.domain.errors import BadField, InvalidRequest, NotFound
from hypernode.domain.money import DECIMALS, to_number
from hypernode.protocol import limits
from hypernode.protocol.wallets import (
    EarningList,
    Movement,
    PayoutList,
    Statement,
    Vault,
    WalletAnswer,
    WalletState,
    Withdraw,
    WithdrawAnswer,
)
from hypernode.protocol.wire import iso
from hypernode.store import ledger, payouts


class Wallets(Controller):
    """Money in the network."""

    path = "/api/wallets/{wallet:str}"
    tags = ["Wallets"]

    @get("/")
    async def one(self, services: Services, wallet: str) -> WalletAnswer:
        """What a wallet has, and where its deposits go."""
        _check(wallet)
        row = await ledger.wallet_state(services.database, wallet)
        vault = services.vault
        return WalletAnswer(
            wallet=WalletState(
                wallet_address=wallet,
                balance=to_number(row["balance"]),
                held=to_number(row["held"]),
                earned=to_number(row["earned"]),
                paying_out=to_number(row["paying_out"]),
            ),
            vault=Vault(
                address=vault.address,
                token_account=vault.token_account,
                mint=vault.mint.address,
                token_program=vault.mint.token_program,
                decimals=DECIMALS,
                genesis_hash=services.chain.genesis_hash,
                rpc_url=services.chain.localnet_rpc_url,
            ),
        )

    @post("/withdraw", status_code=201)
    async def withdraw(
        self, request: Request[Any, Any, Any], services: Services, caller: Caller, wallet: str, data: Withdraw
    ) -> Response[WithdrawAnswer]:
        """Send a part of the balance back to the wallet."""
        _check(wallet)
        owner = caller.acting_for(wallet, "wallet")
        units = amount(data.amount, "amount")
        if units == 0:
            raise InvalidRequest([BadField("amount", "more than 0")])

        async def make(payout_id: Any) -> tuple[int, WithdrawAnswer]:
            await services.payer.withdraw(payout_id, owner, units)
            row = await payouts.get(services.database, payout_id)
            assert row is not None
            return 201, WithdrawAnswer(message="Withdrawal under way", payout=payout_view(row))

        return await once(request, services.database, owner, make)

    @get("/payouts")
    async def payouts(
        self, services: Services, wallet: str, limit: Limit = limits.DEFAULT_LIST_LIMIT, cursor: str | None = None
    ) -> PayoutList:
        """Payments to a wallet, newest first."""
        _check(wallet)
        rows = await payouts.listed(services.database, wallet, parse_cursor(cursor), limit)
        views = [payout_view(row) for row in rows]
        return PayoutList(count=len(views), payouts=views, next_cursor=next_cursor(rows, limit, "payout_id"))

    @get("/earnings")
    async def earnings(
        self, services: Services, wallet: str, limit: Limit = limits.DEFAULT_LIST_LIMIT, cursor: str | None = None
    ) -> EarningList:
        """What the jobs of a wallet's nodes brought, newest first, each with the payout that pays it."""
        _check(wallet)
        rows = await ledger.earnings(services.database, wallet, _transfer(cursor), limit)
        views = [earning_view(row, services.units) for row in rows]
        return EarningList(count=len(views), earnings=views, next_cursor=next_cursor(rows, limit, "transfer_id"))

    @get("/statement")
    async def statement(
        self,
        services: Services,
        caller: Caller,
        wallet: str,
        limit: Limit = limits.DEFAULT_LIST_LIMIT,
        cursor: str | None = None,
    ) -> Statement:
        """Movements of a wallet's balance, newest first; its owner's alone."""
        _check(wallet)
        caller.acting_for(wallet, "wallet")
        rows = await ledger.statement(services.database, wallet, _transfer(cursor), limit)
        movements = [
            Movement(
                id=row["transfer_id"],
                kind=row["kind"],
                reference=row["reference"],
                amount=-to_number(-row["amount"]) if row["amount"] < 0 else to_number(row["amount"]),
                at=iso(row["at"]),
            )
            for row in rows
        ]
        return Statement(count=len(movements), movements=movements, next_cursor=next_cursor(rows, limit, "transfer_id"))


def _transfer(cursor: str | None) -> int | None:
    """The transfer after which a list goes on. Raises InvalidRequest."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise InvalidRequest([BadField("cursor", "a nextCursor from an earlier answer")])
    return int(cursor) if cursor else None


def _check(wallet: str) -> None:
    if not is_wallet_address(wallet):
        raise NotFound("Wallet")
