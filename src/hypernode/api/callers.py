"""Who a request comes from and how often it may come, decided before anything else is looked at."""

import functools
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from limits import parse
from litestar import Request
from litestar.types import Message, Scope

from hypernode.api.bodies import check_body
from hypernode.api.windows import Windows
from hypernode.coordinator.access import Access, Caller
from hypernode.domain.errors import (
    ForbiddenHost,
    ForbiddenOrigin,
    HeadersTooLarge,
    HypernodeError,
    NotAuthenticated,
    TooManyRequests,
)
from hypernode.protocol import limits

_BEARER: Final = "bearer "
_FORWARDED: Final = b"x-forwarded-for"
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
STATE: Final = "caller"
_LEFT: Final = "rate_limit"
UNCOUNTED: Final = frozenset({"/health", "/metrics"})


class Doorkeeper:
    """Resolves tokens and counts requests: by wallet or node where one was proved, else by address."""

    def __init__(self, access: Access, *, open_auth: bool, rate_limit: str) -> None:
        self._access = access
        self._open_auth = open_auth
        self._windows = Windows(parse(rate_limit))
        self._policy = f'"default";q={self._windows.amount};w={self._windows.seconds}'.encode()

    async def before(self, request: Request[Any, Any, Any]) -> None:
        """Runs before each request that the framework answers. Raises what speaks against answering it."""
        request.state[STATE] = await self.admit(request.scope)
        await check_body(request)

    async def admit(self, scope: Scope) -> Caller:
        """Who asks, counted.

        Raises HeadersTooLarge, ForbiddenHost, ForbiddenOrigin, NotAuthenticated, TooManyRequests.
        """
        if sum(len(name) + len(value) for name, value in scope["headers"]) > limits.MAX_HEADER_BYTES:
            raise HeadersTooLarge(limits.MAX_HEADER_BYTES)
        if scope["path"] in UNCOUNTED:
            self._check_place(dict(scope["headers"]))
            return Caller(believes=self._open_auth)
        try:
            caller = await self.identify(scope)
        except NotAuthenticated:
            self._count(scope, _address(scope))
            raise
        self._count(scope, _name(caller) or _address(scope))
        return caller

    def recognize(self, headers: Mapping[bytes, bytes], address: str) -> tuple[Caller, str] | None:
        """Who asks, and the name to count it under: where that takes no look into the store, and speaks for answering.

        None tells nothing: `admit` says what is wrong, if anything is.
        """
        try:
            self._check_place(headers)
            token = _token(headers)
        except HypernodeError:
            return None
        caller = Caller(believes=self._open_auth) if token is None else self._access.recent_caller(token)
        if caller is None:
            return None
        name = _name(caller)
        if name is None:
            if _FORWARDED in headers:  # Whose address it is depends on which proxies are trusted.
                return None
            name = f"address:{address}"
        return None if self._windows.is_full(name) else (caller, name)

    def count(self, name: str) -> list[tuple[bytes, bytes]]:
        """Count a request of one who was recognized. Returns the header fields that tell the limit."""
        return self._fields(*self._windows.count(name))

    async def tell_limit(self, message: Message, scope: Scope) -> None:
        """Tells each answer's caller what the limit is and what is left (draft-ietf-httpapi-ratelimit-headers)."""
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *self.limit_headers(scope)]

    def limit_headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """The header fields that tell it."""
        left = scope.get("state", {}).get(_LEFT)
        return self._fields(*left) if left else [(b"ratelimit-policy", self._policy)]

    def _fields(self, left: int, reset_s: int) -> list[tuple[bytes, bytes]]:
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", b'"default";r=%d;t=%d' % (max(0, left), reset_s))]

    async def identify(self, scope: Scope) -> Caller:
        """The caller of a request or WebSocket. Raises ForbiddenHost, ForbiddenOrigin, NotAuthenticated."""
        headers = dict(scope["headers"])
        self._check_place(headers)
        token = _token(headers)
        return Caller(believes=self._open_auth) if token is None else await self._access.caller(token)

    def _check_place(self, headers: Mapping[bytes, bytes]) -> None:
        """Open mode is for this machine: CORS would hide the answer from a foreign page, but not stop its request."""
        if not self._open_auth:
            return
        host, origin = headers.get(b"host", b""), headers.get(b"origin")
        if _hostname(b"//" + host) not in LOOPBACK_HOSTS:
            raise ForbiddenHost(host.decode("latin-1"))
        if origin is not None and _hostname(origin) not in LOOPBACK_HOSTS:
            raise ForbiddenOrigin(origin[:100].decode("latin-1"))

    def _count(self, scope: Scope, name: str) -> None:
        left, reset_s = scope["state"][_LEFT] = self._windows.count(name)
        if left < 0:
            raise TooManyRequests(reset_s, self._windows.amount)


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The caller, as found before."""
    return request.state[STATE]


@functools.lru_cache(maxsize=1024)
def _hostname(url: bytes) -> str | None:
    try:
        return urlsplit(url.decode("latin-1")).hostname
    except ValueError:
        return None


def _token(headers: Mapping[bytes, bytes]) -> str | None:
    """What the caller proves itself with, if anything. Raises NotAuthenticated."""
    given = headers.get(b"authorization", b"").decode("latin-1")
    if given and not given.lower().startswith(_BEARER):
        raise NotAuthenticated("Authorization must be a Bearer token")
    return given[len(_BEARER) :].strip() if given else None


def _name(caller: Caller) -> str | None:
    if caller.wallet is not None:
        return f"wallet:{caller.wallet}"
    return f"node:{caller.node.node_id}" if caller.node else None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return f"address:{client[0]}" if client else "address:unknown"
