"""Sends stored chain transactions until their fate is certain: the same bytes, again and again."""

import asyncio
import json
from typing import Final, Protocol

import structlog

from hypernode.chain.rpc import MAX_STATUSES, Rpc, RpcError
from hypernode.chain.transactions import Fate, Outcome, fates
from hypernode.coordinator.vault import Failpoint
from hypernode.domain.payment import TransferEvent, TransferState
from hypernode.store import payouts
from hypernode.store.database import Connection, Database, Row

log: Final = structlog.get_logger(__name__)

SENDERS: Final = 16
"""Chain transactions that are handed over at once."""


class Purpose(Protocol):
    """What a kind of chain transaction is for."""

    name: str

    async def finalized(self, connection: Connection, signature: str) -> None:
        """It is on the chain for good; part of the commit that notes it."""
        ...

    async def failed(self, connection: Connection, signature: str) -> None:
        """It had no effect and never will; part of the commit that notes it."""
        ...


class Broadcaster:
    """Follows our chain transactions of one purpose. Several coordinators may follow the same ones."""

    def __init__(self, database: Database, rpc: Rpc, purpose: Purpose, reached: Failpoint) -> None:
        self._database = database
        self._rpc = rpc
        self._purpose = purpose
        self._reached = reached

    async def follow(self) -> None:
        """One look at all that are open."""
        rows = await payouts.open_transactions(self._database, self._purpose.name, MAX_STATUSES)
        if not rows:
            return
        found = await fates(self._rpc, [(row["signature"], row["last_valid_block_height"]) for row in rows])
        unsent: list[Row] = []
        for row, fate in zip(rows, found, strict=True):
            if fate.outcome is not Outcome.UNKNOWN:
                await self._end(row["signature"], fate)
            elif fate.slot is None:  # One that has landed is sent again only if the chain forgets it.
                unsent.append(row)
        for start in range(0, len(unsent), SENDERS):
            await asyncio.gather(*(self._send(row) for row in unsent[start : start + SENDERS]))

    async def _end(self, signature: str, fate: Fate) -> None:
        self._reached(f"{self._purpose.name}.confirmed")
        if fate.outcome is Outcome.FINALIZED_OK:
            await self._note(signature, TransferEvent.FINALIZE, fate.slot, None)
        else:
            error = "expired" if fate.outcome is Outcome.EXPIRED else json.dumps(fate.error)
            log.warning("chain_transaction_failed", signature=signature, error=error)
            await self._note(signature, TransferEvent.FAIL, fate.slot, error)

    async def _send(self, row: Row) -> None:
        try:
            await self._rpc.send(row["bytes"])
        except RpcError as error:
            # It may have been taken all the same (a time-out), or have landed before: the next look tells.
            log.info("chain_transaction_not_sent", signature=row["signature"], error=str(error))
            return
        self._reached(f"{self._purpose.name}.sent")
        if row["state"] == TransferState.SENT:
            return
        async with self._database.transaction() as connection:
            await payouts.move_transaction(connection, row["signature"], TransferEvent.SEND)

    async def _note(self, signature: str, event: TransferEvent, slot: int | None, error: str | None) -> None:
        async with self._database.transaction() as connection:
            if not await payouts.move_transaction(connection, signature, event, slot, error):
                return
            if event is TransferEvent.FINALIZE:
                await self._purpose.finalized(connection, signature)
            else:
                await self._purpose.failed(connection, signature)
