"""Says why a job waits, from the nodes that are online now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from hypernode.coordinator.demands import facts_of, stored_demand
from hypernode.domain import explanation
from hypernode.domain.demand import Demand, NodeFacts, obstacles
from hypernode.domain.job import JobState
from hypernode.protocol.jobs import Explanation, Obstacle, Relaxation
from hypernode.store import nodes
from hypernode.store.database import Database, Row

MAX_NODES: Final = 2_000
"""Online nodes that are looked at, each for some 50 us; what keeps these away keeps the others away too."""

_OTHERWISE: Final = {
    JobState.RUNNING: "The job is running.",
    JobState.COMPLETED: "The job is completed.",
    JobState.FAILED: "The job has failed: {error}",
    JobState.CANCELLED: "The job was cancelled.",
}


class Online(NamedTuple):
    """A node that is online."""

    facts: NodeFacts
    free: bool
    slots: int


async def look(database: Database, demand: Demand) -> tuple[list[Online], explanation.Explanation]:
    """The online nodes that meet a demand, and what keeps the others away."""
    return await asyncio.to_thread(_look, await nodes.online(database, MAX_NODES), demand)


def _look(rows: Sequence[Row], demand: Demand) -> tuple[list[Online], explanation.Explanation]:
    online = [Online(facts_of(row), row["live_leases"] < row["capacity"], row["capacity"]) for row in rows]
    found = explanation.explain(((each.facts, each.free) for each in online), demand)
    if len(rows) == MAX_NODES:
        found = replace(found, sentence=f"Of {MAX_NODES} online nodes: {found.sentence}")
    return [each for each in online if not obstacles(each.facts, demand)] if found.matching else [], found


async def explain(database: Database, job: Mapping[str, Any]) -> Explanation:
    """Why a job (a whole row) waits; for one that does not wait, a sentence that says so."""
    state = JobState(job["state"])
    error: Mapping[str, Any] = job["error"] or {}
    if state in _OTHERWISE:
        sentence = _OTHERWISE[state].format(error=error.get("message", ""))
        return view(explanation.Explanation(0, 0, 0, (), None, sentence), state)
    _, found = await look(database, stored_demand(job))
    if state is JobState.PENDING:
        found = replace(found, sentence=f"{error.get('message', '')}. {found.sentence}")
    return view(found, state, error.get("needed"))


def view(found: explanation.Explanation, state: JobState, needed: float | None = None) -> Explanation:
    """What was found, as the API shows it."""
    nearest = found.relaxation
    return Explanation(
        status=state,
        sentence=found.sentence,
        online_nodes=found.online,
        matching_nodes=found.matching,
        free_matching_nodes=found.free_matching,
        obstacles=[
            Obstacle(requirement=o.requirement, asked=o.asked, failing_nodes=o.failing, only_obstacle_for=o.only)
            for o in found.obstacles
        ],
        relaxation=(
            None
            if nearest is None
            else Relaxation(change=dict(nearest.change), nodes=nearest.nodes, sentence=nearest.sentence)
        ),
        needed=needed,
    )
