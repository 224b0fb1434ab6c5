"""Key files and addresses."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypernode.chain import base58, keys
from hypernode.chain.keys import InvalidKeyFile, Keypair


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "wallets" / "id.json"

    made = keys.load_or_create(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("[")
    assert keys.load_or_create(path) == keys.load(path) == made
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(FileExistsError):
        keys.create(path)
    assert keys.load(path) == made
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{}", "[1,2]", str([0] * 64), str([999] * 64), "not json"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "id.json"
    path.write_text(content)

    with pytest.raises(InvalidKeyFile) as refusal:
        keys.load(path)

    assert refusal.value.path == path


def test_a_signature_holds_for_its_key_and_message_alone():
    keypair, other = Keypair(), Keypair()
    signature = keys.sign(keypair, b"message")

    assert keys.verify(keys.address_of(keypair), signature, b"message")
    assert not keys.verify(keys.address_of(keypair), signature, b"massage")
    assert not keys.verify(keys.address_of(other), signature, b"message")
    assert not keys.verify("nonsense", signature, b"message")
    assert not keys.verify(keys.address_of(keypair), b"short", b"message")


@pytest.mark.parametrize("address", ["", "1", "0" * 32, "7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWX", "é" * 32, "1" * 45])
def test_what_is_no_address_is_told(address: str):
    assert not keys.is_wallet_address(address)
    assert keys.is_wallet_address("7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv")
    assert keys.is_wallet_address("1" * 32)


@given(st.binary(max_size=80))
def test_base58_reads_what_it_writes(data: bytes):
    assert base58.decode(base58.encode(data)) == data
    assert base58.is_canonical(base58.encode(data), len(data))


def test_base58_knows_its_alphabet():
    assert base58.encode(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert not base58.is_canonical("0OIl", 3)
