"""Sign-in: the exact text, and all the ways to forge one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypernode.chain import keys
from hypernode.chain.keys import Keypair
from hypernode.chain.signin import Expected, SignInMessage, SignInRefused, parse, text, verify_sign_in

# Made with createSignInMessageText of @solana/wallet-standard-util 1.1.2.
VECTOR = (
    "hypernode.example wants you to sign in with your Solana account:\n7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv\n\n"
    "Sign in to Hypernode.\n\nURI: https://hypernode.example\nVersion: 1\nChain ID: mainnet\nNonce: 8f3a6c1d9b2e4f70\n"
    "Issued At: 2026-11-23T10:00:00.000Z\nExpiration Time: 2026-11-23T10:05:00.000Z\n"
    "Not Before: 2026-11-23T10:00:00.000Z\nRequest ID: r-1\nResources:\n- https://hypernode.example/terms\n- ipfs://abc"
)
MESSAGE = SignInMessage(
    domain="hypernode.example",
    address="7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv",
    statement="Sign in to Hypernode.",
    uri="https://hypernode.example",
    version="1",
    chain_id="mainnet",
    nonce="8f3a6c1d9b2e4f70",
    issued_at="2026-11-23T10:00:00.000Z",
    expiration_time="2026-11-23T10:05:00.000Z",
    not_before="2026-11-23T10:00:00.000Z",
    request_id="r-1",
    resources=("https://hypernode.example/terms", "ipfs://abc"),
)
WALLET = Keypair()
OURS = replace(MESSAGE, address=keys.address_of(WALLET))
EXPECTED = Expected(OURS.address, OURS.domain, OURS.nonce, OURS.chain_id, OURS.uri)
NOW = datetime(2026, 11, 23, 10, 1, tzinfo=UTC)


def sign_in(message: SignInMessage, now: datetime = NOW, expected: Expected = EXPECTED) -> SignInMessage:
    signed = text(message).encode()
    return verify_sign_in(signed, keys.sign(WALLET, signed), expected, now)


def test_the_text_is_the_wallet_standards():
    assert text(MESSAGE) == VECTOR
    assert parse(VECTOR.encode()) == MESSAGE


@pytest.mark.parametrize(
    "short",
    [
        SignInMessage(MESSAGE.domain, MESSAGE.address),
        SignInMessage(MESSAGE.domain, MESSAGE.address, statement="Hi"),
        SignInMessage(MESSAGE.domain, MESSAGE.address, nonce="12345678"),
    ],
)
def test_what_is_optional_may_be_absent(short: SignInMessage):
    assert parse(text(short).encode()) == short


def test_a_wallet_signs_in():
    assert sign_in(OURS) == OURS


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (replace(OURS, domain="hypernode.evil"), "domain"),
        (replace(OURS, address=MESSAGE.address), "address"),
        (replace(OURS, nonce="0000000000000000"), "nonce"),
        (replace(OURS, chain_id="devnet"), "chain_id"),
        (replace(OURS, uri="https://hypernode.evil"), "uri"),
        (replace(OURS, version="2"), "version"),
        (replace(OURS, issued_at=""), "Issued At"),
        (replace(OURS, issued_at="yesterday"), "Issued At"),
        (replace(OURS, issued_at="2026-11-23T10:02:00Z"), "in the future"),
        (replace(OURS, not_before="2026-11-23T10:01:01Z"), "not valid yet"),
        (replace(OURS, expiration_time="2026-11-23T10:01:00Z"), "expired"),
    ],
)
def test_what_was_not_asked_for_is_refused(forged: SignInMessage, reason: str):
    with pytest.raises(SignInRefused, match=reason):
        sign_in(forged)


def test_an_old_message_is_refused_also_without_an_end():
    lasting = replace(OURS, expiration_time="")

    assert sign_in(lasting, NOW + timedelta(minutes=8)) == lasting
    with pytest.raises(SignInRefused, match="too old"):
        sign_in(lasting, NOW + timedelta(minutes=10))


def test_a_replay_under_a_new_nonce_is_refused():
    with pytest.raises(SignInRefused, match="nonce"):
        sign_in(OURS, expected=replace(EXPECTED, nonce="another"))


def test_another_wallets_signature_is_refused():
    signed = text(OURS).encode()

    for signature in (keys.sign(Keypair(), signed), bytes(64), b"", keys.sign(WALLET, signed)[:63]):
        with pytest.raises(SignInRefused, match="signature"):
            verify_sign_in(signed, signature, EXPECTED, NOW)


@given(st.integers(0, len(VECTOR) - 1), st.characters(codec="utf-8"))
def test_a_text_is_read_as_it_is_written_or_not_at_all(position: int, char: str):
    altered = VECTOR[:position] + char + VECTOR[position + 1 :]
    try:
        message = parse(altered.encode())
    except SignInRefused:
        return
    assert text(message) == altered


@pytest.mark.parametrize(
    "nonsense",
    [
        b"", b"\xff", b"x" * 5_000, VECTOR.encode() + b"\n", VECTOR.encode().replace(b"\n", b"\r\n"),
        VECTOR.replace("Version: 1\n", "Version: 1\nVersion: 1\n").encode(),
        VECTOR.replace("Chain ID: mainnet\n", "").replace("Request", "Chain ID: mainnet\nRequest").encode(),
        VECTOR.replace("Request ID", "Surprise").encode(),
        VECTOR.replace("- ipfs", "ipfs").encode(),
    ],
)  # fmt: skip
def test_nonsense_is_refused(nonsense: bytes):
    with pytest.raises(SignInRefused):
        parse(nonsense)
