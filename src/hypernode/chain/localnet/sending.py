"""The JSON-RPC methods that send chain transactions and tell what became of them."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from solders.transaction import VersionedTransaction

from hypernode.chain import base58
from hypernode.chain.localnet.archive import Landed
from hypernode.chain.localnet.clock import MAX_BLOCKHASH_AGE
from hypernode.chain.localnet.faults import AnswerLost, Fault
from hypernode.chain.localnet.ledger import Result, inner_instructions
from hypernode.chain.localnet.methods import Method, Node, show_account
from hypernode.chain.localnet.params import INVALID_PARAMS, Params, Refusal, pubkey, signature
from hypernode.chain.localnet.render import UnknownEncoding, transaction_json, version_of
from hypernode.chain.rpc import MAX_SIGNATURES, MAX_STATUSES, PREFLIGHT_FAILURE, Commitment
from hypernode.chain.transactions import MAX_TRANSACTION_BYTES

BAD_SIGNATURE: Final = -32003
UNSUPPORTED_VERSION: Final = -32015
_NEVER: Final = 2**62
_SENTENCES: Final = {
    "BlockhashNotFound": "Blockhash not found",
    "AlreadyProcessed": "This transaction has already been processed",
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "InvalidAccountForFee": "This account may not be used to pay transaction fees",
    "SignatureFailure": "Transaction did not pass signature verification",
    "TooManyAccountLocks": "Transaction locked too many accounts",
    "ProgramAccountNotFound": "Attempt to load a program that does not exist",
}


def decode(params: Params) -> VersionedTransaction:
    """The chain transaction that the first parameter holds. Nodes take base58 unless told otherwise."""
    encoding: str = params.option("encoding", "base58")
    if encoding not in {"base58", "base64"}:
        raise Refusal(INVALID_PARAMS, f"unsupported encoding: {encoding}. Supported encodings: base58, base64")
    try:
        text = params.text(0)
        raw = base64.b64decode(text, validate=True) if encoding == "base64" else base58.decode(text)
    except ValueError as error:
        raise Refusal(INVALID_PARAMS, f"invalid {encoding} encoding: {error}") from error
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise Refusal(
            INVALID_PARAMS,
            f"decoded VersionedTransaction too large: {len(raw)} bytes (max: {MAX_TRANSACTION_BYTES} bytes)",
        )
    try:
        transaction = VersionedTransaction.from_bytes(raw)
    except ValueError as error:
        raise Refusal(INVALID_PARAMS, f"failed to deserialize VersionedTransaction: {error}") from error
    try:
        transaction.sanitize()
    except Exception as error:  # solders' SanitizeError is a bare Exception.
        raise Refusal(INVALID_PARAMS, f"invalid transaction: {error}") from error
    return transaction


def send_transaction(node: Node, params: Params) -> str:
    """`sendTransaction`: preflight, then the next block, unless a fault says otherwise."""
    transaction = decode(params)
    if not params.option("skipPreflight", False):
        _preflight(node, transaction, params.commitment("preflightCommitment"))
    sent = str(transaction.signatures[0])
    fault = node.faults.next() if node.faults else None
    if fault != Fault.DROP:
        node.ledger.land(transaction, sabotage=fault == Fault.FAIL)
    if fault is Fault.HANG or fault is Fault.BAD_GATEWAY:
        raise AnswerLost(fault)
    return sent


def _preflight(node: Node, transaction: VersionedTransaction, commitment: Commitment) -> None:
    if not all(transaction.verify_with_results()):
        raise Refusal(BAD_SIGNATURE, "Transaction signature verification failure")
    result = node.ledger.simulate(transaction, commitment, check_signatures=True)
    if result.err is not None:
        sentence = f"Transaction simulation failed: {describe(result.err)}"
        raise Refusal(PREFLIGHT_FAILURE, sentence, _simulation(result))


def simulate_transaction(node: Node, params: Params) -> Any:
    """`simulateTransaction`."""
    transaction, commitment = decode(params), params.commitment()
    check_signatures: bool = params.option("sigVerify", False)
    replace: bool = params.option("replaceRecentBlockhash", False)
    if check_signatures and replace:
        raise Refusal(INVALID_PARAMS, "sigVerify may not be used with replaceRecentBlockhash")
    if check_signatures and not all(transaction.verify_with_results()):
        raise Refusal(BAD_SIGNATURE, "Transaction signature verification failure")
    result = node.ledger.simulate(transaction, commitment, check_signatures=check_signatures, check_age=not replace)
    shown = _simulation(result)
    wanted = params.option("accounts", {})
    if wanted:
        at = Params([*(wanted.get("addresses") or []), wanted])
        shown["accounts"] = [show_account(node, pubkey(each), at, commitment) for each in wanted["addresses"]]
    return node.in_context(params, shown)


def _simulation(result: Result) -> dict[str, Any]:
    inner = inner_instructions(result.run) if result.run else None
    return {
        "err": result.err, "logs": result.logs, "accounts": None, "unitsConsumed": result.units, "returnData": None,
        "innerInstructions": inner, "replacementBlockhash": None,
    }  # fmt: skip


def describe(err: Any) -> str:
    """The runtime's error as a sentence, as nodes word it."""
    if isinstance(err, str):
        return _SENTENCES.get(err, err)
    match err:
        case {"InstructionError": [index, {"Custom": code}]}:
            return f"Error processing Instruction {index}: custom program error: {code:#x}"
        case {"InstructionError": [index, reason]}:
            return f"Error processing Instruction {index}: {reason}"
        case {"InsufficientFundsForRent": {"account_index": index}}:
            return f"Transaction results in an account ({index}) with insufficient funds for rent"
        case _:
            return str(err)


def signature_statuses(node: Node, params: Params) -> Any:
    """`getSignatureStatuses`: without the history, only what landed lately."""
    wanted: list[Any] = params.get(0, list)
    if len(wanted) > MAX_STATUSES:
        raise Refusal(INVALID_PARAMS, f"Too many inputs provided; max {MAX_STATUSES}")
    history: bool = params.option("searchTransactionHistory", False)
    oldest = 0 if history else node.ledger.clock.slot("finalized") - MAX_BLOCKHASH_AGE
    found = [node.ledger.archive.find(signature(each)) for each in wanted]
    values = [_status(node, landed) if landed and landed.slot >= oldest else None for landed in found]
    return {"context": {"slot": node.ledger.clock.slot()}, "value": values}


def _status(node: Node, landed: Landed) -> dict[str, Any]:
    clock = node.ledger.clock
    commitment = clock.commitment_of(landed.slot)
    return {
        "slot": landed.slot, "confirmations": None if commitment == "finalized" else clock.slot() - landed.slot,
        "err": landed.err, "status": landed.meta["status"], "confirmationStatus": commitment,
    }  # fmt: skip


def transaction(node: Node, params: Params) -> Any:
    """`getTransaction`: finalized ones only, unless asked for confirmed ones."""
    wanted, commitment = signature(params.text(0)), _settled(params)
    options = params.values[1] if len(params.values) > 1 else None
    # A bare string as second parameter is an old way to name the encoding.
    encoding: str = options if isinstance(options, str) else params.option("encoding", "json")
    landed = node.ledger.archive.find(wanted)
    if landed is None or landed.slot > node.ledger.clock.slot(commitment):
        return None
    version, newest = version_of(landed.wire), params.options.get("maxSupportedTransactionVersion")
    if newest is None and version != "legacy":
        raise Refusal(
            UNSUPPORTED_VERSION,
            f"Transaction version ({version}) is not supported by the requesting client. Please try the request again "
            'with the following configuration parameter: "maxSupportedTransactionVersion": 0',
        )
    try:
        shown = transaction_json(node.ledger, landed, encoding)
    except UnknownEncoding as error:
        raise Refusal(INVALID_PARAMS, f"Invalid params: unknown encoding `{error}`") from error
    return shown if newest is None else {**shown, "version": version}


def signatures_for_address(node: Node, params: Params) -> Any:
    """`getSignaturesForAddress`, newest first."""
    address, commitment = params.address(0), _settled(params)
    limit: int = params.option("limit", MAX_SIGNATURES)
    if not 1 <= limit <= MAX_SIGNATURES:
        raise Refusal(INVALID_PARAMS, f"Invalid limit; max {MAX_SIGNATURES}")
    archive, slot = node.ledger.archive, node.ledger.clock.slot(commitment)
    before, until = _NEVER, 0
    if (text := params.options.get("before")) is not None:
        known = archive.find(signature(text))
        before = known.ordinal if known else 0  # As on a real node: nothing lies before what it does not know.
    if (text := params.options.get("until")) is not None:
        known = archive.find(signature(text))
        until = known.ordinal if known else 0
    return [
        {
            "signature": each.signature, "slot": each.slot, "err": each.err, "memo": each.memo,
            "blockTime": each.time_s, "confirmationStatus": node.ledger.clock.commitment_of(each.slot),
        }
        for each in archive.history(address, slot, before, until, limit)
    ]  # fmt: skip


def _settled(params: Params) -> Commitment:
    commitment = params.commitment()
    if commitment == "processed":
        raise Refusal(INVALID_PARAMS, "Method does not support commitment below `confirmed`")
    return commitment


METHODS: Final[Mapping[str, Method]] = {
    "sendTransaction": send_transaction,
    "simulateTransaction": simulate_transaction,
    "getSignatureStatuses": signature_statuses,
    "getTransaction": transaction,
    "getSignaturesForAddress": signatures_for_address,
}
