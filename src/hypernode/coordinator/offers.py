"""Sends leases to the nodes that were chosen for them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hypernode.coordinator.sessions import Held, Sessions
from hypernode.domain.pricing import affordable_s
from hypernode.protocol.frames import Audit, Offer
from hypernode.store import jobs
from hypernode.store.admissions import NewJob
from hypernode.store.database import Database
from hypernode.store.jobs import NewLease


class Offers:
    """Puts Offer frames into the sessions of nodes. A node that has just gone lets its lease expire."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    async def push(self, claimed: Sequence[tuple[Mapping[str, Any], NewLease]]) -> None:
        """Offer claimed jobs (job_id, attempt, wallet)."""
        rows = await jobs.offered(self._database, [row["job_id"] for row, _ in claimed])
        content = {row["job_id"]: row for row in rows}
        for row, lease in claimed:
            self._send({**content[row["job_id"]], "attempt": row["attempt"], "wallet": row["wallet"]}, lease)

    def push_new(self, job: NewJob, lease: NewLease) -> None:
        """Offer a job that was leased as it came in."""
        self._send(
            {
                "job_id": job.job_id,
                "wallet": job.wallet,
                "attempt": 1,
                "job_type": job.job_type,
                "model": job.model,
                "input": job.input,
                "max_duration_s": job.max_duration_s,
                "budget": job.budget,
                "assurance": job.assurance,
                "audit_of": None,
                "claim": None,
                "checkpoint": None,
            },
            lease,
        )

    def _send(self, job: Mapping[str, Any], lease: NewLease) -> None:
        session = self._sessions.get(lease.node_id)
        if session is None or session.closed:
            return
        held = session.leases[lease.lease_id] = Held.of(lease.lease_id, job)
        held.resume = job["checkpoint"] or ""
        session.send(
            Offer(
                lease_id=str(lease.lease_id),
                job_id=str(job["job_id"]),
                attempt=job["attempt"],
                job_type=job["job_type"],
                model=job["model"],
                input=job["input"],
                max_duration_s=affordable_s(job["budget"], lease.price, job["max_duration_s"]),
                customer=job["wallet"],
                audit=None if job["claim"] is None else msgspec.convert(job["claim"], Audit),
                resume=held.resume,
            )
        )
