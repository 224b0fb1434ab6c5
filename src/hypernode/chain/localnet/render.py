"""Accounts and chain transactions in the encodings of Solana's JSON-RPC."""

import base64
import struct
from typing import Any, Final

from solders.account import Account
from solders.instruction import CompiledInstruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from hypernode.chain import base58, tokens
from hypernode.chain.localnet.archive import Landed
from hypernode.chain.localnet.ledger import Ledger, compiled, lookups
from hypernode.chain.rpc import Commitment

RENT_EPOCH: Final = 2**64 - 1
_PROGRAM_NAMES: Final = {tokens.TOKEN_PROGRAM: "spl-token", tokens.TOKEN_2022_PROGRAM: "spl-token-2022"}
_TRANSFER, _TRANSFER_CHECKED, _SYSTEM_TRANSFER = 3, 12, 2
_STATES: Final = ("uninitialized", "initialized", "frozen")


class UnknownEncoding(ValueError):
    """The client asks for an encoding that the localnet does not have."""


def account_json(ledger: Ledger, found: Account | None, encoding: str, commitment: Commitment) -> dict[str, Any] | None:
    """The value of getAccountInfo."""
    if found is None:
        return None
    data = bytes(found.data)
    shown: Any
    match encoding:
        case "jsonParsed" if tokens.is_token_account(str(found.owner), data):
            shown = {"program": _PROGRAM_NAMES[str(found.owner)], "space": len(data),
                     "parsed": {"type": "account", "info": token_account_json(ledger, data, commitment)}}  # fmt: skip
        case "base64" | "jsonParsed":
            shown = [base64.b64encode(data).decode(), "base64"]
        case "base58":
            shown = [base58.encode(data), "base58"]
        case "binary":
            shown = base58.encode(data)
        case _:
            raise UnknownEncoding(encoding)
    return {
        "lamports": found.lamports, "owner": str(found.owner), "executable": found.executable,
        "rentEpoch": RENT_EPOCH, "space": len(data), "data": shown,
    }  # fmt: skip


def token_account_json(ledger: Ledger, data: bytes, commitment: Commitment) -> dict[str, Any]:
    """A token account as `jsonParsed` shows it."""
    mint = Pubkey(data[:32])
    (units,) = struct.unpack_from("<Q", data, 64)
    return {
        "mint": str(mint), "owner": str(Pubkey(data[32:64])), "state": _STATES[data[108]], "isNative": False,
        "tokenAmount": ledger.amount(mint, units, commitment),
    }  # fmt: skip


def transaction_json(ledger: Ledger, landed: Landed, encoding: str) -> dict[str, Any]:
    """The value of getTransaction, less its `version`."""
    parsed = VersionedTransaction.from_bytes(landed.wire)
    meta: Any = landed.meta
    shown: Any
    match encoding:
        case "base64":
            shown = [base64.b64encode(landed.wire).decode(), "base64"]
        case "base58":
            shown = [base58.encode(landed.wire), "base58"]
        case "json":
            shown = {"signatures": [str(each) for each in parsed.signatures], "message": _message(parsed)}
        case "jsonParsed":
            message = _parsed_message(ledger, parsed, landed)
            shown = {"signatures": [str(each) for each in parsed.signatures], "message": message}
            keys = _all_keys(parsed, landed)
            inner = [
                {**group, "instructions": [_parsed_inner(call, keys) for call in group["instructions"]]}
                for group in meta["innerInstructions"]
            ]
            meta = {name: value for name, value in meta.items() if name != "loadedAddresses"}
            meta["innerInstructions"] = inner
        case _:
            raise UnknownEncoding(encoding)
    return {"slot": landed.slot, "blockTime": landed.time_s, "transaction": shown, "meta": meta}


def version_of(wire: bytes) -> int | str:
    """`legacy` or the number of the message's version."""
    return 0 if isinstance(VersionedTransaction.from_bytes(wire).message, MessageV0) else "legacy"


def _message(parsed: VersionedTransaction) -> dict[str, Any]:
    message, header = parsed.message, parsed.message.header
    return {
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": [str(key) for key in message.account_keys],
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [compiled(instruction) for instruction in message.instructions],
        **_lookups(parsed),
    }


def _lookups(parsed: VersionedTransaction) -> dict[str, Any]:
    if not isinstance(parsed.message, MessageV0):
        return {}
    shown = [
        {"accountKey": str(each.account_key), "writableIndexes": list(each.writable_indexes),
         "readonlyIndexes": list(each.readonly_indexes)}
        for each in lookups(parsed)
    ]  # fmt: skip
    return {"addressTableLookups": shown}


def _all_keys(parsed: VersionedTransaction, landed: Landed) -> list[str]:
    loaded = landed.meta["loadedAddresses"]
    return [*(str(key) for key in parsed.message.account_keys), *loaded["writable"], *loaded["readonly"]]


def _parsed_message(ledger: Ledger, parsed: VersionedTransaction, landed: Landed) -> dict[str, Any]:
    message, header = parsed.message, parsed.message.header
    static, signers = len(message.account_keys), header.num_required_signatures
    keys, lookups_writable = _all_keys(parsed, landed), len(landed.meta["loadedAddresses"]["writable"])
    accounts = [
        {
            "pubkey": key,
            "signer": index < signers,
            "writable": index < signers - header.num_readonly_signed_accounts
            or signers <= index < static - header.num_readonly_unsigned_accounts
            or static <= index < static + lookups_writable,
            "source": "transaction" if index < static else "lookupTable",
        }
        for index, key in enumerate(keys)
    ]
    return {
        "accountKeys": accounts,
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [_parsed_instruction(ledger, instruction, keys) for instruction in message.instructions],
        **_lookups(parsed),
    }


def _parsed_inner(call: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """An inner instruction, partly decoded: a form that `jsonParsed` allows for programs without a parser."""
    return {
        "programId": keys[call["programIdIndex"]], "accounts": [keys[index] for index in call["accounts"]],
        "data": call["data"], "stackHeight": call["stackHeight"],
    }  # fmt: skip


def _parsed_instruction(ledger: Ledger, instruction: CompiledInstruction, keys: list[str]) -> dict[str, Any]:
    program, data = keys[instruction.program_id_index], bytes(instruction.data)
    accounts = [keys[index] for index in instruction.accounts]
    known: Any = None
    if program == tokens.MEMO_PROGRAM:
        return {
            "program": "spl-memo",
            "programId": program,
            "parsed": data.decode(errors="replace"),
            "stackHeight": None,
        }
    if program in tokens.TOKEN_PROGRAMS and data[:1] == bytes([_TRANSFER_CHECKED]) and len(accounts) == 4:
        (units,) = struct.unpack_from("<Q", data, 1)
        moved = ledger.amount(Pubkey.from_string(accounts[1]), units)
        info = dict(zip(("source", "mint", "destination", "authority"), accounts, strict=True), tokenAmount=moved)
        known = (_PROGRAM_NAMES[program], "transferChecked", info)
    elif program in tokens.TOKEN_PROGRAMS and data[:1] == bytes([_TRANSFER]) and len(accounts) == 3:
        info = dict(zip(("source", "destination", "authority"), accounts, strict=True))
        known = (_PROGRAM_NAMES[program], "transfer", info | {"amount": str(struct.unpack_from("<Q", data, 1)[0])})
    elif program == tokens.SYSTEM_PROGRAM and data[:4] == struct.pack("<I", _SYSTEM_TRANSFER):
        lamports: int = struct.unpack_from("<Q", data, 4)[0]
        known = ("system", "transfer", {"source": accounts[0], "destination": accounts[1], "lamports": lamports})
    if known is None:
        return _parsed_inner(compiled(instruction), keys)
    name, kind, info = known
    return {"program": name, "programId": program, "parsed": {"type": kind, "info": info}, "stackHeight": None}
