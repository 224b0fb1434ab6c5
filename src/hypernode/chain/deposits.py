"""Deposits: transfers into the vault's token account, found in finalized chain transactions."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypernode.chain import base58
from hypernode.chain.rpc import MAX_SIGNATURES, Rpc, SignatureInfo
from hypernode.chain.tokens import TOKEN_PROGRAMS

FIRST_PAGE: Final = 25
"""A watcher that keeps up finds what is new in a small page."""
_AMOUNT: Final = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Deposit:
    """Base units that a wallet sent. (signature, index) names it for ever: credit each name once."""

    signature: str
    index: int  #: Position among all instructions of the chain transaction, inner ones counted where they ran.
    wallet: str  #: Owner of the token account that paid.
    amount: int
    slot: int


class HistoryGap(RuntimeError):
    """The node's history of an address lacks what was seen before: something may be missing."""

    def __init__(self, address: str, until: str) -> None:
        super().__init__(f"the history of {address} does not contain {until}; ask a node that has it")
        self.address = address
        self.until = until


@dataclass(frozen=True, slots=True)
class _Transfer:
    source: str
    destination: str
    authority: str
    amount: int


def deposits_in(transaction: Mapping[str, Any], vault_token_account: str, mint: str) -> list[Deposit]:
    """The deposits in a chain transaction, given as getTransaction's `json` encoding shows it.

    Counts Transfer and TransferChecked of both token programs, also where another program made them. A failed
    chain transaction has none; the vault's own transfers to itself are none.
    """
    meta, message = transaction["meta"], transaction["transaction"]["message"]
    if meta["err"] is not None:
        return []
    loaded: Mapping[str, list[str]] = meta.get("loadedAddresses") or {}
    keys: list[str] = [*message["accountKeys"], *loaded.get("writable", []), *loaded.get("readonly", [])]
    owners = _owners(meta, keys, mint)
    if vault_token_account not in owners:
        return []  # Not this mint's, whatever the instructions say.
    signature, slot = transaction["transaction"]["signatures"][0], transaction["slot"]
    found: list[Deposit] = []
    for index, instruction in enumerate(_flat(message["instructions"], meta.get("innerInstructions") or [])):
        transfer = _transfer(instruction, keys)
        if transfer is None or transfer.destination != vault_token_account or transfer.amount == 0:
            continue
        # A token account that lived within this one chain transaction has no balance to tell its owner: whoever
        # signed for it then.
        wallet = owners.get(transfer.source, transfer.authority)
        if wallet != owners[vault_token_account]:
            found.append(Deposit(signature, index, wallet, transfer.amount, slot))
    return found


def _owners(meta: Mapping[str, Any], keys: Sequence[str], mint: str) -> dict[str, str]:
    """Token account -> wallet, as of before the chain transaction where it existed then."""
    balances: list[Any] = [*(meta.get("postTokenBalances") or []), *(meta.get("preTokenBalances") or [])]
    return {keys[int(each["accountIndex"])]: each["owner"] for each in balances if each["mint"] == mint}


def _flat(outer: Sequence[Mapping[str, Any]], inner: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    calls = {group["index"]: group["instructions"] for group in inner}
    for index, instruction in enumerate(outer):
        yield instruction
        yield from calls.get(index, [])


def _transfer(instruction: Mapping[str, Any], keys: Sequence[str]) -> _Transfer | None:
    if keys[instruction["programIdIndex"]] not in TOKEN_PROGRAMS:
        return None
    data = base58.decode(instruction["data"])
    accounts: list[str] = [keys[int(index)] for index in instruction["accounts"]]
    match data[0] if data else None, len(accounts):
        case 3, count if count >= 3:  # Transfer: source, destination, authority
            source, destination, authority = accounts[:3]
        case 12, count if count >= 4:  # TransferChecked: source, mint, destination, authority
            source, _, destination, authority = accounts[:4]
        case _:
            return None
    return _Transfer(source, destination, authority, _AMOUNT.unpack_from(data, 1)[0])


async def new_signatures(rpc: Rpc, address: str, until: str | None, until_slot: int) -> list[SignatureInfo]:
    """The finalized chain transactions that name an address and came after `until`, oldest first.

    `until` is the last one seen and `until_slot` its slot; without one, all from `until_slot` on. Raises HistoryGap
    rather than skip any: a node that lacks part of the history answers as if that part did not exist.
    """
    found: list[SignatureInfo] = []
    before, limit = None, FIRST_PAGE
    while page := await rpc.signatures_for(address, before=before, limit=limit):
        for info in page:
            if info.signature == until or (until is None and info.slot < until_slot):
                return found[::-1]
            if info.slot < until_slot and until is not None:
                raise HistoryGap(address, until)
            found.append(info)
        if len(page) < limit and until is None:
            break
        before, limit = page[-1].signature, MAX_SIGNATURES
    if until is not None:
        raise HistoryGap(address, until)
    return found[::-1]
