"""Takes jobs in: validated and priced, then job, hold and, if a node is free, lease in one commit."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from hypernode.coordinator.demands import amount, demand_of
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.matchmaker import Matchmaker, Waiting
from hypernode.coordinator.offers import Offers
from hypernode.domain.demand import ARTIFACT_MODEL, Demand
from hypernode.domain.errors import (
    BadField,
    HypernodeError,
    InsufficientBalance,
    InvalidJobType,
    InvalidRequest,
    JobTypeUnavailable,
    SpendingLimitReached,
)
from hypernode.domain.job import JobState, JobType
from hypernode.domain.money import SUPPLY, ZERO, Amount, to_number, to_text
from hypernode.ports import Executor
from hypernode.protocol.jobs import CreateJob, Requirements
from hypernode.protocol.validation import bad_fields
from hypernode.store import admissions, artifacts, ledger
from hypernode.store.admissions import Admitted, NewJob
from hypernode.store.database import Connection, Database
from hypernode.store.group_commit import GroupCommit

SALT_BYTES: Final = 16
MAX_DEMANDS: Final = 10_000
DIGEST_CHARS: Final = 64
HEX: Final = frozenset("0123456789abcdef")
DEFAULT_REQUIREMENTS: Final = Requirements(min_vram=8, capabilities=["inference"])
FUNDS_NEEDED: Final = "funds_needed"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A job that was found right, before it is written."""

    job: NewJob
    demand: Demand
    parts: Sequence["Arrival"] = ()  #: What it is spread over; they run, and it does not.

    @property
    def needs_more(self) -> bool:
        """Whether more than the job itself is to be written."""
        return bool(self.job.budget or self.job.artifacts)

    @property
    def leaves(self) -> Sequence["Arrival"]:
        """What runs."""
        return self.parts or (self,)


class Intake:
    """The door for jobs."""

    def __init__(
        self, database: Database, executors: Mapping[str, Executor], matchmaker: Matchmaker, offers: Offers
    ) -> None:
        self._database = database
        self._executors = executors
        self._matchmaker = matchmaker
        self._offers = offers
        self._group = GroupCommit(self._flush)
        self._demands: dict[tuple[str, str, bytes, Amount], Demand] = {}

    async def submit(self, request: CreateJob, job_id: UUID, key_id: UUID | None = None) -> Admitted:
        """Store a job; it may run already when this returns. Raises what is wrong with the request."""
        arrival = self.check(request, job_id, key_id)
        if arrival.job.artifacts:
            await self._check_artifacts(arrival.job)
        return await self.put(arrival)

    def check(self, request: CreateJob, job_id: UUID, key_id: UUID | None) -> Arrival:
        """The job, or its parts, that a request asks for. Raises what is wrong with the request."""
        arrival = self._arrival(request, job_id, key_id)
        return self._divide(arrival, request) if request.parts > 1 else arrival

    def put(self, arrival: Arrival) -> asyncio.Future[Admitted]:
        """Store a job whose artifacts, if it has any, are there. Raises Overloaded."""
        return self._group.put(arrival)

    async def drain(self) -> None:
        """Wait until all that was handed in is committed."""
        await self._group.drain()

    def _arrival(self, request: CreateJob, job_id: UUID, key_id: UUID | None) -> Arrival:
        """Everything that can be said of a request without the store; all that is wrong with it at once."""
        executor = self._executor(request.job_type)
        asked = request.requirements if isinstance(request.requirements, Requirements) else DEFAULT_REQUIREMENTS
        wrong: list[BadField] = []
        inputs: Mapping[str, str] = {}
        budget = ZERO
        try:
            inputs = executor.artifacts(msgspec.convert(request.input, executor.Input))
            inputs = {**inputs, **_model_artifact(request.model, executor)}
        except msgspec.ValidationError:
            wrong += bad_fields(request.input, executor.Input, "input")
        except ValueError as error:
            wrong.append(BadField("input", str(error)))
        try:
            budget = amount(request.budget, "budget")
        except InvalidRequest as error:
            wrong += error.fields
        try:
            demand = self._demand(request, asked, budget)
        except InvalidRequest as error:
            raise InvalidRequest([*wrong, *error.fields]) from None
        if wrong:
            raise InvalidRequest(wrong)
        job = NewJob(
            job_id=job_id,
            wallet=request.wallet_address,
            job_type=request.job_type,
            model=request.model,
            input=request.input,
            requirements=msgspec.to_builtins(asked),
            budget=budget,
            max_duration_s=request.max_duration,
            priority=request.priority,
            assurance=request.assurance,
            salt=os.urandom(SALT_BYTES),
            key_id=key_id,
            artifacts=tuple(inputs.items()),
        )
        return Arrival(job, demand)

    def _divide(self, arrival: Arrival, request: CreateJob) -> Arrival:
        """Spread a job over parts, if its executor can: each an ordinary job with an equal share of the budget."""
        executor, job = self._executors[request.job_type], arrival.job
        inputs = executor.split(msgspec.convert(request.input, executor.Input), request.parts)
        if len(inputs) < 2:
            return arrival
        share, rest = divmod(job.budget, len(inputs))
        asked = msgspec.convert(job.requirements, Requirements)
        parts: list[Arrival] = []
        for number, part in enumerate(inputs):
            budget = Amount(share + (number < rest))
            needed = {**executor.artifacts(part), **_model_artifact(request.model, executor)}
            child = replace(
                job,
                job_id=new_id(),
                input=msgspec.to_builtins(part),
                budget=budget,
                salt=os.urandom(SALT_BYTES),
                artifacts=tuple(needed.items()),
                parent_id=job.job_id,
                part=number + 1,
            )
            parts.append(Arrival(child, self._demand(request, asked, budget)))
        return Arrival(replace(job, parts=len(parts)), arrival.demand, parts)

    def _demand(self, request: CreateJob, asked: Requirements, budget: Amount) -> Demand:
        """The demand, one object for all jobs that ask alike: most of a customer's do."""
        key = (request.job_type, request.model, msgspec.json.encode(asked), budget)
        demand = self._demands.get(key)
        if demand is None:
            if len(self._demands) >= MAX_DEMANDS:
                self._demands.clear()
            demand = self._demands[key] = demand_of(request.job_type, request.model, asked, budget)
        return demand

    def _executor(self, job_type: str) -> Executor:
        executor = self._executors.get(job_type)
        if executor is not None:
            return executor
        if job_type in set(JobType):
            raise JobTypeUnavailable(job_type, ", ".join(sorted(self._executors)))
        raise InvalidJobType(sorted({*JobType, *self._executors}))

    async def _check_artifacts(self, job: NewJob) -> None:
        digests = {sha256 for _, sha256 in job.artifacts}
        missing = digests - await artifacts.readable(self._database, job.wallet, digests)
        if missing:
            raise InvalidRequest(
                [BadField(f"input: {name}", "an artifact of this wallet; upload it first")
                 for name, sha256 in job.artifacts if sha256 in missing]
            )  # fmt: skip

    async def _flush(self, arrivals: Sequence[Arrival]) -> list[Admitted | Exception]:
        reserved: list[UUID] = []
        refused: dict[UUID, HypernodeError] = {}
        try:
            if any(arrival.needs_more for arrival in arrivals):
                async with self._database.transaction() as connection:
                    needed, refused = await self._funds(connection, [arrival.job for arrival in arrivals])
                    admitted = self._decide(arrivals, needed, refused, reserved)
                    await _hold(connection, admitted.values())
                    await admissions.admit(connection, list(admitted.values()), by=self._matchmaker.name)
            else:
                admitted = self._decide(arrivals, {}, {}, reserved)
                await admissions.admit(self._database, list(admitted.values()), by=self._matchmaker.name)
        except BaseException:
            for node_id in reserved:
                self._matchmaker.release(node_id)
            self._matchmaker.refill()  # Where the connection was lost, the commit may have been made.
            raise
        for leaf in (leaf for arrival in arrivals for leaf in arrival.leaves):
            self._start(leaf, admitted.get(leaf.job.job_id))
        return [refused.get(a.job.job_id) or admitted[a.job.job_id] for a in arrivals]

    def _decide(
        self,
        arrivals: Sequence[Arrival],
        needed: Mapping[UUID, Amount],
        refused: Mapping[UUID, HypernodeError],
        reserved: list[UUID],
    ) -> dict[UUID, Admitted]:
        """How each job begins: waiting for money, waiting for a node, or on one, whose slot is then reserved."""
        admitted: dict[UUID, Admitted] = {}
        at = datetime.now(UTC)
        for arrival in arrivals:
            if arrival.job.job_id in refused:
                continue
            if arrival.parts:
                admitted[arrival.job.job_id] = Admitted(arrival.job, JobState.RUNNING, at)
            for leaf in arrival.leaves:
                job = leaf.job
                if lacks := needed.get(job.job_id):
                    admitted[job.job_id] = Admitted(job, JobState.PENDING, at, error=lacking(lacks))
                elif node_id := self._reserve(leaf):
                    reserved.append(node_id)
                    lease = self._matchmaker.lease_on(node_id, job.job_type)
                    admitted[job.job_id] = Admitted(job, JobState.RUNNING, at, lease=lease)
                else:
                    admitted[job.job_id] = Admitted(job, JobState.QUEUED, at)
        return admitted

    def _reserve(self, arrival: Arrival) -> UUID | None:
        return self._matchmaker.reserve(self._matchmaker.demand_of(arrival.job.wallet, arrival.demand))

    def _start(self, arrival: Arrival, admitted: Admitted | None) -> None:
        if admitted is None:
            return
        if admitted.lease is not None:
            self._offers.push_new(arrival.job, admitted.lease)
        elif admitted.state is JobState.QUEUED:
            job = arrival.job
            demand = self._matchmaker.demand_of(job.wallet, arrival.demand)
            self._matchmaker.enqueue([Waiting(job.job_id, job.priority, demand)])

    async def _funds(
        self, connection: Connection, new: Sequence[NewJob]
    ) -> tuple[dict[UUID, Amount], dict[UUID, HypernodeError]]:
        """Which jobs lack how much money, and which go beyond their API key's limit; the rest is spent in order."""
        needed: dict[UUID, Amount] = {}
        refused: dict[UUID, HypernodeError] = {}
        paid = [job for job in new if job.budget]
        if not paid:
            return needed, refused
        left = await ledger.lock_keys(connection, [job.key_id for job in paid if job.key_id])
        balances = await ledger.lock(connection, [ledger.customer(job.wallet) for job in paid])
        spent: defaultdict[UUID, int] = defaultdict(int)
        for job in paid:
            account = ledger.customer(job.wallet)
            if job.parts and balances[account] < job.budget:  # Some of its parts would start, and others wait.
                refused[job.job_id] = InsufficientBalance(to_text(balances[account]))
                continue
            if job.key_id is not None:
                allowed = left.get(job.key_id, SUPPLY)
                if job.budget > allowed:
                    refused[job.job_id] = SpendingLimitReached(to_text(allowed))
                    continue
                left[job.key_id] = Amount(allowed - job.budget)
                spent[job.key_id] += job.budget
            if balances[account] < job.budget:
                needed[job.job_id] = Amount(job.budget - balances[account])
            else:
                balances[account] = Amount(balances[account] - job.budget)
        await ledger.spend(connection, list(spent.items()))
        return needed, refused


def _model_artifact(model: str, executor: Executor) -> dict[str, str]:
    """The artifact that a job names as its model. Raises ValueError."""
    if not model.startswith(ARTIFACT_MODEL):
        return {}
    digest = model.removeprefix(ARTIFACT_MODEL)
    if not executor.model_suffix:
        raise ValueError("this job type takes no model of the job's own")
    if len(digest) != DIGEST_CHARS or not set(digest) <= HEX:
        raise ValueError(f"a model by digest is {ARTIFACT_MODEL} and {DIGEST_CHARS} digits of lower-case hex")
    return {f"model{executor.model_suffix}": digest}


async def _hold(connection: Connection, admitted: Collection[Admitted]) -> None:
    """Lock the budgets of what is funded, and tie the inputs to their jobs."""
    held = [
        entry.job
        for entry in admitted
        if entry.job.budget and entry.state is not JobState.PENDING and not entry.job.parts
    ]
    await ledger.hold(connection, [(job.job_id, job.wallet, job.budget) for job in held])
    inputs = [(e.job.job_id, sha256, "input", name) for e in admitted for name, sha256 in e.job.artifacts]
    await artifacts.link(connection, inputs)


def lacking(needed: Amount) -> dict[str, Any]:
    """What a job says that waits for money."""
    message = f"Deposit {to_text(needed)} HYPER more; the job starts when they arrive"
    return {"code": FUNDS_NEEDED, "message": message, "needed": to_number(needed)}
