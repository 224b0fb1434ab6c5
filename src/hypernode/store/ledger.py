"""The double-entry ledger: every movement of money is one transfer between two accounts.

Accounts: `customer:WALLET` (free to spend), `provider:WALLET` (earned, in no payout), `treasury` (the network's part),
`escrow` (live holds), `outgoing` (payouts on their way), `chain` (what came in less what went out, negative).
All balances together are always zero.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hypernode.domain.money import Amount
from hypernode.domain.payment import HOLD_MOVES, HoldEvent, HoldState, Split
from hypernode.store.database import Connection, Database, Row, statements

SQL: Final = statements("ledger")

TREASURY: Final = "treasury"
ESCROW: Final = "escrow"
OUTGOING: Final = "outgoing"
CHAIN: Final = "chain"
NEWEST: Final = 2**63 - 1
"""A transfer's number that no transfer has."""


def customer(wallet: str) -> str:
    """The account of what a wallet may spend."""
    return f"customer:{wallet}"


def provider(wallet: str) -> str:
    """The account of what a wallet earned and no payout has gathered."""
    return f"provider:{wallet}"


@dataclass(frozen=True, slots=True)
class Transfer:
    """A movement of money. `(reference, kind)` is unique for ever, so none can be made twice."""

    kind: str
    reference: str
    debit: str
    credit: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job's hold ends: split between the parties, or returned whole (`provider` None)."""

    job_id: UUID
    provider: str | None
    split: Split
    key_id: UUID | None = None


async def lock(connection: Connection, accounts: Iterable[str]) -> dict[str, Amount]:
    """The balances of accounts, which nobody else changes until the transaction ends."""
    names = sorted(set(accounts))
    await connection.execute(SQL["open_accounts"], names)
    return {row["account"]: row["balance"] for row in await connection.fetch(SQL["lock_accounts"], names)}


async def post(connection: Connection, transfers: Sequence[Transfer]) -> None:
    """Make transfers. Raises CheckViolation if a balance would fall below zero, UniqueViolation for a repeated one."""
    if not transfers:
        return
    deltas: defaultdict[str, int] = defaultdict(int)
    for transfer in transfers:
        deltas[transfer.debit] -= transfer.amount
        deltas[transfer.credit] += transfer.amount
    await lock(connection, deltas)
    await connection.execute(
        SQL["post_transfers"],
        [t.kind for t in transfers],
        [t.reference for t in transfers],
        [t.debit for t in transfers],
        [t.credit for t in transfers],
        [t.amount for t in transfers],
    )
    await connection.execute(SQL["move_balances"], list(deltas), list(deltas.values()))


async def hold(connection: Connection, budgets: Sequence[tuple[UUID, str, Amount]]) -> None:
    """Lock budgets (job, wallet, amount > 0) in escrow."""
    if not budgets:
        return
    await connection.execute(SQL["insert_holds"], *(list(column) for column in zip(*budgets, strict=True)))
    await post(
        connection,
        [Transfer("hold", str(job), customer(wallet), ESCROW, amount) for job, wallet, amount in budgets],
    )


async def end_holds(connection: Connection, endings: Sequence[Ending]) -> list[Row]:
    """Settle or release holds that are still held; jobs without a hold are passed over. Returns the ended holds."""
    rows = await connection.fetch(
        SQL["end_holds"],
        [ending.job_id for ending in endings],
        [HOLD_MOVES[HoldEvent.SETTLE if e.provider else HoldEvent.RELEASE].target for e in endings],
        [ending.provider for ending in endings],
        [ending.split.provider for ending in endings],
        [ending.split.network for ending in endings],
        [HoldState.HELD],
    )
    refunds = {row["job_id"]: row["refund"] for row in rows}
    returned = [(e.key_id, -refunds[e.job_id]) for e in endings if e.key_id and refunds.get(e.job_id)]
    await spend(connection, returned)  # Keys before accounts, as at intake: no deadlock.
    await post(connection, [transfer for row in rows for transfer in _parts(row)])
    return rows


async def spend(connection: Connection, amounts: Sequence[tuple[UUID, int]]) -> None:
    """Count what the jobs of API keys hold; negative for what came back."""
    totals: defaultdict[UUID, int] = defaultdict(int)
    for key_id, amount in amounts:
        totals[key_id] += amount
    if totals:
        await connection.execute(SQL["spend_keys"], list(totals), list(totals.values()))


async def lock_keys(connection: Connection, keys: Iterable[UUID]) -> dict[UUID, Amount]:
    """What API keys with a spending limit may still hold; nobody else spends until the transaction ends."""
    rows = await connection.fetch(SQL["lock_keys"], sorted(set(keys)))
    return {
        row["key_id"]: Amount(row["spending_limit"] - row["spent"]) for row in rows if row["spending_limit"] is not None
    }


async def balances(database: Database, accounts: Sequence[str]) -> dict[str, Amount]:
    """What accounts hold now; nothing stops them from changing."""
    rows = await database.fetch(SQL["balances"], list(accounts))
    return {row["account"]: row["balance"] for row in rows}


async def fund_audit(connection: Connection, audit_id: UUID, wallet: str, budget: Amount) -> None:
    """Let the treasury give the network's own wallet what it lacks for an audit."""
    account = customer(wallet)
    held = await lock(connection, [account, TREASURY])
    if (lack := budget - held[account]) > 0:
        await post(connection, [Transfer("audit", str(audit_id), TREASURY, account, Amount(lack))])


async def wallet_state(database: Database, wallet: str) -> Row:
    """Balance, earned, held and paying_out of a wallet, in base units."""
    row = await database.row(SQL["wallet_state"], wallet)
    assert row is not None
    return row


async def statement(database: Database, wallet: str, before: int | None, limit: int) -> list[Row]:
    """Movements of a wallet's balance, newest first."""
    return await database.fetch(SQL["statement"], customer(wallet), before or NEWEST, limit)


async def earnings(database: Database, wallet: str, before: int | None, limit: int) -> list[Row]:
    """What a provider's jobs brought it, newest first; the columns of the payout are None while there is none."""
    return await database.fetch(SQL["earnings"], provider(wallet), before or NEWEST, limit)


async def faults(database: Database) -> list[str]:
    """What is wrong with the books: nothing, or the system has a defect."""
    found = [f"{row['account']}: {row['balance']} != {row['flowed']}" for row in await database.fetch(SQL["imbalance"])]
    if gap := await database.value(SQL["escrow_gap"]):
        found.append(f"escrow: live holds exceed it by {gap}")
    return found


async def deposit_cursor(database: Database, vault: str) -> tuple[str | None, int]:
    """The last chain transaction (signature, slot) of the vault's history that was read."""
    row = await database.row(SQL["deposit_cursor"], vault)
    return (None, 0) if row is None else (row["signature"], row["slot"])


async def move_deposit_cursor(connection: Connection, vault: str, signature: str, slot: int) -> None:
    """The vault's history was read up to here."""
    await connection.execute(SQL["move_deposit_cursor"], vault, signature, slot)


async def credit_deposits(connection: Connection, seen: Sequence[tuple[str, int, str, Amount, int]]) -> set[str]:
    """Credit deposits (signature, position, wallet, amount, slot) that were not credited before; returns the
    wallets.
    """
    if not seen:
        return set()
    rows = await connection.fetch(SQL["insert_deposits"], *(list(column) for column in zip(*seen, strict=True)))
    await post(
        connection,
        [
            Transfer("deposit", f"{r['signature']}:{r['position']}", CHAIN, customer(r["wallet"]), r["amount"])
            for r in rows
        ],
    )
    return {row["wallet"] for row in rows}


def _parts(row: Row) -> list[Transfer]:
    reference = str(row["job_id"])
    parts = (
        ("provider_part", provider(row["provider"] or ""), row["provider_part"]),
        ("network_part", TREASURY, row["network_part"]),
        ("refund", customer(row["wallet"]), row["refund"]),
    )
    return [Transfer(kind, reference, ESCROW, account, Amount(amount)) for kind, account, amount in parts if amount]
