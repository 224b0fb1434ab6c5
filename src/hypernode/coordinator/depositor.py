"""Credits deposits: reads the vault's finalized history from where it stopped, and misses nothing."""

from typing import Final

import structlog

from hypernode.chain.deposits import deposits_in, new_signatures
from hypernode.chain.rpc import Rpc
from hypernode.coordinator.funder import Funder
from hypernode.coordinator.vault import Vault
from hypernode.domain.money import Amount
from hypernode.store import ledger
from hypernode.store.database import Database

log: Final = structlog.get_logger(__name__)

MAX_TOGETHER: Final = 100


class Depositor:
    """The way of HYPER into the network. Every coordinator runs one; a deposit's name is credited once."""

    def __init__(self, database: Database, rpc: Rpc, vault: Vault, funder: Funder) -> None:
        self._database = database
        self._rpc = rpc
        self._vault = vault
        self._funder = funder

    async def watch(self) -> None:
        """Credit what has come since the last look."""
        account, mint = self._vault.token_account, self._vault.mint.address
        until, until_slot = await ledger.deposit_cursor(self._database, account)
        found = await new_signatures(self._rpc, account, until, until_slot)
        for start in range(0, len(found), MAX_TOGETHER):
            page = found[start : start + MAX_TOGETHER]
            seen: list[tuple[str, int, str, Amount, int]] = []
            for info in page:
                if info.err is None:
                    transaction = await self._rpc.transaction(info.signature)
                    if transaction is None:
                        raise TransactionMissing(info.signature)
                    seen += [
                        (d.signature, d.index, d.wallet, Amount(d.amount), d.slot)
                        for d in deposits_in(transaction, account, mint)
                        if d.amount > 0
                    ]
            async with self._database.transaction() as connection:
                wallets = await ledger.credit_deposits(connection, seen)
                await ledger.move_deposit_cursor(connection, account, page[-1].signature, page[-1].slot)
            for deposit in seen:
                log.info("deposit_credited", wallet=deposit[2], amount=deposit[3], signature=deposit[0])
            self._funder.wake(wallets)


class TransactionMissing(Exception):
    """The RPC lists a chain transaction that it does not give: it is behind, or has pruned it. Nothing is skipped."""
