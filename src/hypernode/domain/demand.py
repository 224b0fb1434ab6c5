"""What a job demands of a node, requirement by requirement: the one definition that matching and explaining share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hypernode.domain.isolation import Isolation
from hypernode.domain.money import ZERO, Amount

DEFAULT_MODEL: Final = "default"
"""A job that names this model takes any; each node then runs the first one of its engine."""

ARTIFACT_MODEL: Final = "sha256:"
"""A job that names a model by this and a digest brings it along, as an artifact."""

FETCHED_MODEL: Final = "sha256:*"
"""A node that lists this among its models fetches one that a job brings along."""

HUB_MODEL: Final = "hf:"
"""A job that names a model by this and `OWNER/REPO[@REVISION]/FILE` takes it from a model hub."""

ANY_HUB_MODEL: Final = "hf:*"
"""A node that lists this among its models fetches any of a hub."""

LEAST_PAID_S: Final = 60
"""A node gets no job whose budget pays for less of its time than this."""

_HOUR_S: Final = 3600


def model_offered(model: str) -> str:
    """What a node must list to serve a job that names this model."""
    if model.startswith(ARTIFACT_MODEL):
        return FETCHED_MODEL
    return ANY_HUB_MODEL if model.startswith(HUB_MODEL) else model


@dataclass(frozen=True, slots=True)
class Engine:
    """What a node offers for one job type."""

    models: tuple[str, ...]  #: The first is what `default` means here.
    warm: frozenset[str]  #: Those loaded already.
    unit_price: Amount | None  #: For the job type's unit of price; None: priced by time.
    audits: bool = False  #: It can check what other nodes claim.

    def serves(self, model: str) -> bool:
        """Whether it can run a job that names this model."""
        return model == DEFAULT_MODEL or model_offered(model) in self.models

    def has_warm(self, model: str) -> bool:
        """Whether a job that names this model starts without loading one."""
        return model in self.warm or (model == DEFAULT_MODEL and self.models[:1] != () and self.models[0] in self.warm)


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What is known of a node that counts for matching."""

    node_id: UUID
    wallet: str
    price: Amount  #: Per hour.
    reputation: float  #: 0 to 100.
    vram_mb: int
    ram_mb: int
    cuda: tuple[int, ...]  #: Version; empty without CUDA.
    gpu_model: str
    country: str  #: Lower case.
    capabilities: frozenset[str]
    engines: Mapping[str, Engine]  #: By job type.
    isolation: Isolation = Isolation.NONE
    own_jobs_only: bool = False  #: It takes jobs of its own wallet alone.


@dataclass(frozen=True, slots=True)
class Demand:
    """What a job asks for. A requirement left out asks for nothing."""

    job_type: str
    model: str = DEFAULT_MODEL
    min_vram_mb: int = 0
    min_ram_mb: int = 0
    capabilities: frozenset[str] = frozenset()
    gpu_model: str = ""  #: Part of the GPU's name, in lower case.
    cuda: tuple[int, ...] = ()  #: At least this version.
    countries: frozenset[str] = frozenset()  #: Any of these, in lower case.
    max_price: Amount | None = None  #: Per hour.
    budget: Amount = ZERO  #: 0 asks for a node that works for nothing.
    min_reputation: float = 0
    min_isolation: Isolation = Isolation.NONE
    customer: str = ""  #: The wallet whose job it is; empty: one without nodes that take its jobs alone.
    allow_nodes: frozenset[UUID] = frozenset()
    deny_nodes: frozenset[UUID] = frozenset()
    allow_wallets: frozenset[str] = frozenset()
    deny_wallets: frozenset[str] = frozenset()
    audit: bool = False  #: To check another node's result, not to run.

    @property
    def payable_price(self) -> Amount:
        """The highest hourly price of which the budget pays for the least paid time."""
        return Amount(self.budget * _HOUR_S // LEAST_PAID_S)

    @property
    def price_limit(self) -> Amount:
        """The highest hourly price a node may ask. With a budget of 0 its unit price must be 0 as well."""
        return self.payable_price if self.max_price is None else min(self.payable_price, self.max_price)


def budget_for(facts: NodeFacts, job_type: str) -> Amount:
    """The smallest budget that this node works for."""
    least = Amount(-(-facts.price * LEAST_PAID_S // _HOUR_S))
    engine = facts.engines.get(job_type)
    return max(least, Amount(1)) if engine and engine.unit_price else least


REQUIREMENTS: Final[Mapping[str, Callable[[NodeFacts, Demand], bool]]] = {
    "jobType": lambda node, job: job.job_type in node.engines,
    # Without the job type it is the job type that is missing, not the model.
    "model": lambda node, job: job.job_type not in node.engines or node.engines[job.job_type].serves(job.model),
    "audit": lambda node, job: not job.audit or (job.job_type in node.engines and node.engines[job.job_type].audits),
    "minVRAM": lambda node, job: node.vram_mb >= job.min_vram_mb,
    "minRAM": lambda node, job: node.ram_mb >= job.min_ram_mb,
    "capabilities": lambda node, job: job.capabilities <= node.capabilities,
    "gpuModel": lambda node, job: job.gpu_model in node.gpu_model.lower(),
    "cudaVersion": lambda node, job: node.cuda >= job.cuda,
    "country": lambda node, job: not job.countries or node.country in job.countries,
    "maxPrice": lambda node, job: job.max_price is None or node.price <= job.max_price,
    "budget": lambda node, job: job.budget >= budget_for(node, job.job_type),
    "minReputation": lambda node, job: node.reputation >= job.min_reputation,
    "minIsolation": lambda node, job: node.isolation.rank >= job.min_isolation.rank,
    "ownJobsOnly": lambda node, job: not node.own_jobs_only or node.wallet == job.customer,
    "allowNodes": lambda node, job: not job.allow_nodes or node.node_id in job.allow_nodes,
    "denyNodes": lambda node, job: node.node_id not in job.deny_nodes,
    "allowWallets": lambda node, job: not job.allow_wallets or node.wallet in job.allow_wallets,
    "denyWallets": lambda node, job: node.wallet not in job.deny_wallets,
}
"""Requirement, as the API names it -> whether a node meets it; `ownJobsOnly` is one that the node makes."""


def obstacles(facts: NodeFacts, demand: Demand) -> list[str]:
    """The requirements that a node fails, as the API names them. Empty: it fits."""
    return [name for name, met in REQUIREMENTS.items() if not met(facts, demand)]
