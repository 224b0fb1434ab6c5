"""Who a request comes from and how often it may come, decided before anything else is looked at."""

import math
import time
from typing import Any, Final
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
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
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._policy = f'"default";q={self._limit.amount};w={self._limit.get_expiry()}'

    async def before(self, request: Request[Any, Any, Any]) -> None:
        """Runs before each request that the framework answers. Raises what speaks against answering it."""
        request.state[STATE] = await self.admit(request)
        await check_body(request)

    async def admit(self, request: Request[Any, Any, Any]) -> Caller:
        """Who asks, counted.

        Raises HeadersTooLarge, ForbiddenHost, ForbiddenOrigin, NotAuthenticated, TooManyRequests.
        """
        if sum(len(name) + len(value) for name, value in request.scope["headers"]) > limits.MAX_HEADER_BYTES:
            raise HeadersTooLarge(limits.MAX_HEADER_BYTES)
        if request.scope["path"] in UNCOUNTED:
            self._check_place(request)
            return Caller(believes=self._open_auth)
        try:
            caller = await self.identify(request)
        except NotAuthenticated:
            await self._count(request, _address(request))
            raise
        await self._count(request, _name(caller) or _address(request))
        return caller

    async def tell_limit(self, message: Message, scope: Scope) -> None:
        """Tells each answer's caller what the limit is and what is left (draft-ietf-httpapi-ratelimit-headers)."""
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            headers["RateLimit-Policy"] = self._policy
            if left := scope.get("state", {}).get(_LEFT):
                headers["RateLimit"] = left

    async def identify(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
        """The caller of a request or WebSocket. Raises ForbiddenHost, ForbiddenOrigin, NotAuthenticated."""
        self._check_place(connection)
        given = connection.headers.get("authorization", "")
        if not given:
            return Caller(believes=self._open_auth)
        if not given.lower().startswith(_BEARER):
            raise NotAuthenticated("Authorization must be a Bearer token")
        return await self._access.caller(given[len(_BEARER) :].strip())

    def _check_place(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Open mode is for this machine: CORS would hide the answer from a foreign page, but not stop its request."""
        if not self._open_auth:
            return
        host, origin = connection.headers.get("host", ""), connection.headers.get("origin")
        if _hostname(f"//{host}") not in LOOPBACK_HOSTS:
            raise ForbiddenHost(host)
        if origin is not None and _hostname(origin) not in LOOPBACK_HOSTS:
            raise ForbiddenOrigin(origin[:100])

    async def _count(self, request: Request[Any, Any, Any], name: str) -> None:
        within = await self._limiter.hit(self._limit, name)
        window = await self._limiter.get_window_stats(self._limit, name)
        reset_s = max(1, math.ceil(window.reset_time - time.time()))
        request.state[_LEFT] = f'"default";r={window.remaining};t={reset_s}'
        if not within:
            raise TooManyRequests(reset_s, self._limit.amount)


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The caller, as found before."""
    return request.state[STATE]


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _name(caller: Caller) -> str | None:
    if caller.wallet is not None:
        return f"wallet:{caller.wallet}"
    return f"node:{caller.node.node_id}" if caller.node else None


def _address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return f"address:{connection.client.host}" if connection.client else "address:unknown"
