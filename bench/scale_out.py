"""Whole jobs through 1, 2 and 3 coordinators on one PostgreSQL, and what is left when one of them is killed.

Customers submit no-op jobs to all coordinators; WebSocket workers are spread over them. A job counts when its worker
has heard that its report was accepted. Each run has a fresh database and fresh coordinators; 1, 2 and 3 take turns. At
the end every job must be completed exactly once, by the API, the workers and the database. Then the same with three
coordinators, one of which is killed by SIGKILL in the middle: its customers and workers go on elsewhere.

The coordinators, PostgreSQL, the localnet and the generator share this machine's cores: what is shown is where ONE
machine saturates, and that a second coordinator costs little, not what more machines would give.

    python -m bench.scale_out [--rounds 3] [--jobs 6000] [--most 3]
"""

import argparse
import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from statistics import median
from typing import Final

import httpx
import uvloop
from solders.pubkey import Pubkey

from bench import harness, plots, report
from bench.cluster import Cluster, cluster, cores, run_sql
from bench.harness import Server
from bench.scale_out_load import CONNECTIONS, IN_FLIGHT, WORKERS, Tally, Watch, submit_all, watched, working
from hypernode.protocol.limits import MAX_LIST_LIMIT
from hypernode.store.access import IN_FLIGHT_S

MAX_ROUNDS: Final = 15
MAX_JOBS: Final = 100_000
LEASE_TTL_S: Final = "8"
"""In the run with a kill: what the dead coordinator had offered and no worker heard of is offered again after this."""
NO_OP: Final = {"runtime": "wasm", "module": {"wat": '(module (func (export "_start")))'}}
JOB: Final = {"jobType": "generic_compute", "input": NO_OP, "requirements": {}, "budget": 0, "assurance": "none"}
"""It costs nothing and nobody is to check it: money and audits are not what is measured."""
HEADING: Final = "Scale-out: several coordinators on one PostgreSQL"
COLUMNS: Final = (
    "coordinators", "jobs/s", "to one", "CPU us/job", "coordinators", "PostgreSQL", "generator", "cores in use",
    "commits/s", "jobs/commit", "events lock waited for", "WAL sync waited for",
)  # fmt: skip
AT_ONCE: Final = """
SELECT early.job_id FROM lease AS early JOIN lease AS late USING (job_id)
WHERE late.attempt > early.attempt AND late.offered_at < coalesce(early.ended_at, 'infinity')
"""
"""Attempts of one job that lived at the same time."""
LEASES: Final = "SELECT state, count(*)::int AS leases, max(attempt) AS attempt FROM lease GROUP BY state"
TWICE: Final = "SELECT job_id FROM lease WHERE state = 'succeeded' GROUP BY job_id HAVING count(*) > 1"
RETRIED: Final = """
SELECT count(*)::int AS jobs FROM job WHERE attempt > 1 + (
    SELECT count(*) FROM lease WHERE lease.job_id = job.job_id AND lease.state IN ('expired', 'failed', 'revoked'))
"""
"""Jobs with an attempt more than ends of attempts can account for."""


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU so far."""

    coordinators: float
    postgres: float
    chain: float
    generator: float
    machine: float  #: All of it, others' processes included.

    @classmethod
    def now(cls, on: Cluster, doors: Sequence[Server]) -> "Cpu":
        ours = sum(door.cpu_s() for door in doors)
        own = sum(os.times()[:2])
        return cls(ours, on.postgres_tree.cpu_s(), on.chain_tree.cpu_s(), own, harness.machine_cpu_s())

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))

    @property
    def servers(self) -> float:
        """Coordinators and their database."""
        return self.coordinators + self.postgres


@dataclass(frozen=True)
class Run:
    """One run."""

    jobs: int
    seconds: float
    cpu: Cpu
    seen: Watch

    @property
    def per_second(self) -> float:
        return self.jobs / self.seconds

    def us(self, cpu_s: float) -> float:
        """Of CPU a job."""
        return cpu_s / self.jobs * 1e6


class Lost(Exception):
    """A job was lost, or done twice."""


def measure(on: Cluster, count: int, jobs: int, *, kill: bool = False) -> tuple[Run, str]:
    """A run with so many coordinators, and what the checks found."""
    database_url = on.new_database()
    settings = {"HYPERNODE_LEASE_TTL_S": LEASE_TTL_S} if kill else {}
    with contextlib.ExitStack() as running:
        doors = [running.enter_context(on.coordinator(database_url, **settings)) for _ in range(count)]
        requests = list(_requests(jobs))
        tally = Tally(jobs, doors[0].root.kill if kill else None)
        run = uvloop.run(_run(on, doors, database_url, requests, tally))
        left = doors[1:] if kill else doors
        told = uvloop.run(_check(left, database_url, requests, tally, kill))
    return run, told


async def _run(on: Cluster, doors: Sequence[Server], database_url: str, requests: Sequence[bytes], tally: Tally) -> Run:
    async with working(doors, tally), watched(database_url, tally.seen):
        before, began = Cpu.now(on, doors), time.perf_counter()
        await submit_all(doors, requests, tally, database_url)
        return Run(len(requests), time.perf_counter() - began, Cpu.now(on, doors).since(before), tally.seen)


def _requests(jobs: int) -> Iterator[bytes]:
    """Bodies of submissions, each of another customer."""
    for _ in range(jobs):
        wallet = str(Pubkey(os.urandom(32)))
        body = {"walletAddress": wallet, **JOB}
        yield json.dumps(body).encode()


async def _check(
    doors: Sequence[Server], database_url: str, requests: Sequence[bytes], tally: Tally, killed: bool
) -> str:
    """Raises Lost unless every job is completed, once; returns what the leases say."""
    wanted = set(tally.submitted)
    if len(wanted) != len(requests):
        raise Lost(f"{len(requests)} submissions gave {len(wanted)} jobs")
    for door in doors:
        completed = _completed(door)
        if completed != wanted:
            raise Lost(f"{door.url}: {len(wanted - completed)} jobs not completed, {len(completed - wanted)} unknown")
    if len(set(tally.accepted)) != len(tally.accepted):
        raise Lost("two reports on one job were accepted")
    if unheard := wanted - set(tally.accepted) - tally.unsure:
        raise Lost(f"{len(unheard)} jobs are completed, but no worker did them")
    for what, statement in (("succeeded twice", TWICE), ("ran twice at the same time", AT_ONCE)):
        if rows := await run_sql(database_url, statement):
            raise Lost(f"{len(rows)} jobs {what}")
    if (await run_sql(database_url, RETRIED))[0]["jobs"]:
        raise Lost("jobs were tried again though nothing had ended their attempt")
    leases = {row["state"]: row["leases"] for row in await run_sql(database_url, LEASES)}
    if not killed and leases != {"succeeded": len(requests)}:
        raise Lost(f"one attempt a job was to be expected: {leases}")
    return ", ".join(f"{count:,} {state}" for state, count in sorted(leases.items(), reverse=True))


def _completed(door: Server) -> set[str]:
    found: set[str] = set()
    cursor: str | None = ""
    with httpx.Client(base_url=door.url, timeout=60) as client:
        while cursor is not None:
            page = {"status": "completed", "limit": MAX_LIST_LIMIT, **({"cursor": cursor} if cursor else {})}
            answer = client.get("/api/jobs", params=page).raise_for_status().json()
            found.update(job["jobId"] for job in answer["jobs"])
            cursor = answer["nextCursor"]
    return found


def _row(count: int, runs: Sequence[Run], one: Sequence[Run]) -> Sequence[str]:
    rates = [run.per_second for run in runs]
    ratios = [run.per_second / first.per_second for run, first in zip(runs, one, strict=True)]

    def middle(figure: Callable[[Run], float]) -> float:
        return median(figure(run) for run in runs)

    ours = middle(lambda run: run.us(run.cpu.servers))
    commits = middle(lambda run: run.seen.commits / run.seconds)
    return (
        str(count),
        f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})",
        f"{median(ratios):.2f}",
        f"{ours:,.0f}",
        f"{middle(lambda run: run.us(run.cpu.coordinators)):,.0f}",
        f"{middle(lambda run: run.us(run.cpu.postgres)):,.0f}",
        f"{middle(lambda run: run.us(run.cpu.generator)):,.0f}",
        f"{middle(lambda run: run.cpu.machine / run.seconds):.2f} of {cores()}",
        f"{commits:,.0f}",
        f"{middle(lambda run: run.jobs / run.seen.commits):.1f}",
        f"{middle(lambda run: run.seen.share('advisory')):.0%}",
        f"{middle(lambda run: run.seen.share('WalSync')):.0%}",
    )


def _reason(by_count: dict[int, list[Run]]) -> str:
    """Where it saturates, from the figures."""
    most = max(by_count)
    runs = by_count[most]
    used = median(run.cpu.machine / run.seconds for run in runs)
    ours = median(run.us(run.cpu.servers) for run in runs)
    lock = median(run.seen.share("advisory") for run in runs)
    alone = median(run.cpu.coordinators / run.seconds for run in by_count[min(by_count)])
    bound = "the CPU: the machine has no more" if used > 0.9 * cores() else "not the CPU alone"
    return (
        f"With {most} coordinators {used:.2f} of {cores()} cores are in use, so the bound is {bound}. One coordinator "
        f"alone used {alone:.2f} of a core (its event loop is one thread: 1.0 is its end). A job costs coordinators "
        f"and PostgreSQL {ours:,.0f} us of CPU, which is {1e6 / ours:,.0f} jobs/s for each core given to them. "
        f"The events lock, which puts commits in order, was waited for in {lock:.0%} of the looks; all coordinators "
        "share it, so 100 % would be the end of scaling out on one database."
    )


def _publish(by_count: dict[int, list[Run]], killed: Run, told: str, jobs: int) -> None:
    one = by_count[min(by_count)]
    rows = [_row(count, runs, one) for count, runs in by_count.items()]
    how = (
        f"{jobs:,} no-op jobs a run, {CONNECTIONS} customers' connections, at most {IN_FLIGHT} jobs in flight, "
        f"{WORKERS} workers' sockets, all spread over the coordinators. Medians of the rounds (and range); `to one` is "
        "the median of the rounds' own ratios. Waiting is the share of looks, one every 20 ms, that found a backend so."
    )
    dead = (
        f"**One of three killed.** SIGKILL when a third of {jobs:,} jobs was done: all were completed, each accepted "
        f"once, none lost, in {killed.seconds:.1f} s (leases in the database: {told}). Customers sent what was not "
        "answered again with its Idempotency-Key; workers connected elsewhere and named the leases they held. The "
        f"longest wait is for a key that the dead one had begun with: nobody else takes it up for {IN_FLIGHT_S:.0f} s."
    )
    points = {"hypernode": [(float(count), median(run.per_second for run in runs)) for count, runs in by_count.items()]}
    plot = plots.lines("scale_out", "Whole jobs a second on one machine", "coordinators", "jobs/s", points)
    report.publish(HEADING, "\n\n".join([how, report.table(COLUMNS, rows), _reason(by_count), dead, plot]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, MAX_ROUNDS + 1), default=3, metavar="N")
    parser.add_argument("--jobs", type=int, choices=range(10, MAX_JOBS + 1), default=6_000, metavar="N")
    parser.add_argument("--most", type=int, choices=range(1, 6), default=3, metavar="N", help="coordinators")
    asked = parser.parse_args()
    harness.end_on_sigterm()
    by_count: dict[int, list[Run]] = {count: [] for count in range(1, asked.most + 1)}
    with cluster() as on:
        for _ in range(asked.rounds):
            for count, runs in by_count.items():
                run, _ = measure(on, count, asked.jobs)
                print(f"{count}: {run.per_second:,.0f} jobs/s", flush=True)
                runs.append(run)
        killed, told = measure(on, max(2, asked.most), asked.jobs, kill=True)
    _publish(by_count, killed, told, asked.jobs)


if __name__ == "__main__":
    main()
