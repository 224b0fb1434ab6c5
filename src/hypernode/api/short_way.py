"""A short way for the two busiest requests, past ASGI and the framework: submitting a job, and a node's heartbeat.

It knows only the ordinary form of them. Whatever is unusual (another media type, an Idempotency-Key, a page's Origin, a
token not seen lately, a body that does not fit) takes the framework's way, which says what is wrong: so both ways take
the same bodies, and errors have one source.
"""

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from hypernode.api.bodies import is_deep
from hypernode.api.callers import Doorkeeper
from hypernode.api.errors import render
from hypernode.api.jobs import created
from hypernode.api.nodes import owns, registered
from hypernode.api.reads import Reads
from hypernode.api.services import Services
from hypernode.api.short_reads import answer_of, is_read
from hypernode.api.views import parse_id
from hypernode.coordinator.access import Caller
from hypernode.coordinator.ids import new_id
from hypernode.domain.errors import HypernodeError, NotFound
from hypernode.protocol import limits
from hypernode.protocol.jobs import CreateJob
from hypernode.protocol.nodes import Heartbeat, HeartbeatAnswer, RegisterNode
from hypernode.protocol.wire import Body
from hypernode.store.admissions import Admitted
from hypernode.store.database import Row
from hypernode.store.group_commit import Overloaded

JOBS: Final = b"/api/jobs"
NODES: Final = b"/api/nodes/"
HEARTBEAT: Final = b"/heartbeat"
REGISTER: Final = b"/api/nodes/register"
JSON: Final = b"application/json"
MAX_BYTES: Final = 64 << 10
"""Of an ordinary body; the framework reads larger ones piece by piece."""
UNUSUAL: Final = frozenset(
    {b"idempotency-key", b"origin", b"transfer-encoding", b"content-encoding", b"expect", b"upgrade"}
)

Fields = Sequence[tuple[bytes, bytes]]
Reply = Callable[[int, bytes, Fields], None]
"""Takes status, body and header fields of an answer, now or later."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for the short way, but for its body."""

    method: bytes
    url: bytes
    headers: Mapping[bytes, bytes]
    address: str


class ShortWay:
    """Answers what it can answer without awaiting anything but a commit."""

    def __init__(self, services: Services, reads: Reads, doorkeeper: Doorkeeper) -> None:
        self._services = services
        self._reads = reads
        self._doorkeeper = doorkeeper
        self._decode_job = msgspec.json.Decoder(CreateJob).decode
        self._decode_node = msgspec.json.Decoder(RegisterNode).decode
        self._decode_heartbeat = msgspec.json.Decoder(Heartbeat).decode

    def asked(self, method: bytes, url: bytes, headers: Fields, address: str) -> Asked | None:
        """The request, if its head is of the ordinary form."""
        if not (is_read(url) if method == b"GET" else method == b"POST" and _is_write(url)):
            return None
        given = dict(headers)
        if b"content-length" in given if method == b"GET" else not _is_short_json(given):
            return None
        if not UNUSUAL.isdisjoint(given) or sum(len(n) + len(v) for n, v in headers) > limits.MAX_HEADER_BYTES:
            return None
        return Asked(method, url, given, address)

    def answer(self, asked: Asked, body: bytes, reply: Reply) -> bool:
        """Answer, now or after the commit. False, with nothing done: the framework has to."""
        known = self._doorkeeper.recognize(asked.headers, asked.address)
        if known is None or is_deep(body):
            return False
        caller, name = known
        try:
            if asked.method == b"GET":
                return self._read(asked.url, caller, name, reply)
            if asked.url == REGISTER:
                return self._register(self._decode_node(body), caller, name, reply)
            if asked.url == JOBS:
                return self._submit(self._decode_job(body), caller, name, reply)
            return self._beat(asked.url, self._decode_heartbeat(body), caller, name, reply)
        except (msgspec.DecodeError, UnicodeDecodeError, HypernodeError, Overloaded):
            return False

    def _submit(self, given: CreateJob, caller: Caller, name: str, reply: Reply) -> bool:
        caller.acting_for(given.wallet_address, "jobs")
        arrival = self._services.intake.check(given, new_id(), caller.key_id)
        if arrival.job.artifacts:
            return False
        admitted = self._services.intake.put(arrival)
        admitted.add_done_callback(partial(self._submitted, self._doorkeeper.count(name), reply))
        return True

    def _submitted(self, fields: Fields, reply: Reply, admitted: "Future[Admitted]") -> None:
        error = admitted.exception()
        if error is None:
            _reply(reply, 201, created(self._services, admitted.result()), fields)
        else:
            _refuse(reply, JOBS, error, fields)

    def _register(self, given: RegisterNode, caller: Caller, name: str, reply: Reply) -> bool:
        if caller.node is not None:
            return False
        caller.acting_for(given.wallet_address, "nodes")
        node_id = new_id()
        row = self._services.registry.put(given, node_id)
        row.add_done_callback(partial(self._registered, self._doorkeeper.count(name), reply, node_id))
        return True

    def _registered(self, fields: Fields, reply: Reply, node_id: UUID, row: "Future[Row]") -> None:
        error = row.exception()
        if error is None:
            status, content = registered(self._services, row.result(), node_id)
            _reply(reply, status, content, fields)
        else:
            _refuse(reply, REGISTER, error, fields)

    def _read(self, url: bytes, caller: Caller, name: str, reply: Reply) -> bool:
        found = answer_of(self._reads, url, caller)
        if found is None:
            return False
        found.add_done_callback(partial(self._found, self._doorkeeper.count(name), reply, url))
        return True

    def _found(self, fields: Fields, reply: Reply, url: bytes, found: "Future[bytes | None]") -> None:
        error = found.exception()
        if error is None and (content := found.result()) is not None:
            reply(200, content, [(b"content-type", JSON), *fields])
        else:
            _refuse(reply, url.partition(b"?")[0], error or NotFound("Job"), fields)

    def _beat(self, url: bytes, given: Heartbeat, caller: Caller, name: str, reply: Reply) -> bool:
        node_id = parse_id(url[len(NODES) : -len(HEARTBEAT)].decode(), "Node")
        node = self._services.registry.recall(node_id)
        dispatcher = self._services.dispatcher
        if node is None or dispatcher.holds_leases(node_id):
            return False
        owns(caller, node)
        dispatcher.sign_of_life(node_id, given.metrics, given.status)
        _reply(reply, 200, HeartbeatAnswer(), self._doorkeeper.count(name))
        return True


def _is_write(url: bytes) -> bool:
    return url in (JOBS, REGISTER) or (url.startswith(NODES) and url.endswith(HEARTBEAT))


def _is_short_json(headers: Mapping[bytes, bytes]) -> bool:
    length = headers.get(b"content-length", b"")
    return headers.get(b"content-type") == JSON and length.isdigit() and int(length) <= MAX_BYTES


def _refuse(reply: Reply, path: bytes, error: BaseException, fields: Fields) -> None:
    if isinstance(error, Exception):
        problem = render(path.decode(), error)
        more = [(key.lower().encode(), value.encode()) for key, value in problem.headers.items()]
        kind = (b"content-type", str(problem.media_type).encode())
        reply(problem.status_code or 500, problem.content, [kind, *more, *fields])


def _reply(reply: Reply, status: int, content: Body, fields: Fields) -> None:
    reply(status, msgspec.json.encode(content), [(b"content-type", JSON), *fields])
