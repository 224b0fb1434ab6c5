"""What matching costs, in operations and not in time: it hardly grows with the nodes."""

import operator
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from statistics import mean, median
from types import FrameType
from typing import Any

import pytest

from bench.matching_load import alike, different, network
from hypernode.domain import bitmaps, blocks, matching
from hypernode.domain.demand import NodeFacts
from hypernode.domain.matching import NodeIndex
from hypernode.domain.money import Amount

FEW, MANY = 1_000, 10_000
INDEXES = {matching.__file__, bitmaps.__file__, blocks.__file__}
JOBS = different(100)


def lines_run(act: Callable[..., object], *given: object) -> int:
    """How many lines of the index's own code run, each turn of a loop counted."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Callable[..., Any] | None:
        nonlocal count
        count += event == "line"
        return trace if frame.f_code.co_filename in INDEXES else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act(*given)
    finally:
        sys.settrace(before)
    return count


@pytest.fixture(scope="module")
def networks() -> dict[int, list[NodeFacts]]:
    return {count: network(count) for count in (FEW, MANY)}


@pytest.fixture(scope="module")
def indexes(networks: dict[int, list[NodeFacts]]) -> dict[int, NodeIndex]:
    return {count: index_of(nodes) for count, nodes in networks.items()}


@pytest.fixture
def ands(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The width in bits of each AND of two bitmaps."""
    widths: list[int] = []

    def counted(first: int, second: int) -> int:
        widths.append(min(first.bit_length(), second.bit_length()))
        return operator.and_(first, second)

    monkeypatch.setattr(bitmaps, "_AND", counted)
    yield widths


def index_of(nodes: list[NodeFacts], **sizes: int) -> NodeIndex:
    index = NodeIndex(**sizes)
    for number, node in enumerate(nodes):
        index.put(node, free=number % 2 == 0)
    return index


def test_a_search_with_ten_times_the_nodes_runs_about_as_many_lines(indexes: dict[int, NodeIndex]):
    cost = {count: mean(lines_run(index.match, job) for job in JOBS) for count, index in indexes.items()}

    assert cost[MANY] <= 1.5 * cost[FEW]
    assert cost[MANY] <= 150


def test_a_search_ands_a_few_bitmaps_a_block_whatever_is_asked(indexes: dict[int, NodeIndex], ands: list[int]):
    most: dict[int, int] = {}
    for count, index in indexes.items():
        for job in JOBS:
            ands.clear()
            index.match(job)
            most[count] = max(most.get(count, 0), len(ands))

    terms = 2 + 3 + 2 + 5  # Model and owner, at most 3 capabilities, country and GPU, and 5 amounts.
    assert most[FEW] <= terms
    assert most[MANY] <= 2 * terms


def test_a_search_ends_at_the_first_block_with_a_node_that_nothing_can_surpass(
    networks: dict[int, list[NodeFacts]], ands: list[int]
):
    cost: dict[int, int] = {}
    job = replace(alike(1)[0], min_vram_mb=0, cuda=())
    for count, nodes in networks.items():
        index = index_of(nodes, width=32, windows=8)
        ands.clear()
        assert index.match(job) is not None
        cost[count] = len(ands)

    assert cost[MANY] == cost[FEW]


def take(index: NodeIndex, node: NodeFacts) -> None:
    index.set_free(node.node_id, False)


def reprice(index: NodeIndex, node: NodeFacts) -> None:
    index.put(replace(node, price=Amount(node.price * 9 // 10)), True)


def rerate(index: NodeIndex, node: NodeFacts) -> None:
    index.put(replace(node, reputation=node.reputation - 0.5), True)


def unload(index: NodeIndex, node: NodeFacts) -> None:
    engines = {name: replace(engine, warm=frozenset()) for name, engine in node.engines.items()}
    index.put(replace(node, engines=engines), True)


def reconnect(index: NodeIndex, node: NodeFacts) -> None:
    index.remove(node.node_id)
    index.put(node, True)


@pytest.mark.parametrize(
    ("change", "most"), [(take, 10), (reprice, 500), (rerate, 250), (unload, 250), (reconnect, 750)]
)
def test_a_change_of_one_node_runs_as_many_lines_among_ten_times_as_many(
    change: Callable[[NodeIndex, NodeFacts], None],
    most: int,
    networks: dict[int, list[NodeFacts]],
    indexes: dict[int, NodeIndex],
):
    cost: dict[int, float] = {}
    for count, index in indexes.items():
        chosen = Random(1).sample(networks[count], 50)
        cost[count] = median(lines_run(change, index, index.facts(node.node_id)) for node in chosen)

    assert cost[MANY] <= 2 * cost[FEW]  # With more windows, a new price more often means another one.
    assert cost[MANY] <= most
