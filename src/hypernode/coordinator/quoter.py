"""Says what a job would cost and how long it would wait, without making it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from hypernode.coordinator import explainer
from hypernode.coordinator.explainer import Online
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.intake import Arrival, Intake
from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.sessions import Sessions
from hypernode.domain.demand import Demand, NodeFacts
from hypernode.domain.explanation import Explanation, sentence
from hypernode.domain.job import JobState
from hypernode.domain.money import SUPPLY, Amount, to_number, to_text
from hypernode.domain.pricing import cost
from hypernode.ports import Executor
from hypernode.protocol.jobs import CostRange, CreateJob, Quote, QuoteJob
from hypernode.store import figures
from hypernode.store.database import Database

MAX_NODES: Final = explainer.MAX_NODES
"""Matching nodes that are looked at: the cheapest of those connected here."""


class Ask(NamedTuple):
    """What a node wants for its work."""

    hourly: Amount
    unit_price: Amount | None


@dataclass(frozen=True, slots=True)
class Piece:
    """What the cost of a job, or of a part of it, comes from."""

    least_units: int
    most_units: int | None
    budget: Amount


class Quoter:
    """Looks at the nodes connected here, and only where none of them matches at all that are online."""

    def __init__(
        self,
        database: Database,
        executors: Mapping[str, Executor],
        intake: Intake,
        matchmaker: Matchmaker,
        sessions: Sessions,
    ) -> None:
        self._database = database
        self._executors = executors
        self._intake = intake
        self._matchmaker = matchmaker
        self._sessions = sessions

    async def quote(self, asked: QuoteJob) -> Quote:
        """What it would cost now. Raises what is wrong with the request, as `Intake.submit` would.

        Balances and uploads are not looked at: a quote may be asked for before there are any.
        """
        request = _request(asked)
        arrival = self._intake.check(request, new_id(), None)
        # Of a job in parts the last has the smallest share of the budget.
        demand = self._matchmaker.demand_of(request.wallet_address, arrival.leaves[-1].demand)
        candidates, found = self._here(demand)
        if not candidates:
            candidates, found = await explainer.look(self._database, demand)  # Other coordinators' nodes too.
        free = sum(candidate.free for candidate in candidates)
        typical_s = await figures.typical_s(self._database, asked.job_type) if candidates else None
        return Quote(
            cost=self._range(arrival, asked, candidates, typical_s) if candidates else None,
            matching_nodes=len(candidates),
            free_nodes=free,
            expected_wait_seconds=self._wait_s(candidates, asked.priority, typical_s) if candidates else None,
            explanation=explainer.view(found, JobState.RUNNING if free else JobState.QUEUED),
        )

    def _here(self, demand: Demand) -> tuple[list[Online], Explanation]:
        index = self._matchmaker.index
        candidates: list[Online] = []
        for facts in islice(index.matching(demand), MAX_NODES):
            session = self._sessions.get(facts.node_id)
            slots = session.capacity if session else 1
            candidates.append(Online(facts, self._matchmaker.is_free(facts.node_id), slots))
        matching, free = len(candidates), sum(candidate.free for candidate in candidates)
        said = sentence(len(index), matching, free, (), None)
        return candidates, Explanation(len(index), matching, free, (), None, said)

    def _range(
        self, arrival: Arrival, asked: QuoteJob, candidates: Iterable[Online], typical_s: float | None
    ) -> CostRange | None:
        executor, pieces = self._executors[asked.job_type], Counter(self._pieces(arrival))
        if asked.budget is UNSET and any(piece.most_units is None for piece in pieces):
            return None
        # Parts run side by side: together they take at least as long as the whole.
        shortest_ms = round(min(typical_s or 0, asked.max_duration) * 1000) // len(arrival.leaves)
        longest_ms = asked.max_duration * 1000

        def total(ask: Ask, *, highest: bool) -> int:
            def one(piece: Piece) -> int:
                if not highest:
                    return _cost(ask, piece, shortest_ms, piece.least_units, executor)
                if piece.most_units is None:
                    return piece.budget
                return _cost(ask, piece, longest_ms, piece.most_units, executor)

            return sum(count * one(piece) for piece, count in pieces.items())

        asks = {_ask(candidate.facts, asked.job_type) for candidate in candidates}
        return CostRange(
            lowest=to_number(Amount(min(total(ask, highest=False) for ask in asks))),
            highest=to_number(Amount(max(total(ask, highest=True) for ask in asks))),
        )

    def _pieces(self, arrival: Arrival) -> Iterable[Piece]:
        for leaf in arrival.leaves:
            executor = self._executors[leaf.job.job_type]
            least, most = executor.asked_units(msgspec.convert(leaf.job.input, executor.Input))
            yield Piece(least, most, leaf.job.budget)

    def _wait_s(self, candidates: Sequence[Online], priority: int, typical_s: float | None) -> float | None:
        """Until as many slots got free as there are jobs ahead, and one more: each is taken for a typical time."""
        if any(candidate.free for candidate in candidates):
            return 0.0
        if typical_s is None:
            return None
        ahead = self._matchmaker.ahead(candidates[0].facts, priority)
        return round(typical_s * (ahead + 1) / max(1, sum(candidate.slots for candidate in candidates)), 1)


def _request(asked: QuoteJob) -> CreateJob:
    """As if it were submitted, with all HYPER there is where no budget is named."""
    budget = to_text(SUPPLY) if asked.budget is UNSET else asked.budget
    wallet = "" if asked.wallet_address is UNSET else asked.wallet_address
    given: Any = msgspec.structs.asdict(asked) | {"wallet_address": wallet, "budget": budget}
    return CreateJob(**given)


def _ask(facts: NodeFacts, job_type: str) -> Ask:
    return Ask(facts.price, facts.engines[job_type].unit_price)


def _cost(ask: Ask, piece: Piece, duration_ms: int, units: int, executor: Executor) -> Amount:
    return cost(duration_ms, ask.hourly, units, executor.unit.per, ask.unit_price, piece.budget)
