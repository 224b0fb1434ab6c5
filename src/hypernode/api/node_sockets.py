"""The WebSocket over which nodes work: arrays of frames in both directions, a beat without a task or a queue."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from typing import Any, Final

import msgspec
from litestar import WebSocket, websocket

from hypernode.api.nodes import REFUSED, owns
from hypernode.api.services import Services
from hypernode.api.views import parse_id
from hypernode.api.ws_protocol import LineProtocol, line_of, text_frame
from hypernode.coordinator.sessions import Session
from hypernode.domain.errors import HypernodeError
from hypernode.protocol import frames, limits
from hypernode.protocol.frames import Beat, Log, NodeFrame, Progress, Stream

MAX_INBOX: Final = 100
"""Messages of one node that wait; it is read no further until they are done."""
NORMAL: Final = 1000
BAD_FRAME: Final = 4400


@websocket("/api/nodes/{node_id:str}/socket")
async def node_socket(socket: WebSocket[Any, Any, Any], services: Services, node_id: str) -> None:
    """A node's connection: arrays of frames in both directions."""
    try:
        caller = await socket.app.state.doorkeeper.identify(socket.scope)
        node = await services.registry.known(parse_id(node_id, "Node"))
        owns(caller, node)
    except HypernodeError as error:
        await socket.close(code=REFUSED, reason=error.sentence[:100])
        return
    await socket.accept()
    session = services.dispatcher.open(node, polls=False)
    inbox = _Inbox(services, session, line_of(socket.scope))
    try:
        await _write(inbox.line, session)
        if not inbox.line.disconnected:
            await socket.close(code=BAD_FRAME if inbox.fault else NORMAL, reason=inbox.fault)
    finally:
        services.dispatcher.close(session)
        inbox.close()


async def _write(line: LineProtocol, session: Session) -> None:
    try:
        while not session.closed:
            if waiting := await session.take():
                line.put(text_frame(frames.encode(waiting)))
                async with asyncio.timeout(session.lease_ttl_s):
                    await line.drained()
    except TimeoutError:  # It reads nothing, not even that its leases are over by now.
        line.drop()


class _Inbox:
    """What a node says, in its order. A mere sign of life is taken as it comes, all else by a task of its own."""

    def __init__(self, services: Services, session: Session, line: LineProtocol) -> None:
        self.line = line
        self.fault = ""  #: Why the node is heard no further.
        self._services = services
        self._session = session
        self._waiting: list[list[NodeFrame]] = []
        self._worker: asyncio.Task[None] | None = None
        self._is_last = False  #: Nothing more will come.
        # The rescuer ends the session of a node that is silent: no pings of ours beside its beats.
        line.listen(self._hear, self._hang_up, keepalive=False)

    def close(self) -> None:
        """Take nothing more."""
        if self._worker is not None:
            self._worker.cancel()

    def _hear(self, text: bytes) -> None:
        try:
            given = frames.decode_from_node(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._fail(error)
            return
        if self._worker is None and len(given) == 1 and isinstance(beat := given[0], Beat) and not beat.leases:
            self._services.dispatcher.sign_of_life(self._session.node_id, beat.metrics, None)
            return
        self._waiting.append(given)
        if len(self._waiting) >= MAX_INBOX:
            self.line.pause()
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                given, self._waiting = self._waiting, []
                self.line.resume()
                for message in _gathered(given):
                    await self._services.dispatcher.receive(self._session, message)
        except HypernodeError as error:
            self._fail(error)
        except BaseException:
            self._session.close()
            raise
        finally:
            self._worker = None
            if self._is_last:
                self._session.close()

    def _hang_up(self) -> None:
        """The connection is no more; what came before that is still done."""
        self._is_last = True
        if self._worker is None:
            self._session.close()

    def _fail(self, error: Exception) -> None:
        self.fault = str(error)[:100]
        self._session.close()


def _gathered(messages: Iterable[list[NodeFrame]]) -> Iterator[list[NodeFrame]]:
    """The messages in their order, those that only tell of jobs put together: so one commit stores them."""
    for tells, group in groupby(messages, _only_tells):
        if tells:
            told = chain.from_iterable(group)
            while some := list(islice(told, limits.MAX_FRAMES_PER_MESSAGE)):
                yield some
        else:
            yield from group


def _only_tells(message: list[NodeFrame]) -> bool:
    return len(message) <= limits.MAX_FRAMES_PER_MESSAGE and all(
        isinstance(f, Progress | Log | Stream) for f in message
    )
