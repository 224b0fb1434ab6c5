"""Payouts and our chain transactions: their bytes are stored before they are sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hypernode.domain.money import Amount
from hypernode.domain.payment import (
    PAYOUT_MOVES,
    TRANSFER_MOVES,
    PayoutEvent,
    TransferEvent,
)
from hypernode.store.database import LAST_ID, Connection, Database, Row, statements

SQL: Final = statements("payouts")
_GATHER_HOLDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Earning:
    """A payout to be made, and the jobs whose parts it pays."""

    payout_id: UUID
    wallet: str
    amount: Amount
    jobs: Sequence[UUID]


async def gather_earnings(connection: Connection, least: Amount) -> list[Row]:
    """Providers (provider, amount, jobs) whose unpaid parts reach the least amount, locked."""
    return await connection.fetch(SQL["gather_earnings"], least, _GATHER_HOLDS)


async def insert_earnings(connection: Connection, earnings: Sequence[Earning]) -> None:
    """Owe providers what they earned."""
    ids, wallets = [each.payout_id for each in earnings], [each.wallet for each in earnings]
    await connection.execute(SQL["insert_earnings"], ids, wallets, [each.amount for each in earnings])
    jobs = [job_id for each in earnings for job_id in each.jobs]
    paid_by = [each.payout_id for each in earnings for _ in each.jobs]
    await connection.execute(SQL["assign_earnings"], jobs, paid_by)


async def insert(connection: Connection, payout_id: UUID, kind: str, wallet: str, amount: Amount) -> bool:
    """Owe an amount to a wallet; False if this payout exists already."""
    return await connection.fetchval(SQL["insert_payout"], payout_id, kind, wallet, amount) is not None


async def due(database: Database, limit: int) -> list[Row]:
    """What may leave now (payout_id, wallet, amount, returns); those that came back last."""
    return await database.fetch(SQL["due_payouts"], limit)


async def batch(connection: Connection, payout_ids: Sequence[UUID], signature: str) -> bool:
    """Put payouts into a signed chain transaction; False if another coordinator has taken some of them."""
    move = PAYOUT_MOVES[PayoutEvent.BATCH]
    rows = await connection.fetch(SQL["batch_payouts"], payout_ids, signature, move.target, move.source_names)
    return len(rows) == len(payout_ids)


async def store_transaction(
    connection: Connection, signature: str, purpose: str, signed: bytes, last_valid_block_height: int
) -> None:
    """Store a signed chain transaction."""
    await connection.execute(SQL["store_transaction"], signature, purpose, signed, last_valid_block_height)


async def open_transactions(database: Database, purpose: str, limit: int) -> list[Row]:
    """Our chain transactions whose fate is not known, oldest first."""
    return await database.fetch(SQL["open_transactions"], purpose, limit)


async def move_transaction(
    connection: Connection, signature: str, event: TransferEvent, slot: int | None = None, error: str | None = None
) -> bool:
    """Note what happened to one of our chain transactions; False if it was noted before."""
    move = TRANSFER_MOVES[event]
    moved = await connection.fetchval(SQL["move_transaction"], signature, move.target, move.source_names, slot, error)
    return moved is not None


async def finalize(connection: Connection, signature: str) -> list[Row]:
    """The payouts of a batch are on the chain for good; returns them."""
    move = PAYOUT_MOVES[PayoutEvent.FINALIZE]
    return await connection.fetch(SQL["finalize_payouts"], signature, move.target, move.source_names)


async def give_back(connection: Connection, signature: str) -> None:
    """The batch failed: its payouts are owed again."""
    move = PAYOUT_MOVES[PayoutEvent.RETURN]
    await connection.execute(SQL["return_payouts"], signature, move.target, move.source_names)


async def get(database: Database, payout_id: UUID) -> Row | None:
    """One payout."""
    return await database.row(SQL["payout"], payout_id)


async def listed(database: Database, wallet: str, before: UUID | None, limit: int) -> list[Row]:
    """A wallet's payouts, newest first."""
    return await database.fetch(SQL["list_payouts"], wallet, before or LAST_ID, limit)


async def jobs_of(connection: Connection, payout_ids: Sequence[UUID]) -> list[Row]:
    """The jobs (job_id, wallet, payout_id) that payouts pay for."""
    return await connection.fetch(SQL["jobs_of_payouts"], payout_ids)


async def left_since(database: Database, seconds: float) -> Amount:
    """What went out in payouts lately, or is going out now."""
    return await database.value(SQL["spent_since"], seconds)
