"""Routes of events: server-sent events of one job, and a WebSocket for a job or a wallet, both resumable."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, WebSocket, get, websocket
from litestar.params import Parameter
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from hypernode.api.nodes import REFUSED
from hypernode.api.services import Services
from hypernode.api.views import event_view, parse_id
from hypernode.api.ws_protocol import LineProtocol, line_of, text_frame
from hypernode.coordinator.access import Caller
from hypernode.coordinator.bus import Batch, Subscription
from hypernode.domain.errors import HypernodeError, NotAuthenticated, NotFound, Unauthorized
from hypernode.domain.job import TERMINAL
from hypernode.store import jobs

KEEP_ALIVE_S: Final = 15.0
STALLED_S: Final = 10.0
"""A subscriber that reads next to nothing for so long is dropped; it may come back with `?after`."""
MAX_WAITING: Final = 100
"""Batches of events that wait for one reader of server-sent events; a slower one reads on from the store."""
TERMINAL_NAMES: Final = frozenset(state.value for state in TERMINAL)
After = Annotated[int | None, Parameter(ge=0, le=2**62, description="Only events with a larger sequence number.")]


@get("/api/jobs/{job_id:str}/events", tags=["Jobs"])
async def job_events(
    request: Request[Any, Any, Any], services: Services, caller: Caller, job_id: str, after: After = None
) -> ServerSentEvent:
    """State changes, logs, progress and pieces of the answer as they happen; ends with the job."""
    key = parse_id(job_id, "Job")
    await _check_party(services, caller, job_id)
    if after is None:  # What a browser's EventSource sends when it reconnects.
        last = request.headers.get("last-event-id", "0")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else 0
    subscription = services.bus.subscribe(after, job_id=key)
    row = (await jobs.get(services.database, [key]))[0]
    return ServerSentEvent(_messages(services, subscription, over=row["state"] in TERMINAL_NAMES))


@websocket("/api/events")
async def event_socket(
    socket: WebSocket[Any, Any, Any],
    services: Services,
    wallet: str | None = None,
    job_id: Annotated[str | None, Parameter(query="jobId")] = None,
    after: After = None,
) -> None:
    """The same for a job, or for all jobs of a wallet; each message is one event."""
    try:
        caller: Caller = await socket.app.state.doorkeeper.identify(socket.scope)
        key = None if job_id is None else parse_id(job_id, "Job")
        if job_id is not None:
            await _check_party(services, caller, job_id)
        elif wallet is None:
            raise NotFound("Wallet")
        else:
            caller.acting_for(wallet, "jobs")
    except HypernodeError as error:
        await socket.close(code=REFUSED, reason=error.sentence[:100])
        return
    await socket.accept()
    line = line_of(socket.scope)
    subscription = services.bus.subscribe(after or 0, job_id=key, wallet=wallet if key is None else None)
    sender = asyncio.create_task(_send(line, subscription))
    line.listen(_ignore, sender.cancel)
    try:
        await asyncio.wait([sender])
    finally:
        services.bus.unsubscribe(subscription)
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)


async def _messages(
    services: Services, subscription: Subscription, *, over: bool
) -> AsyncIterator[ServerSentEventMessage]:
    """Events as SSE messages, with a comment now and then so that proxies keep the stream open."""
    try:
        async with aclosing(subscription.stored() if over else _live(subscription)) as batches:
            async for batch in batches:
                if batch is None:
                    yield ServerSentEventMessage(data=None, comment="still here")
                    continue
                for event in map(event_view, batch.events):
                    text = msgspec.json.encode(event).decode()
                    yield ServerSentEventMessage(data=text, event=event.kind, id=event.seq)
                    if not over and event.kind == "status" and event.data.get("status") in TERMINAL_NAMES:
                        return
    finally:
        services.bus.unsubscribe(subscription)


async def _live(subscription: Subscription) -> AsyncGenerator[Batch | None]:
    """Batches as they come; None after a time without any."""
    waiting: asyncio.Queue[Batch] = asyncio.Queue()

    def put(batch: Batch) -> bool:
        waiting.put_nowait(batch)
        return waiting.qsize() < MAX_WAITING

    feeder = asyncio.create_task(subscription.follow(put, waiting.join))
    upcoming = asyncio.create_task(waiting.get())
    try:
        while True:
            done, _ = await asyncio.wait([upcoming, feeder], timeout=KEEP_ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
            if upcoming in done:
                yield upcoming.result()
                waiting.task_done()
                upcoming = asyncio.create_task(waiting.get())
            elif feeder in done:
                feeder.result()
            else:
                yield None
    finally:
        feeder.cancel()
        upcoming.cancel()


async def _send(line: LineProtocol, subscription: Subscription) -> None:
    async def drained() -> None:
        async with asyncio.timeout(STALLED_S):
            await line.drained()

    try:
        await subscription.follow(lambda batch: line.put(_wire(batch)), drained)
    except TimeoutError:
        line.drop()


def _wire(batch: Batch) -> bytes:
    """A frame an event, made once for all who are told."""
    if not batch.wire:
        batch.wire = b"".join(text_frame(msgspec.json.encode(event_view(event))) for event in batch.events)
    return batch.wire


def _ignore(_message: bytes) -> None:
    """A subscriber has nothing to say."""


async def _check_party(services: Services, caller: Caller, job_id: str) -> None:
    rows = await jobs.get(services.database, [parse_id(job_id, "Job")])
    if not rows:
        raise NotFound("Job")
    if not caller.is_party(rows[0]["wallet"], rows[0]["node_id"]):
        raise Unauthorized if caller.wallet or caller.node else NotAuthenticated
