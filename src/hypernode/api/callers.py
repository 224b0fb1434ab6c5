"""Who a request comes from and how often it may come, decided before anything else is looked at."""

import time
from typing import Any, Final
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from litestar import Request, Response
from litestar.connection import ASGIConnection

from hypernode.coordinator.access import Access, Caller
from hypernode.domain.errors import ForbiddenHost, NotAuthenticated, TooManyRequests

_BEARER: Final = "bearer "
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
STATE: Final = "caller"
UNCOUNTED: Final = frozenset({"/health", "/metrics"})


class Doorkeeper:
    """Resolves tokens and counts requests: by wallet or node where one was proved, else by address."""

    def __init__(self, access: Access, *, open_auth: bool, rate_limit: str) -> None:
        self._access = access
        self._open_auth = open_auth
        self._limit: RateLimitItem = parse(rate_limit)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def before(self, request: Request[Any, Any, Any]) -> None:
        """Runs before each request. Raises ForbiddenHost, NotAuthenticated, TooManyRequests."""
        if request.url.path in UNCOUNTED:
            request.state[STATE] = Caller(believes=self._open_auth)
            return
        try:
            caller = await self.identify(request)
        except NotAuthenticated:
            await self._count(request, _address(request))
            raise
        await self._count(request, _name(caller) or _address(request))
        request.state[STATE] = caller

    async def after(self, response: Response[Any]) -> Response[Any]:
        """Tells each answer's caller what the limit is (draft-ietf-httpapi-ratelimit-headers)."""
        response.headers["RateLimit-Policy"] = f'"default";q={self._limit.amount};w={self._limit.get_expiry()}'
        return response

    async def identify(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
        """The caller of a request or WebSocket. Raises ForbiddenHost, NotAuthenticated."""
        self._check_host(connection)
        given = connection.headers.get("authorization", "")
        if not given:
            return Caller(believes=self._open_auth)
        if not given.lower().startswith(_BEARER):
            raise NotAuthenticated("Authorization must be a Bearer token")
        return await self._access.caller(given[len(_BEARER) :].strip())

    def _check_host(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        host = connection.headers.get("host", "")
        if self._open_auth and urlsplit(f"//{host}").hostname not in LOOPBACK_HOSTS:
            raise ForbiddenHost(host)

    async def _count(self, request: Request[Any, Any, Any], name: str) -> None:
        if await self._limiter.hit(self._limit, name):
            return
        window = await self._limiter.get_window_stats(self._limit, name)
        raise TooManyRequests(max(1, round(window.reset_time - time.time())), self._limit.amount)


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The caller, as found before."""
    return request.state[STATE]


def _name(caller: Caller) -> str | None:
    if caller.wallet is not None:
        return f"wallet:{caller.wallet}"
    return f"node:{caller.node.node_id}" if caller.node else None


def _address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return f"address:{connection.client.host}" if connection.client else "address:unknown"
