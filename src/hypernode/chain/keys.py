"""Ed25519 keys: files in the Solana CLI's format, signatures, addresses."""

import os
import tempfile
from pathlib import Path
from typing import Final

import msgspec
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

__all__ = [
    "InvalidKeyFile",
    "Keypair",
    "address_of",
    "create",
    "is_wallet_address",
    "load",
    "load_or_create",
    "sign",
    "verify",
]

_LONGEST_ADDRESS: Final = 44
_SECRET_BYTES: Final = 64


class InvalidKeyFile(ValueError):
    """The file is no keypair in the Solana CLI's format: a JSON array of 64 bytes."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is no Solana keypair file: {reason}")
        self.path = path
        self.reason = reason


def load(path: Path) -> Keypair:
    """The keypair in a file. Raises InvalidKeyFile, or OSError where it cannot be read."""
    try:
        secret = msgspec.json.decode(path.read_bytes(), type=list[int])
        if len(secret) != _SECRET_BYTES:
            raise InvalidKeyFile(path, f"it holds {len(secret)} numbers, not {_SECRET_BYTES}")
        return Keypair.from_bytes(bytes(secret))
    except InvalidKeyFile:
        raise
    except ValueError as error:  # Also msgspec's: never quote it, it may quote the secret.
        raise InvalidKeyFile(path, "not a JSON array of the 64 bytes of a key") from error


def create(path: Path) -> Keypair:
    """A new keypair in a new file, readable by its owner alone. Raises FileExistsError rather than replace a key."""
    keypair = Keypair()
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file 0600; a link appears whole or not at all, and never over another key.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(list(bytes(keypair))))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        Path(draft).unlink()
    return keypair


def load_or_create(path: Path) -> Keypair:
    """The keypair in a file, made on first use. Safe when two processes start at once."""
    try:
        return load(path)
    except FileNotFoundError:
        pass
    try:
        return create(path)
    except FileExistsError:
        return load(path)


def address_of(keypair: Keypair) -> str:
    """The wallet address: the public key in base58."""
    return str(keypair.pubkey())


def sign(keypair: Keypair, message: bytes) -> bytes:
    """The 64 bytes of an ed25519 signature."""
    return bytes(keypair.sign_message(message))


def sign_text(keypair: Keypair, message: bytes) -> str:
    """An ed25519 signature in base58."""
    return str(keypair.sign_message(message))


def verify(address: str, signature: bytes, message: bytes) -> bool:
    """Whether the wallet signed these very bytes. Never raises."""
    try:
        return Signature.from_bytes(signature).verify(Pubkey.from_string(address), message)
    except ValueError:
        return False


def is_wallet_address(text: str) -> bool:
    """Whether the text is a Solana address: 32 bytes in base58. It may be off the curve: programs own accounts too."""
    if len(text) > _LONGEST_ADDRESS:
        return False
    try:
        return str(Pubkey.from_string(text)) == text
    except ValueError:
        return False
