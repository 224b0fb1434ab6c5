"""The network and the jobs of `bench.matching`: as random as real ones, and the same for the same seed."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Final, TypeVar
from uuid import UUID

from hypernode.domain.demand import DEFAULT_MODEL, Demand, Engine, NodeFacts
from hypernode.domain.isolation import Isolation
from hypernode.domain.money import Amount

HYPER: Final = 1_000_000  #: Base units.
GB: Final = 1024  #: MB.
SEED: Final = 7
COLD: Final = 0.4  #: The share of nodes that keep no model loaded.

GPUS: Final[Mapping[str, tuple[int, float, float]]] = {
    "": (0, 10, 0.02),
    "AMD Instinct MI300X": (192, 2, 2.1),
    "AMD Radeon RX 7900 XTX": (24, 6, 0.16),
    "NVIDIA GeForce RTX 3060": (12, 14, 0.06),
    "NVIDIA GeForce RTX 3090": (24, 14, 0.17),
    "NVIDIA GeForce RTX 4070": (12, 12, 0.11),
    "NVIDIA GeForce RTX 4080": (16, 9, 0.19),
    "NVIDIA GeForce RTX 4090": (24, 16, 0.32),
    "NVIDIA GeForce RTX 5090": (32, 7, 0.48),
    "NVIDIA RTX A6000": (48, 4, 0.49),
    "NVIDIA L40S": (48, 2, 0.87),
    "NVIDIA A100-SXM4-80GB": (80, 2, 1.2),
    "NVIDIA H100 80GB HBM3": (80, 2, 2.3),
}
"""Model -> VRAM in GB, how many of 100 nodes have it, and the usual price in HYPER an hour."""

COUNTRIES: Final = (
    *("us", "de", "gb", "fr", "ca", "nl", "pl", "fi", "se", "jp", "in", "br", "es", "it", "cz", "ro", "kr", "sg", "au"),
    *("no", "is", "ie", "at", "ch", "be", "pt", "dk", "lt", "lv", "ee", "bg", "hu", "gr", "tr", "za", "ar", "cl", "mx"),
)
CAPABILITIES: Final = ("inference", "fp16", "training", "bf16", "int8", "fp8", "nvlink", "nvenc", "ecc", "public-ip")
JOB_TYPES: Final[Mapping[str, tuple[float, int]]] = {
    "llm_inference": (0.7, 24),
    "vision_pipeline": (0.4, 8),
    "rag_indexing": (0.4, 6),
    "llm_fine_tuning": (0.25, 8),
    "generic_compute": (0.5, 1),
    "render": (0.3, 1),
}
"""Job type -> the share of nodes that take it, and how many models there are for it."""

CUDA: Final = ((11, 8), (12, 1), (12, 2), (12, 4), (12, 6), (12, 8), (13, 0))

T = TypeVar("T")


def network(count: int) -> list[NodeFacts]:
    """As many nodes."""
    random = Random(SEED)
    gpus, weights = list(GPUS), [share for _, share, _ in GPUS.values()]
    return [_node(random, random.choices(gpus, weights)[0], count) for _ in range(count)]


def _node(random: Random, gpu: str, count: int) -> NodeFacts:
    vram_gb, _, price = GPUS[gpu]
    known = min(len(CAPABILITIES), 1 + int(random.expovariate(0.3)))
    return NodeFacts(
        node_id=UUID(int=random.getrandbits(128)),
        wallet=f"wallet-{random.randrange(1 + count // 3)}",
        price=Amount(round(price * HYPER * random.lognormvariate(0, 0.35))),
        reputation=round(min(100.0, max(0.0, random.gauss(88, 10))), 2),
        vram_mb=vram_gb * GB,
        ram_mb=random.choice((16, 32, 48, 64, 96, 128, 192, 256)) * GB,
        cuda=random.choice(CUDA) if gpu.startswith("NVIDIA") else (),
        gpu_model=gpu,
        country=_few(random, COUNTRIES),
        capabilities=frozenset({CAPABILITIES[0], *random.sample(CAPABILITIES, known)}),
        engines=dict(_engines(random)),
        isolation=random.choices(list(Isolation), (1, 2, 7))[0],
        own_jobs_only=random.random() < 0.02,
    )


def _engines(random: Random) -> Iterator[tuple[str, Engine]]:
    for job_type, (share, models) in JOB_TYPES.items():
        if random.random() < share:
            offered = sorted({_model(random, job_type, models) for _ in range(random.randint(1, 5))})
            warm = frozenset[str]() if random.random() < COLD else frozenset({random.choice(offered)})
            yield job_type, Engine(tuple(offered), warm, unit_price=random.choice((None, Amount(500))))


def _model(random: Random, job_type: str, models: int) -> str:
    return f"{job_type}-{_few(random, range(models))}"


def _few(random: Random, values: Sequence[T]) -> T:
    """The first ones often, the last ones seldom."""
    return values[min(int(random.paretovariate(0.7)), len(values)) - 1]


def alike(count: int) -> list[Demand]:
    """Jobs that all ask for the same."""
    demand = Demand(
        job_type="llm_inference",
        model="llm_inference-1",
        min_vram_mb=24 * GB,
        min_ram_mb=32 * GB,
        capabilities=frozenset({"inference", "fp16"}),
        cuda=(12, 1),
        max_price=Amount(HYPER),
        budget=Amount(HYPER),
        min_reputation=80,
    )
    return [demand] * count


def different(count: int) -> list[Demand]:
    """Jobs of which no two ask for the same."""
    random = Random(SEED + 1)
    demands = dict.fromkeys(_demand(random) for _ in range(count))
    while len(demands) < count:
        demands[_demand(random)] = None
    return list(demands)


def _demand(random: Random) -> Demand:
    def rarely(share: float, value: T, nothing: T) -> T:
        return value if random.random() < share else nothing

    job_type = random.choices(list(JOB_TYPES), (8, 2, 2, 1, 2, 1))[0]
    vram_gb = rarely(0.5, round(random.uniform(1, 80), 1), random.choice((0, 8, 8, 12, 16, 24, 24, 40, 48, 80)))
    usual = 0.02 * max(vram_gb, 8) * random.uniform(0.6, 3)
    return Demand(
        job_type=job_type,
        model=rarely(0.7, _model(random, job_type, JOB_TYPES[job_type][1]), DEFAULT_MODEL),
        min_vram_mb=round(vram_gb * GB),
        min_ram_mb=rarely(0.5, random.randint(4, 128) * GB, 0),
        capabilities=frozenset(random.sample(CAPABILITIES, random.choice((0, 1, 1, 2, 3)))),
        gpu_model=rarely(0.1, random.choice(("4090", "rtx", "h100", "a100", "nvidia", "geforce rtx 3090")), ""),
        cuda=rarely(0.4, random.choice(CUDA), ()),
        countries=rarely(0.3, frozenset(random.sample(COUNTRIES[:20], random.randint(1, 8))), frozenset()),
        max_price=rarely(0.6, Amount(round(usual * HYPER)), None),
        budget=Amount(round(usual * HYPER * random.uniform(0.1, 5))),
        min_reputation=rarely(0.5, round(random.uniform(50, 95), 1), 0),
        min_isolation=rarely(0.5, random.choice(list(Isolation)), Isolation.NONE),
        customer=rarely(0.05, f"wallet-{random.randrange(3)}", ""),
    )
