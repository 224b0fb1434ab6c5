"""Address lookup tables: accounts that a chain transaction names by one byte instead of 32.

A table belongs to its authority and only ever grows, so what was read of it once stays true for as long as it lives.
It is made with a recent slot, which is part of its address: no table can be made twice. To get its rent back it is
deactivated, and closed once the slot of that is out of the cluster's memory. (Solana docs, "Versioned Transactions and
Address Lookup Tables".)
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.address_lookup_table_account import (
    LOOKUP_TABLE_MAX_ADDRESSES,
    AddressLookupTable,
    AddressLookupTableAccount,
    derive_lookup_table_address,
)
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from hypernode.chain.rpc import AccountInfo
from hypernode.chain.tokens import SYSTEM_PROGRAM

LOOKUP_PROGRAM: Final = "AddressLookupTab1e1111111111111111111111111"
MAX_ENTRIES: Final = LOOKUP_TABLE_MAX_ADDRESSES
MAX_NEW_ENTRIES: Final = 30
"""Entries that one chain transaction adds, where it also makes the table."""
COOLING_SLOTS: Final = 600
"""From deactivation until a table can be closed: 512 blocks, and some for slots without one."""
_TABLE: Final = 1
_NEVER: Final = 2**64 - 1
_CREATE, _EXTEND, _DEACTIVATE, _CLOSE = 0, 2, 3, 4


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table on the chain. Where `deactivated_at` is a slot, chain transactions should use it no more."""

    address: str
    entries: tuple[str, ...]
    deactivated_at: int | None = None

    @property
    def account(self) -> AddressLookupTableAccount:
        """As chain transactions are compiled with."""
        return AddressLookupTableAccount(_key(self.address), [_key(entry) for entry in self.entries])


def read_table(address: str, account: AccountInfo | None) -> LookupTable | None:
    """The table in an account; None where there is none (any more)."""
    if account is None or account.owner != LOOKUP_PROGRAM or account.data[:4] != struct.pack("<I", _TABLE):
        return None
    table = AddressLookupTable.deserialize(account.data)
    slot = table.meta.deactivation_slot
    return LookupTable(address, tuple(map(str, table.addresses)), None if slot == _NEVER else slot)


def create_table(owner: str, recent_slot: int) -> tuple[str, Instruction]:
    """A new table's address, and how it is made; the owner pays its rent. The slot must have a block, and be recent."""
    address, bump = derive_lookup_table_address(_key(owner), recent_slot)
    data = struct.pack("<IQB", _CREATE, recent_slot, bump)
    return str(address), Instruction(_key(LOOKUP_PROGRAM), data, _accounts(str(address), owner, pays=True))


def extend_table(address: str, owner: str, entries: Sequence[str]) -> Instruction:
    """Add entries at the end of a table; the owner pays their rent. They can be used from the next block on."""
    data = struct.pack("<IQ", _EXTEND, len(entries)) + b"".join(bytes(_key(entry)) for entry in entries)
    return Instruction(_key(LOOKUP_PROGRAM), data, _accounts(address, owner, pays=True))


def deactivate_table(address: str, owner: str) -> Instruction:
    """Begin a table's end."""
    return Instruction(_key(LOOKUP_PROGRAM), struct.pack("<I", _DEACTIVATE), _accounts(address, owner, pays=False))


def close_table(address: str, owner: str) -> Instruction:
    """Return a deactivated table's rent to its owner."""
    to_owner = AccountMeta(_key(owner), is_signer=False, is_writable=True)
    accounts = [*_accounts(address, owner, pays=False), to_owner]
    return Instruction(_key(LOOKUP_PROGRAM), struct.pack("<I", _CLOSE), accounts)


def _accounts(address: str, owner: str, *, pays: bool) -> list[AccountMeta]:
    table = AccountMeta(_key(address), is_signer=False, is_writable=True)
    authority = AccountMeta(_key(owner), is_signer=True, is_writable=False)
    if not pays:
        return [table, authority]
    payer = AccountMeta(_key(owner), is_signer=True, is_writable=True)
    return [table, authority, payer, AccountMeta(_key(SYSTEM_PROGRAM), is_signer=False, is_writable=False)]


def _key(address: str) -> Pubkey:
    return Pubkey.from_string(address)
