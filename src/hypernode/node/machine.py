"""What this machine offers: its hardware, and the job types that it can run and its owner accepts."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from hypernode import executors as plug_ins
from hypernode.domain.demand import ANY_HUB_MODEL, FETCHED_MODEL
from hypernode.domain.isolation import Isolation
from hypernode.node import inventory
from hypernode.node.home import make
from hypernode.node.probe import probe
from hypernode.node.sandbox import trial as trials
from hypernode.node.sandbox.child import Sandbox
from hypernode.node.sandbox.trial import Trial
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
    sandbox: Sandbox
    trial: Trial  #: Of the sandbox.


def checks(executor: Executor) -> bool:
    """Whether it can check what another node claims."""
    return type(executor).verify is not Executor.verify


async def look(settings: NodeSettings) -> Machine:
    """Take stock of this machine. Takes a second or two, longer where a driver or an engine is slow."""
    accepted = settings.job_types
    found = {name: each for name, each in plug_ins.load().items() if accepted is None or name in accepted}
    make(settings.home)
    sandbox, lacks = await trials.prepare(settings.home)
    hardware, trial, capabilities = await asyncio.gather(
        asyncio.to_thread(inventory.look),
        trials.hold(sandbox, settings.home, lacks),
        probe(found, settings.executor_environment(), sandbox, settings.limits(), settings.home),
    )
    _tell(trial, settings)
    offers: list[EngineOffer] = []
    for job_type, capability in capabilities.items():
        if capability.available:
            price = settings.unit_prices.get(job_type)
            models = list(capability.models)
            if settings.fetch_models and found[job_type].model_suffix:
                models += [FETCHED_MODEL, ANY_HUB_MODEL]
            offers.append(
                EngineOffer(job_type, capability.engine, models, price_per_unit=price, audits=checks(found[job_type]))
            )
        else:
            _log.warning("job_type_unavailable", job_type=job_type, missing=capability.missing, fix=capability.fix)
    sandbox = replace(sandbox, isolation=trial.isolation)
    return Machine(hardware, {offer.job_type: found[offer.job_type] for offer in offers}, offers, sandbox, trial)


def _tell(trial: Trial, settings: NodeSettings) -> None:
    """One line of how far jobs are confined, and of what follows from it."""
    if trial.isolation is Isolation.SANDBOX:
        _log.info("sandbox_held", isolation=trial.isolation, held=trial.held)
    else:
        takes = "jobs of any wallet, as allowed" if settings.allow_unsandboxed else "jobs of its own wallet alone"
        _log.warning("sandbox_broken", isolation=trial.isolation, found=trial.sentence(), fix=trial.fix, takes=takes)
