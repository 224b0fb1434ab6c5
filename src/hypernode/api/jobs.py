"""Routes of jobs."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import Parameter

from hypernode.api.idempotency import once
from hypernode.api.reads import Reads, encoded
from hypernode.api.services import Services
from hypernode.api.views import job_views, new_job_view, next_cursor, parse_cursor, parse_id
from hypernode.coordinator.access import Caller
from hypernode.coordinator.explainer import explain
from hypernode.domain.errors import NotFound, Unauthorized
from hypernode.domain.job import JobState
from hypernode.domain.money import to_number
from hypernode.protocol import limits
from hypernode.protocol.frames import Report
from hypernode.protocol.jobs import (
    CancelJob,
    CreateJob,
    ExplanationAnswer,
    Job,
    JobAnswer,
    JobChanged,
    JobList,
    JobStats,
    JobStatsAnswer,
    QuoteAnswer,
    QuoteJob,
    ReceiptAnswer,
    SubmitResult,
)
from hypernode.store import figures, jobs
from hypernode.store.admissions import Admitted

Limit = Annotated[int, Parameter(ge=1, le=limits.MAX_LIST_LIMIT)]
CREATED: Final = "Job created successfully"


class Jobs(Controller):
    """What customers ask for."""

    path = "/api/jobs"
    tags = ["Jobs"]

    @post("/", status_code=201)
    async def create(
        self, request: Request[Any, Any, Any], services: Services, caller: Caller, data: CreateJob
    ) -> Response[JobChanged]:
        """Submit a job: its budget is held, and it starts as soon as a node matches."""
        wallet = caller.acting_for(data.wallet_address, "jobs")

        async def make(job_id: Any) -> tuple[int, JobChanged]:
            if "idempotency-key" in request.headers and (rows := await jobs.get(services.database, [job_id])):
                job = (await job_views(services.database, services.units, caller, rows))[0]
                return 201, JobChanged(message=CREATED, job=job)
            return 201, await submit(services, caller, data, job_id)

        return await once(request, services.database, wallet, make)

    @post("/quote", status_code=200)
    async def quote(self, services: Services, data: QuoteJob) -> QuoteAnswer:
        """What such a job would cost and how long it would wait now; where no node matches, what would help."""
        return QuoteAnswer(quote=await services.quoter.quote(data))

    @get("/")
    async def index(
        self,
        services: Services,
        caller: Caller,
        wallet_address: Annotated[str | None, Parameter(query="walletAddress", max_length=64)] = None,
        status: Annotated[str | None, Parameter(max_length=32)] = None,
        job_type: Annotated[str | None, Parameter(query="jobType", max_length=64)] = None,
        parent_id: Annotated[str | None, Parameter(query="parentId")] = None,
        limit: Limit = limits.DEFAULT_LIST_LIMIT,
        cursor: str | None = None,
    ) -> JobList:
        """Jobs, newest first; the parts of one where `parentId` names it."""
        rows = await jobs.listed(
            services.database,
            _text(wallet_address),
            _text(status),
            _text(job_type),
            parse_cursor(cursor),
            limit,
            None if parent_id is None else parse_id(parent_id, "Job"),
        )
        views = await job_views(services.database, services.units, caller, rows)
        return JobList(count=len(views), jobs=views, next_cursor=next_cursor(rows, limit, "job_id"))

    @get("/stats/summary")
    async def stats(self, services: Services) -> JobStatsAnswer:
        """How many jobs stand where."""
        row = await figures.jobs(services.database)
        counts = {state.value: row[state.value] for state in JobState}
        return JobStatsAnswer(stats=JobStats(total=row["total"], total_cost=to_number(row["cost"]), **counts))

    @get("/{job_id:str}")
    async def one(self, reads: Reads, caller: Caller, job_id: str) -> Response[JobAnswer]:
        """One job."""
        found = await reads.job(parse_id(job_id, "Job"), caller)
        if found is None:
            raise NotFound("Job")
        return encoded(found)

    @post("/{job_id:str}/cancel", status_code=200)
    async def cancel(
        self, services: Services, caller: Caller, job_id: str, data: CancelJob | None = None
    ) -> JobChanged:
        """Withdraw a job; with `stopRunning` also one that runs, which pays for what was done."""
        data = data or CancelJob()
        wallet = caller.acting_for(data.wallet_address, "jobs")
        await services.canceller.cancel(parse_id(job_id, "Job"), wallet, stop_running=data.stop_running)
        return JobChanged(message="Job cancelled successfully", job=await _job(services, caller, job_id))

    @post("/{job_id:str}/result", status_code=200)
    async def result(self, services: Services, caller: Caller, job_id: str, data: SubmitResult) -> JobChanged:
        """A result from a worker that speaks plain HTTP."""
        node = await services.registry.known(parse_id(data.node_id, "Node"))
        if caller.node is not None and caller.node.node_id != node.node_id:
            raise Unauthorized
        if caller.node is None:
            caller.acting_for(node.wallet, "nodes")
        job_key = parse_id(job_id, "Job")
        lines = [data.logs] if isinstance(data.logs, str) else data.logs
        units = data.metrics.get("units")
        report = Report("", result=data.result, units=units if isinstance(units, int) else 0)
        lease_id = None if data.lease_id is None else parse_id(data.lease_id, "Lease")
        await _rows(services, job_id)
        await services.dispatcher.result(job_key, node, lease_id, report, lines)
        return JobChanged(message="Job result submitted successfully", job=await _job(services, caller, job_id))

    @get("/{job_id:str}/explain")
    async def explain(self, services: Services, job_id: str) -> ExplanationAnswer:
        """Why a job waits, and what would help."""
        row = (await _rows(services, job_id))[0]
        return ExplanationAnswer(explanation=await explain(services.database, row))

    @get("/{job_id:str}/receipt")
    async def receipt(self, services: Services, job_id: str) -> ReceiptAnswer:
        """The signed receipt, its Merkle proof and the anchoring chain transaction."""
        await _rows(services, job_id)
        file = await services.anchorer.file(parse_id(job_id, "Job"))
        return ReceiptAnswer(receipt=msgspec.to_builtins(file))


async def submit(services: Services, caller: Caller, data: CreateJob, job_id: UUID) -> JobChanged:
    """Take a job in, for the wallet that the caller acts for."""
    caller.acting_for(data.wallet_address, "jobs")
    return created(services, await services.intake.submit(data, job_id, caller.key_id))


def created(services: Services, admitted: Admitted) -> JobChanged:
    """The answer for a job that was taken in."""
    return JobChanged(message=CREATED, job=new_job_view(admitted, services.units[admitted.job.job_type]))


async def _rows(services: Services, job_id: str) -> list[Any]:
    rows = await jobs.get(services.database, [parse_id(job_id, "Job")])
    if not rows:
        raise NotFound("Job")
    return rows


async def _job(services: Services, caller: Caller, job_id: str) -> Job:
    rows = await _rows(services, job_id)
    return (await job_views(services.database, services.units, caller, rows))[0]


def _text(given: str | None) -> str | None:
    """A filter; PostgreSQL's text holds no U+0000, so nothing stored equals one that does."""
    return None if given is None else given.replace("\x00", "\ufffd")
