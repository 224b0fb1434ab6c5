"""Whole jobs, from submission over start to completion, against pgqueuer, procrastinate, celery and BullMQ.

The task does nothing, so only the queue itself is measured. Each contender has a server, one process that submits with
so many calls in flight, one job a call (customers come one by one), and one process that takes and completes jobs. All
wait side by side and one is under load at a time, in alternating rounds. A lost or a repeated job ends the bench.

What differs. Ours answers a submission, and acknowledges a report, after its commit is on disk; it checks every field
of every input and result, keeps each job with its result and history, and signs a receipt; `paid` locks a budget and
splits it, too. Jobs ask for no check of their results (assurance `none`). pgqueuer and procrastinate are durable, on
the same PostgreSQL with the same settings; celery and BullMQ keep all in a valkey's memory, and lose it with the
process. No peer validates, authenticates or limits. In the peers' favour: a job of theirs is complete when its function
returns (BullMQ: when that is stored), ours when the node has heard that its report is stored; their finished jobs are
deleted; their workers have large batches and concurrency and, where in Python, uvloop.

    python -m bench.queue [--rounds 5] [--seconds 2] [--in-flight 128] [--idle 100] [--peers pgqueuer]
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from bench import harness, plots, report
from bench.load import WrongAnswer
from bench.queues import ALL_PEERS, Contender, running

MAX_ROUNDS: Final = 25
MAX_SECONDS: Final = 30
MAX_IN_FLIGHT: Final = 128
MAX_IDLE: Final = 2_000
WARM_UP_JOBS: Final = (100, 500)
LEAST_JOBS: Final = 100
SETTLE_S: Final = 0.2  #: What a contender does after its last job counts as its CPU time, too.
IDLE_S: Final = 0.03  #: Between jobs of the idle network: it is to be at rest.
OURS: Final = plots.OURS

HEADING: Final = "Queue: submit, start, complete"
COLUMNS: Final = (
    "queue",
    "survives a crash",
    "jobs/s",
    "hypernode is times as fast",
    "CPU us/job, all",
    "of it the server",
    "worker and client",
    "others' cores",
    "idle start p50 ms",
    "p90 ms",
)


@dataclass(frozen=True)
class Turn:
    """One contender's turn."""

    per_second: float
    server_us: float  #: CPU time a job.
    ends_us: float  #: Of client and worker.
    others_cores: float  #: What ran besides, in the way of all.


@dataclass
class Record:
    """All of one contender's turns."""

    keeps: str
    turns: list[Turn] = field(default_factory=list)
    starts_ms: list[float] = field(default_factory=list)  #: From submission to start, on an idle network.

    def middle(self, what: str) -> float:
        return median(getattr(turn, what) for turn in self.turns)


class Bench:
    """Gives each job of the bench a number of its own."""

    def __init__(self, in_flight: int) -> None:
        self._in_flight = in_flight
        self._next = 0

    def run(self, contender: Contender, jobs: int) -> tuple[float, float, float]:
        """When the first job was submitted, when one started, when all were complete: seconds."""
        first, self._next = self._next, self._next + jobs
        contender.worker.ask(first=first, jobs=jobs)
        contender.worker.hear()
        contender.client.ask(first=first, jobs=jobs, inFlight=self._in_flight)
        began = contender.client.hear()["began"]
        done = contender.worker.hear()
        if done["strays"]:
            raise WrongAnswer(f"{contender.name} ran {done['strays']} jobs more than it was given")
        return began, done["started"], done["ended"]

    def warm_up(self, contender: Contender, seconds: float) -> int:
        """How many jobs it does in that time, more or less."""
        rate = 0.0
        for jobs in WARM_UP_JOBS:
            began, _, ended = self.run(contender, jobs)
            rate = jobs / (ended - began)
        return max(LEAST_JOBS, round(rate * seconds))

    def turn(self, contender: Contender, jobs: int) -> Turn:
        ends = (contender.client, contender.worker)
        machine_s, server_s, ends_s = -harness.machine_cpu_s(), -contender.server.cpu_s(), -sum(e.cpu_s() for e in ends)
        at = time.perf_counter()
        began, _, ended = self.run(contender, jobs)
        time.sleep(SETTLE_S)
        machine_s += harness.machine_cpu_s()
        server_s += contender.server.cpu_s()
        ends_s += sum(end.cpu_s() for end in ends)
        others = max(0.0, machine_s - server_s - ends_s) / (time.perf_counter() - at)
        return Turn(jobs / (ended - began), server_s / jobs * 1e6, ends_s / jobs * 1e6, others)

    def idle_start_ms(self, contender: Contender) -> float:
        time.sleep(IDLE_S)
        began, started, _ = self.run(contender, 1)
        return (started - began) * 1e3


def measure(rounds: int, seconds: float, in_flight: int, idle: int, peers: Sequence[str]) -> dict[str, Record]:
    """Each contender's turns, by its name."""
    bench = Bench(in_flight)
    with running(peers) as contenders:
        records = {contender.name: Record(contender.keeps) for contender in contenders}
        sizes = {contender.name: bench.warm_up(contender, seconds) for contender in contenders}
        for number in range(rounds):
            for contender in contenders:
                record = records[contender.name]
                record.turns.append(bench.turn(contender, sizes[contender.name]))
                count = (number + 1) * idle // rounds - len(record.starts_ms)
                record.starts_ms += [bench.idle_start_ms(contender) for _ in range(count)]
    return records


def _rows(records: Mapping[str, Record]) -> Iterator[Sequence[str]]:
    ours = records[OURS]
    for name, record in records.items():
        ratios = [a.per_second / b.per_second for a, b in zip(ours.turns, record.turns, strict=True)]
        percentiles = statistics.quantiles(record.starts_ms, n=10, method="inclusive")
        yield (
            name,
            record.keeps,
            f"{record.middle('per_second'):,.0f}",
            "1" if record is ours else f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            f"{median(turn.server_us + turn.ends_us for turn in record.turns):,.0f}",
            f"{record.middle('server_us'):,.0f}",
            f"{record.middle('ends_us'):,.0f}",
            f"{record.middle('others_cores'):.2f}",
            f"{percentiles[4]:.2f}",
            f"{percentiles[8]:.2f}",
        )


def _plots(records: Mapping[str, Record]) -> str:
    rates = {name: record.middle("per_second") for name, record in records.items()}
    starts = {name: median(record.starts_ms) for name, record in records.items()}
    return "\n\n".join(
        (
            plots.bars("queue-throughput", "Whole no-op jobs a second", "jobs/s", {"": rates}),
            plots.bars("queue-start", "From submission to start, idle", "ms, median", {"": starts}),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, MAX_ROUNDS + 1), default=5, metavar="N")
    parser.add_argument("--seconds", type=int, choices=range(1, MAX_SECONDS + 1), default=2, metavar="S")
    parser.add_argument("--in-flight", type=int, choices=range(1, MAX_IN_FLIGHT + 1), default=128, metavar="N")
    parser.add_argument("--idle", type=int, choices=range(10, MAX_IDLE + 1), default=100, metavar="N")
    parser.add_argument("--peers", nargs="*", choices=ALL_PEERS, default=ALL_PEERS)
    asked = parser.parse_args()
    harness.end_on_sigterm()
    records = measure(asked.rounds, asked.seconds, asked.in_flight, asked.idle, asked.peers)
    how = (
        f"No-op jobs, {asked.in_flight} submissions in flight; medians of {asked.rounds} alternating rounds of about "
        f"{asked.seconds} s, from the first submission to the last completion. The ratio is the median (and range) of "
        f"the rounds' own. Start: {asked.idle} jobs one at a time, {IDLE_S * 1e3:.0f} ms apart, from before the "
        "submission until the worker has the job. CPU is that of all processes; others' cores is foreign work."
    )
    report.publish(HEADING, f"{how}\n\n{report.table(COLUMNS, list(_rows(records)))}\n\n{_plots(records)}")


if __name__ == "__main__":
    main()
