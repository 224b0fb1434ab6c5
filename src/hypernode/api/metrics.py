"""Routes of health and figures. Every figure comes from the store or the chain."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar import Controller, Response, get, post
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from hypernode.api.jobs import Limit
from hypernode.api.services import Services
from hypernode.chain.tokens import MEMO_PROGRAM
from hypernode.coordinator.access import Caller
from hypernode.domain.errors import NotAuthenticated
from hypernode.domain.money import DECIMALS, to_number
from hypernode.protocol.metrics import (
    Activity,
    Anchor,
    Blockchain,
    Health,
    History,
    HistoryAnswer,
    HistoryPoint,
    JobFigures,
    JobFiguresAnswer,
    MetricsCount,
    MetricsHealth,
    MetricsUpdate,
    NetworkFigures,
    NodeFigures,
    NodeFiguresAnswer,
    Overview,
    OverviewAnswer,
    Programs,
    RecentActivity,
    RecentReceipt,
    Validation,
    ValidationAnswer,
    ValidationSummary,
    Window,
)
from hypernode.protocol.wire import Ok, iso, iso_or_none
from hypernode.store import access, figures, receipts
from hypernode.store.database import Row

PROBE_TIMEOUT_S: Final = 2.0
DAY_S: Final = 86_400.0
VALIDATION_LIMIT: Final = 50
HOUR_S: Final = 3_600
BUCKETS: Final[Mapping[Window, tuple[int, int]]] = {
    "24h": (HOUR_S, 24),
    "7d": (6 * HOUR_S, 28),
    "30d": (24 * HOUR_S, 30),
}
"""Window -> seconds of a bucket, and how many there are."""


@get("/health", tags=["Health"])
async def health(services: Services) -> Response[Health]:
    """Whether the coordinator can do its work; 503 with what is down."""

    async def down(name: str, probe: Any) -> str | None:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await probe
        except Exception:  # Whatever it is, it is down.
            return name
        return None

    found = await asyncio.gather(
        down("store", services.database.value("SELECT 1")), down("chain", services.rpc.slot("confirmed"))
    )
    failing = [name for name in found if name]
    body = Health(status="unhealthy" if failing else "healthy", timestamp=_now(), down=failing)
    return Response(body, status_code=503 if failing else 200)


@get("/metrics", tags=["Health"], media_type="text/plain")
async def prometheus(registry: CollectorRegistry) -> Response[bytes]:
    """Figures of this process for Prometheus."""
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class Metrics(Controller):
    """The network's figures."""

    path = "/api/metrics"
    tags = ["Metrics"]

    @get("/")
    async def overview(self, services: Services) -> OverviewAnswer:
        """The network today, and what happened lately."""
        row = await figures.network(services.database)
        return OverviewAnswer(
            metrics=Overview(
                network=NetworkFigures(
                    total_nodes=row["nodes"],
                    active_nodes=row["active"],
                    total_jobs=row["jobs"],
                    completed_jobs=row["completed"],
                    total_value_locked=to_number(row["locked"]),
                    total_hyper_paid=to_number(row["paid"]),
                    last_updated=_now(),
                ),
                recent_activity=RecentActivity(
                    last24h=await _activity(services, DAY_S), last7d=await _activity(services, 7 * DAY_S)
                ),
            )
        )

    @get("/history")
    async def history(self, services: Services, window: Window = "24h") -> HistoryAnswer:
        """The network over time, in buckets of whole hours; the last one is not over yet."""
        bucket_s, count = BUCKETS[window]
        until = datetime.fromtimestamp((time.time() // bucket_s + 1) * bucket_s, UTC)
        rows = await figures.history(services.database, until - timedelta(seconds=bucket_s * count), until, bucket_s)
        points = [
            HistoryPoint(
                time=iso(row["start"]),
                jobs=row["jobs"],
                jobs_completed=row["completed"],
                nodes_registered=row["nodes"],
                hyper_paid=to_number(row["paid"]),
            )
            for row in rows
        ]
        return HistoryAnswer(history=History(window=window, bucket_seconds=bucket_s, points=points))

    @get("/validation")
    async def validation(self, services: Services, limit: Limit = VALIDATION_LIMIT) -> ValidationAnswer:
        """What anyone can check on the chain."""
        on_chain = await figures.on_chain(services.database)
        return ValidationAnswer(
            validation=Validation(
                summary=ValidationSummary(
                    total_jobs_on_chain=on_chain["jobs"],
                    total_hyper_paid_on_chain=to_number(on_chain["paid"]),
                    active_nodes_on_chain=on_chain["active"],
                    last_block_verified=on_chain["slot"],
                    last_verification_time=iso_or_none(on_chain["at"]),
                ),
                recent_receipts=[
                    RecentReceipt(
                        job_id=str(row["job_id"]),
                        type=row["job_type"],
                        cost=to_number(row["cost"]),
                        tx_signature=row["signature"],
                        timestamp=iso(row["finalized_at"]),
                        receipt_id=str(row["receipt_id"]),
                        verdict=row["verdict"],
                        slot=row["slot"],
                    )
                    for row in await receipts.recent(services.database, limit)
                ],
                blockchain=_blockchain(services, await receipts.last_anchor(services.database)),
            )
        )

    @get("/nodes")
    async def nodes(self, services: Services) -> NodeFiguresAnswer:
        """All nodes together."""
        row = await figures.nodes(services.database)
        return NodeFiguresAnswer(
            metrics=NodeFigures(
                total=row["total"],
                active=row["active"],
                offline=row["offline"],
                by_gpu=await figures.nodes_by_gpu(services.database),
                by_location=await figures.nodes_by_country(services.database),
                average_uptime=round(row["uptime"], 2),
                total_vram=row["vram_mb"],
            )
        )

    @get("/jobs")
    async def jobs(self, services: Services) -> JobFiguresAnswer:
        """All jobs together."""
        row = await figures.jobs(services.database)
        return JobFiguresAnswer(
            metrics=JobFigures(
                total=row["total"],
                completed=row["completed"],
                failed=row["failed"],
                cancelled=row["cancelled"],
                average_duration=round(row["duration_s"], 3),
                by_type=await figures.jobs_by_type(services.database),
                total_cost=to_number(row["cost"]),
            )
        )

    @post("/update", status_code=200)
    async def update(self, services: Services, caller: Caller, data: MetricsUpdate) -> Ok:
        """A note by an operator for the audit log; it changes no figure."""
        if caller.wallet is None or caller.scopes is None:
            raise NotAuthenticated("Send an operator's API key")
        caller.require("operator")
        await access.audit(services.database, caller.wallet, data.type, data.data)
        return Ok(message="Metrics updated successfully")

    @get("/health")
    async def health(self, services: Services) -> MetricsHealth:
        """Whether the figures can be read."""
        row = await figures.network(services.database)
        count = MetricsCount(nodes=row["nodes"], jobs=row["jobs"], receipts=row["receipts"])
        return MetricsHealth(status="healthy", timestamp=_now(), metrics_count=count)


def _blockchain(services: Services, last: Row | None) -> Blockchain:
    facts, vault = services.chain, services.vault
    return Blockchain(
        network=facts.network,
        explorer_url=facts.explorer_url,
        hyper_token_mint=vault.mint.address,
        # Nodes are registered in the store; payments are split in the ledger and paid by the token program.
        program_ids=Programs(node_registry=None, job_receipt=MEMO_PROGRAM, payment_splitter=vault.mint.token_program),
        anchor_key=facts.anchor_key,
        receipt_key=facts.anchor_key,  # The network has one key for both.
        vault=vault.address,
        vault_token_account=vault.token_account,
        genesis_hash=facts.genesis_hash,
        rpc_url=facts.public_rpc_url,
        hyper_token_decimals=DECIMALS,
        token_program=vault.mint.token_program,
        last_anchor=None if last is None else _anchor(last),
    )


def _anchor(row: Row) -> Anchor:
    return Anchor(
        root=row["root"].hex(),
        tx_signature=row["signature"],
        timestamp=iso(row["finalized_at"]),
        receipts=row["size"],
    )


async def _activity(services: Services, seconds: float) -> Activity:
    row = await figures.activity(services.database, seconds)
    return Activity(jobs=row["jobs"], nodes_registered=row["nodes"], hyper_paid=to_number(row["paid"]))


def _now() -> str:
    return iso(datetime.now(UTC))
