"""The API's job routes as methods."""

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack, cast
from uuid import uuid4

import httpx

from hypernode.client.call import Call, Page, lists, reads, segment, whole
from hypernode.client.conversation import Caller
from hypernode.client.routes import listing, route
from hypernode.protocol.jobs import (
    CancelJob,
    CreateJob,
    Explanation,
    ExplanationAnswer,
    Job,
    JobAnswer,
    JobChanged,
    JobList,
    JobStats,
    JobStatsAnswer,
    ReceiptAnswer,
    Requirements,
)
from hypernode.protocol.limits import DEFAULT_LIST_LIMIT
from hypernode.protocol.wire import HyperIn


class JobOptions(TypedDict, total=False):
    """What a job may say beside its type; the network has a default for each."""

    model: str
    input: dict[str, Any]
    requirements: Requirements | Mapping[str, Any]
    budget: HyperIn  #: HYPER: all that the job may cost.
    max_duration: int  #: Seconds.
    assurance: str  #: none, sampled, always
    priority: int
    parts: int  #: Spread over at most so many child jobs.


class JobRoutes(Caller):
    """Jobs: asked for, followed, withdrawn, proved."""

    @route
    def submit_job(
        self, job_type: str, *, idempotency_key: str | None = None, **options: Unpack[JobOptions]
    ) -> Call[Job]:
        """Ask for work; the budget is locked. Repeated safely: it carries an Idempotency-Key, a new one by default."""
        # Requirements that are a mapping go as they are: the network judges them, and names every bad field.
        body = CreateJob(wallet_address=self.address, job_type=job_type, **cast("Any", options))
        return Call(
            "POST",
            "/api/jobs",
            reads(JobChanged, lambda answer: answer.job),
            body=body,
            idempotency_key=idempotency_key or uuid4().hex,
        )

    @route
    def job(self, job_id: str) -> Call[Job]:
        """A job; its input, result and logs only for its parties."""
        return Call("GET", f"/api/jobs/{segment(job_id)}", reads(JobAnswer, lambda answer: answer.job), personal=True)

    @listing
    def jobs(
        self,
        *,
        wallet: str | None = None,
        status: str | None = None,
        job_type: str | None = None,
        parent_id: str | None = None,
        page_size: int = DEFAULT_LIST_LIMIT,
    ) -> Call[Page[Job]]:
        """Jobs, newest first; with `parent_id` the parts of one."""
        filters = {
            "walletAddress": wallet,
            "status": status,
            "jobType": job_type,
            "parentId": parent_id,
            "limit": page_size,
        }
        return Call("GET", "/api/jobs", lists(JobList, lambda answer: answer.jobs), params=filters, personal=True)

    @route
    def cancel_job(self, job_id: str, *, stop_running: bool = False) -> Call[Job]:
        """Withdraw a job; a running one only with `stop_running`, and what was done is paid."""
        body = CancelJob(wallet_address=self.address_if_any, stop_running=stop_running)
        return Call(
            "POST", f"/api/jobs/{segment(job_id)}/cancel", reads(JobChanged, lambda answer: answer.job), body=body
        )

    @route
    def explain(self, job_id: str) -> Call[Explanation]:
        """Why a job waits, and the nearest change that would make a node match."""
        return Call(
            "GET", f"/api/jobs/{segment(job_id)}/explain", reads(ExplanationAnswer, lambda answer: answer.explanation)
        )

    @route
    def receipt(self, job_id: str) -> Call[dict[str, Any]]:
        """A finished job's receipt file: signed, with its Merkle proof and anchor once it has them."""
        return Call("GET", f"/api/jobs/{segment(job_id)}/receipt", reads(ReceiptAnswer, lambda answer: answer.receipt))

    @route
    def job_stats(self) -> Call[JobStats]:
        """How many jobs stand where."""
        return Call("GET", "/api/jobs/stats/summary", reads(JobStatsAnswer, lambda answer: answer.stats))


def event_stream(job_id: str, after: int) -> Call[httpx.Response]:
    """A job's events from a sequence number on, as they happen."""
    return Call("GET", f"/api/jobs/{segment(job_id)}/events", whole, params={"after": after}, streamed=True)
