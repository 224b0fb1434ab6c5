"""Health and figures over HTTP. Every figure comes from the store or the chain."""

from typing import Annotated, Literal

from msgspec import field

from hypernode.domain.receipt import Verdict
from hypernode.protocol.wire import Body, Hyper, JsonObject, Time, one_of

Window = Literal["24h", "7d", "30d"]


class Health(Body):
    """Whether the coordinator can do its work."""

    status: str
    timestamp: Time
    service: str = "hypernode-backend"
    down: list[str] = []


class Activity(Body):
    """What happened in a span of time."""

    jobs: int
    nodes_registered: int
    hyper_paid: Hyper


class NetworkFigures(Body):
    """The network today."""

    total_nodes: int
    active_nodes: int
    total_jobs: int
    completed_jobs: int
    total_value_locked: Hyper
    total_hyper_paid: Hyper
    last_updated: Time


class RecentActivity(Body):
    """A day and a week."""

    last24h: Activity
    last7d: Activity


class Overview(Body):
    """The network and its activity."""

    network: NetworkFigures
    recent_activity: RecentActivity


class OverviewAnswer(Body):
    """The overview."""

    metrics: Overview
    success: bool = True


class HistoryPoint(Body):
    """What happened from a time on, for as long as a bucket is; of the last one, what has happened so far."""

    time: Time
    jobs: int  #: Submitted.
    jobs_completed: int
    nodes_registered: int
    hyper_paid: Hyper  #: To providers, on the chain.


class History(Body):
    """The network over time."""

    window: Window
    bucket_seconds: int
    points: list[HistoryPoint]  #: Oldest first, none left out.


class HistoryAnswer(Body):
    """The history."""

    history: History
    success: bool = True


class ValidationSummary(Body):
    """What stands on the chain."""

    total_jobs_on_chain: int
    total_hyper_paid_on_chain: Hyper
    active_nodes_on_chain: int
    last_block_verified: int | None
    last_verification_time: Time | None


class RecentReceipt(Body):
    """An anchored receipt."""

    job_id: str
    type: str
    cost: Hyper
    tx_signature: str
    timestamp: Time
    receipt_id: str
    verdict: Annotated[str, one_of(Verdict)]
    slot: int | None


class Programs(Body):
    """The chain programs that do each part; null where none does."""

    node_registry: str | None
    job_receipt: str | None
    payment_splitter: str | None


class Anchor(Body):
    """A Merkle root of receipts on the chain."""

    root: str  #: Hex.
    tx_signature: str
    timestamp: Time
    receipts: int


class Blockchain(Body):
    """Which chain, and where to look."""

    network: str
    explorer_url: str
    hyper_token_mint: str
    program_ids: Programs
    anchor_key: str  #: Signs the chain transactions that anchor receipts.
    receipt_key: str  #: Signs receipts.
    vault: str  #: The wallet whose token account takes deposits.
    vault_token_account: str  #: Where deposits go: an ordinary SPL transfer.
    genesis_hash: str
    rpc_url: str | None  #: An RPC for anybody's browser; null where none is known.
    hyper_token_decimals: int
    token_program: str
    last_anchor: Anchor | None


class Validation(Body):
    """What anyone can check."""

    summary: ValidationSummary
    recent_receipts: list[RecentReceipt]
    blockchain: Blockchain


class ValidationAnswer(Body):
    """The validation figures."""

    validation: Validation
    success: bool = True


class NodeFigures(Body):
    """The nodes."""

    total: int
    active: int
    offline: int
    by_gpu: dict[str, int] = field(name="byGPU")
    by_location: dict[str, int]
    average_uptime: float  #: Percent of registered time that nodes were heard of.
    total_vram: int = field(name="totalVRAM")  #: MB.


class NodeFiguresAnswer(Body):
    """The node figures."""

    metrics: NodeFigures
    success: bool = True


class JobFigures(Body):
    """The jobs."""

    total: int
    completed: int
    failed: int
    cancelled: int
    average_duration: float  #: Seconds.
    by_type: dict[str, int]
    total_cost: Hyper


class JobFiguresAnswer(Body):
    """The job figures."""

    metrics: JobFigures
    success: bool = True


class MetricsUpdate(Body):
    """A note by an operator, for the audit log."""

    type: Literal["node_registered", "job_completed", "on_chain_receipt"]
    data: JsonObject = {}


class MetricsCount(Body):
    """How much there is."""

    nodes: int
    jobs: int
    receipts: int


class MetricsHealth(Body):
    """Whether the figures can be read."""

    status: str
    timestamp: Time
    metrics_count: MetricsCount
