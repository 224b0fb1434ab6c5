"""Which node for which job: our index against SQL, a scan with numpy, and HTCondor's ClassAds.

Half of the nodes are busy. Jobs come one after the other, and each takes the best node that is free: one with the model
loaded, then the cheapest, then the most reputable. They come in batches of a hundredth of the nodes; after a batch its
nodes are free again. Three kinds of jobs: all ask for the same; no two ask for the same; all ask for the same and no
node that is free fits, so that all must be looked through.

All do the same work for a job: find, and mark as busy. None remembers what the last job found, though a caller may
let jobs that ask for the same wait in one line (our coordinator does, HTCondor's negotiator too). Not compared: jobs
that name nodes or wallets, that audit or have no budget. In the peers' favour: PostgreSQL waits for no disk, has one
prepared statement for each set of requirements and is called over a Unix socket; the numpy columns stand in the order
of rank, and the scan in blocks ends early as ours does; an ad's busy machines are not evaluated, its offers are
attributes and not lists, and only the job's side is asked. What they cannot do in the time is sampled: each is timed
on stretches of the jobs, spread over all, and takes for the others the nodes that ours took.

    python -m bench.matching [--nodes 1000 10000 100000] [--jobs 10000] [--rounds 3]
"""

import argparse
import contextlib
import gc
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Final, cast
from uuid import UUID

import psutil

from bench import harness, plots, report
from bench.load import WrongAnswer
from bench.matching_load import SEED, alike, different, network
from bench.matching_peers import ClassAds, Matcher, Numpy, Ours, Sql
from hypernode.domain.demand import Demand, NodeFacts, obstacles
from hypernode.domain.money import Amount
from hypernode.store.embedded import EmbeddedPostgres

OURS: Final = plots.OURS
SQL: Final = "SQL"
NUMPY: Final = "numpy"
NUMPY_BLOCKS: Final = "numpy in blocks"
CLASSAD: Final = "ClassAd"
NUMPY_BLOCK: Final = 4096
SAMPLES: Final[Mapping[str, tuple[int, int]]] = {NUMPY: (20, 25), NUMPY_BLOCKS: (20, 25), SQL: (10, 8), CLASSAD: (2, 1)}
"""In how many stretches of the jobs the peers are timed, and on how many jobs in each."""

ALIKE: Final = "the same"
DIFFERENT: Final = "all different"
UNMET: Final = "the same, none fits"

MAX_NODES: Final = 1_000_000
MAX_JOBS: Final = 100_000
MAX_ROUNDS: Final = 25
BUSY: Final = 0.5
CHANGES: Final = 1_000
KIB: Final = 1024
HEADING: Final = "Matching: our index against SQL, numpy and ClassAds"
COLUMNS: Final = (
    "nodes, jobs ask for",
    "matcher",
    "us/job",
    "range",
    "CPU us/job",
    "ours is faster",
    "timed",
    "placed",
)
CHANGE_COLUMNS: Final = ("nodes, change of one", "p50 us", "p99 us")
MEMORY_COLUMNS: Final = ("nodes, kept by", "KiB a node", "made in s")


@dataclass(frozen=True)
class Entrant:
    """A matcher, and what it took to make it."""

    name: str
    matcher: Matcher
    made_s: float
    kib: float  #: A node.
    server: psutil.Process | None = None  #: Whose CPU time counts as well.

    def server_cpu_s(self) -> float:
        processes = [self.server, *self.server.children(recursive=True)] if self.server else []
        return sum(sum(process.cpu_times()[:2]) for process in processes)


@dataclass(frozen=True)
class Kind:
    """Jobs, and the nodes that are busy before the first."""

    jobs: Sequence[Demand]
    busy: Collection[UUID] = ()


@dataclass
class Timing:
    """What the timed jobs of one matcher's turn took."""

    jobs: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def wall_us(self) -> float:
        return self.wall_s / self.jobs * 1e6


def solve(matcher: Matcher, jobs: Sequence[Demand], batch: int) -> list[UUID | None]:
    """The node for each job, in their order; those of a batch are free again after it."""
    known: list[UUID | None] = []
    for start in range(0, len(jobs), batch):
        taken = [matcher.take(job) for job in jobs[start : start + batch]]
        matcher.set_free([node_id for node_id in taken if node_id], True)
        known += taken
    return known


def turn(entrant: Entrant, jobs: Sequence[Demand], batch: int, known: Sequence[UUID | None]) -> Timing:
    """Time a matcher on its sample of the jobs; the nodes of the others are taken as is known.

    Raises WrongAnswer where it takes another node than the known one.
    """
    timing, matcher = Timing(), entrant.matcher
    stretches = sample(len(jobs), *SAMPLES.get(entrant.name, (1, len(jobs))))
    matcher.rest()
    for start in range(0, len(jobs), batch):
        done, end = start, min(start + batch, len(jobs))
        for stretch in stretches:
            first, last = max(stretch.start, start), min(stretch.stop, end)
            if first < last:
                matcher.set_free([node_id for node_id in known[done:first] if node_id], False)
                if _time(entrant, jobs[first:last], timing) != known[first:last]:
                    raise WrongAnswer(f"{entrant.name} took other nodes for the jobs from {first} to {last}")
                done = last
        matcher.set_free([node_id for node_id in known[done:end] if node_id], False)
        matcher.set_free([node_id for node_id in known[start:end] if node_id], True)
    return timing


def sample(count: int, stretches: int, length: int) -> list[range]:
    """Stretches spread over so many jobs, each a little later in its part of them than the one before."""
    part = count // stretches
    starts = (number * part + number * max(0, part - length) // stretches for number in range(stretches))
    return [range(start, min(start + length, start + part)) for start in starts]


def _time(entrant: Entrant, jobs: Sequence[Demand], timing: Timing) -> list[UUID | None]:
    server_s, cpu_s, wall_s = entrant.server_cpu_s(), time.process_time(), time.perf_counter()
    taken = [entrant.matcher.take(job) for job in jobs]
    timing.wall_s += time.perf_counter() - wall_s
    timing.cpu_s += time.process_time() - cpu_s
    timing.cpu_s += entrant.server_cpu_s() - server_s
    timing.jobs += len(jobs)
    return taken


@contextlib.contextmanager
def entrants(nodes: Sequence[NodeFacts], busy: Collection[UUID]) -> Iterator[tuple[Ours, list[Entrant]]]:
    """All matchers, ours first, with the same nodes."""
    with tempfile.TemporaryDirectory(prefix="hypernode-bench-") as folder, EmbeddedPostgres(Path(folder)) as server:
        assert server.process is not None
        postgres = psutil.Process(server.process.pid)
        ours = _made(OURS, lambda: Ours(nodes, busy), len(nodes))
        numpy = _made(NUMPY, lambda: Numpy(nodes, busy), len(nodes))
        blocks = _made(NUMPY_BLOCKS, lambda: Numpy(nodes, busy, NUMPY_BLOCK), len(nodes))
        sql = replace(_made(SQL, lambda: Sql(nodes, busy, server.dsn), len(nodes)), server=postgres)
        classads = _made(CLASSAD, lambda: ClassAds(nodes, busy), len(nodes))
        with contextlib.closing(cast(Sql, sql.matcher)) as table:
            sql = replace(sql, kib=table.size() / KIB / len(nodes))
            yield cast(Ours, ours.matcher), [ours, numpy, blocks, sql, classads]


def _made(name: str, make: Callable[[], Matcher], nodes: int) -> Entrant:
    process = psutil.Process()
    gc.collect()
    resident, began = process.memory_info().rss, time.perf_counter()
    matcher = make()
    made_s = time.perf_counter() - began
    gc.collect()
    return Entrant(name, matcher, made_s, (process.memory_info().rss - resident) / KIB / nodes)


def compare(entered: Sequence[Entrant], kind: Kind, batch: int, rounds: int) -> tuple[dict[str, list[Timing]], int]:
    """Each matcher's turns, in alternating order, and how many of the jobs got a node."""
    for entrant in entered:
        entrant.matcher.set_free(kind.busy, False)
    known = solve(entered[0].matcher, kind.jobs, batch)
    turns: dict[str, list[Timing]] = {entrant.name: [] for entrant in entered}
    for number in range(rounds):
        for entrant in entered if number % 2 == 0 else reversed(entered):
            gc.collect()
            turns[entrant.name].append(turn(entrant, kind.jobs, batch, known))
    for entrant in entered:
        entrant.matcher.set_free(kind.busy, True)
    return turns, sum(node_id is not None for node_id in known)


def _rows(label: str, turns: Mapping[str, Sequence[Timing]], placed: int) -> Iterator[Sequence[str]]:
    for name, timings in turns.items():
        ratios = [timing.wall_us / ours.wall_us for timing, ours in zip(timings, turns[OURS], strict=True)]
        walls = [timing.wall_us for timing in timings]
        yield (
            label,
            name,
            f"{median(walls):,.1f}",
            f"{min(walls):,.1f} to {max(walls):,.1f}",
            f"{median(timing.cpu_s / timing.jobs for timing in timings) * 1e6:,.1f}",
            "1" if name == OURS else f"{median(ratios):,.0f} ({min(ratios):,.0f} to {max(ratios):,.0f})",
            f"{timings[0].jobs:,}",
            f"{placed:,}",
        )


def changes(ours: Ours, nodes: Sequence[NodeFacts], random: Random) -> Iterator[tuple[str, Sequence[float]]]:
    """What a change of one node takes, in us, on as many random nodes as CHANGES says; those are free in the end."""
    index = ours.index
    chosen = random.sample(nodes, min(CHANGES, len(nodes)))
    repriced = [replace(node, price=Amount(round(node.price * random.uniform(0.8, 1.25)))) for node in chosen]
    rerated = [replace(node, reputation=random.uniform(60, 100)) for node in chosen]
    warmed = [
        replace(node, engines={name: replace(engine, warm=frozenset()) for name, engine in node.engines.items()})
        for node in chosen
    ]
    yield "becomes busy", _each(lambda node: index.set_free(node.node_id, False), chosen)
    yield "becomes free", _each(lambda node: index.set_free(node.node_id, True), chosen)
    yield "another price", _each(lambda node: index.put(node, True), repriced)
    yield "another reputation", _each(lambda node: index.put(node, True), rerated)
    yield "no model loaded any more", _each(lambda node: index.put(node, True), warmed)
    yield "goes", _each(lambda node: index.remove(node.node_id), chosen)
    yield "comes", _each(lambda node: index.put(node, True), chosen)


def _each(change: Callable[[NodeFacts], None], nodes: Sequence[NodeFacts]) -> Sequence[float]:
    taken: list[float] = []
    for node in nodes:
        began = time.perf_counter()
        change(node)
        taken.append((time.perf_counter() - began) * 1e6)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1_000, 10_000, 100_000], metavar="N")
    parser.add_argument("--jobs", type=int, choices=range(100, MAX_JOBS + 1), default=10_000, metavar="N")
    parser.add_argument("--rounds", type=int, choices=range(1, MAX_ROUNDS + 1), default=3, metavar="N")
    asked = parser.parse_args()
    if not all(100 <= count <= MAX_NODES for count in asked.nodes):
        parser.error(f"--nodes: from 100 to {MAX_NODES:,}")
    harness.end_on_sigterm()
    rows: list[Sequence[str]] = []
    changed: list[Sequence[str]] = []
    memory: list[Sequence[str]] = []
    drawn: dict[str, dict[str, dict[str, float]]] = {ALIKE: {}, DIFFERENT: {}, UNMET: {}}
    for count in asked.nodes:
        size, random = f"{count:,}", Random(SEED)
        nodes = network(count)
        busy = {node.node_id for node in nodes if random.random() < BUSY}
        same = alike(asked.jobs)
        fitting = {n.node_id for n in nodes if not obstacles(n, same[0])} - busy
        kinds = {ALIKE: Kind(same), DIFFERENT: Kind(different(asked.jobs)), UNMET: Kind(same, fitting)}
        with entrants(nodes, busy) as (ours, entered):
            for label, kind in kinds.items():
                turns, placed = compare(entered, kind, max(1, count // 100), asked.rounds)
                rows += _rows(f"{size}, {label}", turns, placed)
                print(*(" | ".join(row) for row in rows[-len(turns) :]), sep="\n", flush=True)
                drawn[label][size] = {name: median(t.wall_us for t in timings) for name, timings in turns.items()}
            memory += [(f"{size}, {e.name}", f"{e.kib:.2f}", f"{e.made_s:.2f}") for e in entered]
            for label, taken in changes(ours, nodes, random):
                percentiles = quantiles(taken, n=100, method="inclusive")
                changed.append((f"{size}, {label}", f"{percentiles[49]:.1f}", f"{percentiles[98]:.1f}"))
    how = (
        f"{asked.jobs:,} jobs each, one after the other; medians of {asked.rounds} alternating rounds and their range, "
        f"of the jobs that were timed. Half of the nodes are busy with other work. For each of them all took the "
        f"same node. CPU is the process's and PostgreSQL's."
    )
    images = [
        plots.bars(f"matching-{number}", f"Finding a node; jobs ask for {label}", "us a job", groups, log=True)
        for number, (label, groups) in enumerate(drawn.items(), 1)
    ]
    tables = (report.table(COLUMNS, rows), report.table(CHANGE_COLUMNS, changed), report.table(MEMORY_COLUMNS, memory))
    report.publish(HEADING, "\n\n".join([how, *images, *tables]))


if __name__ == "__main__":
    main()
