"""What is said to answer one call, without I/O: sign-in when it is asked for, repetition when that is safe.

A conversation is a generator: it yields what to send and is sent the response, or thrown `Unreachable`. `Client` and
`AsyncClient` only carry it.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import httpx

from hypernode.chain import keys
from hypernode.chain.keys import Keypair
from hypernode.client.call import Call, reads, whole
from hypernode.client.errors import UNAUTHORIZED, ApiError, InvalidUrl, NoWallet, Unreachable
from hypernode.protocol.access import AnswerChallenge, AskChallenge, Challenge, Session

T = TypeVar("T")

DEFAULT_URL: Final = "http://127.0.0.1:3001"
PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0)
"""Before each repetition; there are no more than these."""
LONGEST_PAUSE_S: Final = 30.0
"""A network that asks for a longer pause than this is believed, and its refusal is the answer."""


@dataclass(frozen=True, slots=True)
class Send:
    """Wait, then send this; read the body at once unless it is streamed."""

    request: httpx.Request
    streamed: bool
    after_s: float


Conversation: TypeAlias = Generator[Send, httpx.Response, T]


class Caller:
    """Who asks, and whom."""

    def __init__(
        self, url: str = DEFAULT_URL, *, token: str | None = None, wallet: Keypair | str | None = None
    ) -> None:
        """`token` is a session's or an API key. A keypair signs in when the network asks; an address only names one."""
        self.url = _checked(url).rstrip("/")
        self.keypair = wallet if isinstance(wallet, Keypair) else None
        self.address_if_any = keys.address_of(wallet) if isinstance(wallet, Keypair) else wallet
        self._token = token

    @property
    def encrypted(self) -> bool:
        """Whether certificates are needed: loading them takes longer than most calls."""
        return self.url.startswith("https:")

    @property
    def address(self) -> str:
        """The wallet that this client speaks for. Raises NoWallet."""
        if self.address_if_any is None:
            raise NoWallet("an address or a keypair")
        return self.address_if_any

    @property
    def signer(self) -> Keypair:
        """The wallet's key. Raises NoWallet."""
        if self.keypair is None:
            raise NoWallet("a keypair, an address cannot sign")
        return self.keypair

    def converse(self, call: Call[T]) -> Conversation[T]:
        """Until there is an answer, or an error that no repetition mends."""
        after_s = 0.0
        for pause_s in PAUSES_S:
            try:
                return (yield from self._signed(call, after_s))
            except (ApiError, Unreachable) as error:
                if not (call.repeatable and error.may_pass) or error.retry_after_s > LONGEST_PAUSE_S:
                    raise
                after_s = max(pause_s, error.retry_after_s)
        return (yield from self._signed(call, after_s))

    def _signed(self, call: Call[T], after_s: float) -> Conversation[T]:
        """One try; a keypair signs in if that is asked for. Refused so, a request had no effect."""
        if call.personal and self.keypair is not None and self._token is None:
            yield from self._sign_in(self.keypair)
        try:
            return (yield from self._once(call, after_s))
        except ApiError as error:
            if error.status != UNAUTHORIZED or self.keypair is None:
                raise
            yield from self._sign_in(self.keypair)
            return (yield from self._once(call))

    def _sign_in(self, keypair: Keypair) -> Conversation[None]:
        """Sign-In With Solana."""
        self._token = None  # An expired one would be refused here too.
        challenge = yield from self._once(
            Call(
                "POST",
                "/api/auth/challenge",
                reads(Challenge, whole),
                body=AskChallenge(wallet_address=self.address),
            )
        )
        session = yield from self._once(
            Call(
                "POST",
                "/api/auth/verify",
                reads(Session, whole),
                body=AnswerChallenge(
                    wallet_address=self.address,
                    message=challenge.message,
                    signature=str(keypair.sign_message(challenge.message.encode())),
                ),
            )
        )
        self._token = session.token

    def _once(self, call: Call[T], after_s: float = 0.0) -> Conversation[T]:
        response = yield Send(call.request(self.url, self._token), call.streamed, after_s)
        return call.answer(response)


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidUrl(url) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise InvalidUrl(url)
    return url
