"""Batches that fit a packet, and the rule that says when money may be sent again."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from hypernode.chain import keys, tokens
from hypernode.chain.keys import Keypair
from hypernode.chain.lookup import MAX_NEW_ENTRIES, LookupTable, create_table, extend_table
from hypernode.chain.rpc import Head, Rpc, Status, Statuses
from hypernode.chain.tokens import TOKEN_2022_PROGRAM
from hypernode.chain.transactions import (
    MAX_INSTRUCTIONS,
    MAX_TRANSACTION_BYTES,
    Fate,
    Outcome,
    Payment,
    TooLarge,
    fates,
    landed,
    payments_that_fit,
    sign_instructions,
    sign_memo,
    sign_payouts,
    sign_transfer,
)
from hypernode.domain.money import SUPPLY

VAULT = Keypair()
MINT = keys.address_of(Keypair())
BLOCKHASH = "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N"
LAST_HEIGHT = 1_000
MAX_LOCKED_ACCOUNTS = 64


def payments(count: int) -> list[Payment]:
    return [Payment(keys.address_of(Keypair()), SUPPLY, "0199e0a4-7c00-7000-8000-000000000001") for _ in range(count)]


def table_of(payees: Sequence[Payment]) -> LookupTable:
    vault = keys.address_of(VAULT)
    wallets = [vault, *(payment.wallet for payment in payees)]
    accounts = [tokens.ata(wallet, MINT, TOKEN_2022_PROGRAM) for wallet in wallets]
    return LookupTable(keys.address_of(Keypair()), (accounts[0], MINT, *accounts[1:]))


@pytest.mark.parametrize("listed", [0, 1, 2, 10, 30, 60])
@pytest.mark.parametrize("new", [0, 1, 2, 5, 9, 20])
def test_any_mixture_that_is_said_to_fit_fits_and_one_more_would_not(new: int, listed: int):
    due = payments(100)
    missing = {payment.wallet for payment in due[:new]}
    table = table_of(due[new : new + listed]) if listed else None
    names = {payment.wallet for payment in due[new : new + listed]}
    due = [*due[new : new + listed], *due[:new], *due[new + listed :]]

    count = payments_that_fit(due, missing, names)
    signed = sign_payouts(VAULT, MINT, TOKEN_2022_PROGRAM, due[:count], BLOCKHASH, missing, table)

    assert len(signed.raw) <= MAX_TRANSACTION_BYTES
    if count + 7 * len(missing & {payment.wallet for payment in due[: count + 1]}) < MAX_INSTRUCTIONS - 1:
        with pytest.raises(TooLarge):
            sign_payouts(VAULT, MINT, TOKEN_2022_PROGRAM, due[: count + 1], BLOCKHASH, missing, table)


def test_a_lookup_table_makes_room_for_three_times_as_many_payments():
    due = payments(100)

    assert payments_that_fit(due, ()) == 18
    assert payments_that_fit(due, (), {payment.wallet for payment in due}) == 52
    assert payments_that_fit(due, {payment.wallet for payment in due}) == 7


def test_a_batch_locks_no_more_accounts_than_the_runtime_allows():
    due = payments(52)

    raw = sign_payouts(VAULT, MINT, TOKEN_2022_PROGRAM, due, BLOCKHASH, (), table_of(due)).raw

    message = VersionedTransaction.from_bytes(raw).message
    assert isinstance(message, MessageV0)
    [lookup] = message.address_table_lookups
    locked = len(message.account_keys) + len(lookup.writable_indexes) + len(lookup.readonly_indexes)
    assert locked <= MAX_LOCKED_ACCOUNTS


def test_a_table_is_made_with_as_many_entries_as_one_chain_transaction_takes():
    owner = keys.address_of(VAULT)
    address, made = create_table(owner, 7)

    def signed(count: int) -> int:
        wallets = [payment.wallet for payment in payments(count)]
        return len(sign_instructions([VAULT], [made, extend_table(address, owner, wallets)], BLOCKHASH).raw)

    assert signed(MAX_NEW_ENTRIES) <= MAX_TRANSACTION_BYTES
    with pytest.raises(TooLarge):
        signed(MAX_NEW_ENTRIES + 1)


def test_a_batch_that_does_not_fit_is_refused():
    with pytest.raises(TooLarge):
        sign_payouts(VAULT, MINT, TOKEN_2022_PROGRAM, payments(20), BLOCKHASH)


def test_batches_of_equal_amounts_are_told_apart_by_their_references():
    wallet = keys.address_of(Keypair())
    first, again, second = (
        sign_payouts(VAULT, MINT, TOKEN_2022_PROGRAM, [Payment(wallet, 5, reference)], BLOCKHASH)
        for reference in ("a", "a", "b")
    )

    assert first == again
    assert first.signature != second.signature


def test_equal_deposits_are_told_apart_by_their_notes():
    wallet = keys.address_of(Keypair())
    signatures = {
        sign_transfer(VAULT, MINT, TOKEN_2022_PROGRAM, wallet, 5, BLOCKHASH, note).signature for note in ("", "a", "b")
    }

    assert len(signatures) == 3


def test_a_memo_as_long_as_the_limit_fits():
    assert len(sign_memo(VAULT, "x" * 1_059, BLOCKHASH).raw) <= MAX_TRANSACTION_BYTES
    with pytest.raises(TooLarge):
        sign_memo(VAULT, "x" * 1_200, BLOCKHASH)


class ScriptedNode:
    """A node that gives the answers a test wants, and notes the order of the questions."""

    def __init__(self, head: Head, statuses: Statuses, *, healthy: bool = True) -> None:
        self._head, self._statuses, self._healthy = head, statuses, healthy
        self.asked: list[str] = []

    async def head(self, commitment: str) -> Head:
        self.asked.append(f"head {commitment}")
        return self._head

    async def signature_statuses(self, signatures: Sequence[str], *, search_history: bool) -> Statuses:
        self.asked.append(f"status history={search_history}")
        return self._statuses

    async def is_healthy(self) -> bool:
        return self._healthy


def fate_at(node: ScriptedNode) -> Fate:
    return asyncio.run(landed(cast("Rpc", cast("object", node)), "signature", LAST_HEIGHT))


def test_a_transaction_expires_only_past_its_last_height_on_a_node_that_keeps_up():
    past, not_yet = Head(5_000, LAST_HEIGHT + 1), Head(5_000, LAST_HEIGHT)
    unseen, lagging = Statuses(5_032, [None]), Statuses(4_999, [None])

    assert fate_at(ScriptedNode(past, unseen)).outcome is Outcome.EXPIRED
    assert fate_at(ScriptedNode(not_yet, unseen)).outcome is Outcome.UNKNOWN
    assert fate_at(ScriptedNode(past, lagging)).outcome is Outcome.UNKNOWN
    assert fate_at(ScriptedNode(past, unseen, healthy=False)).outcome is Outcome.UNKNOWN


def test_the_height_is_read_before_the_status():
    node = ScriptedNode(Head(5_000, LAST_HEIGHT + 1), Statuses(5_000, [None]))

    fate_at(node)

    assert node.asked == ["head finalized", "status history=True"]


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (Status(7, None, "finalized"), Fate(Outcome.FINALIZED_OK, 7)),
        (Status(7, "AccountInUse", "finalized"), Fate(Outcome.FINALIZED_ERR, 7, "AccountInUse")),
        (Status(7, None, "confirmed"), Fate(Outcome.UNKNOWN, 7)),
        (Status(7, "AccountInUse", "processed"), Fate(Outcome.UNKNOWN, 7)),
    ],
)
def test_only_what_is_final_is_certain(status: Status, fate: Fate):
    assert fate_at(ScriptedNode(Head(5_000, LAST_HEIGHT + 1), Statuses(5_000, [status]))) == fate


def test_many_are_judged_by_one_look_each_by_its_own_last_height():
    node = ScriptedNode(Head(5_000, LAST_HEIGHT + 1), Statuses(5_000, [None, None, Status(7, None, "finalized")]))
    asked = [("late", LAST_HEIGHT), ("in time", LAST_HEIGHT + 1), ("there", LAST_HEIGHT)]

    found = asyncio.run(fates(cast("Rpc", cast("object", node)), asked))

    assert [fate.outcome for fate in found] == [Outcome.EXPIRED, Outcome.UNKNOWN, Outcome.FINALIZED_OK]
    assert node.asked == ["head finalized", "status history=True"]
