"""What a provider decides about a node."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from hypernode.domain.money import parse
from hypernode.executors.llm_inference.settings import CACHE_DIR, MODELS_DIR
from hypernode.node.limits import DISK_MB, Limits, usual_memory_mb, usual_processes
from hypernode.node.links import LinkChoice
from hypernode.protocol.limits import MAX_CAPACITY
from hypernode.protocol.nodes import Location

UNSANDBOXED: Final = "HYPERNODE_ALLOW_UNSANDBOXED"
DRAIN_TIMEOUT_S: Final = 600.0
KEEP_ENGINE_S: Final = 300.0
MODELS_MB: Final = 100_000
ARTIFACTS_MB: Final = 20_000


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Given once, when the node starts; the command line and its environment make it. Raises ValueError."""

    coordinator_url: str
    wallet: str  #: Address that is paid.
    home: Path  #: Keeps the node's identity, models, caches, and its jobs' folders while they run.
    token: str = ""  #: Proves the wallet's consent: a node token, or an API key of the wallet.
    capacity: int = 1  #: Jobs at once.
    price: str = "0"  #: HYPER per hour.
    unit_prices: Mapping[str, str] = field(default_factory=dict[str, str])  #: Job type -> HYPER for its unit of price.
    job_types: frozenset[str] | None = None  #: Only these are taken; None: all that this machine can do.
    fetch_models: bool = False  #: Take models that jobs bring along: files of strangers, read by native engines.
    own_jobs_only: bool = False  #: Take jobs of its own wallet alone, wherever they could run.
    allow_unsandboxed: bool = False  #: Take jobs of strangers even where the sandbox does not hold.
    models_mb: int = MODELS_MB  #: Fetched models that are kept; those not used for longest go first.
    artifacts_mb: int = ARTIFACTS_MB  #: The same of jobs' input files.
    keep_engine_s: float = KEEP_ENGINE_S  #: A loaded engine waits so long for the next job; 0: each job loads its own.
    job_memory_mb: int | None = None  #: Of one job; None: four fifths of the machine's, shared among `capacity` jobs.
    job_processes: int | None = None  #: Processes and threads of one job; None: as many as engines need.
    job_disk_mb: int = DISK_MB  #: All files of one job.
    link: LinkChoice = "auto"
    location: Location | None = None
    machine_id: str = ""  #: Tells the wallet's nodes apart; empty: made from the machine and its home.
    environment: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  #: Where executors find the variables they declare.
    drain_timeout_s: float = DRAIN_TIMEOUT_S  #: Jobs that still run this long after a first SIGTERM are killed.

    def __post_init__(self) -> None:
        if not self.coordinator_url.startswith(("http://", "https://")):
            raise ValueError(f"a coordinator's address begins with http:// or https://, not {self.coordinator_url}")
        if not 1 <= self.capacity <= MAX_CAPACITY:
            raise ValueError(f"a node's capacity is 1 to {MAX_CAPACITY} jobs, not {self.capacity}")
        if any(each is not None and each < 1 for each in (self.job_memory_mb, self.job_processes, self.job_disk_mb)):
            raise ValueError("a job's memory, processes and disk are limited to 1 at least")
        for price in (self.price, *self.unit_prices.values()):
            parse(price)

    def limits(self) -> Limits:
        """Of one job."""
        memory_mb = self.job_memory_mb or usual_memory_mb(psutil.virtual_memory().total >> 20, self.capacity)
        return Limits(
            memory_mb=memory_mb,
            processes=self.job_processes or usual_processes(os.cpu_count() or 1),
            disk_mb=self.job_disk_mb,
        )

    def executor_environment(self) -> dict[str, str]:
        """The variables, with the folders of this home where the provider names no other."""
        own = {MODELS_DIR: str(self.home / "models"), CACHE_DIR: str(self.home / "cache")}
        if self.allow_unsandboxed:
            own[UNSANDBOXED] = "1"
        return own | dict(self.environment)
