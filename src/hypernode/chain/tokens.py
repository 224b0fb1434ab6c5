"""SPL tokens: program ids, addresses, instructions, and the check that a mint is fit to be money."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from hypernode.chain.rpc import AccountInfo
from hypernode.domain.money import DECIMALS

TOKEN_PROGRAM: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022_PROGRAM: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
TOKEN_PROGRAMS: Final = frozenset({TOKEN_PROGRAM, TOKEN_2022_PROGRAM})
ATA_PROGRAM: Final = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
MEMO_PROGRAM: Final = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"
SYSTEM_PROGRAM: Final = "11111111111111111111111111111111"

MINT_BYTES: Final = 82
TOKEN_ACCOUNT_BYTES: Final = 165
MAX_MEMO_BYTES: Final = 1_059
"""A longer memo does not fit a chain transaction with one signer."""

# Byte offsets in SPL Token's Mint, little-endian. Token-2022 pads it to 165 bytes; the type and extensions follow.
_MINT_AUTHORITY, _SUPPLY, _DECIMALS, _INITIALIZED, _FREEZE_AUTHORITY = 0, 36, 44, 45, 46
_ACCOUNT_TYPE: Final = 165
_IS_MINT, _IS_ACCOUNT = 1, 2
_HARMLESS_EXTENSIONS: Final = {18: "MetadataPointer", 19: "TokenMetadata"}
_EXTENSION_NAMES: Final = {
    1: "TransferFeeConfig", 3: "MintCloseAuthority", 4: "ConfidentialTransferMint", 6: "DefaultAccountState",
    9: "NonTransferable", 10: "InterestBearingConfig", 12: "PermanentDelegate", 14: "TransferHook", 20: "GroupPointer",
    21: "TokenGroup", 22: "GroupMemberPointer", 23: "TokenGroupMember", 25: "ScaledUiAmount", 26: "Pausable",
}  # fmt: skip

_INITIALIZE_MINT_2, _SET_AUTHORITY, _MINT_TO, _TRANSFER_CHECKED, _CREATE_IDEMPOTENT = 20, 6, 7, 12, 1
_MINT_TOKENS_AUTHORITY: Final = 0


class UnsuitableMint(ValueError):
    """The mint is not fit to be money: somebody could take, freeze, dilute or tax balances."""

    def __init__(self, mint: str, reason: str) -> None:
        super().__init__(f"mint {mint} is not fit to be HYPER: {reason}")
        self.mint = mint
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Mint:
    """A mint that passed `inspect_mint`. `token_program` owns it and its token accounts; supply in base units."""

    address: str
    token_program: str
    supply: int


def inspect_mint(address: str, account: AccountInfo | None) -> Mint:
    """The mint in an account. Raises UnsuitableMint: call it at start-up, before money moves."""
    if account is None:
        raise UnsuitableMint(address, "there is no such account on this cluster")
    if account.owner not in TOKEN_PROGRAMS:
        raise UnsuitableMint(address, f"its owner {account.owner} is no token program")
    data = account.data
    extended = len(data) > _ACCOUNT_TYPE and data[_ACCOUNT_TYPE] == _IS_MINT and account.owner == TOKEN_2022_PROGRAM
    if not (len(data) == MINT_BYTES or extended) or data[_INITIALIZED] != 1:
        raise UnsuitableMint(address, "it is no initialised mint (a token account, perhaps?)")
    if data[_DECIMALS] != DECIMALS:
        raise UnsuitableMint(address, f"it has {data[_DECIMALS]} decimals, not {DECIMALS}")
    if _u32(data, _MINT_AUTHORITY):
        raise UnsuitableMint(address, "it has a mint authority, who can dilute every balance")
    if _u32(data, _FREEZE_AUTHORITY):
        raise UnsuitableMint(address, "it has a freeze authority, who can lock the vault")
    for kind in _extensions(data):
        if kind not in _HARMLESS_EXTENSIONS:
            raise UnsuitableMint(address, f"it has the extension {_EXTENSION_NAMES.get(kind, f'number {kind}')}")
    (supply,) = struct.unpack_from("<Q", data, _SUPPLY)
    return Mint(address, account.owner, supply)


def is_token_account(program: str, data: bytes) -> bool:
    """Whether an account of this owner holds tokens (not a mint, not a multisig)."""
    if program not in TOKEN_PROGRAMS:
        return False
    return len(data) == TOKEN_ACCOUNT_BYTES or (len(data) > _ACCOUNT_TYPE and data[_ACCOUNT_TYPE] == _IS_ACCOUNT)


def ata(owner: str, mint: str, token_program: str) -> str:
    """The associated token account: the one address where a wallet's tokens of a mint live by custom."""
    seeds = [bytes(Pubkey.from_string(part)) for part in (owner, token_program, mint)]
    return str(Pubkey.find_program_address(seeds, _key(ATA_PROGRAM))[0])


def create_ata(payer: str, owner: str, mint: str, token_program: str) -> Instruction:
    """Create an associated token account unless it is there (CreateIdempotent); `payer` pays its rent."""
    accounts = [
        _signer(payer, writable=True), _writable(ata(owner, mint, token_program)), _readonly(owner), _readonly(mint),
        _readonly(SYSTEM_PROGRAM), _readonly(token_program),
    ]  # fmt: skip
    return Instruction(_key(ATA_PROGRAM), bytes([_CREATE_IDEMPOTENT]), accounts)


def transfer_checked(
    source: str, mint: str, destination: str, owner: str, amount: int, token_program: str, decimals: int = DECIMALS
) -> Instruction:
    """Move base units between token accounts; the program refuses another mint or other decimals."""
    data = struct.pack("<BQB", _TRANSFER_CHECKED, amount, decimals)
    return Instruction(
        _key(token_program), data, [_writable(source), _readonly(mint), _writable(destination), _signer(owner)]
    )


def initialize_mint(mint: str, authority: str, token_program: str, decimals: int = DECIMALS) -> Instruction:
    """Make a fresh account a mint without a freeze authority (InitializeMint2)."""
    data = struct.pack("<BB32sB", _INITIALIZE_MINT_2, decimals, bytes(_key(authority)), 0)
    return Instruction(_key(token_program), data, [_writable(mint)])


def mint_to(mint: str, destination: str, authority: str, amount: int, token_program: str) -> Instruction:
    """Create base units in a token account."""
    data = struct.pack("<BQ", _MINT_TO, amount)
    return Instruction(_key(token_program), data, [_writable(mint), _writable(destination), _signer(authority)])


def remove_mint_authority(mint: str, authority: str, token_program: str) -> Instruction:
    """Fix the supply for ever."""
    data = struct.pack("<BBB", _SET_AUTHORITY, _MINT_TOKENS_AUTHORITY, 0)
    return Instruction(_key(token_program), data, [_writable(mint), _signer(authority)])


def memo(text: str, signer: str) -> Instruction:
    """Write a text into the chain, vouched for by a signer."""
    return Instruction(_key(MEMO_PROGRAM), text.encode(), [_signer(signer)])


def _extensions(data: bytes) -> Iterator[int]:
    """The types in a Token-2022 mint's list of (u16 type, u16 length, value)."""
    offset = _ACCOUNT_TYPE + 1
    while offset + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, offset)
        if kind == 0:
            return
        yield kind
        offset += 4 + length


def _u32(data: bytes, offset: int) -> int:
    return struct.unpack_from("<I", data, offset)[0]


def _key(address: str) -> Pubkey:
    return Pubkey.from_string(address)


def _writable(address: str) -> AccountMeta:
    return AccountMeta(_key(address), is_signer=False, is_writable=True)


def _readonly(address: str) -> AccountMeta:
    return AccountMeta(_key(address), is_signer=False, is_writable=False)


def _signer(address: str, *, writable: bool = False) -> AccountMeta:
    return AccountMeta(_key(address), is_signer=True, is_writable=writable)
