"""uvicorn's HTTP protocol, with the short way in front of its ASGI one.

Of a short request there is no ASGI scope, task or message, and its answer is one write. Everything else, also what the
short way declines, goes on as uvicorn has it.
"""

from functools import partial
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from hypernode.api.short_way import Asked, Fields, ShortWay


class _Silent:
    """Takes the place of the event that nobody waits for."""

    def set(self) -> None:
        """Do nothing."""


_NOBODY: Final = _Silent()


class _Cycle:
    """A short request in progress, as far as uvicorn looks at one: at its end, at pipelining and at shutdown."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")
    message_event: Final = _NOBODY

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False


class ShortHttpProtocol(HttpToolsProtocol):
    """One connection."""

    parser: httptools.HttpRequestParser  # pyright: ignore[reportIncompatibleVariableOverride]  None only when closed.
    cycle: Any

    def __init__(self, short_way: ShortWay, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._short_way = short_way
        self._asked: Asked | None = None
        self._body = b""

    def on_headers_complete(self) -> None:
        """Take a short request out, unless an earlier one of this connection is still to be answered."""
        self._asked = None
        if (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused:
            address = self.client[0] if self.client else "unknown"
            self._asked = self._short_way.asked(self.parser.get_method(), self.url, self.headers, address)
        if self._asked is None:
            super().on_headers_complete()
        else:
            self._body = b""

    def on_body(self, body: bytes) -> None:
        """Keep a short request's body, which is no longer than its head said."""
        if self._asked is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """Answer, or hand on."""
        asked, self._asked = self._asked, None
        if asked is None:
            super().on_message_complete()
            return
        before, self.cycle = self.cycle, _Cycle(self.parser.should_keep_alive())
        if not self._short_way.answer(asked, self._body, partial(self._reply, self.cycle)):
            self.cycle = before
            super().on_headers_complete()
            super().on_body(self._body)
            super().on_message_complete()

    def _reply(self, cycle: _Cycle, status: int, content: bytes, fields: Fields) -> None:
        cycle.response_complete = True
        if cycle.disconnected or self.transport.is_closing():
            return
        head = [STATUS_LINE[status]]
        for name, value in (*self.server_state.default_headers, *fields):
            head += (name, b": ", value, b"\r\n")
        if not cycle.keep_alive:
            head.append(b"connection: close\r\n")
        self.transport.write(b"%bcontent-length: %d\r\n\r\n%b" % (b"".join(head), len(content), content))
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
