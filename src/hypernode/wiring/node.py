"""Runs this machine's node."""

import asyncio
import os
from pathlib import Path

from hypernode.node.agent import serve
from hypernode.node.links import LinkChoice
from hypernode.node.settings import NodeSettings
from hypernode.protocol.nodes import Location
from hypernode.wiring.logs import configure


def run(
    *,
    coordinator_url: str,
    wallet: str,
    token: str,
    home: Path,
    capacity: int,
    price: str,
    unit_prices: dict[str, str],
    job_types: frozenset[str] | None,
    fetch_models: bool,
    keep_engine_s: float,
    models_mb: int,
    artifacts_mb: int,
    own_jobs_only: bool,
    allow_unsandboxed: bool,
    job_memory_mb: int | None,
    job_processes: int | None,
    job_disk_mb: int,
    country: str,
    link: LinkChoice,
    log_level: str = "info",
) -> None:
    """Work until SIGTERM or Ctrl-C: the first lets running jobs finish, the second does not."""
    configure(log_level)
    settings = NodeSettings(
        coordinator_url=coordinator_url,
        wallet=wallet,
        home=home,
        token=token,
        capacity=capacity,
        price=price,
        unit_prices=unit_prices,
        job_types=job_types,
        fetch_models=fetch_models,
        keep_engine_s=keep_engine_s,
        models_mb=models_mb,
        artifacts_mb=artifacts_mb,
        own_jobs_only=own_jobs_only,
        allow_unsandboxed=allow_unsandboxed,
        job_memory_mb=job_memory_mb,
        job_processes=job_processes,
        job_disk_mb=job_disk_mb,
        location=Location(country=country) if country else None,
        link=link,
        environment=dict(os.environ),
    )
    asyncio.run(serve(settings))
