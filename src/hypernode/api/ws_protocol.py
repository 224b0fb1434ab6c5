"""uvicorn's WebSocket protocol with a line beneath ASGI: small texts in, ready frames out, no task or queue for each.

Handshake, close, fragments, large frames, pings of ours and all that is wrong go the way that uvicorn and `websockets`
have for them. The application finds the line in its scope, by `line_of`.
"""

import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # A build without its part in C.
    from websockets.utils import apply_mask

MAX_SHORT_BYTES: Final = 0xFFFF
"""Of a text that the line takes; larger ones take the ordinary way."""
MAX_UNSENT_BYTES: Final = 128 << 10
"""That the kernel holds of one connection before we do; it would take megabytes for one that reads nothing."""
MAX_CONTROL_BYTES: Final = 125  #: RFC 6455, 5.5.
AT_ONCE: Final = struct.pack("ii", 1, 0)
TEXT: Final = 0x81  #: With FIN.
PING: Final = 0x89
PONG: Final = 0x8A
MASKED: Final = 0x80
_HEAD_SIZES: Final = tuple(2 + (length >> 7) * 4 + {126: 2, 127: 8}.get(length & 0x7F, 0) for length in range(256))
"""Of a frame, by its second byte: the mask's key counts too."""
_LINE: Final = "hypernode.line"


def text_frame(text: bytes) -> bytes:
    """A whole frame as a server sends it: the same bytes for every connection."""
    size = len(text)
    if size < 126:
        return bytes((TEXT, size)) + text
    if size <= 0xFFFF:
        return bytes((TEXT, 126)) + size.to_bytes(2, "big") + text
    return bytes((TEXT, 127)) + size.to_bytes(8, "big") + text


def line_of(scope: Mapping[str, Any]) -> "LineProtocol":
    """The connection that a WebSocket's scope belongs to."""
    return _extensions(scope)[_LINE]


class LineProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._hear: Callable[[bytes], None] | None = None
        self._lost: Callable[[], object] | None = None
        self._whole = False  #: What has been received so far ended with a frame's end, but for what stands below.
        self._owed = 0  #: Bytes to come of a frame that takes the ordinary way.
        self._head = b""  #: The beginning of a frame whose length is not known yet.

    # --- what the application does with it

    def listen(self, hear: Callable[[bytes], None], lost: Callable[[], object], *, keepalive: bool = True) -> None:
        """Give each message to `hear` as it comes, and call `lost` when the connection is no more.

        Without `keepalive`, whoever listens notices a dead peer itself.
        """
        self._hear, self._lost = hear, lost
        if not keepalive:
            self.stop_keepalive()
        if self.disconnected:
            lost()

    def pause(self) -> None:
        """Read nothing for a while."""
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def put(self, frames: bytes) -> bool:
        """Send whole frames. False if the peer should be given time to read: `await drained()` then."""
        if not self.close_sent and not self.disconnected:
            self.transport.write(frames)
        return self.writable.is_set()

    async def drained(self) -> None:
        """Wait until the peer has read most of what was sent, or is gone."""
        await self.writable.wait()

    def drop(self) -> None:
        """End the connection of a peer that reads nothing, so that it could not be told; with what waits for it."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None:  # Else the kernel kept its part, and waited for a peer that takes nothing.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()

    # --- what comes

    def connection_made(self, transport: Any) -> None:
        """Bound what the kernel keeps for it."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of all."""
        super().connection_lost(exc)
        lost, self._hear, self._lost = self._lost, None, None
        if lost is not None:
            lost()
        if self.handshake_initiated:  # Else the collector had to find the circle.
            _extensions(self.scope).pop(_LINE, None)

    def handle_connect(self, event: Any) -> None:
        """Put the line where the application finds it."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            _extensions(self.scope)[_LINE] = self

    def send_receive_event_to_app(self) -> None:
        """A message that took the ordinary way is whole."""
        if self._hear is None or self.close_sent:
            super().send_receive_event_to_app()
        else:
            self._hear(b"".join(self.frames))

    def data_received(self, data: bytes) -> None:
        """Take the handshake as uvicorn does, then go from frame to frame."""
        if self._whole:
            self._walk(data)
            return
        waited = not self.handshake_initiated
        super().data_received(data)
        # Only a peer that has not waited for the handshake's answer sends more in the same breath.
        self._whole = waited and self.handshake_initiated and data.endswith(b"\r\n\r\n")

    def _walk(self, data: bytes) -> None:
        """Go from frame to frame; the short ones to the line, the others on."""
        if self._owed:
            taken, data = data[: self._owed], data[self._owed :]
            self._owed -= len(taken)
            super().data_received(taken)
        if self._head:
            data, self._head = self._head + data, b""
        at, end = 0, len(data)
        while at < end:
            length = data[at + 1] if end - at > 1 else 0  # With the bit that says whether it is masked.
            starts = at + _HEAD_SIZES[length]
            if end - at < 2 or starts > end:
                self._head = data[at:]
                return
            size = length & 0x7F
            if size > MAX_CONTROL_BYTES:
                size = int.from_bytes(data[at + 2 : at + (4 if size == 126 else 10)], "big")
            after = starts + size
            if after > end or not self._take(data, at, starts, after):
                super().data_received(data[at:after])
                self._owed = max(0, after - end)
            at = after

    def _take(self, data: bytes, at: int, starts: int, after: int) -> bool:
        """Let the line have a frame, if it is one that it knows, at a time that allows it."""
        if self._hear is None or self.close_sent or self.conn.state is not State.OPEN or data[at + 1] < MASKED:
            return False
        kind, size = data[at], after - starts
        if kind == TEXT and size <= MAX_SHORT_BYTES and self.conn.current_size is None:  # Else in between fragments.
            self._hear(apply_mask(data[starts:after], data[starts - 4 : starts]))
            return True
        if kind == PING and size <= MAX_CONTROL_BYTES:
            self.transport.write(bytes((PONG, size)) + apply_mask(data[starts:after], data[starts - 4 : starts]))
            return True
        return False


def _extensions(scope: Mapping[str, Any]) -> dict[str, Any]:
    return scope["extensions"]
