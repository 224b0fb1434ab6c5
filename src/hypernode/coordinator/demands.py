"""What a job asks of a node and what a node offers, from their wire and stored forms to the matching's."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from hypernode.domain import money
from hypernode.domain.demand import Demand, Engine, NodeFacts
from hypernode.domain.errors import BadField, InvalidRequest
from hypernode.domain.hardware import nominal_mb
from hypernode.domain.isolation import Isolation
from hypernode.domain.money import Amount
from hypernode.domain.node import MB_PER_GB
from hypernode.protocol.frames import EngineOffer
from hypernode.protocol.jobs import Requirements


def demand_of(job_type: str, model: str, asked: Requirements, budget: Amount) -> Demand:
    """The demand of a job. Raises InvalidRequest for node ids or prices that are none."""
    countries = [asked.country] if isinstance(asked.country, str) else asked.country
    return Demand(
        job_type=job_type,
        model=model,
        min_vram_mb=round(asked.min_vram * MB_PER_GB),
        min_ram_mb=round(asked.min_ram * MB_PER_GB),
        capabilities=frozenset(asked.capabilities),
        gpu_model=asked.gpu_model.lower(),
        cuda=version(asked.cuda_version),
        countries=frozenset(country.lower() for country in countries if country),
        max_price=None if asked.max_price is None else amount(asked.max_price, "requirements.maxPrice"),
        budget=budget,
        min_reputation=asked.min_reputation,
        min_isolation=asked.min_isolation,
        allow_nodes=_node_ids(asked.allow_nodes, "requirements.allowNodes"),
        deny_nodes=_node_ids(asked.deny_nodes, "requirements.denyNodes"),
        allow_wallets=frozenset(asked.allow_wallets),
        deny_wallets=frozenset(asked.deny_wallets),
    )


def stored_demand(row: Mapping[str, Any]) -> Demand:
    """The demand of a stored job."""
    asked = msgspec.convert(row["requirements"], Requirements)
    demand = demand_of(row["job_type"], row["model"], asked, row["budget"])
    return replace(demand, customer=row["wallet"], audit=row["audit_of"] is not None)


def facts_of(row: Mapping[str, Any]) -> NodeFacts:
    """What a stored node offers."""
    offers = [msgspec.convert(engine, EngineOffer) for engine in row["engines"]]
    return NodeFacts(
        node_id=row["node_id"],
        wallet=row["wallet"],
        price=row["price"],
        reputation=row["reputation"],
        vram_mb=nominal_mb(row["vram_mb"]),
        ram_mb=nominal_mb(row["ram_mb"]),
        cuda=version(row["cuda_version"]),
        gpu_model=row["gpu_model"],
        country=row["country"],
        capabilities=frozenset(row["capabilities"]),
        engines={offer.job_type: engine_of(offer) for offer in offers},
        isolation=Isolation(row["isolation"]),
        own_jobs_only=row["own_jobs_only"],
    )


def engine_of(offer: EngineOffer) -> Engine:
    """What a node offers for one job type. Raises InvalidAmount for a price that is none."""
    price = None if offer.price_per_unit is None else money.parse(offer.price_per_unit)
    return Engine(models=tuple(offer.models), warm=frozenset(offer.warm_models), unit_price=price, audits=offer.audits)


def version(text: str) -> tuple[int, ...]:
    """The numbers of a dotted version; empty where there is none."""
    parts = text.split(".")
    return tuple(int(part) for part in parts) if all(part.isascii() and part.isdigit() for part in parts) else ()


def amount(value: int | float | str, path: str) -> Amount:
    """Base units of an amount in a request. Raises InvalidRequest with the field's path."""
    try:
        return money.parse(value)
    except money.InvalidAmount as error:
        raise InvalidRequest([BadField(path, str(error))]) from None


def _node_ids(given: Iterable[str], path: str) -> frozenset[UUID]:
    try:
        return frozenset(UUID(node_id) for node_id in given)
    except ValueError:
        raise InvalidRequest([BadField(path, "a list of node ids (UUIDs)")]) from None
