"""Why a job waits."""

from dataclasses import replace
from uuid import UUID

from hypernode.domain.demand import Demand, Engine, NodeFacts, obstacles
from hypernode.domain.explanation import explain
from hypernode.domain.isolation import Isolation
from hypernode.domain.money import Amount

HYPER = 1_000_000
NODE = NodeFacts(
    node_id=UUID(int=1),
    wallet="provider",
    price=Amount(60 * HYPER),
    reputation=90.0,
    vram_mb=16 * 1024,
    ram_mb=64 * 1024,
    cuda=(12, 4),
    gpu_model="RTX 4080",
    country="germany",
    capabilities=frozenset({"inference"}),
    engines={"llm_inference": Engine(("small",), frozenset(), None)},
)
JOB = Demand(job_type="llm_inference", budget=Amount(10 * HYPER))


def test_without_nodes_it_says_so():
    assert explain([], JOB).sentence == "No node is online."


def test_a_busy_node_that_matches_is_no_obstacle():
    found = explain([(NODE, False)], JOB)

    assert (found.matching, found.free_matching, found.obstacles, found.relaxation) == (1, 0, [], None)
    assert "none has a free slot" in found.sentence


def test_it_counts_the_nodes_that_fail_each_requirement():
    small = replace(NODE, node_id=UUID(int=2), vram_mb=8 * 1024, country="france")
    found = explain(
        [(NODE, True), (small, True)], replace(JOB, min_vram_mb=24 * 1024, countries=frozenset({"germany"}))
    )

    by_name = {each.requirement: each for each in found.obstacles}
    assert (by_name["minVRAM"].failing, by_name["minVRAM"].only) == (2, 1)
    assert (by_name["country"].failing, by_name["country"].only) == (1, 0)


def test_the_nearest_relaxation_is_the_one_that_changes_least():
    far = replace(NODE, node_id=UUID(int=2), vram_mb=20 * 1024, country="france")
    asked = replace(JOB, min_vram_mb=24 * 1024, countries=frozenset({"germany"}))
    nearest = explain([(far, True), (NODE, True)], asked).relaxation

    assert nearest is not None
    assert nearest.change == {"minVRAM": 16}
    assert nearest.sentence == "Asking for minVRAM 16 would match 1 node."


def test_a_budget_that_is_too_small_is_told_what_would_do():
    nearest = explain([(NODE, True)], replace(JOB, budget=Amount(HYPER // 2))).relaxation

    assert nearest is not None
    assert nearest.change == {"budget": "1"}


def test_every_offered_relaxation_really_matches():
    asked = replace(JOB, min_vram_mb=999_999, cuda=(13,), min_reputation=99, gpu_model="h100")
    nearest = explain([(NODE, True)], asked).relaxation

    assert nearest is not None
    relaxed = replace(
        asked,
        min_vram_mb=int(nearest.change["minVRAM"]) * 1024,
        cuda=tuple(int(part) for part in str(nearest.change["cudaVersion"]).split(".")),
        min_reputation=float(nearest.change["minReputation"]),
        gpu_model=str(nearest.change["gpuModel"]).lower(),
    )
    assert obstacles(NODE, relaxed) == []


def test_a_job_type_that_nobody_runs_has_no_relaxation():
    found = explain([(NODE, True)], replace(JOB, job_type="render"))

    assert found.relaxation is None
    assert "None of them runs this job type" in found.sentence


def test_a_weaker_isolation_can_be_asked_for_instead():
    found = explain([(replace(NODE, isolation=Isolation.PROCESS), True)], replace(JOB, min_isolation=Isolation.SANDBOX))

    assert "1 fail minIsolation sandbox" in found.sentence
    assert found.relaxation is not None
    assert found.relaxation.change == {"minIsolation": "process"}


def test_a_node_that_takes_its_own_wallets_jobs_alone_is_no_relaxation():
    own = replace(NODE, own_jobs_only=True)

    assert explain([(own, True)], replace(JOB, customer="provider")).matching == 1
    found = explain([(own, True)], replace(JOB, customer="customer", min_vram_mb=24 * 1024))
    assert found.relaxation is None
    assert [each.requirement for each in found.obstacles] == ["minVRAM", "ownJobsOnly"]
    assert found.sentence.endswith("take jobs of their owners alone.")
