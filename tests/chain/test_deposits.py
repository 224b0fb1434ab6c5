"""Deposits read from chain transactions, and a history of which nothing is missed."""

import asyncio
import struct
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypernode.chain import base58
from hypernode.chain.deposits import Deposit, HistoryGap, deposits_in, new_signatures
from hypernode.chain.rpc import Rpc, SignatureInfo
from hypernode.chain.tokens import TOKEN_2022_PROGRAM, TOKEN_PROGRAM

MINT, OTHER_MINT = "mint", "other mint"
VAULT, VAULT_WALLET, PAYER, WALLET = "vault account", "vault wallet", "payer account", "wallet"
TRANSFER, TRANSFER_CHECKED, APPROVE = 3, 12, 4
KEYS = [WALLET, PAYER, VAULT, MINT, TOKEN_PROGRAM, "router", TOKEN_2022_PROGRAM, "stranger"]


def instruction(program: str, data: bytes, *accounts: str) -> dict[str, Any]:
    keys = [*KEYS, *LOADED]
    return {
        "programIdIndex": keys.index(program),
        "accounts": [keys.index(account) for account in accounts],
        "data": base58.encode(data),
    }


LOADED = ["loaded payer"]


def checked(amount: int, source: str = PAYER, to: str = VAULT, program: str = TOKEN_PROGRAM) -> dict[str, Any]:
    return instruction(program, struct.pack("<BQB", TRANSFER_CHECKED, amount, 6), source, MINT, to, WALLET)


def plain(amount: int, source: str = PAYER, to: str = VAULT) -> dict[str, Any]:
    return instruction(TOKEN_PROGRAM, struct.pack("<BQ", TRANSFER, amount), source, to, WALLET)


def holding(account: str, owner: str, mint: str = MINT) -> dict[str, Any]:
    return {"accountIndex": [*KEYS, *LOADED].index(account), "owner": owner, "mint": mint}


BALANCES = [holding(PAYER, WALLET), holding(VAULT, VAULT_WALLET), holding(LOADED[0], "loaded wallet")]


def transaction(*outer: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {
        "slot": 7,
        "transaction": {"signatures": ["signature"], "message": {"accountKeys": KEYS, "instructions": list(outer)}},
        "meta": {
            "err": None,
            "preTokenBalances": BALANCES,
            "postTokenBalances": BALANCES,
            "innerInstructions": [],
            "loadedAddresses": {"writable": LOADED, "readonly": []},
            **meta,
        },
    }


def found(given: dict[str, Any]) -> list[Deposit]:
    return deposits_in(given, VAULT, MINT)


@pytest.mark.parametrize("transfer", [checked(5), plain(5), checked(5, program=TOKEN_2022_PROGRAM)])
def test_both_kinds_of_transfer_of_both_programs_count(transfer: dict[str, Any]):
    assert found(transaction(transfer)) == [Deposit("signature", 0, WALLET, 5, 7)]


def test_transfers_that_programs_make_count_and_each_has_its_own_index():
    routed = [
        {"index": 0, "instructions": [checked(1), instruction("router", b"x")]},
        {"index": 2, "instructions": [plain(2)]},
    ]
    given = transaction(
        instruction("router", b""), checked(3), instruction("router", b""), checked(4), innerInstructions=routed
    )

    assert [(each.index, each.amount) for each in found(given)] == [(1, 1), (3, 3), (5, 2), (6, 4)]


def test_accounts_from_lookup_tables_count():
    assert found(transaction(checked(5, source=LOADED[0]))) == [Deposit("signature", 0, "loaded wallet", 5, 7)]


def test_an_account_that_lived_within_the_transaction_belongs_to_who_signed():
    only_vault = [holding(VAULT, VAULT_WALLET)]

    assert found(transaction(checked(5), preTokenBalances=only_vault, postTokenBalances=only_vault)) == [
        Deposit("signature", 0, WALLET, 5, 7)
    ]


@pytest.mark.parametrize(
    "given",
    [
        transaction(checked(5), err={"InstructionError": [0, {"Custom": 1}]}),
        transaction(checked(0)),
        transaction(checked(5, to=PAYER)),
        transaction(checked(5, source=VAULT)),
        transaction(instruction(TOKEN_PROGRAM, struct.pack("<BQ", APPROVE, 5), PAYER, VAULT, WALLET)),
        transaction(instruction("router", struct.pack("<BQ", TRANSFER, 5), PAYER, VAULT, WALLET)),
        transaction(instruction(TOKEN_PROGRAM, b"", PAYER, VAULT, WALLET)),
        transaction(checked(5), preTokenBalances=[], postTokenBalances=[holding(VAULT, VAULT_WALLET, OTHER_MINT)]),
    ],
)
def test_what_brings_the_vault_nothing_is_no_deposit(given: dict[str, Any]):
    assert found(given) == []


class History:
    """A node's history of one address, newest first, as getSignaturesForAddress pages it."""

    def __init__(self, infos: list[SignatureInfo]) -> None:
        self._infos = infos

    async def signatures_for(self, address: str, *, before: str | None, limit: int) -> list[SignatureInfo]:
        names = [info.signature for info in self._infos]
        if before is None:
            return self._infos[:limit]
        if before not in names:
            return []  # As real nodes do.
        start = names.index(before) + 1
        return self._infos[start : start + limit]


def history(count: int) -> list[SignatureInfo]:
    """Three a slot, newest first."""
    return [SignatureInfo(f"s{number}", 100 + number // 3, None) for number in range(count)][::-1]


def news(infos: list[SignatureInfo], until: str | None, until_slot: int) -> list[str]:
    rpc = cast("Rpc", cast("object", History(infos)))
    return [info.signature for info in asyncio.run(new_signatures(rpc, "vault", until, until_slot))]


@given(st.integers(0, 2_500), st.data())
def test_nothing_new_is_missed_and_nothing_old_returns(count: int, data: st.DataObject):
    last = data.draw(st.integers(-1, count - 1))
    until, slot = (f"s{last}", 100 + last // 3) if last >= 0 else (None, 0)

    assert news(history(count), until, slot) == [f"s{number}" for number in range(last + 1, count)]


def test_a_first_look_begins_at_a_slot():
    assert news(history(9), None, 102) == ["s6", "s7", "s8"]


@pytest.mark.parametrize("kept", [history(40)[:10], history(4), []])
def test_a_node_without_the_last_seen_transaction_is_not_believed(kept: list[SignatureInfo]):
    with pytest.raises(HistoryGap):
        news(kept, "s20", 106)
