"""The chain itself: what executes, what is stored, what a commitment level shows."""

import json
import struct
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from solders.account import Account
from solders.clock import Clock
from solders.hash import Hash
from solders.instruction import CompiledInstruction
from solders.litesvm import LiteSVM
from solders.message import MessageAddressTableLookup, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import (
    FailedTransactionMetadata,
    InnerInstruction,
    SimulatedTransactionInfo,
    TransactionMetadata,
)

from hypernode.chain import base58, tokens
from hypernode.chain.localnet.archive import Archive, Landed
from hypernode.chain.localnet.clock import FIRST_SLOT, SlotClock
from hypernode.chain.rpc import Commitment

SLOT_HASHES: Final = 512
SABOTAGE_CODE: Final = 0xFA017
"""The custom program error of a chain transaction that the fault lever made fail."""
_LOOKUP_TABLE_HEADER: Final = 56
"""Bytes before the addresses in an address lookup table."""
_AMOUNT, _MINT_DECIMALS = 64, 44


@dataclass(frozen=True, slots=True)
class Keys:
    """The accounts that a chain transaction names, in the order its indexes mean."""

    static: Sequence[Pubkey]
    loaded_writable: Sequence[Pubkey]
    loaded_readonly: Sequence[Pubkey]
    writable: frozenset[Pubkey]

    @property
    def all(self) -> list[Pubkey]:
        """Static ones first, then those that lookup tables gave."""
        return [*self.static, *self.loaded_writable, *self.loaded_readonly]


@dataclass(frozen=True, slots=True)
class Result:
    """What an execution gave: the runtime's error and its account of the run. No `run`: it never got into a block."""

    err: Any
    run: TransactionMetadata | None

    @property
    def logs(self) -> list[str]:
        """What the programs said."""
        return list(self.run.logs()) if self.run else []

    @property
    def units(self) -> int:
        """Compute units used."""
        return self.run.compute_units_consumed() if self.run else 0


class Ledger:
    """LiteSVM executes; the archive remembers; the clock says what is final. For one thread only."""

    def __init__(self, archive: Archive, clock: SlotClock) -> None:
        self.archive = archive
        self.clock = clock
        # Age of blockhashes and repetition are checked here, against the archive: they must hold over restarts.
        self.svm = LiteSVM().with_blockhash_check(False).with_transaction_history(0)
        for address, account in archive.newest_accounts():
            self.svm.set_account(address, account)

    def _sync(self) -> int:
        """Bring the virtual machine's sysvars to the present; returns the slot."""
        slot, before = self.clock.slot(), self.svm.get_clock()
        if before.slot != slot:
            epoch = before.epoch
            self.svm.set_clock(Clock(slot, before.epoch_start_timestamp, epoch, epoch + 1, int(time.time())))
            recent = range(self.clock.height() - 1, max(-1, self.clock.height() - SLOT_HASHES), -1)
            hashes = [(FIRST_SLOT + height, Hash(self.clock.blockhash(height))) for height in recent]
            self.svm.set_slot_hashes(hashes)
        return slot

    def account(self, address: Pubkey, commitment: Commitment = "processed") -> Account | None:
        """The account as of a commitment."""
        if self.archive.knows(address):
            return self.archive.account_at(address, self.clock.slot(commitment))
        self._sync()
        account = self.svm.get_account(address)
        return account if account is not None and account.lamports else None

    def keys(self, transaction: VersionedTransaction) -> Keys:
        """The accounts that a chain transaction names. A lookup table that is not there gives none."""
        message = transaction.message
        static = list(message.account_keys)
        header, signers = message.header, message.header.num_required_signatures
        last_writable = len(static) - header.num_readonly_unsigned_accounts
        writable = {*static[: signers - header.num_readonly_signed_accounts], *static[signers:last_writable]}
        loaded: tuple[list[Pubkey], list[Pubkey]] = ([], [])
        for lookup in lookups(transaction):
            table = self.svm.get_account(lookup.account_key)
            data = bytes(table.data)[_LOOKUP_TABLE_HEADER:] if table else b""
            entries = [Pubkey(data[at : at + 32]) for at in range(0, len(data) - 31, 32)]
            for found, indexes in zip(loaded, (lookup.writable_indexes, lookup.readonly_indexes), strict=True):
                found.extend(entries[index] for index in indexes if index < len(entries))
        return Keys(static, *loaded, frozenset(writable.union(loaded[0])))

    def simulate(
        self,
        transaction: VersionedTransaction,
        commitment: Commitment,
        *,
        check_signatures: bool,
        check_age: bool = True,
    ) -> Result:
        """Run without effect on the state as of a commitment, as a node's preflight does."""
        signature = str(transaction.signatures[0])
        if check_age and not self.clock.accepts(bytes(transaction.message.recent_blockhash), commitment):
            return Result("BlockhashNotFound", None)
        earlier = self.archive.find(signature)
        if check_age and earlier is not None and earlier.slot <= self.clock.slot(commitment):
            return Result("AlreadyProcessed", None)
        self._sync()
        with self._as_of(commitment, self.keys(transaction).all):
            self.svm.with_sigverify(check_signatures)
            try:
                return _result(self.svm.simulate_transaction(transaction))
            finally:
                self.svm.with_sigverify(True)

    @contextmanager
    def _as_of(self, commitment: Commitment, keys: Sequence[Pubkey]) -> Generator[None]:
        slot = self.clock.slot(commitment)
        newer = [key for key in keys if self.archive.changed_since(key, slot)]
        present = {key: self.svm.get_account(key) for key in newer}
        for key in newer:
            self._put(key, self.archive.account_at(key, slot))
        try:
            yield
        finally:
            for key, account in present.items():
                self._put(key, account)

    def _put(self, key: Pubkey, account: Account | None) -> None:
        self.svm.set_account(key, account or Account(0, b"", Pubkey.default()))

    def land(self, transaction: VersionedTransaction, *, sabotage: bool = False) -> Landed | None:
        """Execute for good; None where no block would take it. With sabotage it lands, costs its fee, and fails."""
        if not self.clock.accepts(bytes(transaction.message.recent_blockhash)):
            return None
        if self.archive.find(str(transaction.signatures[0])) is not None:
            return None
        slot, keys = self._sync(), self.keys(transaction)
        before = {key: self.svm.get_account(key) for key in keys.all}
        pre = self._balances(keys)
        result = _result(self.svm.send_transaction(transaction))
        run = result.run
        if run is None:
            return None
        if sabotage:
            result = self._undo(before, keys.static[0], run)
        changes = {key: account for key in keys.writable if (account := self.svm.get_account(key)) != before[key]}
        meta = _meta(result, run, pre, self._balances(keys), keys)
        signature, wire = str(transaction.signatures[0]), bytes(transaction)
        landed = Landed(0, signature, slot, int(time.time()), wire, meta, memos(transaction))
        self.archive.record(landed, keys.all, changes, slot, self.clock.slot("finalized"))
        return landed

    def _undo(self, before: Mapping[Pubkey, Account | None], payer: Pubkey, run: TransactionMetadata) -> Result:
        """What the runtime does when a program fails: all is as before, less the fee."""
        for key, account in before.items():
            self._put(key, account)
        purse = before[payer]
        assert purse is not None, "the payer of something that ran exists"
        self._put(payer, Account(purse.lamports - run.fee(), purse.data, purse.owner, purse.executable))
        return Result({"InstructionError": [0, {"Custom": SABOTAGE_CODE}]}, run)

    def endow(self, accounts: Mapping[Pubkey, Account]) -> None:
        """Put accounts into the chain from nowhere: genesis."""
        for address, account in accounts.items():
            self.svm.set_account(address, account)
        slot = self.clock.slot()
        self.archive.record(None, [], accounts, slot, slot)

    def amount(self, mint: Pubkey, units: int, commitment: Commitment = "processed") -> dict[str, Any]:
        """A token amount as RPC shows it."""
        account = self.account(mint, commitment)
        decimals = account.data[_MINT_DECIMALS] if account and len(account.data) >= tokens.MINT_BYTES else 0
        return amount(units, decimals)

    def _balances(self, keys: Keys) -> tuple[list[int], list[dict[str, Any]]]:
        """Lamports of all accounts, and the token balances among them, as getTransaction's meta shows them."""
        lamports: list[int] = []
        held: list[dict[str, Any]] = []
        for index, key in enumerate(keys.all):
            account = self.svm.get_account(key)
            lamports.append(account.lamports if account else 0)
            if account and tokens.is_token_account(str(account.owner), bytes(account.data)):
                held.append({"accountIndex": index, **self._token_balance(account)})
        return lamports, held

    def _token_balance(self, account: Account) -> dict[str, Any]:
        data = bytes(account.data)
        mint, owner = Pubkey(data[:32]), Pubkey(data[32:64])
        minted = self.svm.get_account(mint)
        (units,) = struct.unpack_from("<Q", data, _AMOUNT)
        shown = amount(units, minted.data[_MINT_DECIMALS] if minted else 0)
        return {"mint": str(mint), "owner": str(owner), "programId": str(account.owner), "uiTokenAmount": shown}


def amount(units: int, decimals: int) -> dict[str, Any]:
    """Base units as RPC shows them."""
    whole, rest = divmod(units, 10**decimals)
    text = f"{whole}.{rest:0{decimals}d}".rstrip("0") if rest else str(whole)
    return {"amount": str(units), "decimals": decimals, "uiAmount": units / 10**decimals, "uiAmountString": text}


def lookups(transaction: VersionedTransaction) -> Sequence[MessageAddressTableLookup]:
    """The lookup tables that a chain transaction uses; a legacy one has none."""
    message = transaction.message
    return message.address_table_lookups if isinstance(message, MessageV0) else []


def _result(answer: TransactionMetadata | FailedTransactionMetadata | SimulatedTransactionInfo) -> Result:
    if isinstance(answer, TransactionMetadata):
        return Result(None, answer)
    run = answer.meta()
    err = json.loads(answer.to_json())["err"] if isinstance(answer, FailedTransactionMetadata) else None
    return Result(err, None if run.signature() == Signature.default() else run)


def inner_instructions(run: TransactionMetadata) -> list[dict[str, Any]]:
    """The calls that programs made, by outer instruction, as getTransaction's meta shows them."""
    return [
        {"index": index, "instructions": [_inner(call) for call in calls]}
        for index, calls in enumerate(run.inner_instructions())
        if calls
    ]


def _inner(call: InnerInstruction) -> dict[str, Any]:
    return {**compiled(call.instruction()), "stackHeight": call.stack_height()}


def compiled(instruction: CompiledInstruction) -> dict[str, Any]:
    """An instruction with indexes for accounts, as RPC's `json` encoding shows it."""
    return {
        "programIdIndex": instruction.program_id_index,
        "accounts": list(instruction.accounts),
        "data": base58.encode(bytes(instruction.data)),
        "stackHeight": None,
    }


def memos(transaction: VersionedTransaction) -> str | None:
    """The memos, as getSignaturesForAddress shows them: each with its length."""
    keys = transaction.message.account_keys
    texts = [
        f"[{len(instruction.data)}] {bytes(instruction.data).decode(errors='replace')}"
        for instruction in transaction.message.instructions
        if str(keys[instruction.program_id_index]) == tokens.MEMO_PROGRAM
    ]
    return "; ".join(texts) or None


def _meta(
    result: Result,
    run: TransactionMetadata,
    pre: tuple[list[int], list[dict[str, Any]]],
    post: tuple[list[int], list[dict[str, Any]]],
    keys: Keys,
) -> dict[str, Any]:
    loaded = {
        "writable": [str(key) for key in keys.loaded_writable],
        "readonly": [str(key) for key in keys.loaded_readonly],
    }
    return {
        "err": result.err, "status": {"Ok": None} if result.err is None else {"Err": result.err}, "fee": run.fee(),
        "preBalances": pre[0], "postBalances": post[0], "preTokenBalances": pre[1], "postTokenBalances": post[1],
        "innerInstructions": inner_instructions(run), "logMessages": result.logs, "rewards": [],
        "loadedAddresses": loaded, "computeUnitsConsumed": result.units,
    }  # fmt: skip
