"""Base58 in Bitcoin's alphabet, as Solana writes binary data."""

from typing import Final

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {char: value for value, char in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """The text of bytes; each leading zero byte is a `1`."""
    number, chars = int.from_bytes(data), ""
    while number:
        number, value = divmod(number, 58)
        chars = ALPHABET[value] + chars
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + chars


def decode(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for a character outside the alphabet."""
    number = 0
    for char in text:
        if char not in _VALUES:
            raise ValueError(f"{char!r} is no base58 character")
        number = number * 58 + _VALUES[char]
    return bytes(len(text) - len(text.lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8)


def is_canonical(text: str, size: int) -> bool:
    """Whether a text is what `encode` writes for this many bytes."""
    try:
        data = decode(text)
    except ValueError:
        return False
    return len(data) == size and encode(data) == text
