"""Docker's Engine API over its socket, as far as one container needs it; Podman speaks it too."""

import socket
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from hypernode.ports import ExecutionFailed

ANSWER_S: Final = 60.0
"""Longest wait for an ordinary answer; a disk under load takes its time."""
PING_S: Final = 5.0
MAX_ANSWER_BYTES: Final = 16 << 20
_HEADER_BYTES: Final = 8
_STDERR: Final = 2
_PIECE_BYTES: Final = 1 << 16
_LONGEST_MESSAGE: Final = 500


class EngineRefused(Exception):
    """The engine answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message[:_LONGEST_MESSAGE])
        self.status = status


class Engine:
    """One engine. All methods raise ExecutionFailed where it does not answer, and EngineRefused where it says no."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] = {},
        body: Any = None,
        timeout_s: float = ANSWER_S,
    ) -> Any:
        """One request; its answer from JSON, or None."""
        answer = self._send(method, path, query, body, timeout_s)
        try:
            content = answer.read(MAX_ANSWER_BYTES)
            return msgspec.json.decode(content) if content.strip() else None
        except (OSError, HTTPException, msgspec.DecodeError) as error:
            raise _silent(error) from error
        finally:
            answer.close()

    def name(self) -> str:
        """Name and version, as in `Libpod 4.3.1` (Podman) or `Docker 28.0.4`."""
        answer = self._send("GET", "/_ping", {}, None, PING_S)
        answer.close()
        return (answer.getheader("Server") or "unknown engine").partition(" ")[0].replace("/", " ")

    def lines(
        self, method: str, path: str, query: Mapping[str, str], remaining_s: Callable[[], float]
    ) -> Iterator[Any]:
        """One request whose answer is a JSON value a line, as they come."""
        answer = self._send(method, path, query, None, remaining_s())
        try:
            while line := answer.readline(MAX_ANSWER_BYTES):
                remaining_s()
                if line.strip():
                    yield msgspec.json.decode(line)
        except (OSError, HTTPException, msgspec.DecodeError) as error:
            raise _silent(error) from error
        finally:
            answer.close()

    def attach(self, container: str) -> socket.socket:
        """All three streams of a container that has not started: a raw socket that gives what `frames` reads."""
        query = {"stream": "1", "stdin": "1", "stdout": "1", "stderr": "1"}
        connection = self._connect(ANSWER_S)
        try:
            headers = {"Connection": "Upgrade", "Upgrade": "tcp", "Content-Length": "0"}
            connection.request("POST", f"/containers/{container}/attach?{urlencode(query)}", headers=headers)
            raw = connection.sock
            answer = connection.getresponse()
            if answer.status not in (101, 200):
                raise EngineRefused(answer.status, _message(answer.read(MAX_ANSWER_BYTES)))
            # Nothing is lost in the answer's buffer: the container writes nothing before it starts.
            duplicate = raw.dup()
        except (OSError, HTTPException) as error:
            raise _silent(error) from error
        finally:
            connection.close()
        return duplicate

    def _send(self, method: str, path: str, query: Mapping[str, str], body: Any, timeout_s: float) -> HTTPResponse:
        connection = self._connect(timeout_s)
        target = quote(path, safe="/:@") + (f"?{urlencode(query)}" if query else "")
        try:
            content = b"" if body is None else msgspec.json.encode(body)
            headers = {"Content-Type": "application/json", "Connection": "close"}
            connection.request(method, target, content, headers)
            answer = connection.getresponse()
            if answer.status >= 400:
                raise EngineRefused(answer.status, _message(answer.read(MAX_ANSWER_BYTES)))
        except (OSError, HTTPException) as error:
            connection.close()
            raise _silent(error) from error
        return answer

    def _connect(self, timeout_s: float) -> HTTPConnection:
        connection = HTTPConnection("localhost", timeout=timeout_s)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout_s)
        try:
            connection.sock.connect(str(self._path))
        except OSError as error:
            connection.close()
            raise _silent(error) from error
        return connection


def frames(stream: socket.socket, remaining_s: Callable[[], float]) -> Iterator[tuple[bool, bytes]]:
    """What a container writes: whether to stderr, and the piece. Ends when its streams do, or `remaining_s` raises."""
    buffer = bytearray()
    while True:
        while len(buffer) >= _HEADER_BYTES:
            end = _HEADER_BYTES + int.from_bytes(buffer[4:_HEADER_BYTES])
            if len(buffer) < end:
                break
            yield buffer[0] == _STDERR, bytes(buffer[_HEADER_BYTES:end])
            del buffer[:end]
        stream.settimeout(remaining_s())
        try:
            received = stream.recv(_PIECE_BYTES)
        except TimeoutError:
            continue
        except OSError as error:
            raise _silent(error) from error
        if not received:
            return
        buffer += received


def _message(answer: bytes) -> str:
    try:
        return str(msgspec.json.decode(answer)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return answer.decode(errors="replace")


def _silent(error: Exception) -> ExecutionFailed:
    return ExecutionFailed(f"the container engine does not answer: {error or type(error).__name__}")
