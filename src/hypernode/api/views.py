"""Stored rows as the API shows them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from hypernode.coordinator.access import Caller
from hypernode.domain.errors import BadField, InvalidRequest, NotFound
from hypernode.domain.money import to_number
from hypernode.domain.node import BUSY, NodeState
from hypernode.protocol import limits
from hypernode.protocol.access import ApiKey
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.protocol.frames import EngineOffer
from hypernode.protocol.jobs import Event, Job, JobError, JobMetrics, Verification
from hypernode.protocol.nodes import Location, Node
from hypernode.protocol.wallets import Earning, PayoutView
from hypernode.protocol.wire import iso, iso_or_none
from hypernode.store import jobs
from hypernode.store.admissions import Admitted
from hypernode.store.database import Database, Row


async def job_views(database: Database, units: Mapping[str, str], caller: Caller, rows: Sequence[Row]) -> list[Job]:
    """Jobs; what is private of them only where the caller is a party."""
    return await shown_jobs(database, units, [(row, caller.is_party(row["wallet"], row["node_id"])) for row in rows])


async def shown_jobs(database: Database, units: Mapping[str, str], given: Sequence[tuple[Row, bool]]) -> list[Job]:
    """Jobs, each with what is private of it or without."""
    private = list({row["job_id"] for row, shown in given if shown})
    lines: defaultdict[UUID, list[str]] = defaultdict(list)
    files: defaultdict[UUID, list[ArtifactRef]] = defaultdict(list)
    if private:
        for event in await jobs.logs(database, private):
            lines[event["job_id"]] += event["data"]["lines"]
        for row in await jobs.outputs(database, private):
            files[row["job_id"]].append(ArtifactRef(row["sha256"], row["size"], row["name"]))
    return [
        _job(row, units, True, lines[row["job_id"]][-limits.MAX_LOG_LINES :], files[row["job_id"]])
        if shown
        else _job(row, units, False, [], [])
        for row, shown in given
    ]


def new_job_view(admitted: Admitted, unit: str) -> Job:
    """A job that has just been written."""
    job, lease, at = admitted.job, admitted.lease, iso(admitted.at)
    return Job(
        job_id=str(job.job_id),
        wallet_address=job.wallet,
        job_type=job.job_type,
        model=job.model,
        input=job.input,
        requirements=job.requirements,
        budget=to_number(job.budget),
        max_duration=job.max_duration_s,
        status=admitted.state,
        created_at=at,
        updated_at=at,
        assigned_node=None if lease is None else str(lease.node_id),
        result=None,
        logs=[],
        metrics=JobMetrics(start_time=None, end_time=None, duration=None, cost=0),
        priority=job.priority,
        attempts=0 if lease is None else 1,
        units=0,
        unit=unit,
        error=None if admitted.error is None else msgspec.convert(admitted.error, JobError),
        verification=None,
        receipt_id=None,
        artifacts=[],
        parts=job.parts,
        input_salt=job.salt.hex(),
    )


def _job(row: Row, units: Mapping[str, str], shown: bool, lines: list[str], files: list[ArtifactRef]) -> Job:
    started, ended = row["started_at"], row["ended_at"]
    duration = round((ended - started).total_seconds(), 3) if started and ended else None
    return Job(
        job_id=str(row["job_id"]),
        wallet_address=row["wallet"],
        job_type=row["job_type"],
        model=row["model"],
        input=row["input"] if shown else {},
        requirements=row["requirements"],
        budget=to_number(row["budget"]),
        max_duration=row["max_duration_s"],
        status=row["state"],
        created_at=iso(row["created_at"]),
        updated_at=iso(row["updated_at"]),
        assigned_node=None if row["node_id"] is None else str(row["node_id"]),
        result=row["result"] if shown else None,
        logs=lines,
        metrics=JobMetrics(
            start_time=iso_or_none(started), end_time=iso_or_none(ended), duration=duration, cost=to_number(row["cost"])
        ),
        priority=row["priority"],
        attempts=row["attempt"],
        units=row["units"],
        unit=units.get(row["job_type"], ""),
        error=None if row["error"] is None else msgspec.convert(row["error"], JobError),
        verification=_verification(row, shown),
        receipt_id=None if row["receipt_id"] is None else str(row["receipt_id"]),
        artifacts=files,
        parts=row["parts"],
        part=row["part"],
        parent_id=None if row["parent_id"] is None else str(row["parent_id"]),
        audit_of=None if row["audit_of"] is None else str(row["audit_of"]),
        input_salt=row["salt"].hex() if shown else None,
    )


def _verification(row: Row, shown: bool) -> Verification | None:
    """What was checked; the evidence may quote a result, so it is its parties' alone."""
    if row["verdict"] is None:
        return None
    found = (row["evidence"] or {}) if shown else {}
    return Verification(
        verdict=row["verdict"],
        assurance=row["assurance"],
        evidence=found.get("evidence", ""),
        figures=found.get("figures", {}),
        audit_job_id=found.get("auditJobId"),
        auditor=found.get("auditor"),
    )


def node_view(row: Mapping[str, Any]) -> Node:
    """A node; `busy` where no slot of it is free."""
    free = row.get("live_leases", 0) < row["capacity"]
    return Node(
        node_id=str(row["node_id"]),
        wallet_address=row["wallet"],
        machine_id=row["machine_id"],
        gpu_model=row["gpu_model"],
        gpu_count=row["gpu_count"],
        vram=row["vram_mb"],
        driver_version=row["driver_version"],
        cuda_version=row["cuda_version"],
        compute_capability=row["compute_capability"],
        host_os=row["host_os"],
        cpu_model=row["cpu_model"],
        ram_total=row["ram_mb"],
        location=msgspec.convert(row["location"], Location),
        capabilities=row["capabilities"],
        registered_at=iso(row["registered_at"]),
        last_update=iso(row["updated_at"]),
        last_seen=iso(row["last_seen_at"]),
        status=BUSY if row["state"] == NodeState.ONLINE and not free else row["state"],
        jobs_completed=row["jobs_completed"],
        total_earned=to_number(row["total_earned"]),
        reputation=round(row["reputation"], 2),
        metrics=row["metrics"],
        price=to_number(row["price"]),
        capacity=row["capacity"],
        engines=[msgspec.convert(engine, EngineOffer) for engine in row["engines"]],
        isolation=row["isolation"],
        own_jobs_only=row["own_jobs_only"],
        jobs_failed=row["jobs_failed"],
        checks_passed=row["checks_passed"],
    )


def event_view(row: Mapping[str, Any]) -> Event:
    """An event."""
    return Event(seq=row["seq"], job_id=str(row["job_id"]), kind=row["kind"], data=row["data"], at=iso(row["at"]))


def payout_view(row: Mapping[str, Any]) -> PayoutView:
    """A payment to a wallet."""
    return PayoutView(
        payout_id=str(row["payout_id"]),
        kind=row["kind"],
        wallet_address=row["wallet"],
        amount=to_number(row["amount"]),
        status=row["state"],
        tx_signature=row["signature"],
        created_at=iso(row["created_at"]),
        finalized_at=iso_or_none(row["finalized_at"]),
    )


def earning_view(row: Mapping[str, Any], units: Mapping[str, str]) -> Earning:
    """What a job brought its node's owner."""
    return Earning(
        job_id=str(row["job_id"]),
        node_id=str(row["node_id"]),
        job_type=row["job_type"],
        model=row["model"],
        status=row["job_state"],
        units=row["units"],
        unit=units.get(row["job_type"], ""),
        price=to_number(row["price"]),
        unit_price=None if row["unit_price"] is None else to_number(row["unit_price"]),
        cost=to_number(row["cost"]),
        amount=to_number(row["earned"]),
        verdict=row["verdict"],
        audit_of=None if row["audit_of"] is None else str(row["audit_of"]),
        earned_at=iso(row["at"]),
        payout=None if row["payout_id"] is None else payout_view(row),
    )


def key_view(row: Mapping[str, Any]) -> ApiKey:
    """An API key."""
    return ApiKey(
        key_id=str(row["key_id"]),
        name=row["name"],
        scopes=row["scopes"],
        created_at=iso(row["created_at"]),
        expires_at=iso_or_none(row["expires_at"]),
        revoked_at=iso_or_none(row["revoked_at"]),
        spending_limit=None if row["spending_limit"] is None else to_number(row["spending_limit"]),
        spent=to_number(row["spent"]),
    )


def parse_id(text: str, what: str) -> UUID:
    """The id in a path. Raises NotFound: what is no id names nothing."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(what) from None


def parse_cursor(text: str | None) -> UUID | None:
    """The id after which a list goes on. Raises InvalidRequest."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise InvalidRequest([BadField("cursor", "a nextCursor from an earlier answer")]) from None


def next_cursor(rows: Sequence[Row], limit: int, field: str) -> str | None:
    """Where the next page goes on, if there may be one."""
    return str(rows[-1][field]) if len(rows) == limit else None
