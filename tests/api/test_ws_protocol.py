"""The line beneath ASGI takes the same frames as the ordinary way, however the network cuts them."""

import json
from collections.abc import Iterator
from contextlib import closing
from socket import create_connection
from socket import socket as Socket

import pytest
from websockets.frames import Frame, Opcode

from tests.api.parties import RESULT, Customer, Worker
from tests.network import eventually

LARGE = {"note": "x" * 200_000}


def raw(worker: Worker) -> Socket:
    """The node's socket after its handshake, as bytes."""
    made = create_connection((worker.base_url.host, worker.base_url.port or 80), timeout=60)
    made.sendall(
        f"GET /api/nodes/{worker.node_id}/socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nAuthorization: Bearer {worker.token}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += made.recv(1)
    assert head.startswith(b"HTTP/1.1 101 ")
    return made


@pytest.fixture
def connection(worker: Worker) -> Iterator[Socket]:
    with closing(raw(worker)) as made:
        yield made


def sent(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


def text(*frames: object) -> bytes:
    return sent(Opcode.TEXT, json.dumps(frames).encode())


def beat(**metrics: object) -> bytes:
    return text({"kind": "beat", "metrics": metrics})


def received(connection: Socket) -> tuple[int, bytes]:
    """The next frame: its opcode and payload."""
    first, size = exactly(connection, 2)
    if size == 126:
        size = int.from_bytes(exactly(connection, 2), "big")
    return first & 0x0F, exactly(connection, size)


def exactly(connection: Socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        assert more, "the coordinator closed the connection"
        data += more
    return data


def metrics_become(customer: Customer, worker: Worker, expected: object) -> None:
    def look() -> bool:
        return customer.get(f"/api/nodes/{worker.node_id}").json()["node"]["metrics"] == expected

    eventually(look, f"metrics of {str(expected)[:100]}")


def test_a_ping_is_answered_after_what_came_before_it(connection: Socket):
    connection.sendall(text({"kind": "hello"}) + sent(Opcode.PING, b"first") + beat(a=1) + sent(Opcode.PING, b""))

    answers = [received(connection) for _ in range(3)]

    assert [payload for opcode, payload in answers if opcode == Opcode.PONG] == [b"first", b""]
    (welcome,) = [json.loads(payload) for opcode, payload in answers if opcode == Opcode.TEXT]
    assert welcome[0]["kind"] == "welcome"


def test_frames_that_come_byte_by_byte_are_whole_in_the_end(customer: Customer, worker: Worker, connection: Socket):
    for byte in beat(cut=True) + sent(Opcode.PING, b"p" * 125):
        connection.sendall(bytes([byte]))

    assert received(connection) == (Opcode.PONG, b"p" * 125)
    metrics_become(customer, worker, {"cut": True})


@pytest.mark.parametrize("cut", [1, 2, 5, 13, 70_000])
def test_a_large_frame_between_small_ones_is_cut_anywhere(
    customer: Customer, worker: Worker, connection: Socket, cut: int
):
    data = beat(small=True) + beat(**LARGE) + sent(Opcode.PING, b"?")
    at = len(beat(small=True)) + cut
    connection.sendall(data[:at])
    connection.sendall(data[at:])

    assert received(connection) == (Opcode.PONG, b"?")
    metrics_become(customer, worker, LARGE)


def test_a_fragmented_message_is_put_together_around_a_ping(customer: Customer, worker: Worker, connection: Socket):
    whole = json.dumps([{"kind": "beat", "metrics": {"parts": 3}}]).encode()
    connection.sendall(
        sent(Opcode.TEXT, whole[:5], fin=False)
        + sent(Opcode.PING, b"between")
        + sent(Opcode.CONT, whole[5:9], fin=False)
        + sent(Opcode.CONT, whole[9:])
    )

    assert received(connection) == (Opcode.PONG, b"between")
    metrics_become(customer, worker, {"parts": 3})


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (Frame(Opcode.TEXT, b"[]").serialize(mask=False), 1002),
        (sent(Opcode.TEXT, b"[", fin=False) + text(), 1002),
        (bytes([0x89, 0xFE, 0, 126]) + bytes(4 + 126), 1002),
        (bytes([0xC1, 0x82, 0, 0, 0, 0]) + b"[]", 1002),
        (bytes([0x81, 0xFF]) + (1 << 40).to_bytes(8, "big") + bytes(4), 1009),
        (sent(Opcode.TEXT, b"no JSON"), 4400),
        (sent(Opcode.TEXT, b'[{"kind": "beat", "leases": ["\xff"]}]'), 4400),
        (text({"kind": "never heard of"}), 4400),
        (text(*[{"kind": "log", "leaseId": "x", "lines": []}] * 1_001), 4400),
    ],
    ids=["unmasked", "in a fragmented one", "long ping", "reserved bit", "too large", "no JSON", "no UTF-8",
         "unknown frame", "too many frames"],
)  # fmt: skip
def test_what_is_wrong_ends_the_connection_with_the_reason(
    customer: Customer, connection: Socket, wrong: bytes, code: int
):
    connection.sendall(wrong)

    opcode, payload = received(connection)

    assert (opcode, int.from_bytes(payload[:2], "big")) == (Opcode.CLOSE, code)
    assert customer.get("/health").is_success


def test_a_binary_message_is_read_like_a_text(customer: Customer, worker: Worker, connection: Socket):
    connection.sendall(sent(Opcode.BINARY, json.dumps([{"kind": "beat", "metrics": {"binary": 1}}]).encode()))

    metrics_become(customer, worker, {"binary": 1})


def test_what_a_node_said_last_is_done_though_it_is_gone(customer: Customer, worker: Worker):
    job = customer.submit(requirements=worker.ready().requirements)
    lease_id = worker.offer()["leaseId"]
    with closing(raw(worker)) as connection:
        connection.sendall(
            text({"kind": "hello", "engines": [{"jobType": "generic_compute"}], "leases": [lease_id]})
            + text({"kind": "accept", "leaseId": lease_id})
            + text({"kind": "stream", "leaseId": lease_id, "text": "done"})
            + text({"kind": "report", "leaseId": lease_id, "result": RESULT, "units": 1})
        )

    eventually(lambda: customer.job(job["jobId"])["status"] == "completed", "the job's end")
