"""Which mints are fit to be money."""

import struct

import pytest

from hypernode.chain.rpc import AccountInfo
from hypernode.chain.tokens import (
    MINT_BYTES,
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
    UnsuitableMint,
    ata,
    inspect_mint,
)

HYPER = "92s9qna3djkMncZzkacyNQ38UKnNXZFh4Jgqe3Cmpump"
METADATA_POINTER, TOKEN_METADATA, TRANSFER_FEE, PERMANENT_DELEGATE, UNHEARD_OF = 18, 19, 1, 12, 999


def mint_data(*, decimals: int = 6, authority: bool = False, freeze: bool = False, initialized: int = 1) -> bytes:
    return struct.pack("<I32sQBBI32s", authority, bytes(32), 10**15, decimals, initialized, freeze, bytes(32))


def extended(*kinds: int) -> bytes:
    entries = b"".join(struct.pack("<HH", kind, 64) + bytes(64) for kind in kinds)
    return mint_data().ljust(165, b"\0") + b"\1" + entries


def account(data: bytes, owner: str = TOKEN_PROGRAM) -> AccountInfo:
    return AccountInfo(1_461_600, owner, data, executable=False)


@pytest.mark.parametrize(
    "fit",
    [
        account(mint_data()),
        account(mint_data(), TOKEN_2022_PROGRAM),
        account(extended(METADATA_POINTER, TOKEN_METADATA), TOKEN_2022_PROGRAM),
    ],
)
def test_a_mint_that_nobody_controls_is_fit(fit: AccountInfo):
    mint = inspect_mint(HYPER, fit)

    assert (mint.address, mint.token_program, mint.supply) == (HYPER, fit.owner, 10**15)


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        (None, "no such account"),
        (account(mint_data(), "11111111111111111111111111111111"), "no token program"),
        (account(mint_data(decimals=9)), "9 decimals"),
        (account(mint_data(authority=True)), "mint authority"),
        (account(mint_data(freeze=True)), "freeze authority"),
        (account(mint_data(initialized=0)), "no initialised mint"),
        (account(bytes(165)), "no initialised mint"),
        (account(b""), "no initialised mint"),
        (account(extended(METADATA_POINTER)), "no initialised mint"),
        (account(extended(METADATA_POINTER, TRANSFER_FEE), TOKEN_2022_PROGRAM), "TransferFeeConfig"),
        (account(extended(PERMANENT_DELEGATE), TOKEN_2022_PROGRAM), "PermanentDelegate"),
        (account(extended(UNHEARD_OF), TOKEN_2022_PROGRAM), "number 999"),
    ],
)
def test_a_mint_that_somebody_controls_is_refused(unfit: AccountInfo | None, reason: str):
    with pytest.raises(UnsuitableMint, match=reason) as refusal:
        inspect_mint(HYPER, unfit)

    assert refusal.value.mint == HYPER
    assert len(mint_data()) == MINT_BYTES


def test_token_accounts_depend_on_the_program():
    wallet = "7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv"

    assert ata(wallet, HYPER, TOKEN_PROGRAM) != ata(wallet, HYPER, TOKEN_2022_PROGRAM)
