"""Jobs over HTTP."""

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType, field

from hypernode.domain.assurance import Assurance
from hypernode.domain.isolation import Isolation
from hypernode.domain.job import JobState
from hypernode.domain.receipt import Verdict
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.protocol.wire import Body, Hyper, HyperIn, JsonObject, Name, Text, Time, Wallet, one_of

MAX_PARTS: Final = 64
MAX_NAMES: Final = 64
Gigabytes = Annotated[float, Meta(ge=0, le=1_000_000, description="GB.")]
Names = Annotated[list[Text], Meta(max_length=MAX_NAMES)]
State = Annotated[str, one_of(JobState)]
Kind = Annotated[
    str, one_of(("status", "progress", "log", "stream", "checkpoint", "verification", "payout", "receipt"))
]


class Requirements(Body, forbid_unknown_fields=True, omit_defaults=True):
    """What a node must have to get the job. A field left out asks for nothing."""

    min_vram: Gigabytes = field(default=0, name="minVRAM")
    min_ram: Gigabytes = field(default=0, name="minRAM")
    capabilities: Names = []
    gpu_model: Text = ""  #: Part of the GPU's name, in any case.
    cuda_version: Annotated[str, Meta(pattern=r"^(\d{1,3}(\.\d{1,3}){0,2})?$")] = ""  #: At least this.
    country: Text | Names = ""  #: One country, or several; in any case.
    max_price: HyperIn | None = None  #: HYPER per hour.
    min_reputation: Annotated[float, Meta(ge=0, le=100)] = 0
    min_isolation: Isolation = Isolation.NONE  #: What the node must have proved: none, process, sandbox.
    allow_nodes: Names = []
    deny_nodes: Names = []
    allow_wallets: Names = []
    deny_wallets: Names = []


class JobTerms(Body):
    """What is asked for, but for who pays how much."""

    job_type: Text
    model: Name = "default"
    input: JsonObject = {}
    requirements: Requirements | UnsetType = UNSET
    max_duration: Annotated[int, Meta(ge=1, le=30 * 86_400, description="Seconds.")] = 3600
    assurance: Assurance = Assurance.SAMPLED
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    parts: Annotated[int, Meta(ge=1, le=MAX_PARTS, description="Spread over at most so many child jobs.")] = 1
    webhook_url: UnsetType | None = UNSET  #: Not served yet, and so refused: follow the job's events instead.


class CreateJob(JobTerms, kw_only=True):
    """What a customer asks for."""

    wallet_address: Wallet
    budget: HyperIn = 0


class QuoteJob(JobTerms, kw_only=True):
    """The same, before anybody decides to pay for it."""

    wallet_address: Wallet | UnsetType = UNSET  #: Some nodes take jobs of their own wallet alone.
    budget: HyperIn | UnsetType = UNSET  #: Left out: as much as any node asks.


class JobMetrics(Body):
    """When a job ran and what it cost."""

    start_time: Time | None
    end_time: Time | None
    duration: float | None  #: Seconds.
    cost: Hyper


class JobError(Body, omit_defaults=True):
    """Why a job failed, or what it waits for."""

    code: str
    message: str
    needed: Hyper | None = None  #: HYPER that is missing for the job to start.


class Verification(Body, omit_defaults=True):
    """What was checked of a result."""

    verdict: Annotated[str, one_of(Verdict)]
    assurance: Annotated[str, one_of(Assurance)]
    evidence: str = ""  #: What the verdict rests on, in a sentence.
    figures: dict[str, float] = {}
    audit_job_id: str | None = None
    auditor: str | None = None  #: The node that checked.


class Job(Body):
    """A job as everyone sees it; input, result and logs only as its parties do."""

    job_id: str
    wallet_address: str
    job_type: str
    model: str
    input: JsonObject
    requirements: JsonObject
    budget: Hyper
    max_duration: int
    status: State
    created_at: Time
    updated_at: Time
    assigned_node: str | None
    result: JsonObject | None
    logs: list[str]
    metrics: JobMetrics
    priority: int
    attempts: int
    units: int
    unit: str
    error: JobError | None
    verification: Verification | None
    receipt_id: str | None
    artifacts: list[ArtifactRef]
    parts: int = 0  #: Child jobs that it is spread over; they share its budget, and each has its own receipt.
    parent_id: str | None = None  #: The job that it is a part of.
    part: int | None = None  #: Which one, from 1.
    audit_of: str | None = None  #: The job whose result this one checks, for the network.
    input_salt: str | None = None  #: Hex; with it the job's parties can compute the receipt's inputDigest.


class JobAnswer(Body):
    """One job."""

    job: Job
    success: bool = True


class JobChanged(Body):
    """One job and what was done to it."""

    message: str
    job: Job
    success: bool = True


class JobList(Body):
    """Jobs, newest first."""

    count: int
    jobs: list[Job]
    next_cursor: str | None
    success: bool = True


class CancelJob(Body):
    """Withdraw a job."""

    wallet_address: Wallet | None = None
    stop_running: bool = False


class SubmitResult(Body):
    """A result from a worker that speaks plain HTTP."""

    node_id: str
    result: JsonObject
    logs: list[str] | str = []
    metrics: JsonObject = {}
    lease_id: str | None = None


class JobStats(Body):
    """How many jobs stand where."""

    total: int
    pending: int
    queued: int
    running: int
    completed: int
    failed: int
    cancelled: int
    total_cost: Hyper


class JobStatsAnswer(Body):
    """The summary."""

    stats: JobStats
    success: bool = True


class Obstacle(Body):
    """A requirement, and how many online nodes fail it."""

    requirement: str
    asked: str
    failing_nodes: int
    only_obstacle_for: int  #: Nodes that would match if this requirement alone were dropped.


class Relaxation(Body):
    """The smallest change that would make a node match."""

    change: JsonObject  #: Field -> value to ask for instead.
    nodes: int  #: How many nodes would match then.
    sentence: str


class Explanation(Body):
    """Why a job waits."""

    status: State
    sentence: str
    online_nodes: int  #: Those that were looked at: 2,000 at most, but for a quote that matches.
    matching_nodes: int
    free_matching_nodes: int
    obstacles: list[Obstacle]
    relaxation: Relaxation | None
    needed: Hyper | None


class ExplanationAnswer(Body):
    """The explanation."""

    explanation: Explanation
    success: bool = True


class CostRange(Body):
    """What a job may cost. It is never more than its budget."""

    lowest: Hyper
    """At the least that a matching node asks: for the fewest units that such an input can take; where it asks by the
    hour, for as long as jobs of this type took lately (0 where none did).
    """
    highest: Hyper
    """At the most that a matching node asks: for all units that such an input can take, or for all of `maxDuration`."""


class Quote(Body):
    """What a job would cost and wait if it were submitted now."""

    cost: CostRange | None  #: Null: no node matches.
    matching_nodes: int  #: Those that were looked at, 2,000 at most.
    free_nodes: int  #: Of these, those with a free slot.
    expected_wait_seconds: float | None
    """0 with a free node. Else from the jobs that wait ahead, the slots of the matching nodes, and how long jobs of
    this type took lately. Null: no node matches, or no such job has been completed yet.
    """
    explanation: Explanation  #: As of a job that waits; `status` is how the job would begin.


class QuoteAnswer(Body):
    """The quote."""

    quote: Quote
    success: bool = True


class ReceiptAnswer(Body):
    """A receipt file, as `hypernode receipt verify` reads it."""

    receipt: JsonObject
    success: bool = True


class Event(Body):
    """Something that happened to a job."""

    seq: int
    job_id: str
    kind: Kind
    data: JsonObject
    at: Time
