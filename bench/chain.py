"""What leaves on the chain: payouts and anchored receipts a second, and lamports a job by the size of the batch.

A coordinator as in production finds jobs that have ended (put into its database in one commit) and settles them: pays
their providers and anchors their receipts on a localnet of its own, until all is final. The peer settles each job by
one chain transaction of its own, a transferChecked with a memo, written for speed and without a database: see
`chain_load.OneEach`. The localnet makes a block every 100 ms and calls it final after five; on Solana's mainnet that
takes 13 s, for both alike. Lamports are what the paying accounts have less afterwards, not a calculation. Payees have
token accounts already: one costs 2,039,280 lamports, whoever pays how.

    python -m bench.chain [--rounds 3] [--jobs 10000] [--one-each 2000] [--token-2022]
"""

import argparse
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random
from statistics import median
from typing import Final
from uuid import UUID

import httpx
import msgspec
import uvloop

from bench import harness, plots, report
from bench.chain_load import PART, OneEach, Provider, connected, finish_jobs, new_providers
from bench.cluster import Cluster, cluster, until_true
from bench.harness import Server
from hypernode.chain import keys, tokens
from hypernode.chain.rpc import Rpc
from hypernode.chain.verify import ReceiptFile, check
from hypernode.coordinator.tables import LEAST_NEW_ENTRIES
from hypernode.store.database import Database

FEE_LAMPORTS: Final = 5_000  #: Of a chain transaction with one signature.
PROVIDERS: Final = 250
BATCHES: Final = (1, 10, 100, 1_000, 10_000)
LARGEST: Final = BATCHES[-1]
MAX_ROUNDS: Final = 15
MAX_ONE_EACH: Final = 20_000
CHECKED_RECEIPTS: Final = 5
QUICK: Final = {
    "HYPERNODE_CHAIN_POLL_S": "0.25",
    "HYPERNODE_PAYOUT_EVERY_S": "1",
    "HYPERNODE_ANCHOR_EVERY_S": "1",
    "HYPERNODE_ANCHOR_AT": str(LARGEST),
    "HYPERNODE_LEAST_PAYOUT": "0.000001",
}
"""As `hypernode up` has them, but for the anchors: those take all that is there."""
HEADING: Final = "Chain: payouts and receipts against one chain transaction a job"
SPEED: Final = ("settled by", "jobs a round", "jobs/s", "ratio", "CPU us/job", "localnet's CPU us/job", "lamports/job")
COSTS: Final = (
    "jobs in the batch", "payees", "payouts' chain transactions", "payouts each", "lamports/job: payouts", "anchoring",
    "together", "one transaction each",
)  # fmt: skip
SETTLED: Final = """
SELECT NOT EXISTS (SELECT 1 FROM receipt LEFT JOIN anchor USING (anchor_id) LEFT JOIN chain_transaction
        ON chain_transaction.signature = anchor.signature
        WHERE chain_transaction.state IS DISTINCT FROM 'finalized')
    AND NOT EXISTS (SELECT 1 FROM hold WHERE payout_id IS NULL)
    AND NOT EXISTS (SELECT 1 FROM payout WHERE state <> 'finalized')
"""
LANDED: Final = "SELECT count(*) FROM chain_transaction WHERE purpose = $1 AND state = 'finalized'"
IN_TABLES: Final = """
SELECT count(*) >= $1 AND NOT EXISTS (SELECT 1 FROM chain_transaction WHERE purpose = 'table' AND state <> 'finalized')
FROM lookup_entry
"""
FAILED: Final = "SELECT count(*) FROM chain_transaction WHERE state = 'failed'"
ONE_EACH: Final = "one transaction each"


@dataclass(frozen=True)
class Settled:
    """A batch that is on the chain for good."""

    jobs: int
    payees: int
    seconds: float
    payout_transactions: int
    payout_lamports: int
    anchor_lamports: int
    cpu_s: float
    chain_cpu_s: float

    @property
    def lamports(self) -> int:
        return self.payout_lamports + self.anchor_lamports

    @property
    def per_second(self) -> float:
        return self.jobs / self.seconds


@dataclass(frozen=True)
class Tables:
    """The lookup tables that hold the payees."""

    tables: int
    entries: int
    rent_lamports: int  #: Locked in them, and returned when they are closed.
    transactions: int  #: That made and filled them.


@dataclass(frozen=True)
class Figures:
    """All that was measured."""

    first: Settled  #: The first payments, without lookup tables.
    tables: Tables
    batches: Sequence[Settled]
    rounds: Sequence[tuple[Settled, Settled]]  #: Ours and the peer's.


class Ours:
    """A coordinator with an empty database, and the providers of the jobs that it finds."""

    def __init__(self, on: Cluster, server: Server, database: Database, rpc: Rpc) -> None:
        self._on, self._server, self._database, self._rpc = on, server, database, rpc
        self._vault, self._network = (keys.load(on.home / "keys" / f"{name}.json") for name in ("vault", "network"))
        self._owed: dict[str, int] = {}

    async def fund(self) -> None:
        await self._rpc.call("hypernode_faucet", keys.address_of(self._vault), 10**12)

    async def providers(self, count: int) -> list[Provider]:
        made = await new_providers(self._on, self._database, count)
        self._owed |= {each.wallet: 1 for each in made}
        return made

    async def settle(self, providers: Sequence[Provider], count: int) -> tuple[Settled, list[UUID]]:
        """Let so many jobs have ended, and wait until they are paid and their receipts anchored."""
        payees = min(count, len(providers))
        before, landed = await self._lamports(), await self._database.value(LANDED, "payout")
        cpu = self._server.cpu_s() + self._on.postgres_tree.cpu_s(), self._on.chain_tree.cpu_s()
        job_ids = await finish_jobs(self._database, self._network, self._on.chain.genesis_hash, providers, count)
        began = time.perf_counter()
        await until_true(self._database.url, SETTLED)
        seconds = time.perf_counter() - began
        self.owe(providers, count)
        after = await self._lamports()
        return Settled(
            count,
            payees,
            seconds,
            await self._database.value(LANDED, "payout") - landed,
            before[0] - after[0],
            before[1] - after[1],
            self._server.cpu_s() + self._on.postgres_tree.cpu_s() - cpu[0],
            self._on.chain_tree.cpu_s() - cpu[1],
        ), job_ids

    def owe(self, providers: Sequence[Provider], count: int) -> None:
        """So many jobs, in turn, are paid by somebody."""
        for provider in islice(cycle(providers), count):
            self._owed[provider.wallet] += PART

    async def get_into_tables(self, providers: Sequence[Provider]) -> Tables:
        """Pay the providers again, and wait until the network has them in its lookup tables; what that costs."""
        await self.settle(providers, len(providers))
        await until_true(self._database.url, IN_TABLES, len(providers) - LEAST_NEW_ENTRIES)
        rows = await self._database.fetch("SELECT address FROM lookup_table")
        rent = sum([await self._rpc.balance(row["address"]) for row in rows])
        entries = await self._database.value("SELECT count(*) FROM lookup_entry")
        return Tables(len(rows), entries, rent, await self._database.value(LANDED, "table"))

    async def check_payments(self, providers: Sequence[Provider]) -> None:
        """Every provider has on the chain what it earned, to the base unit, and nothing failed on the way."""
        for each in providers:
            account = tokens.ata(each.wallet, self._on.chain.mint, self._on.chain.token_program)
            held = await self._rpc.token_balance(account, "finalized")
            if held != self._owed[each.wallet]:
                raise RuntimeError(f"{each.wallet} has {held} base units, and earned {self._owed[each.wallet]}")
        if failed := await self._database.value(FAILED):
            raise RuntimeError(f"{failed} of our chain transactions failed")

    async def check_receipts(self, job_ids: Sequence[UUID]) -> None:
        """Some of the receipts verify against the chain."""
        for job_id in Random(0).sample(list(job_ids), min(CHECKED_RECEIPTS, len(job_ids))):
            answer = httpx.get(f"{self._server.url}/api/jobs/{job_id}/receipt").raise_for_status().json()
            file = msgspec.convert(answer["receipt"], ReceiptFile)
            checks = await check(file, self._rpc, keys.address_of(self._network))
            if not checks.complete:
                raise RuntimeError(f"the receipt of job {job_id} does not verify: {checks}")

    async def _lamports(self) -> tuple[int, int]:
        vault, network = (keys.address_of(key) for key in (self._vault, self._network))
        return await self._rpc.balance(vault, "finalized"), await self._rpc.balance(network, "finalized")


@contextlib.asynccontextmanager
async def ours_on(on: Cluster, server: Server, database_url: str) -> AsyncIterator[Ours]:
    database = await Database.open(database_url)
    try:
        async with connected(on) as rpc:
            ours = Ours(on, server, database, rpc)
            await ours.fund()
            yield ours
    finally:
        await database.close()


async def measure(on: Cluster, server: Server, database_url: str, asked: argparse.Namespace) -> Figures:
    """Our batches and the peer's chain transactions, in turn."""
    async with ours_on(on, server, database_url) as ours, connected(on) as rpc:
        providers = await ours.providers(PROVIDERS)
        first, _ = await ours.settle(providers, PROVIDERS)
        tables = await ours.get_into_tables(providers)
        peer = OneEach(on, rpc)
        await peer.fund()
        batches: list[Settled] = []
        for size in BATCHES:
            settled, job_ids = await ours.settle(providers, size)
            await ours.check_receipts(job_ids)
            batches.append(settled)
        rounds: list[tuple[Settled, Settled]] = []
        for _ in range(asked.rounds):
            mine, _ = await ours.settle(providers, asked.jobs)
            rounds.append((mine, await _one_each(on, peer, rpc, providers, asked.one_each)))
            ours.owe(providers, asked.one_each)
            print(f"{mine.per_second:,.0f} jobs/s in batches, {rounds[-1][1].per_second:,.0f} one each", flush=True)
        await ours.check_payments(providers)
    return Figures(first, tables, batches, rounds)


async def _one_each(on: Cluster, peer: OneEach, rpc: Rpc, providers: Sequence[Provider], count: int) -> Settled:
    before, cpu, chain_cpu = await rpc.balance(peer.address, "finalized"), sum(os.times()[:2]), on.chain_tree.cpu_s()
    seconds = await peer.settle(providers, count)
    spent = before - await rpc.balance(peer.address, "finalized")
    used = sum(os.times()[:2]) - cpu, on.chain_tree.cpu_s() - chain_cpu
    return Settled(count, min(count, len(providers)), seconds, count, spent, 0, *used)


def _speed_row(name: str, settled: Sequence[Settled], ratio: str) -> Sequence[str]:
    rates = [each.per_second for each in settled]
    return (
        name,
        f"{settled[0].jobs:,}",
        f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})",
        ratio,
        f"{median(each.cpu_s / each.jobs for each in settled) * 1e6:,.0f}",
        f"{median(each.chain_cpu_s / each.jobs for each in settled) * 1e6:,.0f}",
        f"{median(each.lamports / each.jobs for each in settled):,.1f}",
    )


def _cost_row(each: Settled, one_each: float) -> Sequence[str]:
    return (
        f"{each.jobs:,}",
        f"{each.payees:,}",
        f"{each.payout_transactions}",
        f"{each.payees / each.payout_transactions:.1f}",
        f"{each.payout_lamports / each.jobs:,.2f}",
        f"{each.anchor_lamports / each.jobs:,.2f}",
        f"{each.lamports / each.jobs:,.2f}",
        f"{one_each:,.0f}",
    )


def _publish(figures: Figures, program: str) -> None:
    mine, theirs = [ours for ours, _ in figures.rounds], [peer for _, peer in figures.rounds]
    ratios = [ours.per_second / peer.per_second for ours, peer in figures.rounds]
    each = median(peer.lamports / peer.jobs for peer in theirs)
    ratio = f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
    speed = [_speed_row("hypernode, in batches", mine, ratio), _speed_row(ONE_EACH, theirs, "1")]
    costs = [_cost_row(batch, each) for batch in figures.batches]
    tables, first = figures.tables, figures.first
    fees = tables.transactions * FEE_LAMPORTS
    told = (
        f"**Lookup tables.** Without any, the first {first.payees} payments took {first.payout_transactions} chain "
        f"transactions ({first.payees / first.payout_transactions:.1f} each). Then {tables.tables} tables took in "
        f"{tables.entries} payees by {tables.transactions} chain transactions: {fees:,} lamports of fees "
        f"({fees / tables.entries:,.0f} a payee, once), and {tables.rent_lamports:,} lamports of rent "
        f"({tables.rent_lamports / tables.entries:,.0f} a payee) that are locked, and come back when a table is closed."
    )
    how = (
        f"{PROVIDERS} providers share the jobs of a round; {program}. From the commit that ends the jobs to the "
        "finality of every payout and anchor. CPU is the coordinator's with its PostgreSQL, and the peer's process."
    )
    plot = plots.lines(
        "chain",
        "Lamports a job by the size of the batch",
        "jobs in the batch",
        "lamports a job",
        {
            "hypernode": [(float(batch.jobs), batch.lamports / batch.jobs) for batch in figures.batches],
            ONE_EACH: [(float(batch.jobs), each) for batch in figures.batches],
        },
        log=True,
    )
    report.publish(HEADING, "\n\n".join([how, report.table(SPEED, speed), report.table(COSTS, costs), told, plot]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, MAX_ROUNDS + 1), default=3, metavar="N")
    parser.add_argument("--jobs", type=int, choices=range(1, LARGEST + 1), default=LARGEST, metavar="N")
    parser.add_argument("--one-each", type=int, choices=range(1, MAX_ONE_EACH + 1), default=2_000, metavar="N")
    parser.add_argument("--token-2022", action="store_true")
    asked = parser.parse_args()
    harness.end_on_sigterm()
    with cluster(token_2022=asked.token_2022) as on:
        database_url = on.new_database()
        with on.coordinator(database_url, **QUICK) as server:
            figures = uvloop.run(measure(on, server, database_url, asked))
    _publish(figures, "Token-2022" if asked.token_2022 else "SPL Token")


if __name__ == "__main__":
    main()
