"""Routes of events: server-sent events of one job, and a WebSocket for a job or a wallet, both resumable."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import Parameter
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from hypernode.api.nodes import REFUSED
from hypernode.api.services import Services
from hypernode.api.views import event_view, parse_id
from hypernode.coordinator.access import Caller
from hypernode.coordinator.bus import Subscription
from hypernode.domain.errors import HypernodeError, NotAuthenticated, NotFound, Unauthorized
from hypernode.domain.job import TERMINAL
from hypernode.store import jobs
from hypernode.store.database import Row

KEEP_ALIVE_S: Final = 15.0
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
    return ServerSentEvent(_messages(services, subscription, over=row["state"] in TERMINAL))


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
    subscription = services.bus.subscribe(after or 0, job_id=key, wallet=wallet if key is None else None)
    sender = asyncio.create_task(_send(socket, subscription))
    hearer = asyncio.create_task(_hear(socket))
    try:
        await asyncio.wait([sender, hearer], return_when=asyncio.FIRST_COMPLETED)
    finally:
        services.bus.unsubscribe(subscription)
        for task in (sender, hearer):
            task.cancel()
        await asyncio.gather(sender, hearer, return_exceptions=True)


async def _messages(
    services: Services, subscription: Subscription, *, over: bool
) -> AsyncIterator[ServerSentEventMessage]:
    """Events as SSE messages, with a comment now and then so that proxies keep the stream open."""
    events = subscription.stored() if over else aiter(subscription)
    upcoming: asyncio.Task[Row] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait([upcoming], timeout=KEEP_ALIVE_S)
            if not done:
                yield ServerSentEventMessage(data=None, comment="still here")
                continue
            event, upcoming = event_view(upcoming.result()), None
            yield ServerSentEventMessage(data=msgspec.json.encode(event).decode(), event=event.kind, id=event.seq)
            if not over and event.kind == "status" and event.data.get("status") in set(TERMINAL):
                return
    except StopAsyncIteration:  # The job had ended before, and all its events have been told.
        return
    finally:
        if upcoming is not None:
            upcoming.cancel()
        services.bus.unsubscribe(subscription)


async def _send(socket: WebSocket[Any, Any, Any], subscription: Subscription) -> None:
    async for event in subscription:
        await socket.send_data(msgspec.json.encode(event_view(event)).decode(), mode="text")


async def _hear(socket: WebSocket[Any, Any, Any]) -> None:
    try:
        while True:
            await socket.receive_data(mode="text")
    except WebSocketDisconnect:
        return


async def _check_party(services: Services, caller: Caller, job_id: str) -> None:
    rows = await jobs.get(services.database, [parse_id(job_id, "Job")])
    if not rows:
        raise NotFound("Job")
    if not caller.is_party(rows[0]["wallet"], rows[0]["node_id"]):
        raise Unauthorized if caller.wallet or caller.node else NotAuthenticated
