"""A short way for the two busiest requests, past the framework: submitting a job, and a node's heartbeat.

It knows only the ordinary form of them. Whatever is unusual (another media type, an Idempotency-Key, a page's Origin, a
body that does not fit) takes the framework's way, which says what is wrong: so both ways take the same bodies, and
errors have one source.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from litestar import Litestar, Request
from litestar.types import HTTPReceiveMessage, Receive, Scope, Send, WebSocketReceiveMessage

from hypernode.api.bodies import is_deep
from hypernode.api.callers import Doorkeeper
from hypernode.api.errors import render
from hypernode.api.jobs import submit
from hypernode.api.nodes import beat
from hypernode.api.services import Services
from hypernode.coordinator.access import Caller
from hypernode.coordinator.ids import new_id
from hypernode.protocol import limits
from hypernode.protocol.jobs import CreateJob
from hypernode.protocol.nodes import Heartbeat
from hypernode.protocol.wire import Body

JOBS: Final = "/api/jobs"
NODES: Final = "/api/nodes/"
HEARTBEAT: Final = "/heartbeat"
UNUSUAL: Final = frozenset({b"idempotency-key", b"origin", b"transfer-encoding", b"content-encoding", b"expect"})
JSON: Final = b"application/json"
Received = HTTPReceiveMessage | WebSocketReceiveMessage

Answer = Callable[[Caller], Awaitable[tuple[int, Body]]]


class ShortWay:
    """An ASGI application in front of the framework's."""

    def __init__(self, app: Litestar, services: Services, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._services = services
        self._doorkeeper = doorkeeper
        self._decode_job = msgspec.json.Decoder(CreateJob).decode
        self._decode_heartbeat = msgspec.json.Decoder(Heartbeat).decode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if not _is_ordinary(scope):
            await self._app(scope, receive, send)
            return
        message = await receive()
        body = message.get("body", b"")
        answer = None if message["type"] != "http.request" or message.get("more_body") else self._answer(scope, body)
        if answer is None:
            await self._app(scope, _once_more(message, receive), send)
            return
        try:
            status, content = await answer(await self._doorkeeper.admit(scope))
            encoded, media_type = msgspec.json.encode(content), JSON
            more: dict[str, str] = {}
        except Exception as error:
            problem = render(Request(scope), error)
            status, encoded, media_type = problem.status_code or 500, problem.content, str(problem.media_type).encode()
            more = dict(problem.headers)
        await self._send(scope, send, status, encoded, media_type, more)

    def _answer(self, scope: Scope, body: bytes) -> Answer | None:
        """What to do; None if the body is not as it should be, or the path another one."""
        path = scope["path"]
        if is_deep(body):
            return None
        try:
            if path == JOBS:
                job = self._decode_job(body)
                return lambda caller: self._submit(caller, job)
            heartbeat = self._decode_heartbeat(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        node_id = path[len(NODES) : -len(HEARTBEAT)]
        return lambda caller: self._beat(caller, node_id, heartbeat)

    async def _submit(self, caller: Caller, job: CreateJob) -> tuple[int, Body]:
        return 201, await submit(self._services, caller, job, new_id())

    async def _beat(self, caller: Caller, node_id: str, heartbeat: Heartbeat) -> tuple[int, Body]:
        return 200, await beat(self._services, caller, node_id, heartbeat)

    async def _send(
        self, scope: Scope, send: Send, status: int, content: bytes, media_type: bytes, more: dict[str, str]
    ) -> None:
        headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(content))]
        headers += [(name.lower().encode(), value.encode()) for name, value in more.items()]
        headers += self._doorkeeper.limit_headers(scope)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": False})


def _is_ordinary(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
        return False
    path = scope["path"]
    if path != JOBS and not (path.startswith(NODES) and path.endswith(HEARTBEAT)):
        return False
    headers = dict(scope["headers"])
    if headers.get(b"content-type") != JSON or not UNUSUAL.isdisjoint(headers):
        return False
    length = headers.get(b"content-length", b"")
    return length.isdigit() and int(length) <= limits.MAX_BODY_BYTES


def _once_more(message: Received, receive: Receive) -> Receive:
    """A `receive` that gives a message again that was taken already."""
    waiting = [message]

    async def again() -> Received:
        return waiting.pop() if waiting else await receive()

    return again
