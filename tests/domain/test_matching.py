"""The index against the plainest matching there is: look at every node, compare them all."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import TypeVar
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hypernode.domain.demand import DEFAULT_MODEL, Demand, Engine, NodeFacts
from hypernode.domain.isolation import Isolation
from hypernode.domain.matching import LARGE_FLEET, NodeIndex
from hypernode.domain.money import Amount

NODE_IDS = [UUID(int=number) for number in range(1, 41)]
WALLETS = ["ann", "bob", "eve"]
MODELS = ["llama", "qwen", "phi"]
JOB_TYPES = ["llm_inference", "render"]
COUNTRIES = ["de", "fr", "unknown"]
CAPABILITIES = ["fp16", "inference", "nvlink"]
GPUS = ["NVIDIA RTX 4090", "NVIDIA RTX 3090", "AMD MI300X", "Unknown"]
AT_LEAST = {
    Isolation.NONE: set(Isolation),
    Isolation.PROCESS: {Isolation.PROCESS, Isolation.SANDBOX},
    Isolation.SANDBOX: {Isolation.SANDBOX},
}
VERSIONS = [(), (11, 8), (12,), (12, 4), (12, 4, 1)]
HYPER = 1_000_000
Value = TypeVar("Value")

prices = st.sampled_from([0, 1, 59, 60, 61, HYPER, 2 * HYPER, 3 * HYPER]).map(Amount)
sizes_mb = st.sampled_from([0, 8192, 24564, 24576, 24600, 25000, 81920]) | st.integers(0, 1 << 31)
reputations = st.sampled_from([0.0, 50.0, 84.9, 85.0, 85.5, 100.0])


def some(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


engines = st.builds(
    Engine,
    models=st.lists(st.sampled_from(MODELS), unique=True).map(tuple),
    warm=some(MODELS),
    unit_price=st.none() | st.sampled_from([Amount(0), Amount(5)]),
)
facts = st.builds(
    NodeFacts,
    node_id=st.sampled_from(NODE_IDS),
    wallet=st.sampled_from(WALLETS),
    price=prices,
    reputation=reputations,
    vram_mb=sizes_mb,
    ram_mb=sizes_mb,
    cuda=st.sampled_from(VERSIONS),
    gpu_model=st.sampled_from(GPUS),
    country=st.sampled_from(COUNTRIES),
    capabilities=some(CAPABILITIES),
    engines=st.dictionaries(st.sampled_from(JOB_TYPES), engines),
    isolation=st.sampled_from(Isolation),
    own_jobs_only=st.integers(0, 3).map(lambda die: die == 0),
)


def rarely(nothing: Value, values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    """A requirement that most demands leave out: otherwise nothing would ever match."""
    return st.integers(0, 3).flatmap(lambda die: values if die == 0 else st.just(nothing))


demands = st.builds(
    Demand,
    job_type=st.sampled_from(JOB_TYPES),
    model=rarely(DEFAULT_MODEL, st.sampled_from([*MODELS, "none has it"])),
    min_vram_mb=rarely(0, sizes_mb),
    min_ram_mb=rarely(0, sizes_mb),
    capabilities=rarely(frozenset(), some(CAPABILITIES)),
    gpu_model=rarely("", st.sampled_from(["rtx", "4090", "unknown", "h100"])),
    cuda=rarely((), st.sampled_from(VERSIONS)),
    countries=rarely(frozenset(), some(COUNTRIES)),
    max_price=rarely(None, prices),
    budget=st.sampled_from([0, 1, HYPER // 60, 10 * HYPER]).map(Amount),
    min_reputation=rarely(0, st.sampled_from([50, 85.0, 85.2])),
    min_isolation=rarely(Isolation.NONE, st.sampled_from(Isolation)),
    customer=st.sampled_from(["", *WALLETS]),
    allow_nodes=rarely(frozenset(), st.frozensets(st.sampled_from(NODE_IDS))),
    deny_nodes=rarely(frozenset(), st.frozensets(st.sampled_from(NODE_IDS))),
    allow_wallets=rarely(frozenset(), some(WALLETS)),
    deny_wallets=rarely(frozenset(), some(WALLETS)),
)


def meets(node: NodeFacts, job: Demand) -> bool:
    """The rules once more, written without the code under test."""
    engine = node.engines.get(job.job_type)
    pays = node.price * 60 <= job.budget * 3600 and (job.budget > 0 or not (engine and engine.unit_price))
    return (
        engine is not None
        and job.model in {DEFAULT_MODEL, *engine.models}
        and node.vram_mb >= job.min_vram_mb
        and node.ram_mb >= job.min_ram_mb
        and node.cuda >= job.cuda
        and node.reputation >= job.min_reputation
        and node.isolation in AT_LEAST[job.min_isolation]
        and (not node.own_jobs_only or node.wallet == job.customer)
        and all(capability in node.capabilities for capability in job.capabilities)
        and job.gpu_model in node.gpu_model.lower()
        and (not job.countries or node.country in job.countries)
        and (job.max_price is None or node.price <= job.max_price)
        and pays
        and (not job.allow_nodes or node.node_id in job.allow_nodes)
        and node.node_id not in job.deny_nodes
        and (not job.allow_wallets or node.wallet in job.allow_wallets)
        and node.wallet not in job.deny_wallets
    )


def best(nodes: Mapping[UUID, tuple[NodeFacts, bool]], job: Demand, avoid: frozenset[UUID]) -> UUID | None:
    """The node that `match` must find."""

    def preference(node: NodeFacts) -> tuple[bool, int, float, UUID]:
        engine = node.engines[job.job_type]
        model = next(iter(engine.models), None) if job.model == DEFAULT_MODEL else job.model
        return (model not in engine.warm, node.price, -node.reputation, node.node_id)

    candidates = [node for node, free in nodes.values() if free and node.node_id not in avoid and meets(node, job)]
    return min(candidates, key=preference).node_id if candidates else None


class Matching(RuleBasedStateMachine):
    """Random lives of an index whose windows and blocks are so small that they are split and joined all the time."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: dict[UUID, tuple[NodeFacts, bool]] = {}
        self.index = NodeIndex()

    @initialize(
        width=st.integers(2, 9), windows=st.integers(1, 5), many=st.lists(st.tuples(facts, st.booleans()), max_size=40)
    )
    def start(self, width: int, windows: int, many: list[tuple[NodeFacts, bool]]) -> None:
        self.index = NodeIndex(width, windows)
        for node, free in many:
            self.put(node, free)

    @rule(node=facts, free=st.booleans())
    def put(self, node: NodeFacts, free: bool) -> None:
        self.index.put(node, free)
        self.nodes[node.node_id] = (node, free)

    @rule(node_id=st.sampled_from(NODE_IDS))
    def remove(self, node_id: UUID) -> None:
        self.index.remove(node_id)
        self.nodes.pop(node_id, None)

    @rule(node_id=st.sampled_from(NODE_IDS), free=st.booleans())
    def set_free(self, node_id: UUID, free: bool) -> None:
        if node_id in self.nodes:
            self.index.set_free(node_id, free)
            self.nodes[node_id] = (self.nodes[node_id][0], free)

    @rule(job=demands, avoid=rarely(frozenset(), st.frozensets(st.sampled_from(NODE_IDS))))
    def match(self, job: Demand, avoid: frozenset[UUID]) -> None:
        assert self.index.match(job, avoid) == best(self.nodes, job, avoid)

    @rule(job=demands)
    def matching(self, job: Demand) -> None:
        meeting = [node for node, _ in self.nodes.values() if meets(node, job)]
        meeting.sort(key=lambda node: (node.price, -node.reputation, node.node_id))
        assert list(self.index.matching(job)) == meeting

    @rule(job=demands)
    def fits(self, job: Demand) -> None:
        for node, _ in self.nodes.values():
            assert self.index.fits(node.node_id, job) == meets(node, job)

    @invariant()
    def knows_the_same_nodes(self) -> None:
        assert len(self.index) == len(self.nodes)
        assert all((node_id in self.index) == (node_id in self.nodes) for node_id in NODE_IDS)
        assert all(self.index.facts(node_id) == node for node_id, (node, _) in self.nodes.items())


TestMatching = Matching.TestCase
TestMatching.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@given(many=st.lists(facts, unique_by=lambda node: node.node_id, min_size=1), job=demands)
def test_blocks_of_the_usual_size_match_alike(many: list[NodeFacts], job: Demand):
    index = NodeIndex()
    for node in many:
        index.put(node, free=True)

    assert index.match(job) == best({node.node_id: (node, True) for node in many}, job, frozenset())


def test_a_thousand_nodes_are_split_into_windows_and_blocks_and_taken_in_the_order_of_price():
    index = NodeIndex(width=16, windows=8)
    engine = {"render": Engine(models=(), warm=frozenset(), unit_price=None)}
    for number in range(1, 1001):
        price = Amount(number * 7919 % 1009)
        index.put(
            NodeFacts(UUID(int=number), "ann", price, 50.0, 0, 0, (), "", "de", frozenset(), engine),
            free=True,
        )

    taken: list[int] = []
    while (node_id := index.match(Demand("render", budget=Amount(HYPER)))) is not None:
        index.set_free(node_id, False)
        taken.append(index.facts(node_id).price)

    assert taken == sorted(number * 7919 % 1009 for number in range(1, 1001))


def test_wallets_with_few_and_with_many_nodes_are_allowed_and_denied_alike():
    random, index, nodes = Random(1), NodeIndex(width=16, windows=4), dict[UUID, tuple[NodeFacts, bool]]()
    engine = {"render": Engine(models=(), warm=frozenset(), unit_price=None)}
    for number in range(2 * LARGE_FLEET):
        wallet, price = WALLETS[number % 16 > 0], Amount(random.randrange(50))
        node = NodeFacts(UUID(int=number), wallet, price, 50.0, 0, 0, (), "", "de", frozenset(), engine)
        nodes[node.node_id] = (node, True)
        index.put(node, free=True)

    for step in range(600):
        node, _ = random.choice([*nodes.values()])
        if step % 4 == 0:
            index.remove(node.node_id)
            del nodes[node.node_id]
        else:
            free, other = random.random() < 0.7, replace(node, wallet=random.choice([*WALLETS[:2], node.wallet]))
            nodes[node.node_id] = (other, free)
            index.put(other, free)
        job = Demand("render", budget=Amount(HYPER))
        job = replace(job, **{random.choice(["allow_wallets", "deny_wallets"]): frozenset(random.sample(WALLETS, 1))})
        assert index.match(job) == best(nodes, job, frozenset())
        if len(nodes) == 1:
            break
    assert len(nodes) == 1
