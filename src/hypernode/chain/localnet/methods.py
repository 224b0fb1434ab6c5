"""The JSON-RPC methods that ask about the chain and its accounts."""

import base64
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from solders.message import from_bytes_versioned
from solders.pubkey import Pubkey

from hypernode.chain import base58, tokens
from hypernode.chain.localnet.clock import MAX_BLOCKHASH_AGE
from hypernode.chain.localnet.faucet import Faucet, FaucetFailed
from hypernode.chain.localnet.faults import Fault, Faults
from hypernode.chain.localnet.genesis import World
from hypernode.chain.localnet.params import INVALID_PARAMS, MIN_SLOT_NOT_REACHED, Params, Refusal
from hypernode.chain.localnet.render import UnknownEncoding, account_json, token_account_json
from hypernode.chain.rpc import MAX_ACCOUNTS, Commitment

VERSION: Final = "4.1.2"
"""The Agave release whose answers these are like."""
SLOTS_PER_EPOCH: Final = 432_000
LAMPORTS_PER_SIGNATURE: Final = 5_000
INTERNAL_ERROR: Final = -32603
_SUPPLY: Final = 36
_AMOUNT: Final = 64


class Node:
    """What the methods work on."""

    def __init__(self, world: World, faults: Faults | None) -> None:
        self.ledger = world.ledger
        self.world = world
        self.faucet = Faucet(world)
        self.faults = faults

    def in_context(self, params: Params, value: Any) -> dict[str, Any]:
        """A value with the slot it is true at."""
        slot = self.ledger.clock.slot(params.commitment())
        if slot < params.option("minContextSlot", 0):
            raise Refusal(MIN_SLOT_NOT_REACHED, "Minimum context slot has not been reached", {"contextSlot": slot})
        return {"context": {"slot": slot, "apiVersion": VERSION}, "value": value}


Method = Callable[[Node, Params], Any]


def epoch_info(node: Node, params: Params) -> dict[str, int]:
    """`getEpochInfo`."""
    clock, commitment = node.ledger.clock, params.commitment()
    slot = clock.slot(commitment)
    return {
        "absoluteSlot": slot, "blockHeight": clock.height(commitment), "epoch": slot // SLOTS_PER_EPOCH,
        "slotIndex": slot % SLOTS_PER_EPOCH, "slotsInEpoch": SLOTS_PER_EPOCH,
        "transactionCount": node.ledger.archive.count(),
    }  # fmt: skip


def latest_blockhash(node: Node, params: Params) -> Any:
    """`getLatestBlockhash`: of the newest block at the commitment, which is good for 150 more."""
    height = node.ledger.clock.height(params.commitment())
    blockhash = base58.encode(node.ledger.clock.blockhash(height))
    return node.in_context(params, {"blockhash": blockhash, "lastValidBlockHeight": height + MAX_BLOCKHASH_AGE})


def is_blockhash_valid(node: Node, params: Params) -> Any:
    """`isBlockhashValid`."""
    blockhash = bytes(params.address(0))
    return node.in_context(params, node.ledger.clock.accepts(blockhash, params.commitment()))


def fee_for_message(node: Node, params: Params) -> Any:
    """`getFeeForMessage`: null for a blockhash that is too old, as on a real node."""
    try:
        message = from_bytes_versioned(base64.b64decode(params.text(0), validate=True))
    except ValueError as error:
        raise Refusal(INVALID_PARAMS, f"invalid message: {error}") from error
    alive = node.ledger.clock.accepts(bytes(message.recent_blockhash), params.commitment())
    fee = LAMPORTS_PER_SIGNATURE * message.header.num_required_signatures if alive else None
    return node.in_context(params, fee)


def balance(node: Node, params: Params) -> Any:
    """`getBalance`."""
    account = node.ledger.account(params.address(0), params.commitment())
    return node.in_context(params, account.lamports if account else 0)


def account_info(node: Node, params: Params) -> Any:
    """`getAccountInfo`."""
    return node.in_context(params, show_account(node, params.address(0), params, params.commitment(), "binary"))


def multiple_accounts(node: Node, params: Params) -> Any:
    """`getMultipleAccounts`."""
    addresses, commitment = params.addresses(0, MAX_ACCOUNTS), params.commitment()
    return node.in_context(params, [show_account(node, each, params, commitment) for each in addresses])


def show_account(
    node: Node, address: Pubkey, params: Params, commitment: Commitment, encoding: str = "base64"
) -> dict[str, Any] | None:
    """An account in the encoding that the options ask for."""
    found = node.ledger.account(address, commitment)
    try:
        return account_json(node.ledger, found, params.option("encoding", encoding), commitment)
    except UnknownEncoding as error:
        raise Refusal(INVALID_PARAMS, f"Invalid params: unknown encoding `{error}`") from error


def token_account_balance(node: Node, params: Params) -> Any:
    """`getTokenAccountBalance`."""
    commitment = params.commitment()
    account = node.ledger.account(params.address(0), commitment)
    if account is None:
        raise Refusal(INVALID_PARAMS, "Invalid param: could not find account")
    data = bytes(account.data)
    if not tokens.is_token_account(str(account.owner), data):
        raise Refusal(INVALID_PARAMS, "Invalid param: not a Token account")
    (units,) = struct.unpack_from("<Q", data, _AMOUNT)
    return node.in_context(params, node.ledger.amount(Pubkey(data[:32]), units, commitment))


def token_supply(node: Node, params: Params) -> Any:
    """`getTokenSupply`."""
    mint, commitment = params.address(0), params.commitment()
    account = node.ledger.account(mint, commitment)
    if account is None or str(account.owner) not in tokens.TOKEN_PROGRAMS or len(account.data) < tokens.MINT_BYTES:
        raise Refusal(INVALID_PARAMS, "Invalid param: not a Token mint")
    (units,) = struct.unpack_from("<Q", bytes(account.data), _SUPPLY)
    return node.in_context(params, node.ledger.amount(mint, units, commitment))


def token_accounts_by_owner(node: Node, params: Params) -> Any:
    """`getTokenAccountsByOwner`, filtered by mint or token program."""
    owner, wanted, commitment = params.address(0), params.get(1, dict), params.commitment()
    if len(wanted) != 1 or not wanted.keys() <= {"mint", "programId"}:
        raise Refusal(INVALID_PARAMS, "Invalid params: expected a filter by mint or programId")
    found: list[dict[str, Any]] = []
    for address in node.ledger.archive.token_accounts(owner):
        account = node.ledger.account(address, commitment)
        if account is None:
            continue
        about = token_account_json(node.ledger, bytes(account.data), commitment)
        facts = {"mint": about["mint"], "programId": str(account.owner)}
        if about["owner"] == str(owner) and wanted.items() <= facts.items():
            found.append({"pubkey": str(address), "account": show_account(node, address, params, commitment)})
    return node.in_context(params, found)


def request_airdrop(node: Node, params: Params) -> str:
    """`requestAirdrop`: lamports."""
    return _from_faucet(node.faucet.airdrop, params)


def faucet(node: Node, params: Params) -> str:
    """`hypernode_faucet`, the localnet's own: [address, base units] of HYPER."""
    return _from_faucet(node.faucet.hyper, params)


def _from_faucet(send: Callable[[Pubkey, int], Any], params: Params) -> str:
    try:
        return send(params.address(0), params.natural(1)).signature
    except FaucetFailed as error:
        raise Refusal(INTERNAL_ERROR, str(error)) from error


def fault(node: Node, params: Params) -> Any:
    """`hypernode_fault`, the localnet's own: [fault] arranges one, ["clear"] none, ["warp", slots] skips ahead."""
    if node.faults is None:
        raise Refusal(INVALID_PARAMS, "this localnet was started without faults")
    name = params.text(0)
    if name == "warp":
        node.ledger.clock.warp(params.natural(1))
        return node.ledger.clock.slot()
    if name == "clear":
        node.faults.clear()
        return True
    if name not in set(Fault):
        raise Refusal(INVALID_PARAMS, f"no such fault; there are warp, clear, {', '.join(Fault)}")
    node.faults.pull(Fault(name))
    return True


METHODS: Final[Mapping[str, Method]] = {
    "getHealth": lambda node, params: "ok",
    "getVersion": lambda node, params: {"solana-core": VERSION, "feature-set": 0},
    "getGenesisHash": lambda node, params: node.world.genesis_hash,
    "getSlot": lambda node, params: node.ledger.clock.slot(params.commitment()),
    "getBlockHeight": lambda node, params: node.ledger.clock.height(params.commitment()),
    "getEpochInfo": epoch_info,
    "getLatestBlockhash": latest_blockhash,
    "isBlockhashValid": is_blockhash_valid,
    "getFeeForMessage": fee_for_message,
    "getRecentPrioritizationFees": lambda node, params: [{"slot": node.ledger.clock.slot(), "prioritizationFee": 0}],
    "getMinimumBalanceForRentExemption": lambda node, params: node.ledger.svm.minimum_balance_for_rent_exemption(
        params.natural(0)
    ),
    "getBalance": balance,
    "getAccountInfo": account_info,
    "getMultipleAccounts": multiple_accounts,
    "getTokenAccountBalance": token_account_balance,
    "getTokenSupply": token_supply,
    "getTokenAccountsByOwner": token_accounts_by_owner,
    "requestAirdrop": request_airdrop,
    "hypernode_faucet": faucet,
    "hypernode_fault": fault,
}
