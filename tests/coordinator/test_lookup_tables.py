"""Payees who are paid again and again stand in lookup tables: more payouts a chain transaction, the same money rule."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from hypernode.chain import keys
from hypernode.chain.keys import Keypair
from hypernode.chain.lookup import LookupTable
from hypernode.coordinator.payer import Batch, Payer, batches
from hypernode.store.database import Row
from tests.coordinator.office import Died, Office, wallets

PAYEES = 56
"""Two changes: 28 with the table itself, then 28 more."""


async def regular_payees(office: Office, count: int = PAYEES, payer: Payer | None = None) -> list[str]:
    """Payees who were paid twice, so many at a time that one chain transaction did not hold them."""
    payer = payer or office.payer()
    payees = wallets(count)
    assert max(await office.pay(payees, payer)) == 7, "their token accounts were created"
    assert max(await office.pay(payees, payer)) == 18
    return payees


async def check_52_payouts_a_transaction(office: Office) -> None:
    payer = office.payer()
    payees = await regular_payees(office, payer=payer)
    await grown(office, payer, PAYEES)

    sizes = await office.pay(payees, payer)

    assert sizes == [52, PAYEES - 52]
    await office.assert_tables_hold(payees)
    await office.assert_paid_once()
    # Another coordinator, or the same one after a restart, finds the table in the books.
    assert await office.pay(payees) == [52, PAYEES - 52]
    await office.assert_paid_once()


async def grown(office: Office, payer: Payer, entries: int) -> None:
    """Wait until so many payees stand in tables for good."""
    async with asyncio.timeout(30):
        while len(await office.column("SELECT 1 FROM lookup_entry")) < entries or await office.column(
            "SELECT 1 FROM lookup_table WHERE signature IS NOT NULL"
        ):
            await payer.pay()
            await asyncio.sleep(0.02)


async def test_regular_payees_are_paid_52_in_a_chain_transaction(office: Office):
    await check_52_payouts_a_transaction(office)


async def test_regular_payees_are_paid_52_in_a_chain_transaction_of_token_2022(office_2022: Office):
    await check_52_payouts_a_transaction(office_2022)


async def test_payees_whom_one_chain_transaction_holds_get_no_table(office: Office):
    payees, payer = wallets(7), office.payer()

    for _ in range(3):
        assert await office.pay(payees, payer) == [7]

    assert await office.column("SELECT 1 FROM lookup_table") == []


@pytest.mark.parametrize("point", ["signed", "stored", "sent", "confirmed"])
async def test_a_table_is_made_once_though_the_coordinator_dies_while_it_makes_it(office: Office, point: str):
    doomed = office.payer(dies_at=f"table.{point}")
    payees = wallets(PAYEES)
    await office.pay(payees)
    await office.owe(payees)
    with pytest.raises(Died):
        await office.settle(doomed)
        await grown(office, doomed, PAYEES)

    payer = office.payer()
    await office.settle(payer)
    await office.pay(payees, payer)
    await grown(office, payer, PAYEES)

    assert len(await office.tables()) == 1
    await office.assert_tables_hold(payees)
    assert await office.pay(payees, payer) == [52, PAYEES - 52]
    await office.assert_paid_once()
    assert await office.column("SELECT error FROM chain_transaction WHERE state = 'failed'") == []


@pytest.mark.parametrize("point", ["signed", "stored", "sent", "confirmed"])
async def test_payees_in_a_table_are_paid_once_though_the_coordinator_dies_in_mid_payout(office: Office, point: str):
    payer = office.payer()
    payees = await regular_payees(office, payer=payer)
    await grown(office, payer, PAYEES)
    await office.owe(payees)
    with pytest.raises(Died):
        await office.settle(office.payer(dies_at=f"payout.{point}"))

    await office.settle(office.payer())

    await office.assert_paid_once()


async def table_under_way(office: Office) -> tuple[Payer, list[str]]:
    """Payees of whom a table is signed and stored, and who owes it."""
    payer = office.payer()
    payees = wallets(PAYEES)
    await office.pay(payees, payer)
    await office.owe(payees)
    while not await office.column("SELECT 1 FROM lookup_table"):
        await payer.pay()
    return payer, payees


async def test_a_change_that_fails_on_the_chain_brings_nobody_in_and_is_made_again(office: Office):
    payer, payees = await table_under_way(office)
    await office.pull("fail")  # The next that is sent: the table.
    await office.settle(payer)
    failed = await office.column("SELECT purpose FROM chain_transaction WHERE state = 'failed'")
    assert failed == ["table"]

    await office.pay(payees, payer)
    await grown(office, payer, PAYEES)

    assert sorted(await office.column("SELECT state FROM lookup_table")) == ["closed", "open"]
    await office.assert_tables_hold(payees)
    assert await office.pay(payees, payer) == [52, PAYEES - 52]
    await office.assert_paid_once()


async def test_a_table_whose_blockhash_expired_is_given_up_and_another_one_made(office: Office):
    payer, payees = await table_under_way(office)
    await office.pull("drop")
    await payer.pay()
    await office.pull("warp", 200)
    await payer.pay()
    assert await office.column("SELECT error FROM chain_transaction WHERE state = 'failed'") == ["expired"]

    await office.settle(payer)
    await office.pay(payees, payer)
    await grown(office, payer, PAYEES)

    assert len(await office.tables()) == 1
    await office.assert_tables_hold(payees)


async def test_two_coordinators_make_one_table_and_pay_once(office: Office):
    pair = [office.payer(), office.payer()]
    payees = wallets(PAYEES)
    for _ in range(3):
        await office.owe(payees)
        await office.settle(*pair)
        await asyncio.gather(*(payer.pay() for payer in pair))
    await grown(office, pair[1], PAYEES)

    assert len(await office.tables()) == 1
    await office.assert_tables_hold(payees)
    await office.assert_paid_once()


async def test_where_the_chain_and_the_books_differ_a_payee_is_paid_without_the_table(office: Office):
    payer = office.payer()
    payees = await regular_payees(office, payer=payer)
    await grown(office, payer, PAYEES)
    await office.database.execute("UPDATE lookup_entry SET position = 255 WHERE position = 10")
    await office.database.execute("UPDATE lookup_entry SET position = 10 WHERE position = 11")
    await office.database.execute("UPDATE lookup_entry SET position = 11 WHERE position = 255")

    sizes = await office.pay(payees)

    assert sizes[0] < 52
    await office.assert_paid_once()


async def test_an_idle_table_is_closed_and_its_rent_comes_back(office: Office):
    payer = office.payer()
    payees = await regular_payees(office, payer=payer)
    await grown(office, payer, PAYEES)
    [table] = await office.tables()
    rent = await office.rpc.balance(table.address)
    await office.database.execute("UPDATE lookup_table SET used_at = now() - interval '15 days'")

    await payer.pay()
    assert await office.column("SELECT state FROM lookup_table") == ["retired"]
    assert await office.pay(payees[:10], payer) == [10]  # So few need no new one.
    async with asyncio.timeout(30):
        while (await office.tables())[0].deactivated_at is None:
            await payer.pay()
    before = await office.rpc.balance(office.vault.address, "finalized")
    await office.pull("warp", 700)
    async with asyncio.timeout(30):
        while await office.column("SELECT state FROM lookup_table") != ["closed"]:
            await payer.pay()

    assert await office.tables() == []
    assert rent == await office.rpc.min_rent(56 + 32 * len(table.entries)) > 10_000_000
    gained = await office.rpc.balance(office.vault.address, "finalized") - before
    assert gained == rent - 5_000, "all but the fee"
    assert await office.column("SELECT 1 FROM lookup_entry") == []
    await office.assert_paid_once()


# --- which payouts share a chain transaction


def due(wallet: str, returns: int = 0) -> Mapping[str, Any]:
    return {"payout_id": uuid4(), "wallet": wallet, "amount": 1, "returns": returns}


def planned(rows: list[Row], tables: dict[str, LookupTable], missing: set[str] | None = None) -> list[Batch]:
    return list(batches(rows, missing or set(), tables))


def tables_of(*groups: list[str]) -> dict[str, LookupTable]:
    made = [LookupTable(keys.address_of(Keypair()), ("source", "mint", *group)) for group in groups]
    return {wallet: table for table, group in zip(made, groups, strict=True) for wallet in group}


def test_every_payout_is_in_one_batch():
    payees = wallets(300)
    rows = [due(wallet, returns=number % 50 == 0) for number, wallet in enumerate(payees)]

    plan = planned(rows, tables_of(payees[:100], payees[100:220]), set(payees[250:]))

    ids = [row["payout_id"] for batch in plan for row in batch.rows]
    assert sorted(ids) == sorted(row["payout_id"] for row in rows)


def test_a_payout_that_came_back_goes_alone_last_and_by_no_table():
    payees = wallets(5)
    rows = [due(payees[0], returns=1), *map(due, payees[1:]), due(payees[0], returns=3)]

    plan = planned(rows, tables_of(payees))

    assert [len(batch.rows) for batch in plan] == [4, 1, 1]
    assert [batch.table is None for batch in plan] == [False, True, True]
    assert [batch.fresh for batch in plan] == [True, False, False]


def test_payees_of_several_tables_share_a_chain_transaction_where_they_are_few():
    groups = [wallets(3) for _ in range(5)]

    plan = planned([due(wallet) for group in groups for wallet in group], tables_of(*groups))

    assert [len(batch.rows) for batch in plan] == [15]


def test_full_batches_go_by_the_table_that_most_stand_in():
    most, fewer, none = wallets(60), wallets(53), wallets(10)
    tables = tables_of(most, fewer)

    plan = planned([due(wallet) for wallet in [*none, *fewer, *most]], tables)

    assert [len(batch.rows) for batch in plan][:2] == [52, 52]
    assert plan[0].table is tables[most[0]]
    assert plan[1].table is tables[fewer[0]]
    assert len(plan) == 3
