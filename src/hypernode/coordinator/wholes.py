"""What becomes of a job that was spread over parts, once they are over."""

from collections.abc import Sequence
from typing import Any

import msgspec

from hypernode.domain.job import TERMINAL, JobState
from hypernode.domain.money import Amount
from hypernode.domain.receipt import Verdict
from hypernode.ports import Executor
from hypernode.store import events, parts
from hypernode.store.database import Database, Row
from hypernode.store.events import status_event
from hypernode.store.parts import Whole


async def end(database: Database, executor: Executor, job: Row) -> None:
    """End a job all of whose parts are over; one with parts that go on is left alone."""
    rows = await parts.of_job(database, job["job_id"])
    if any(part["state"] not in TERMINAL for part in rows):
        return
    whole = _whole(job, rows, executor)
    async with database.transaction() as connection:
        if await parts.end(connection, whole):
            await events.append(connection, [status_event(job["job_id"], job["wallet"], whole.state)])


def _whole(job: Row, rows: Sequence[Row], executor: Executor) -> Whole:
    """What becomes of a job from what became of its parts. What was done is paid, whether all was or not."""
    states = {part["state"] for part in rows}
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    state = JobState.COMPLETED
    if states == {JobState.COMPLETED}:
        given = msgspec.convert(job["input"], executor.Input)
        outputs = [msgspec.convert(part["result"], executor.Output) for part in rows]
        try:
            result = msgspec.to_builtins(executor.join(given, outputs))
        except ValueError as wrong:
            state, error = JobState.FAILED, {"code": "parts_do_not_fit", "message": str(wrong)}
    elif JobState.FAILED in states:
        reason: dict[str, Any] = next(part["error"] for part in rows if part["state"] == JobState.FAILED) or {}
        state, error = JobState.FAILED, {"code": "part_failed", "message": reason.get("message", "")}
    else:
        state = JobState.CANCELLED
    verdicts = {part["verdict"] for part in rows}
    return Whole(
        job_id=job["job_id"],
        state=state,
        result=result,
        error=error,
        units=sum(part["units"] for part in rows),
        cost=Amount(sum(part["cost"] for part in rows)),
        verdict=(Verdict.PASSED if verdicts == {Verdict.PASSED} else Verdict.UNVERIFIED)
        if result is not None
        else None,
        model=next((part["model"] for part in rows if part["model"]), job["model"]),
        started_at=min((part["started_at"] for part in rows if part["started_at"]), default=None),
    )
