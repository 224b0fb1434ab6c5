"""Sign-in and API keys over HTTP."""

from typing import Annotated

from msgspec import Meta, field

from hypernode.protocol.wire import Body, Hyper, HyperIn, Text, Time, Wallet

Scope = Annotated[str, Meta(pattern="^(jobs|nodes|wallet|keys|operator)$")]


class AskChallenge(Body):
    """A wallet that wants to sign in."""

    wallet_address: Wallet


class Challenge(Body):
    """The text to sign (Sign-In With Solana), byte for byte."""

    message: str
    nonce: str
    expires_at: Time
    success: bool = True


class AnswerChallenge(Body):
    """The signed text."""

    wallet_address: Wallet
    message: Annotated[str, Meta(max_length=4096)]
    signature: Annotated[str, Meta(max_length=128, description="base58 or base64 of 64 bytes.")]


class Session(Body):
    """Send the token as `Authorization: Bearer`."""

    token: str
    wallet_address: str
    expires_at: Time
    success: bool = True


class CreateKey(Body):
    """An API key for a program or an agent."""

    wallet_address: Wallet | None = None
    name: Text = ""
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=5)] = field(default_factory=lambda: ["jobs"])
    expires_in: Annotated[int, Meta(ge=1, le=366 * 86_400, description="Seconds.")] | None = None
    spending_limit: HyperIn | None = None  #: The most that jobs of this key may hold, all together.


class ApiKey(Body):
    """An API key, without its secret."""

    key_id: str
    name: str
    scopes: list[str]
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    spending_limit: Hyper | None
    spent: Hyper


class KeyCreated(Body):
    """The secret is shown once."""

    message: str
    key: ApiKey
    token: str
    success: bool = True


class KeyList(Body):
    """A wallet's keys, newest first."""

    count: int
    keys: list[ApiKey]
    next_cursor: str | None = None
    success: bool = True
