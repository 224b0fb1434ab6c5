"""A job's lifecycle."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hypernode.domain.lifecycle import Move, terminal_states


class JobType(StrEnum):
    """The kinds of work a customer can ask for."""

    LLM_INFERENCE = "llm_inference"
    LLM_FINE_TUNING = "llm_fine_tuning"
    RAG_INDEXING = "rag_indexing"
    VISION_PIPELINE = "vision_pipeline"
    RENDER = "render"
    GENERIC_COMPUTE = "generic_compute"


class JobState(StrEnum):
    """Where a job stands."""

    PENDING = "pending"  #: Its customer's balance does not cover the budget yet.
    QUEUED = "queued"  #: Funded (or free) and waiting for a node.
    RUNNING = "running"  #: A node holds a live lease on it.
    COMPLETED = "completed"  #: A result was accepted and paid.
    FAILED = "failed"  #: No further attempt will be made; the hold was released.
    CANCELLED = "cancelled"  #: Its customer withdrew it.


class JobEvent(StrEnum):
    """What can happen to a job."""

    FUND = "fund"  #: The budget was locked.
    LEASE = "lease"  #: A node was chosen.
    ACCEPT = "accept"  #: A live lease reported a result.
    RETRY = "retry"  #: The attempt ended without a result and another one is allowed.
    FAIL = "fail"  #: The attempt ended without a result and none is left, or the input is to blame.
    CANCEL = "cancel"  #: The customer withdrew it before it ran.
    STOP = "stop"  #: The customer stopped it while it ran.


_WAITING: Final = frozenset({JobState.PENDING, JobState.QUEUED})
_RUNNING: Final = frozenset({JobState.RUNNING})

MOVES: Final[Mapping[JobEvent, Move[JobState]]] = {
    JobEvent.FUND: Move(frozenset({JobState.PENDING}), JobState.QUEUED),
    JobEvent.LEASE: Move(frozenset({JobState.QUEUED}), JobState.RUNNING),
    JobEvent.ACCEPT: Move(_RUNNING, JobState.COMPLETED),
    JobEvent.RETRY: Move(_RUNNING, JobState.QUEUED),
    JobEvent.FAIL: Move(_RUNNING, JobState.FAILED),
    JobEvent.CANCEL: Move(_WAITING, JobState.CANCELLED),
    JobEvent.STOP: Move(_RUNNING, JobState.CANCELLED),
}

TERMINAL: Final = terminal_states(JobState, MOVES)
MAX_ATTEMPTS: Final = 3
