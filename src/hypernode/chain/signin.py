"""Sign-In With Solana: the text a wallet signs to prove itself (the ABNF of the Wallet Standard's `signIn`)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hypernode.chain.keys import is_wallet_address, verify

MAX_MESSAGE_BYTES: Final = 4_096
MAX_SKEW_S: Final = 30.0
"""How far in the future an Issued At may lie: clocks differ."""
MAX_AGE_S: Final = 600.0
"""How old a message without an Expiration Time may be."""

_FIELDS: Final = {
    "URI": "uri",
    "Version": "version",
    "Chain ID": "chain_id",
    "Nonce": "nonce",
    "Issued At": "issued_at",
    "Expiration Time": "expiration_time",
    "Not Before": "not_before",
    "Request ID": "request_id",
}
"""Labels in the order of the ABNF, and the fields of SignInMessage that they fill."""
_HEADER: Final = " wants you to sign in with your Solana account:"
_FIELD_LINE: Final = re.compile(rf"({'|'.join(_FIELDS)}): (.+)")


class SignInRefused(Exception):
    """The sign-in proves nothing; `reason` is fit to show to the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SignInMessage:
    """A sign-in's content. Empty means absent. Times are ISO 8601."""

    domain: str
    address: str
    statement: str = ""
    uri: str = ""
    version: str = ""
    chain_id: str = ""
    nonce: str = ""
    issued_at: str = ""
    expiration_time: str = ""
    not_before: str = ""
    request_id: str = ""
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What the verifier asked to be signed."""

    address: str
    domain: str
    nonce: str
    chain_id: str
    uri: str


def text(message: SignInMessage) -> str:
    """The text to sign: what @solana/wallet-standard-util's createSignInMessageText writes."""
    parts = [f"{message.domain}{_HEADER}\n{message.address}"]
    if message.statement:
        parts.append(message.statement)
    fields = [f"{label}: {value}" for label, name in _FIELDS.items() if (value := getattr(message, name))]
    if message.resources:
        fields += ["Resources:", *(f"- {resource}" for resource in message.resources)]
    if fields:
        parts.append("\n".join(fields))
    return "\n\n".join(parts)


def parse(signed: bytes) -> SignInMessage:
    """The content of a signed text. Strict: only a text that `text` writes is one. Raises SignInRefused."""
    if len(signed) > MAX_MESSAGE_BYTES:
        raise SignInRefused(f"a sign-in message has at most {MAX_MESSAGE_BYTES} bytes")
    try:
        given = signed.decode()
    except UnicodeDecodeError:
        raise SignInRefused("the message is not UTF-8") from None
    header, *parts = given.split("\n\n")
    first, _, address = header.partition("\n")
    values: dict[str, str] = {}
    resources: tuple[str, ...] = ()
    if parts and _looks_like_fields(parts[-1]):
        values, resources = _fields(parts.pop())
    statement = parts.pop() if parts else ""
    message = SignInMessage(first.removesuffix(_HEADER), address, statement=statement, resources=resources, **values)
    if parts or "\n" in statement or text(message) != given:
        raise SignInRefused("this is not a sign-in message")
    return message


def _looks_like_fields(part: str) -> bool:
    line = part.partition("\n")[0]
    return line == "Resources:" or _FIELD_LINE.fullmatch(line) is not None


def _fields(part: str) -> tuple[dict[str, str], tuple[str, ...]]:
    lines = part.split("\n")
    end = lines.index("Resources:") if "Resources:" in lines else len(lines)
    found = [_FIELD_LINE.fullmatch(line) for line in lines[:end]]
    # Unknown, repeated or misplaced lines do not survive: the text is written anew and compared.
    values = {_FIELDS[match[1]]: match[2] for match in found if match}
    return values, tuple(line.removeprefix("- ") for line in lines[end + 1 :])


def verify_sign_in(signed: bytes, signature: bytes, expected: Expected, now: datetime) -> SignInMessage:
    """The message, if the wallet signed what was asked for and its time has come and not passed. Raises SignInRefused.

    That a nonce is used once is for the caller to see to.
    """
    message = parse(signed)
    for name in ("domain", "address", "nonce", "chain_id", "uri"):
        if getattr(message, name) != getattr(expected, name):
            raise SignInRefused(f"the message's {name} is not the one that was asked for")
    if message.version != "1":
        raise SignInRefused("the message's version is not 1")
    if not is_wallet_address(message.address):
        raise SignInRefused("the address is no wallet")
    _check_time(message, now)
    if not verify(message.address, signature, signed):
        raise SignInRefused("the signature is not the wallet's")
    return message


def _check_time(message: SignInMessage, now: datetime) -> None:
    age_s = (now - _time(message.issued_at, "Issued At")).total_seconds()
    if age_s < -MAX_SKEW_S:
        raise SignInRefused("the message was issued in the future")
    if message.expiration_time and now >= _time(message.expiration_time, "Expiration Time"):
        raise SignInRefused("the message has expired")
    if not message.expiration_time and age_s > MAX_AGE_S:
        raise SignInRefused("the message is too old")
    if message.not_before and now < _time(message.not_before, "Not Before"):
        raise SignInRefused("the message is not valid yet")


def _time(given: str, label: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise SignInRefused(f"{label} is no ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
