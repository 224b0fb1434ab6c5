"""Who a request comes from and how often it may come, decided before anything else is looked at."""

import functools
import math
import time
from typing import Any, Final
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from litestar import Request
from litestar.types import Message, Scope

from hypernode.api.bodies import check_body
from hypernode.coordinator.access import Access, Caller
from hypernode.domain.errors import ForbiddenHost, ForbiddenOrigin, HeadersTooLarge, NotAuthenticated, TooManyRequests
from hypernode.protocol import limits

_BEARER: Final = "bearer "
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
STATE: Final = "caller"
_LEFT: Final = "rate_limit"
UNCOUNTED: Final = frozenset({"/health", "/metrics"})


class Doorkeeper:
    """Resolves tokens and counts requests: by wallet or node where one was proved, else by address."""

    def __init__(self, access: Access, *, open_auth: bool, rate_limit: str) -> None:
        self._access = access
        self._open_auth = open_auth
        self._limit: RateLimitItem = parse(rate_limit)
        self._counts = MemoryStorage()
        self._policy = f'"default";q={self._limit.amount};w={self._limit.get_expiry()}'.encode()

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
            await self._count(scope, _address(scope))
            raise
        await self._count(scope, _name(caller) or _address(scope))
        return caller

    async def tell_limit(self, message: Message, scope: Scope) -> None:
        """Tells each answer's caller what the limit is and what is left (draft-ietf-httpapi-ratelimit-headers)."""
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *self.limit_headers(scope)]

    def limit_headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """The header fields that tell it."""
        left = scope.get("state", {}).get(_LEFT)
        return [(b"ratelimit-policy", self._policy), *([(b"ratelimit", left)] if left else [])]

    async def identify(self, scope: Scope) -> Caller:
        """The caller of a request or WebSocket. Raises ForbiddenHost, ForbiddenOrigin, NotAuthenticated."""
        headers = dict(scope["headers"])
        self._check_place(headers)
        given = headers.get(b"authorization", b"").decode("latin-1")
        if not given:
            return Caller(believes=self._open_auth)
        if not given.lower().startswith(_BEARER):
            raise NotAuthenticated("Authorization must be a Bearer token")
        return await self._access.caller(given[len(_BEARER) :].strip())

    def _check_place(self, headers: dict[bytes, bytes]) -> None:
        """Open mode is for this machine: CORS would hide the answer from a foreign page, but not stop its request."""
        if not self._open_auth:
            return
        host, origin = headers.get(b"host", b""), headers.get(b"origin")
        if _hostname(b"//" + host) not in LOOPBACK_HOSTS:
            raise ForbiddenHost(host.decode("latin-1"))
        if origin is not None and _hostname(origin) not in LOOPBACK_HOSTS:
            raise ForbiddenOrigin(origin[:100].decode("latin-1"))

    async def _count(self, scope: Scope, name: str) -> None:
        """Fixed windows, each from a caller's first request on."""
        used = await self._counts.incr(name, self._limit.get_expiry())
        reset_s = max(1, math.ceil(await self._counts.get_expiry(name) - time.time()))
        left = max(0, self._limit.amount - used)
        scope["state"][_LEFT] = b'"default";r=%d;t=%d' % (left, reset_s)
        if used > self._limit.amount:
            raise TooManyRequests(reset_s, self._limit.amount)


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The caller, as found before."""
    return request.state[STATE]


@functools.lru_cache(maxsize=1024)
def _hostname(url: bytes) -> str | None:
    try:
        return urlsplit(url.decode("latin-1")).hostname
    except ValueError:
        return None


def _name(caller: Caller) -> str | None:
    if caller.wallet is not None:
        return f"wallet:{caller.wallet}"
    return f"node:{caller.node.node_id}" if caller.node else None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return f"address:{client[0]}" if client else "address:unknown"
