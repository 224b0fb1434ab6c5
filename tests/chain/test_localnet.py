"""What is the localnet's own: it survives kill -9, keeps to its clock, its faucet gives, its levers break things."""

import asyncio
import base64
import json
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import httpx
import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from websockets.asyncio.client import connect

from hypernode.chain import keys, localnet, tokens
from hypernode.chain.deposits import deposits_in
from hypernode.chain.keys import Keypair
from hypernode.chain.localnet import Localnet
from hypernode.chain.rpc import Commitment, Rpc, RpcRefused, RpcUnavailable
from hypernode.chain.transactions import Outcome, landed, sign_instructions, sign_memo, sign_transfer

from .networks import FAST, SOL, LocalnetProcess, final_fate


async def customer_with(rpc: Rpc, units: int) -> Keypair:
    customer = Keypair()
    wallet = keys.address_of(customer)
    await rpc.airdrop(wallet, SOL)
    await final_fate(rpc, await rpc.call("hypernode_faucet", wallet, units))
    return customer


@pytest.mark.parametrize("program", [tokens.TOKEN_PROGRAM, tokens.TOKEN_2022_PROGRAM])
def test_kill_9_loses_nothing(tmp_path: Path, program: str):
    process = LocalnetProcess(tmp_path, *FAST, *(["--token-2022"] if program == tokens.TOKEN_2022_PROGRAM else []))
    try:
        before = process.start()

        async def act(rpc: Rpc) -> tuple[str, list[str], int, int]:
            wallet, sent = keys.address_of(Keypair()), list[str]()
            await rpc.airdrop(wallet, SOL)
            slot, height = await rpc.slot("processed"), (await rpc.latest_blockhash()).last_valid_block_height
            with suppress(RpcUnavailable):
                while True:
                    sent.append(await rpc.call("hypernode_faucet", wallet, 100))
                    if len(sent) == 20:
                        process.kill_soon()
            return wallet, sent, slot, height

        wallet, sent, slot, height = asyncio.run(with_rpc(before, act))
        process.kill()
        after = process.start()

        async def look(rpc: Rpc) -> None:
            account = tokens.ata(wallet, after.mint, after.token_program)
            assert (await final_fate(rpc, sent[-1])).outcome is Outcome.FINALIZED_OK
            assert await rpc.balance(wallet) == SOL
            assert await rpc.slot("processed") >= slot
            assert (await rpc.latest_blockhash()).last_valid_block_height >= height
            landed_ones = [info.signature for info in await rpc.signatures_for(account)][::-1]
            # One more may have landed whose answer died with the process.
            assert landed_ones[: len(sent)] == sent
            assert await rpc.token_balance(account) == 100 * len(landed_ones)

        asyncio.run(with_rpc(after, look))
        assert (after.genesis_hash, after.mint, after.faucet) == (before.genesis_hash, before.mint, before.faucet)
        assert after.token_program == program
        assert process.stop() == 0
    finally:
        process.kill()


Answer = TypeVar("Answer")
LEVELS: Final[tuple[Commitment, ...]] = ("processed", "confirmed", "finalized")


async def with_rpc(state: Localnet, act: Callable[[Rpc], Awaitable[Answer]]) -> Answer:
    rpc = Rpc(state.rpc_url)
    try:
        return await act(rpc)
    finally:
        await rpc.aclose()


def test_two_localnets_do_not_share_a_folder(local_process: LocalnetProcess):
    local_process.start()
    command = [sys.executable, "-m", "hypernode.chain.localnet", "--folder", str(local_process.folder), "--port", "0"]

    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert second.returncode != 0
    assert "another localnet uses" in second.stderr


def test_ctrl_c_is_a_clean_end(local_process: LocalnetProcess):
    state = local_process.start()
    with httpx.Client() as client:
        client.post(state.rpc_url, json={"jsonrpc": "2.0", "id": 1, "method": "getHealth"})

        assert local_process.stop(signal.SIGINT) == 0
    assert localnet.read(local_process.folder) is None


async def test_the_mint_is_fit_to_be_money(local: Rpc, local_state: Localnet):
    mint = tokens.inspect_mint(local_state.mint, await local.account(local_state.mint, "finalized"))

    assert mint.supply == 10**15


def test_a_state_is_shown_only_at_the_commitment_that_it_has_reached(tmp_path: Path):
    process = LocalnetProcess(tmp_path, "--slot-ms", "3600000", "--finalize-slots", "5", "--faults")

    async def watch(rpc: Rpc) -> list[tuple[list[int], bool]]:
        wallet = keys.address_of(Keypair())
        signature = await rpc.airdrop(wallet, SOL)
        seen: list[tuple[list[int], bool]] = []
        for _ in range(3):
            balances = [await rpc.balance(wallet, level) for level in LEVELS]
            seen.append((balances, await rpc.transaction(signature) is not None))
            await rpc.call("hypernode_fault", "warp", 4)
        return seen

    try:
        seen = asyncio.run(with_rpc(process.start(), watch))
    finally:
        process.kill()
    assert seen == [([SOL, 0, 0], False), ([SOL, SOL, 0], False), ([SOL, SOL, SOL], True)]


def test_preflight_sees_no_more_than_its_commitment(tmp_path: Path):
    process = LocalnetProcess(tmp_path, "--slot-ms", "3600000", "--finalize-slots", "5", "--faults")

    async def watch(rpc: Rpc) -> list[str]:
        customer = Keypair()
        await rpc.airdrop(keys.address_of(customer), SOL)
        refusals: list[str] = []
        for level in LEVELS:
            # The blockhash is final: what differs is only whether the airdrop is.
            signed = sign_memo(customer, level, (await rpc.latest_blockhash("finalized")).blockhash)
            options = {"encoding": "base64", "preflightCommitment": level}
            try:
                await rpc.call("sendTransaction", base64.b64encode(signed.raw).decode(), options)
            except RpcRefused as refusal:
                refusals.append(f"{level}: {refusal.transaction_error}")
        return refusals

    try:
        refusals = asyncio.run(with_rpc(process.start(), watch))
    finally:
        process.kill()
    assert refusals == ["confirmed: AccountNotFound", "finalized: AccountNotFound"]


async def test_a_blockhash_expires(local: Rpc):
    customer = await customer_with(local, 1)
    blockhash = await local.latest_blockhash()
    signed = sign_memo(customer, "late", blockhash.blockhash)
    await local.call("hypernode_fault", "drop")

    assert await local.send(signed.raw) == signed.signature
    assert (await landed(local, signed.signature, blockhash.last_valid_block_height)).outcome is Outcome.UNKNOWN
    await local.call("hypernode_fault", "warp", 160)

    fate = await final_fate(local, signed.signature, blockhash.last_valid_block_height)
    assert fate.outcome is Outcome.EXPIRED
    with pytest.raises(RpcRefused, match="Blockhash not found"):
        await local.send(signed.raw)
    await local.send(signed.raw, skip_preflight=True)
    assert (await local.signature_statuses([signed.signature], search_history=True)).values == [None]


@pytest.mark.parametrize("fault", ["hang", "bad_gateway"])
async def test_an_answer_that_is_lost_leaves_the_payment_made_once(local: Rpc, local_state: Localnet, fault: str):
    customer, vault = await customer_with(local, 1_000), keys.address_of(Keypair())
    blockhash = await local.latest_blockhash()
    signed = sign_transfer(customer, local_state.mint, local_state.token_program, vault, 400, blockhash.blockhash)
    await local.call("hypernode_fault", fault)

    with pytest.raises(RpcUnavailable):
        await local.send(signed.raw)
    fate = await final_fate(local, signed.signature, blockhash.last_valid_block_height)
    with pytest.raises(RpcRefused) as refusal:
        await local.send(signed.raw)

    assert fate.outcome is Outcome.FINALIZED_OK
    assert refusal.value.already_processed
    account = tokens.ata(vault, local_state.mint, local_state.token_program)
    assert await local.token_balance(account, "finalized") == 400


async def test_a_transaction_can_land_and_fail(local: Rpc, local_state: Localnet):
    customer, vault = await customer_with(local, 1_000), keys.address_of(Keypair())
    blockhash = await local.latest_blockhash()
    signed = sign_transfer(customer, local_state.mint, local_state.token_program, vault, 400, blockhash.blockhash)
    lamports = await local.balance(keys.address_of(customer))
    await local.call("hypernode_fault", "fail")

    await local.send(signed.raw)
    fate = await final_fate(local, signed.signature, blockhash.last_valid_block_height)

    assert fate.outcome is Outcome.FINALIZED_ERR
    assert fate.error is not None
    assert await local.account(tokens.ata(vault, local_state.mint, local_state.token_program)) is None
    assert await local.balance(keys.address_of(customer)) == lamports - 5_000


async def test_levers_need_their_switch(shared_localnet: Localnet):
    async def pull(rpc: Rpc) -> None:
        with pytest.raises(RpcRefused, match="without faults"):
            await rpc.call("hypernode_fault", "drop")

    await with_rpc(shared_localnet, pull)


async def test_a_transfer_by_another_program_is_found(local: Rpc, local_state: Localnet):
    # The associated token program's RecoverNested moves, by a call of its own, what somebody sent to the token
    # account of a token account.
    mint, program, customer = local_state.mint, local_state.token_program, await customer_with(local, 1_000)
    wallet = keys.address_of(customer)
    account = tokens.ata(wallet, mint, program)
    nested = tokens.ata(account, mint, program)
    addresses = [(nested, True), (mint, False), (account, True), (account, False), (mint, False)]
    recover = Instruction(
        Pubkey.from_string(tokens.ATA_PROGRAM),
        bytes([2]),
        [
            *(
                AccountMeta(Pubkey.from_string(each), is_signer=False, is_writable=writable)
                for each, writable in addresses
            ),
            AccountMeta(customer.pubkey(), is_signer=True, is_writable=True),
            AccountMeta(Pubkey.from_string(program), is_signer=False, is_writable=False),
        ],
    )
    instructions = [
        tokens.create_ata(wallet, account, mint, program),
        tokens.transfer_checked(account, mint, nested, wallet, 300, program),
        recover,
    ]
    signed = sign_instructions([customer], instructions, (await local.latest_blockhash()).blockhash)
    await local.send(signed.raw)
    fate = await final_fate(local, signed.signature)
    transaction = await local.transaction(signed.signature)

    assert fate.outcome is Outcome.FINALIZED_OK, fate
    assert transaction is not None
    [deposit] = deposits_in(transaction, account, mint)
    assert deposit.amount == 300
    assert await local.token_balance(account) == 1_000


async def test_the_websocket_tells_when_a_commitment_is_reached(local: Rpc, local_state: Localnet):
    async with connect(local_state.ws_url) as socket:

        async def ask(method: str, *params: object) -> object:
            await socket.send(json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": params}))
            while (answer := json.loads(await socket.recv())).get("id") != method:
                pass
            return answer.get("result", answer.get("error"))

        signature = await local.airdrop(keys.address_of(Keypair()), SOL)
        subscription = await ask("signatureSubscribe", signature, {"commitment": "finalized"})
        async with asyncio.timeout(30):
            told = json.loads(await socket.recv())

        assert told["method"] == "signatureNotification"
        assert told["params"]["subscription"] == subscription
        assert told["params"]["result"]["value"] == {"err": None}
        assert await local.transaction(signature) is not None
        assert await ask("signatureUnsubscribe", subscription) == {
            "code": -32602, "message": "Invalid subscription id.",
        }  # fmt: skip
        assert await ask("getHealth") == "ok"


async def test_batches_and_nonsense_are_answered_as_json_rpc_says(shared_localnet: Localnet):
    async with httpx.AsyncClient() as client:

        async def post(body: str) -> object:
            response = await client.post(shared_localnet.rpc_url, content=body)
            assert response.headers["access-control-allow-origin"] == "*"
            return response.json()

        batch = '[{"jsonrpc":"2.0","id":1,"method":"getHealth"},{"jsonrpc":"2.0","id":2,"method":"nonsense"}, 7]'
        answers = await post(batch)
        codes = {
            body: (await post(body))["error"]["code"]  # pyright: ignore[reportIndexIssue]
            for body in (
                "nonsense", "[" * 40_000, "[]", "{}",
                '{"jsonrpc":"2.0","id":1,"method":"getBalance","params":["nonsense"]}',
                '{"jsonrpc":"2.0","id":1,"method":"getBalance","params":[]}',
                '{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":["1111"]}',
                '{"jsonrpc":"2.0","id":1,"method":"getSignatureStatuses","params":[[7]]}',
                '{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"commitment":"soon"}]}',
            )
        }  # fmt: skip
        too_large = await client.post(shared_localnet.rpc_url, content=" " * 60_000)

    assert answers == [
        {"jsonrpc": "2.0", "id": 1, "result": "ok"},
        {"jsonrpc": "2.0", "id": 2, "error": {"code": -32601, "message": "Method not found"}},
        {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Invalid request"}},
    ]
    assert list(codes.values()) == [-32700, -32700, -32600, -32600, -32602, -32602, -32602, -32602, -32602]
    assert too_large.status_code == 413


async def test_the_state_file_is_readable_before_any_start(tmp_path: Path):
    assert localnet.read(tmp_path) is None


async def test_a_page_may_ask_it_from_a_browser(shared_localnet: Localnet):
    """The web app's, and an explorer's that was given the localnet's URL."""
    origin = {"Origin": "http://127.0.0.1:3001"}
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,solana-client"}
    async with httpx.AsyncClient() as client:
        preflight = await client.options(shared_localnet.rpc_url, headers={**origin, **asks})
        call = {"jsonrpc": "2.0", "id": 1, "method": "getSlot"}
        answer = await client.post(shared_localnet.rpc_url, json=call, headers=origin)

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == answer.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-headers"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert answer.json()["result"] >= 0
