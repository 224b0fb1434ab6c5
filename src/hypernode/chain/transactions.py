"""Our chain transactions: built, signed, and followed until their fate is certain."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from hypernode.chain import tokens
from hypernode.chain.lookup import LookupTable
from hypernode.chain.rpc import Rpc, Status

MAX_TRANSACTION_BYTES: Final = 1_232
"""A chain transaction travels in one IPv6 packet of the least size that every link carries (1280, less headers)."""
MAX_INSTRUCTIONS: Final = 64
"""The runtime's bound on the instructions of one chain transaction, those that programs call included."""
_MEMO_DIGEST_CHARS: Final = 32

# Bytes of a batch of payouts in a v0 chain transaction: see `sign_payouts`, and the test that tries mixtures.
_FRAME_BYTES: Final = 250
"""Signature, header, blockhash, vault, both programs, memo: all but the source and the mint."""
_KEY_BYTES: Final = 32
_TABLE_BYTES: Final = _KEY_BYTES + 4
"""Naming a lookup table, and by it the source and the mint."""
_PAY_BYTES: Final = 17
_CREATE_BYTES: Final = 10
_CREATE_CALLS: Final = 7
"""Creating a token account is one instruction, and up to six calls: two more than usual where lamports are there."""


class TooLarge(ValueError):
    """The chain transaction does not fit into a packet."""

    def __init__(self, size: int) -> None:
        super().__init__(f"a chain transaction has at most {MAX_TRANSACTION_BYTES} bytes, this one {size}")
        self.size = size


@dataclass(frozen=True, slots=True)
class Payment:
    """Base units owed to a wallet. The reference (a payout's id) tells two equal payments apart."""

    wallet: str
    amount: int
    reference: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What to store before it is sent: the same bytes may be sent any number of times, they land at most once."""

    raw: bytes
    signature: str


class Outcome(StrEnum):
    """What is certain about a chain transaction."""

    FINALIZED_OK = "finalized_ok"  #: It did what it says, for good.
    FINALIZED_ERR = "finalized_err"  #: It landed for good, cost its fee, and did nothing.
    EXPIRED = "expired"  #: It never landed and never can: sign anew.
    UNKNOWN = "unknown"  #: It may still land, or be undone: send the same bytes again, ask again.


@dataclass(frozen=True, slots=True)
class Fate:
    """An outcome, with the slot where it landed, and the runtime's error where it failed."""

    outcome: Outcome
    slot: int | None = None
    error: Any = None


def payments_that_fit(payments: Sequence[Payment], missing: Collection[str], listed: Collection[str] = ()) -> int:
    """How many of the first payments fit one chain transaction.

    Wallets in `missing` lack a token account, those in `listed` have theirs in the lookup table that is used.
    """
    room = MAX_TRANSACTION_BYTES - _FRAME_BYTES - (_TABLE_BYTES if listed else 2 * _KEY_BYTES)
    instructions = MAX_INSTRUCTIONS - 1  # The memo.
    new_programs = 2 * _KEY_BYTES  # Creating an account takes two more programs, once.
    for count, payment in enumerate(payments):
        room -= _PAY_BYTES + (1 if payment.wallet in listed else _KEY_BYTES)
        instructions -= 1
        if payment.wallet in missing:
            room -= _CREATE_BYTES + _KEY_BYTES + new_programs
            instructions -= _CREATE_CALLS
            new_programs = 0
        if room < 0 or instructions < 0:
            return count
    return len(payments)


def sign_payouts(
    vault: Keypair,
    mint: str,
    token_program: str,
    payments: Sequence[Payment],
    blockhash: str,
    missing: Collection[str] = (),
    table: LookupTable | None = None,
) -> Signed:
    """Pay wallets from the vault, all or none. The vault pays fees, and rent for the token accounts of `missing`.

    A memo holds a digest of the payments with their references, so that two batches never have the same bytes.
    Accounts in the lookup table are named by it. Raises TooLarge; `payments_that_fit` says how many to take.
    """
    owner = str(vault.pubkey())
    source = tokens.ata(owner, mint, token_program)
    instructions = [
        tokens.create_ata(owner, wallet, mint, token_program)
        for wallet in dict.fromkeys(payment.wallet for payment in payments)
        if wallet in missing
    ]
    for payment in payments:
        destination = tokens.ata(payment.wallet, mint, token_program)
        instructions.append(tokens.transfer_checked(source, mint, destination, owner, payment.amount, token_program))
    instructions.append(tokens.memo(payout_memo(payments), owner))
    return sign_instructions([vault], instructions, blockhash, table)


def payout_memo(payments: Sequence[Payment]) -> str:
    """The memo of a batch: anyone who has the batch can compute it."""
    lines = "".join(f"{payment.reference} {payment.wallet} {payment.amount}\n" for payment in payments)
    return f"hypernode:pay:{sha256(lines.encode()).hexdigest()[:_MEMO_DIGEST_CHARS]}"


def sign_memo(keypair: Keypair, text: str, blockhash: str) -> Signed:
    """Write a text into the chain."""
    return sign_instructions([keypair], [tokens.memo(text, str(keypair.pubkey()))], blockhash)


def sign_transfer(
    owner: Keypair, mint: str, token_program: str, wallet: str, amount: int, blockhash: str, note: str = ""
) -> Signed:
    """Send base units to a wallet, creating its token account at the sender's cost. This is how a customer deposits.

    A note becomes a memo: two equal transfers on one blockhash need different ones.
    """
    sender = str(owner.pubkey())
    source, destination = (tokens.ata(each, mint, token_program) for each in (sender, wallet))
    instructions = [
        tokens.create_ata(sender, wallet, mint, token_program),
        tokens.transfer_checked(source, mint, destination, sender, amount, token_program),
    ]
    if note:
        instructions.append(tokens.memo(note, sender))
    return sign_instructions([owner], instructions, blockhash)


async def landed(rpc: Rpc, signature: str, last_valid_block_height: int) -> Fate:
    """What became of a chain transaction. Money rule: pay again only after EXPIRED or FINALIZED_ERR."""
    return (await fates(rpc, [(signature, last_valid_block_height)]))[0]


async def fates(rpc: Rpc, sent: Sequence[tuple[str, int]]) -> list[Fate]:
    """What became of up to MAX_STATUSES chain transactions, each with its last valid block height, by one look."""
    # The order matters. First: is the last chance past, for good? Only then: has it landed? The other way round it
    # could land between the two questions. Behind a load balancer the second answer may come from a node that
    # lags: it counts only if that node has seen the slot of the first.
    head = await rpc.head("finalized")
    statuses = await rpc.signature_statuses([signature for signature, _ in sent], search_history=True)
    caught_up = statuses.slot >= head.absolute_slot
    unseen = [last for (_, last), status in zip(sent, statuses.values, strict=True) if status is None]
    if caught_up and any(head.block_height > last for last in unseen):
        caught_up = await rpc.is_healthy()
    return [
        _fate(status, past=caught_up and head.block_height > last)
        for (_, last), status in zip(sent, statuses.values, strict=True)
    ]


def _fate(status: Status | None, *, past: bool) -> Fate:
    """Of a chain transaction with this status; `past`: it cannot land any more."""
    if status is None:
        return Fate(Outcome.EXPIRED if past else Outcome.UNKNOWN)
    if status.confirmation_status != "finalized":
        return Fate(Outcome.UNKNOWN, status.slot)
    outcome = Outcome.FINALIZED_OK if status.err is None else Outcome.FINALIZED_ERR
    return Fate(outcome, status.slot, status.err)


def sign_instructions(
    signers: Sequence[Keypair], instructions: Sequence[Instruction], blockhash: str, table: LookupTable | None = None
) -> Signed:
    """Any instructions as a v0 chain transaction; the first signer pays. Raises TooLarge."""
    payer: Pubkey = signers[0].pubkey()
    tables = [table.account] if table else []
    message = MessageV0.try_compile(payer, instructions, tables, Hash.from_string(blockhash))
    transaction = VersionedTransaction(message, signers)
    raw = bytes(transaction)
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise TooLarge(len(raw))
    return Signed(raw, str(transaction.signatures[0]))
