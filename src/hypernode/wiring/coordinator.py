"""Puts a coordinator together and serves it until it is told to stop."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, cast
from uuid import UUID

import structlog
import uvicorn
import uvloop
from litestar import Litestar

from hypernode.api.app import create_app
from hypernode.api.http_protocol import ShortHttpProtocol
from hypernode.api.services import Services
from hypernode.api.short_way import ShortWay
from hypernode.api.web import WebApp
from hypernode.api.ws_protocol import LineProtocol
from hypernode.blobs import open_blobs
from hypernode.coordinator.access import Access
from hypernode.coordinator.anchorer import Anchorer
from hypernode.coordinator.auditor import Auditor
from hypernode.coordinator.bus import Bus
from hypernode.coordinator.canceller import Canceller
from hypernode.coordinator.catalogue import Catalogue
from hypernode.coordinator.depositor import Depositor
from hypernode.coordinator.dispatcher import Dispatcher
from hypernode.coordinator.funder import Funder
from hypernode.coordinator.gatherer import Gatherer
from hypernode.coordinator.ids import Secrets, new_id
from hypernode.coordinator.intake import Intake
from hypernode.coordinator.loops import Loops
from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.notary import Notary
from hypernode.coordinator.offers import Offers
from hypernode.coordinator.payer import Payer
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.quoter import Quoter
from hypernode.coordinator.receiver import Receiver
from hypernode.coordinator.registry import Registry
from hypernode.coordinator.rescuer import Rescuer
from hypernode.coordinator.sessions import Sessions
from hypernode.coordinator.settler import Settler
from hypernode.coordinator.vault import Failpoint
from hypernode.executors import load
from hypernode.protocol import limits
from hypernode.store import events
from hypernode.store.database import UNAVAILABLE, Database
from hypernode.store.listener import listen
from hypernode.wiring.chain import connect
from hypernode.wiring.logs import configure
from hypernode.wiring.settings import LOOPBACK, Auth, BadSettings, Settings

log: Final = structlog.get_logger(__name__)

STOP_WITHIN_S: Final = 5
TIDY_EVERY_S: Final = 600.0


def run(settings: Settings | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises BadSettings, loudly and before anything is served."""
    settings = settings or Settings()
    configure(settings.log_level)
    _check(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    # A large young generation, and what has been loaded put out of the collector's sight: the p99 of a Python
    # server is its garbage collector (FACTS.md).
    gc.set_threshold(50_000, 20, 1_000)
    async with assemble(settings) as (app, short_way):
        gc.freeze()
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                http=cast("type[asyncio.Protocol]", partial(ShortHttpProtocol, short_way)),
                log_config=None,
                access_log=False,
                ws=LineProtocol,
                ws_per_message_deflate=False,  # An event is encoded once for all who follow; zlib would do it for each.
                ws_max_size=limits.MAX_FRAME_BYTES,
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=settings.trusted_proxies,
                timeout_graceful_shutdown=STOP_WITHIN_S,
            )
        )
        await server.serve()


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncGenerator[tuple[Litestar, ShortWay]]:
    """The application with everything behind it, connected."""
    chain = await connect(settings)
    database = await Database.open(settings.database_url)
    blobs = open_blobs(settings.artifacts_url or settings.home / "artifacts", staging=settings.home / "staging")
    policy = settings.policy()
    executors = load()
    reached = _failpoint(settings.failpoint)
    secrets = Secrets(bytes(chain.network_key))
    registry = Registry(database, secrets, store_every_s=policy.offline_after_s / 4)
    sessions, bus = Sessions(), Bus(database)
    offers = Offers(database, sessions)
    matchmaker = Matchmaker(database, offers)
    funder = Funder(database, matchmaker)
    notary = Notary(chain.network_key, chain.facts.genesis_hash)

    settler = Settler(database, executors, notary, policy)
    canceller = Canceller(database, executors, matchmaker, settler)
    gatherer = Gatherer(database, executors, canceller)
    auditor = Auditor(database, matchmaker, settler, policy, notary.address, canceller)
    receiver = Receiver(database, executors, auditor, settler)
    dispatcher = Dispatcher(database, new_id(), registry, sessions, matchmaker, settler, receiver, bus, policy)
    intake = Intake(database, executors, matchmaker, offers)
    settler.listeners += [dispatcher.ended, funder.ended, auditor.ended, gatherer.ended]
    services = Services(
        open_auth=settings.auth is Auth.OPEN,
        database=database,
        rpc=chain.rpc,
        blobs=blobs,
        vault=chain.vault,
        chain=chain.facts,
        registry=registry,
        sessions=sessions,
        matchmaker=matchmaker,
        dispatcher=dispatcher,
        intake=intake,
        quoter=Quoter(database, executors, intake, matchmaker, sessions),
        canceller=canceller,
        bus=bus,
        payer=Payer(database, chain.rpc, chain.vault, policy, reached),
        anchorer=Anchorer(database, chain.rpc, chain.network_key, chain.facts.genesis_hash, policy, reached),
        access=Access(
            database,
            registry,
            secrets,
            _domain(settings.url),
            settings.url,
            chain.facts.network,
            None if settings.auth is Auth.OPEN else settings.operator_wallets,
        ),
        catalogue=Catalogue(executors),
        units={name: executor.unit.name for name, executor in executors.items()},
    )
    rescuer = Rescuer(database, sessions, dispatcher, settler, policy)
    depositor = Depositor(database, chain.rpc, chain.vault, funder)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncGenerator[None]:
        loops = Loops()
        loops.start("funder", funder.run)
        loops.start("auditor", auditor.run)
        loops.start("gatherer", gatherer.run)
        loops.start("listener", lambda: listen(settings.database_url, _handlers(services)))
        loops.every("rescuer", policy.rescue_every_s, rescuer.rescue)
        loops.every("tidy", TIDY_EVERY_S, rescuer.tidy)
        loops.every("deposits", policy.chain_poll_s, depositor.watch)
        _start(loops, services, policy)
        try:
            yield
        finally:
            for session in sessions:
                session.close()
            await loops.stop()
            with suppress(*UNAVAILABLE):  # The database may have gone before us.
                await registry.flush_beats(everything=True)

    try:
        yield create_app(services, settings.rate_limit, WebApp(settings.web_app), lifespan)
    finally:
        await database.close()
        await chain.rpc.aclose()


def _start(loops: Loops, services: Services, policy: Policy) -> None:
    loops.start("bus", services.bus.run)
    loops.start("matchmaker", services.matchmaker.run)
    loops.every("beats", policy.beat_flush_s, services.registry.flush_beats)
    loops.every("earnings", policy.payout_every_s, services.payer.gather)
    loops.every("payouts", policy.chain_poll_s, services.payer.pay)
    loops.every("anchors", policy.chain_poll_s, services.anchorer.anchor)


def _handlers(services: Services) -> dict[str, Callable[[str], None]]:
    def node_changed(payload: str) -> None:
        if payload:
            services.dispatcher.gone(UUID(payload))

    return {
        events.EVENTS_CHANNEL: lambda _: services.bus.wake(),
        events.QUEUE_CHANNEL: services.matchmaker.refill,
        events.NODES_CHANNEL: node_changed,
    }


def _failpoint(name: str) -> Failpoint:
    def reached(point: str) -> None:
        if point == name:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _domain(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0]


def _check(settings: Settings) -> None:
    if not settings.database_url:
        raise BadSettings("DATABASE_URL is empty: `hypernode up` brings a PostgreSQL of its own, or set it")
    if settings.auth is Auth.OPEN and settings.host not in LOOPBACK:
        raise BadSettings(
            f"HYPERNODE_AUTH=open believes every caller, so it must not be served on {settings.host}: "
            "set HYPERNODE_AUTH=signed, or HYPERNODE_HOST=127.0.0.1"
        )
