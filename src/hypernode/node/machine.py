"""What this machine offers: its hardware, and the job types that it can run and its owner accepts."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from hypernode import executors as plug_ins
from hypernode.domain.demand import FETCHED_MODEL
from hypernode.node import inventory
from hypernode.node.probe import probe
from hypernode.node.settings import NodeSettings
from hypernode.ports import Executor
from hypernode.protocol.frames import EngineOffer

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Machine:
    """Found once, when the node starts."""

    hardware: inventory.Hardware
    executors: Mapping[str, Executor]  #: By job type, the same as in `offers`.
    offers: list[EngineOffer]


async def look(settings: NodeSettings) -> Machine:
    """Take stock of this machine. Takes a second or two, longer where a driver or an engine is slow."""
    accepted = settings.job_types
    found = {name: each for name, each in plug_ins.load().items() if accepted is None or name in accepted}
    hardware, capabilities = await asyncio.gather(
        asyncio.to_thread(inventory.look), asyncio.to_thread(probe, found, settings.executor_environment())
    )
    offers: list[EngineOffer] = []
    for job_type, capability in capabilities.items():
        if capability.available:
            price = settings.unit_prices.get(job_type)
            models = list(capability.models)
            if settings.fetch_models and found[job_type].model_suffix:
                models.append(FETCHED_MODEL)
            offers.append(EngineOffer(job_type, capability.engine, models, price_per_unit=price))
        else:
            _log.warning("job_type_unavailable", job_type=job_type, missing=capability.missing, fix=capability.fix)
    return Machine(hardware, {offer.job_type: found[offer.job_type] for offer in offers}, offers)
