"""Why a job waits: which requirements keep which nodes away, and the nearest change that would match one."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hypernode.domain.demand import Demand, NodeFacts, budget_for, obstacles
from hypernode.domain.money import to_text
from hypernode.domain.node import MB_PER_GB

Value = str | float | list[str]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A requirement that some online nodes fail."""

    requirement: str  #: As the API names it.
    asked: str
    failing: int  #: Nodes that fail it.
    only: int  #: Nodes that fail nothing else.


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What to ask for instead, so that nodes match."""

    change: Mapping[str, Value]
    nodes: int  #: How many would match.
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a job waits."""

    online: int
    matching: int
    free_matching: int
    obstacles: Sequence[Obstacle]  #: Those that keep most nodes away first.
    relaxation: Relaxation | None
    sentence: str


_ASKED: Final[Mapping[str, Callable[[Demand], str]]] = {
    "jobType": lambda job: job.job_type,
    "model": lambda job: job.model,
    "minVRAM": lambda job: f"{_gb(job.min_vram_mb)} GB",
    "minRAM": lambda job: f"{_gb(job.min_ram_mb)} GB",
    "capabilities": lambda job: ", ".join(sorted(job.capabilities)),
    "gpuModel": lambda job: job.gpu_model,
    "cudaVersion": lambda job: _version(job.cuda),
    "country": lambda job: ", ".join(sorted(job.countries)),
    "maxPrice": lambda job: "" if job.max_price is None else f"{to_text(job.max_price)} HYPER an hour",
    "budget": lambda job: f"{to_text(job.budget)} HYPER",
    "minReputation": lambda job: f"{job.min_reputation:g}",
    "minIsolation": lambda job: job.min_isolation.value,
    "ownJobsOnly": lambda job: "",
    "allowNodes": lambda job: f"{len(job.allow_nodes)} nodes",
    "denyNodes": lambda job: f"{len(job.deny_nodes)} nodes",
    "allowWallets": lambda job: f"{len(job.allow_wallets)} wallets",
    "denyWallets": lambda job: f"{len(job.deny_wallets)} wallets",
}
"""What a job asks for, in words."""

_OFFERED: Final[Mapping[str, Callable[[NodeFacts, Demand], Value]]] = {
    "model": lambda node, job: node.engines[job.job_type].models[0] if node.engines[job.job_type].models else "default",
    "minVRAM": lambda node, job: _gb(node.vram_mb),
    "minRAM": lambda node, job: _gb(node.ram_mb),
    "capabilities": lambda node, job: sorted(job.capabilities & node.capabilities),
    "gpuModel": lambda node, job: node.gpu_model,
    "cudaVersion": lambda node, job: _version(node.cuda),
    "country": lambda node, job: node.country,
    "maxPrice": lambda node, job: to_text(node.price),
    "budget": lambda node, job: to_text(budget_for(node, job.job_type)),
    "minReputation": lambda node, job: math.floor(node.reputation * 100) / 100,
    "minIsolation": lambda node, job: node.isolation.value,
    "allowNodes": lambda node, job: sorted(str(each) for each in job.allow_nodes | {node.node_id}),
    "denyNodes": lambda node, job: sorted(str(each) for each in job.deny_nodes - {node.node_id}),
    "allowWallets": lambda node, job: sorted(job.allow_wallets | {node.wallet}),
    "denyWallets": lambda node, job: sorted(job.deny_wallets - {node.wallet}),
}
"""What a job would have to ask for instead, for this node to match."""

_FIXED: Final = frozenset({"jobType", "ownJobsOnly"})
"""What no change of the job's requirements can meet."""


def explain(nodes: Iterable[tuple[NodeFacts, bool]], demand: Demand) -> Explanation:
    """Look at each online node, and whether it has a free slot, once."""
    failing: Counter[str] = Counter()
    only: Counter[str] = Counter()
    changes: Counter[tuple[tuple[str, str], ...]] = Counter()
    examples: dict[tuple[tuple[str, str], ...], Mapping[str, Value]] = {}
    online = matching = free_matching = 0
    for node, free in nodes:
        online += 1
        failed = obstacles(node, demand)
        failing.update(failed)
        if not failed:
            matching += 1
            free_matching += free
            continue
        if len(failed) == 1:
            only[failed[0]] += 1
        if _FIXED.isdisjoint(failed):
            change = {name: _OFFERED[name](node, demand) for name in failed}
            key = tuple(sorted((name, str(value)) for name, value in change.items()))
            changes[key] += 1
            examples[key] = change
    found = [Obstacle(name, _ASKED[name](demand), count, only[name]) for name, count in failing.most_common()]
    nearest = None if matching else _nearest(changes, examples)
    return Explanation(
        online, matching, free_matching, found, nearest, sentence(online, matching, free_matching, found, nearest)
    )


def _nearest(
    changes: Counter[tuple[tuple[str, str], ...]], examples: Mapping[tuple[tuple[str, str], ...], Mapping[str, Value]]
) -> Relaxation | None:
    """The change of the fewest requirements; of those, the one that most nodes need."""
    if not changes:
        return None
    key = min(changes, key=lambda each: (len(each), -changes[each], each))
    asking = " and ".join(f"{name} {_words(value)}" for name, value in examples[key].items())
    return Relaxation(examples[key], changes[key], f"Asking for {asking} would match {_count(changes[key], 'node')}.")


def sentence(
    online: int, matching: int, free_matching: int, found: Sequence[Obstacle], nearest: Relaxation | None
) -> str:
    """What was found, for people."""
    if not online:
        return "No node is online."
    if free_matching:
        return f"{_count(free_matching, 'free node')} would match; the job is about to start."
    if matching:
        return f"{_count(matching, 'node')} would match, but none has a free slot now."
    kept = "; ".join(f"{each.failing} fail {each.requirement} {each.asked}".rstrip() for each in found)
    advice = nearest.sentence if nearest else _hopeless(online, found)
    return f"None of {_count(online, 'online node')} matches: {kept}. {advice}"


def _hopeless(online: int, found: Sequence[Obstacle]) -> str:
    if any(each.requirement == "jobType" and each.failing == online for each in found):
        return "None of them runs this job type."
    return "Those that run this job type take jobs of their owners alone."


def _gb(megabytes: int) -> float:
    gigabytes = megabytes / MB_PER_GB
    return int(gigabytes) if gigabytes.is_integer() else round(gigabytes, 3)


def _version(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _words(value: Value) -> str:
    return ", ".join(value) or "none" if isinstance(value, list) else str(value) or "none"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
