"""What our code relies on in a Solana node, held against the localnet and surfpool alike."""

import json
import os
import struct
import subprocess
from pathlib import Path

import pytest

from hypernode.chain import keys, tokens
from hypernode.chain.anchors import check_anchor, memo_text
from hypernode.chain.deposits import deposits_in, new_signatures
from hypernode.chain.keys import Keypair
from hypernode.chain.lookup import (
    MAX_NEW_ENTRIES,
    LookupTable,
    close_table,
    create_table,
    deactivate_table,
    extend_table,
    read_table,
)
from hypernode.chain.rpc import Rpc, RpcRefused
from hypernode.chain.transactions import (
    Outcome,
    Payment,
    landed,
    payments_that_fit,
    sign_instructions,
    sign_memo,
    sign_payouts,
    sign_transfer,
)

from .networks import SCRIPTS, Money, Network, final_fate, settle, until

OLD_BLOCKHASH = "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N"


def wallets(count: int) -> list[str]:
    return [keys.address_of(Keypair()) for _ in range(count)]


async def test_the_node_names_its_cluster_and_moves_on(rpc: Rpc):
    assert await rpc.is_healthy()
    assert keys.is_wallet_address(await rpc.genesis_hash())
    assert await rpc.genesis_hash() == await rpc.genesis_hash()

    before = await rpc.head("finalized")
    blockhash = await rpc.latest_blockhash()
    assert before.block_height <= before.absolute_slot
    assert blockhash.last_valid_block_height > await rpc.block_height("finalized")

    async def moved() -> bool:
        return await rpc.slot("finalized") > before.absolute_slot

    await until(moved)


async def test_an_airdrop_arrives(rpc: Rpc):
    [wallet] = wallets(1)
    assert await rpc.balance(wallet) == 0
    assert await rpc.account(wallet) is None

    fate = await final_fate(rpc, await rpc.airdrop(wallet, 10**9))

    assert fate.outcome is Outcome.FINALIZED_OK
    assert await rpc.balance(wallet, "finalized") == 10**9


async def test_a_mint_of_either_program_is_fit(money: Money):
    mint = tokens.inspect_mint(money.mint, await money.rpc.account(money.mint))

    assert (mint.token_program, mint.supply) == (money.token_program, 10**15)


async def test_payouts_pay_each_wallet_once_however_often_they_are_sent(money: Money):
    payees = wallets(3)
    payments = [Payment(wallet, 1_000 + index, f"payout-{index}") for index, wallet in enumerate(payees)]
    signed = sign_payouts(money.treasury, money.mint, money.token_program, payments, await money.blockhash(), payees)

    fate = await settle(money.rpc, signed)
    for _ in range(2):
        with pytest.raises(RpcRefused) as refusal:
            await money.rpc.send(signed.raw)
        assert refusal.value.already_processed

    assert fate.outcome is Outcome.FINALIZED_OK
    assert [await money.balance(wallet, "finalized") for wallet in payees] == [1_000, 1_001, 1_002]


async def in_a_table(money: Money, payees: list[str]) -> LookupTable:
    """A lookup table with the token accounts of the treasury and of payees."""
    owner = keys.address_of(money.treasury)
    accounts = [tokens.ata(wallet, money.mint, money.token_program) for wallet in [owner, *payees]]
    entries = [accounts[0], money.mint, *accounts[1:]]
    address, create = create_table(owner, await money.rpc.slot("finalized"))
    first = [create, extend_table(address, owner, entries[:MAX_NEW_ENTRIES])]
    for step in (first, [extend_table(address, owner, entries[MAX_NEW_ENTRIES:])]):
        fate = await settle(money.rpc, sign_instructions([money.treasury], step, await money.blockhash()))
        assert fate.outcome is Outcome.FINALIZED_OK
    table = read_table(address, await money.rpc.account(address, "finalized"))
    assert table == LookupTable(address, tuple(entries))
    return table


async def test_a_lookup_table_lets_one_chain_transaction_pay_52(money: Money):
    payees = wallets(52)
    payments = [Payment(wallet, 1_000 + index, f"payout-{index}") for index, wallet in enumerate(payees)]
    gifts, sent = payments, []
    while gifts:
        count = payments_that_fit(gifts, payees)
        sent.append(
            sign_payouts(
                money.treasury, money.mint, money.token_program, gifts[:count], await money.blockhash(), payees
            )
        )
        await money.rpc.send(sent[-1].raw)
        gifts = gifts[count:]
    table = await in_a_table(money, payees)
    for signed in sent:
        assert (await final_fate(money.rpc, signed.signature)).outcome is Outcome.FINALIZED_OK

    assert payments_that_fit(payments, (), payees) == len(payees)
    signed = sign_payouts(money.treasury, money.mint, money.token_program, payments, await money.blockhash(), (), table)
    fate = await settle(money.rpc, signed)

    assert fate.outcome is Outcome.FINALIZED_OK, fate
    accounts = [tokens.ata(wallet, money.mint, money.token_program) for wallet in payees]
    held = [account and struct.unpack_from("<Q", account.data, 64)[0] for account in await money.rpc.accounts(accounts)]
    assert held == [2 * payment.amount for payment in payments]


async def test_a_deactivated_lookup_table_says_so_and_cannot_be_closed_at_once(money: Money):
    owner = keys.address_of(money.treasury)
    table = await in_a_table(money, wallets(30))

    ended = sign_instructions([money.treasury], [deactivate_table(table.address, owner)], await money.blockhash())
    assert (await settle(money.rpc, ended)).outcome is Outcome.FINALIZED_OK

    found = read_table(table.address, await money.rpc.account(table.address, "finalized"))
    assert found is not None
    assert found.deactivated_at is not None
    close = sign_instructions([money.treasury], [close_table(table.address, owner)], await money.blockhash())
    with pytest.raises(RpcRefused) as refusal:
        await money.rpc.send(close.raw)
    assert refusal.value.transaction_error == {"InstructionError": [0, "InvalidArgument"]}


async def test_a_deposit_is_found_with_its_sender(money: Money):
    customer, vault = Keypair(), Keypair()
    sender, receiver = keys.address_of(customer), keys.address_of(vault)
    await final_fate(money.rpc, await money.rpc.airdrop(sender, 10**9))
    gift = [Payment(sender, 5_000, "gift")]
    await settle(
        money.rpc,
        sign_payouts(money.treasury, money.mint, money.token_program, gift, await money.blockhash(), [sender]),
    )
    signed = sign_transfer(
        customer, money.mint, money.token_program, receiver, 700, await money.blockhash(), note="deposit"
    )

    await settle(money.rpc, signed)

    account = tokens.ata(receiver, money.mint, money.token_program)
    [seen] = await new_signatures(money.rpc, account, None, 0)
    transaction = await money.rpc.transaction(seen.signature)
    assert transaction is not None
    [deposit] = deposits_in(transaction, account, money.mint)
    assert (deposit.signature, deposit.wallet, deposit.amount) == (signed.signature, sender, 700)
    assert await new_signatures(money.rpc, account, seen.signature, seen.slot) == []


async def test_a_forged_signature_is_refused(money: Money):
    signed = sign_memo(money.treasury, "forged", await money.blockhash())

    with pytest.raises(RpcRefused, match="verif"):
        await money.rpc.send(signed.raw[:1] + bytes(64) + signed.raw[65:])

    assert (await landed(money.rpc, signed.signature, 1 << 60)).outcome is Outcome.UNKNOWN


async def test_an_unknown_blockhash_is_refused(money: Money):
    with pytest.raises(RpcRefused, match="Blockhash not found") as refusal:
        await money.rpc.send(sign_memo(money.treasury, "late", OLD_BLOCKHASH).raw)

    assert refusal.value.transaction_error == "BlockhashNotFound"


async def test_a_payment_beyond_the_balance_is_refused_or_lands_with_its_error(money: Money):
    payments = [Payment(keys.address_of(money.treasury), 1, "self"), Payment(wallets(1)[0], 10**16, "too much")]
    missing = [payments[1].wallet]
    signed = sign_payouts(money.treasury, money.mint, money.token_program, payments, await money.blockhash(), missing)

    with pytest.raises(RpcRefused, match="custom program error: 0x1") as refusal:
        await money.rpc.send(signed.raw)
    assert refusal.value.transaction_error == {"InstructionError": [2, {"Custom": 1}]}

    await money.rpc.send(signed.raw, skip_preflight=True)
    fate = await final_fate(money.rpc, signed.signature)
    assert (fate.outcome, fate.error) == (Outcome.FINALIZED_ERR, {"InstructionError": [2, {"Custom": 1}]})
    assert await money.rpc.account(tokens.ata(payments[1].wallet, money.mint, money.token_program)) is None
    failed = await money.rpc.transaction(signed.signature)
    assert failed is not None
    assert deposits_in(failed, tokens.ata(payments[1].wallet, money.mint, money.token_program), money.mint) == []


async def test_an_anchor_holds_only_for_its_tree_and_signer(money: Money):
    root, signer = bytes(range(32)), keys.address_of(money.treasury)
    signed = sign_memo(money.treasury, memo_text(root, 5), await money.blockhash())
    await settle(money.rpc, signed)

    assert (await check_anchor(money.rpc, signed.signature, root, 5, signer)).ok
    assert "not" in (await check_anchor(money.rpc, signed.signature, root, 6, signer)).problem
    assert "not" in (await check_anchor(money.rpc, signed.signature, bytes(32), 5, signer)).problem
    assert "not signed by" in (await check_anchor(money.rpc, signed.signature, root, 5, wallets(1)[0])).problem


async def test_an_anchor_that_another_wallet_wrote_beside_our_signature_is_none(money: Money):
    stranger, ours = Keypair(), money.treasury
    instructions = [
        tokens.memo(memo_text(bytes(32), 1), keys.address_of(stranger)),
        tokens.memo("x", keys.address_of(ours)),
    ]
    signed = sign_instructions([ours, stranger], instructions, await money.blockhash())
    await settle(money.rpc, signed)

    assert (
        "no anchor by" in (await check_anchor(money.rpc, signed.signature, bytes(32), 1, keys.address_of(ours))).problem
    )


def test_web3_js_finds_its_way(network: Network, modules: Path, treasury: Money):
    done = subprocess.run(
        ["node", str(SCRIPTS / "client.cjs"), network.rpc_url, network.ws_url, treasury.token_program],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "lamports": 5 * 10**9,
        "logsMention": True,
        "watchedAmount": "250000",
        "amount": "0.25",
        "supply": "1000000",
        "owned": 1,
        "parsedOwner": True,
        "parsedType": "transferChecked",
        "parsedAmount": "250000",
        "history": True,
        "lookedUp": {"entries": 3, "looked": 3, "gained": 5},
        "simulatedError": {"InstructionError": [0, {"Custom": 1}]},
        "refused": "SendTransactionError",
        "refusedLogs": True,
        "slotsRise": True,
    }
