"""Brings queued jobs and this coordinator's free nodes together, on events and not on a timer."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final
from uuid import UUID

from hypernode.coordinator.demands import facts_of, stored_demand
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.offers import Offers
from hypernode.domain.demand import Demand, NodeFacts, obstacles
from hypernode.domain.matching import NodeIndex
from hypernode.domain.money import Amount
from hypernode.store import events, jobs
from hypernode.store.database import Database
from hypernode.store.jobs import NewLease

WINDOW: Final = 10_000
"""Waiting jobs kept in memory; the rest of the queue stays in the store until there is room."""
MAX_CLAIMS: Final = 500
MAX_LINES: Final = 200
"""Lines of waiting jobs that a quote looks at."""
DECLINED_FOR_S: Final = 30.0
LOOK_OVER_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job and the nodes that it should not, or must not, go to."""

    job_id: UUID
    priority: int
    demand: Demand
    tried: frozenset[UUID] = frozenset()  #: Other nodes come first.


_Kind = tuple[int, Demand]
"""Jobs of one priority and demand are alike to the matching: they wait in one line."""


class Matchmaker:
    """The index of connected nodes, their free slots, and the jobs that wait for one."""

    def __init__(self, database: Database, offers: Offers) -> None:
        self._database = database
        self._offers = offers
        self.index = NodeIndex()
        self.name: Final = str(new_id())  #: What its notifications bear.
        self._slots: dict[UUID, int] = {}
        self._free: set[UUID] = set()
        self._ttl_s: dict[UUID, int] = {}
        self._own_nodes: set[str] = set()  #: Wallets with a node that takes their jobs alone.
        self._waiting: dict[_Kind, deque[Waiting]] = {}
        self._known: set[UUID] = set()
        self._declined: dict[UUID, set[UUID]] = {}
        self._freed: set[UUID] = set()
        self._fresh: set[_Kind] = set()
        self._refill = True
        self._looked_over_at = 0.0
        self._wake = asyncio.Event()

    # --- nodes

    def put(self, row: Mapping[str, Any], *, slots: int, ttl_s: int) -> None:
        """A node connected, or changed what it offers; `slots` may be negative while it has more than it offers."""
        node_id = row["node_id"]
        self._ttl_s[node_id] = ttl_s
        self._put(facts_of(row), slots > 0)
        self._set_slots(node_id, slots)
        if slots > 0:  # Jobs that waited may fit what it offers now.
            self._freed.add(node_id)
            self._wake.set()

    def describe(self, row: Mapping[str, Any]) -> None:
        """A connected node's description has changed; its slots have not."""
        node_id = row["node_id"]
        if node_id in self._slots:
            self._put(facts_of(row), self._slots[node_id] > 0)
            self._freed.add(node_id)
            self._wake.set()

    def _put(self, facts: NodeFacts, free: bool) -> None:
        self.index.put(facts, free)
        if facts.own_jobs_only and facts.wallet not in self._own_nodes:
            self._own_nodes.add(facts.wallet)
            # This wallet's jobs stand in lines with others': they are read anew and get lines of their own.
            self._waiting.clear()
            self._known.clear()
            self.refill()

    def demand_of(self, wallet: str, demand: Demand) -> Demand:
        """A demand with the customer's wallet where that matters to the matching, else without: most are alike then."""
        customer = wallet if wallet in self._own_nodes else ""
        return demand if demand.customer == customer else replace(demand, customer=customer)

    def remove(self, node_id: UUID) -> None:
        """A node is gone."""
        if self._slots.pop(node_id, None) is not None:
            self.index.remove(node_id)
            self._ttl_s.pop(node_id)
            self._free.discard(node_id)

    def release(self, node_id: UUID) -> None:
        """A node has one slot more."""
        self.give(node_id, 1)

    def give(self, node_id: UUID, slots: int) -> None:
        """A node has so many slots more, or less where it is negative."""
        if node_id in self._slots:
            self._set_slots(node_id, self._slots[node_id] + slots)

    def reserve(self, demand: Demand, tried: Collection[UUID] = (), declined: Collection[UUID] = ()) -> UUID | None:
        """Take a slot of the best free node: one that has not tried the job before, if there is any."""
        if not self._free:
            return None
        node_id = self.index.match(demand, {*tried, *declined})
        if node_id is None and tried:
            node_id = self.index.match(demand, declined)
        if node_id is not None:
            self._set_slots(node_id, self._slots[node_id] - 1)
        return node_id

    def is_free(self, node_id: UUID) -> bool:
        """Whether a node has a free slot."""
        return node_id in self._free

    def lease_on(self, node_id: UUID, job_type: str) -> NewLease:
        """A new attempt on a node, at what it asks now."""
        facts = self.index.facts(node_id)
        engine = facts.engines.get(job_type)
        return NewLease(
            lease_id=new_id(),
            node_id=node_id,
            price=Amount(facts.price),
            unit_price=engine.unit_price if engine else None,
            ttl_s=self._ttl_s[node_id],
        )

    # --- jobs

    @property
    def waiting(self) -> int:
        """How many jobs wait in memory."""
        return len(self._known)

    def ahead(self, facts: NodeFacts, priority: int) -> int:
        """How many of the jobs that wait here a node would take before a new one of this priority."""
        lines = islice(self._waiting.items(), MAX_LINES)
        before = (line for (given, demand), line in lines if given >= priority and not obstacles(facts, demand))
        return sum(job.job_id in self._known for line in before for job in line)

    def enqueue(self, waiting: Iterable[Waiting]) -> None:
        """Jobs wait for a node."""
        for job in waiting:
            if job.job_id in self._known:
                continue
            if len(self._known) >= WINDOW:
                self._refill = True
                continue
            kind = (job.priority, job.demand)
            self._known.add(job.job_id)
            self._waiting.setdefault(kind, deque()).append(job)
            self._fresh.add(kind)
        self._wake.set()

    def decline(self, job_id: UUID, node_id: UUID) -> None:
        """A node refused a job: it is not asked again for a while."""
        self._declined.setdefault(job_id, set()).add(node_id)
        asyncio.get_running_loop().call_later(DECLINED_FOR_S, self._forgive, job_id, node_id)

    def _forgive(self, job_id: UUID, node_id: UUID) -> None:
        self._declined[job_id].discard(node_id)
        if not self._declined[job_id]:
            del self._declined[job_id]
        if node_id in self._free:
            self._freed.add(node_id)
            self._wake.set()

    def refill(self, by: str = "") -> None:
        """Look into the store for queued jobs, unless it was this one `by` whom they are known to be queued."""
        if by != self.name:
            self._refill = True
            self._wake.set()

    def forget(self, job_id: UUID) -> None:
        """A job waits no more."""
        self._known.discard(job_id)

    async def run(self) -> None:
        """Match until cancelled. After an error the queue is read anew from the store."""
        self.refill()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._refill and self._free:
                await self._read_queue()
            while chosen := self._decide():
                await self._claim(chosen)

    async def _read_queue(self) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._known) >= WINDOW // 2 and now - self._looked_over_at > LOOK_OVER_EVERY_S:
            # Other coordinators may have taken many of those that wait here.
            self._looked_over_at = now
            self._known &= await jobs.still_queued(self._database, self._known)
        if len(self._known) < WINDOW // 2:
            self._refill = False
            rows = await jobs.queued(self._database, WINDOW)
            self.enqueue(
                Waiting(
                    row["job_id"],
                    row["priority"],
                    self.demand_of(row["wallet"], stored_demand(row)),
                    frozenset(row["tried"]),
                )
                for row in rows
                if row["job_id"] not in self._known
            )

    def _decide(self) -> dict[UUID, tuple[Waiting, NewLease]]:
        """Jobs to nodes, the highest priority first, then the oldest; only where something has changed."""
        chosen: dict[UUID, tuple[Waiting, NewLease]] = {}
        freed, self._freed = self._freed & self._free, set()
        fresh, self._fresh = self._fresh, set()
        for kind in sorted(self._waiting, key=self._urgency):
            demand = kind[1]
            if not self._free or len(chosen) >= MAX_CLAIMS:
                self._freed, self._fresh = self._freed | freed, self._fresh | fresh
                break
            if kind not in fresh and not any(self.index.fits(node_id, demand) for node_id in freed):
                continue
            self._choose(self._waiting[kind], demand, chosen)
            if not self._waiting[kind]:
                del self._waiting[kind]
        return chosen

    def _choose(self, line: deque[Waiting], demand: Demand, chosen: dict[UUID, tuple[Waiting, NewLease]]) -> None:
        """Take jobs from the front of a line for as long as nodes are found."""
        refused: list[Waiting] = []
        while line and len(chosen) < MAX_CLAIMS:
            job = line.popleft()
            if job.job_id not in self._known:
                continue
            declined = self._declined.get(job.job_id, set())
            node_id = self.reserve(demand, job.tried, declined)
            if node_id is not None:
                self._known.discard(job.job_id)
                chosen[job.job_id] = (job, self.lease_on(node_id, demand.job_type))
                continue
            refused.append(job)
            if not declined:  # No node for this one is no node for the others.
                break
        line.extendleft(reversed(refused))

    def _urgency(self, kind: "_Kind") -> tuple[int, UUID]:
        return -kind[0], self._waiting[kind][0].job_id

    async def _claim(self, chosen: dict[UUID, tuple[Waiting, NewLease]]) -> None:
        try:
            async with self._database.transaction() as connection:
                rows = await jobs.claim(connection, [(job_id, lease) for job_id, (_, lease) in chosen.items()])
                await events.append(
                    connection,
                    [events.status_event(row["job_id"], row["wallet"], "running") for row in rows],
                )
        except BaseException:
            for _, lease in chosen.values():
                self.release(lease.node_id)
            self.refill()
            raise
        claimed = {row["job_id"]: row for row in rows}
        for job_id, (_, lease) in chosen.items():
            if job_id not in claimed:  # Cancelled meanwhile, or another coordinator was faster.
                self.release(lease.node_id)
        try:
            await self._offers.push([(row, chosen[job_id][1]) for job_id, row in claimed.items()])
        except BaseException:  # Nobody has heard of these leases. They expire; their nodes are free until then.
            for job_id in claimed:
                self.release(chosen[job_id][1].node_id)
            raise

    def _set_slots(self, node_id: UUID, slots: int) -> None:
        grown = slots > self._slots.get(node_id, 0)
        self._slots[node_id] = slots
        self.index.set_free(node_id, slots > 0)
        if slots <= 0:
            self._free.discard(node_id)
        elif grown:
            self._free.add(node_id)
            self._freed.add(node_id)
            self._wake.set()
