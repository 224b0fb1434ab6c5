"""Says why a job waits, from the nodes that are online now."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from hypernode.coordinator.demands import facts_of, stored_demand
from hypernode.domain import explanation
from hypernode.domain.job import JobState
from hypernode.protocol.jobs import Explanation, Obstacle, Relaxation
from hypernode.store import nodes
from hypernode.store.database import Database

MAX_NODES: Final = 2_000
"""Online nodes that are looked at, each for some 50 us; what keeps these away keeps the others away too."""

_OTHERWISE: Final = {
    JobState.RUNNING: "The job is running.",
    JobState.COMPLETED: "The job is completed.",
    JobState.FAILED: "The job has failed: {error}",
    JobState.CANCELLED: "The job was cancelled.",
}


async def explain(database: Database, job: Mapping[str, Any]) -> Explanation:
    """Why a job (a whole row) waits; for one that does not wait, a sentence that says so."""
    state = JobState(job["state"])
    error: Mapping[str, Any] = job["error"] or {}
    if state in _OTHERWISE:
        sentence = _OTHERWISE[state].format(error=error.get("message", ""))
        return Explanation(
            status=state, sentence=sentence, online_nodes=0, matching_nodes=0, free_matching_nodes=0,
            obstacles=[], relaxation=None, needed=None,
        )  # fmt: skip
    demand = stored_demand(job)
    rows = await nodes.online(database, MAX_NODES)
    looked_at = ((facts_of(row), row["live_leases"] < row["capacity"]) for row in rows)
    found = await asyncio.to_thread(explanation.explain, looked_at, demand)
    nearest = found.relaxation
    sentence = found.sentence if len(rows) < MAX_NODES else f"Of {MAX_NODES} online nodes: {found.sentence}"
    return Explanation(
        status=state,
        sentence=f"{error.get('message', '')}. {sentence}" if state is JobState.PENDING else sentence,
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
        needed=error.get("needed"),
    )
