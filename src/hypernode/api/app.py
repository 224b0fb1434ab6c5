"""The application: routes, error handlers, who may call, and the OpenAPI description of it all."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hypernode.api.access import Keys, SignIn
from hypernode.api.artifacts import Artifacts
from hypernode.api.callers import Doorkeeper, provide_caller
from hypernode.api.docs import OPENAPI, asset, described, openapi
from hypernode.api.errors import HANDLERS
from hypernode.api.events import event_socket, job_events
from hypernode.api.job_types import JobTypes
from hypernode.api.jobs import Jobs
from hypernode.api.metrics import Metrics, health, prometheus
from hypernode.api.node_sockets import node_socket
from hypernode.api.nodes import Nodes
from hypernode.api.reads import Reads
from hypernode.api.services import Services
from hypernode.api.short_way import ShortWay
from hypernode.api.wallets import Wallets
from hypernode.api.web import WebApp
from hypernode.protocol import limits

LOOPBACK_ORIGINS: Final = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
HEADERS: Final = ["Authorization", "Content-Type", "Idempotency-Key", "X-Artifact-Name", "Last-Event-ID"]
EXPOSED: Final = ["Retry-After", "RateLimit", "RateLimit-Policy", "Idempotency-Replayed", "ETag"]

ROUTES: Final = (
    Jobs,
    JobTypes,
    Nodes,
    Wallets,
    SignIn,
    Keys,
    Artifacts,
    Metrics,
    health,
    prometheus,
    openapi,
    asset,
    job_events,
    event_socket,
    node_socket,
)
GIVEN: Final = ("services", "reads", "registry")
"""What routes get beside their request and its caller."""

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def create_app(services: Services, rate_limit: str, web: WebApp, lifespan: Lifespan) -> tuple[Litestar, ShortWay]:
    """The ASGI application of one coordinator, and the short way past it; `lifespan` starts and stops its loops."""
    doorkeeper = Doorkeeper(services.access, open_auth=services.open_auth, rate_limit=rate_limit)
    reads = Reads(services.database, services.units)
    return _framework(services, reads, doorkeeper, web, lifespan), ShortWay(services, reads, doorkeeper)


def description() -> dict[str, Any]:
    """The OpenAPI description that an application serves, without the rest of one."""
    given = _dependencies(dict.fromkeys(GIVEN))
    return described(Litestar(route_handlers=ROUTES, dependencies=given, openapi_config=OPENAPI))


def _framework(services: Services, reads: Reads, doorkeeper: Doorkeeper, web: WebApp, lifespan: Lifespan) -> Litestar:
    return Litestar(
        route_handlers=[*ROUTES, *web.routes()],
        dependencies=_dependencies({"services": services, "reads": reads, "registry": _figures(services)}),
        state=State({"doorkeeper": doorkeeper, "web": web}),
        before_request=doorkeeper.before,
        before_send=[doorkeeper.tell_limit],
        exception_handlers=HANDLERS,
        request_max_body_size=limits.MAX_BODY_BYTES,
        cors_config=_cors(open_auth=services.open_auth),
        openapi_config=OPENAPI,
        lifespan=[lifespan],
        logging_config=None,
    )


def _dependencies(given: Mapping[str, Any]) -> dict[str, Provide]:
    def same(it: Any) -> Provide:
        return Provide(lambda: it, sync_to_thread=False)

    return {**{name: same(it) for name, it in given.items()}, "caller": Provide(provide_caller)}


def _cors(*, open_auth: bool) -> CORSConfig:
    """Open mode believes whoever asks, so only pages of this machine may ask; signed mode uses no cookies."""
    return CORSConfig(
        allow_origins=[] if open_auth else ["*"],
        allow_origin_regex=LOOPBACK_ORIGINS if open_auth else None,
        allow_methods=["GET", "POST", "DELETE", "OPTIONS"],
        allow_headers=HEADERS,
        expose_headers=EXPOSED,
    )


class _Figures(Collector):
    """What is in this process's memory now."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[Metric]:
        """The gauges."""
        sessions = list(self._services.sessions)
        yield GaugeMetricFamily("hypernode_connected_nodes", "Nodes connected here.", len(sessions))
        leases = sum(len(session.leases) for session in sessions)
        yield GaugeMetricFamily("hypernode_live_leases", "Leases that connected nodes hold.", leases)
        waiting = self._services.matchmaker.waiting
        yield GaugeMetricFamily("hypernode_waiting_jobs", "Queued jobs that wait here for a node.", waiting)


def _figures(services: Services) -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in (ProcessCollector(registry=None), PlatformCollector(registry=None), _Figures(services)):
        registry.register(collector)
    GCCollector(registry)
    return registry
