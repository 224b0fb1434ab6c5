"""Events: server-sent and over WebSocket, resumable without gap or repeat."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from socket import IPPROTO_TCP, SO_RCVBUF, SOL_SOCKET, TCP_INFO
from socket import socket as Socket
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.api.parties import TIME, Connection, Customer, Worker, problem, wallet
from tests.network import eventually

PIECES = 60
TCP_ESTABLISHED = 1


def messages(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of an SSE stream; each message's id and name are checked against its data."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            event = json.loads(fields["data"])
            assert set(event) == {"seq", "jobId", "kind", "data", "at"}
            assert (fields["id"], fields["event"]) == (str(event["seq"]), event["kind"])
            assert TIME.fullmatch(event["at"])
            yield event
            fields = {}


def follow(customer: httpx.Client, job_id: str, **query: object) -> list[dict[str, Any]]:
    """All events of a job that has ended, or is about to."""
    with customer.stream("GET", f"/api/jobs/{job_id}/events", params=query) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(messages(answer))


def socket(url: str, token: str | None = None, origin: str | None = None, **query: object) -> ClientConnection:
    parameters = httpx.QueryParams({name: str(value) for name, value in query.items()})
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{url.replace('http', 'ws', 1)}/api/events?{parameters}"
    return connect(address, additional_headers=headers, origin=origin, max_size=None)  # type: ignore[arg-type]


def never_reads(url: str, job_id: str) -> Socket:
    """A subscriber with little room, which has read its handshake's answer and no more."""
    made = Socket()
    made.setsockopt(SOL_SOCKET, SO_RCVBUF, 4_096)
    made.settimeout(60)
    made.connect((httpx.URL(url).host, httpx.URL(url).port))
    made.sendall(
        f"GET /api/events?jobId={job_id} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    assert made.recv(12) == b"HTTP/1.1 101"
    return made


def told(customer: Customer, worker: Worker) -> tuple[str, str]:
    """A job that runs on the worker: its id and its lease's."""
    job = customer.submit(requirements=worker.requirements)
    lease_id = worker.offer()["leaseId"]
    worker.tell({"kind": "accept", "leaseId": lease_id})
    return job["jobId"], lease_id


def stream(worker: Worker, lease_id: str, first: int = 0, last: int = PIECES) -> None:
    for number in range(first, last):
        worker.tell({"kind": "stream", "leaseId": lease_id, "text": f"{number} "})


def test_a_jobs_whole_story_is_told_in_order_and_ends_with_it(customer: Customer, worker: Worker):
    job_id, lease_id = told(customer, worker.ready())
    worker.tell(
        {"kind": "progress", "leaseId": lease_id, "fraction": 0.5, "message": "half"},
        {"kind": "log", "leaseId": lease_id, "lines": ["one", "two\nthree: \x00"]},
        {"kind": "stream", "leaseId": lease_id, "text": "data: tricky\n\nid: 7\n"},
    )
    worker.report(job_id, leaseId=lease_id)

    events = follow(customer, job_id)

    assert [event["kind"] for event in events][:5] == ["status", "progress", "log", "stream", "status"]
    assert events[0]["data"] == {"status": "running"}
    assert events[1]["data"] == {"fraction": 0.5, "message": "half"}
    assert events[2]["data"] == {"lines": ["one", "two\nthree: \x00"]}
    assert events[3]["data"] == {"text": "data: tricky\n\nid: 7\n"}
    assert events[4]["data"] == {"status": "completed", "attempt": 1}
    assert {event["jobId"] for event in events} == {job_id}
    sequence = [event["seq"] for event in events]
    assert sequence == sorted(set(sequence))
    assert follow(customer, job_id, after=sequence[2])[:2] == events[3:5]
    assert follow(customer, job_id, after=sequence[-1] + 1000) == []


def test_a_live_stream_ends_after_the_terminal_status(customer: Customer, worker: Worker):
    job_id, lease_id = told(customer, worker.ready())
    seen: list[dict[str, Any]] = []
    reader = threading.Thread(target=lambda: seen.extend(follow(customer, job_id)))
    reader.start()
    stream(worker, lease_id)
    worker.report(job_id, leaseId=lease_id)

    reader.join(60)

    assert not reader.is_alive()
    assert "".join(event["data"]["text"] for event in seen if event["kind"] == "stream").split() == [
        str(number) for number in range(PIECES)
    ]
    assert seen[-1]["data"]["status"] == "completed"


@pytest.mark.parametrize("by", ["after", "Last-Event-ID"])
def test_a_reader_that_reconnects_again_and_again_misses_nothing_and_sees_nothing_twice(
    customer: Customer, worker: Worker, by: str
):
    job_id, lease_id = told(customer, worker.ready())
    writer = threading.Thread(target=lambda: (stream(worker, lease_id), worker.report(job_id, leaseId=lease_id)))
    writer.start()
    seen: list[dict[str, Any]] = []
    with Connection(customer.url) as reader:
        while not seen or seen[-1]["data"].get("status") != "completed":
            last = seen[-1]["seq"] if seen else 0
            given = {"params": {"after": last}} if by == "after" else {"headers": {"Last-Event-ID": str(last)}}
            with reader.stream("GET", f"/api/jobs/{job_id}/events", **given) as answer:
                for event in messages(answer):
                    seen.append(event)
                    if len(seen) % 7 == 0:
                        break
    writer.join()

    assert [event["data"]["text"] for event in seen if event["kind"] == "stream"] == [f"{n} " for n in range(PIECES)]
    assert len({event["seq"] for event in seen}) == len(seen)


@pytest.mark.parametrize("last", ["x", "-1", "9" * 40, "", "1.5"])
def test_a_last_event_id_that_is_none_begins_at_the_beginning(customer: Customer, last: str):
    job = customer.submit(requirements={"minVRAM": 997})
    customer.post(f"/api/jobs/{job['jobId']}/cancel", json={"walletAddress": customer.wallet})

    with customer.stream("GET", f"/api/jobs/{job['jobId']}/events", headers={"Last-Event-ID": last}) as answer:
        assert [event["data"]["status"] for event in messages(answer)] == ["queued", "cancelled"]


@pytest.mark.parametrize("after", ["x", "-1", str(2**63), "1.5"])
def test_an_after_that_is_no_number_is_refused(customer: Customer, after: str):
    job = customer.submit(requirements={"minVRAM": 997})

    answer = customer.get(f"/api/jobs/{job['jobId']}/events", params={"after": after})

    assert [bad["path"] for bad in problem(answer, 422)["errors"]] == ["after"]


def test_a_websocket_tells_of_one_job(customer: Customer, worker: Worker):
    job_id, lease_id = told(customer, worker.ready())
    with socket(customer.url, jobId=job_id) as events:
        first = json.loads(events.recv(60))
        stream(worker, lease_id, 0, 3)
        worker.report(job_id, leaseId=lease_id)
        seen = [first, *(json.loads(events.recv(60)) for _ in range(4))]

    assert [event["data"].get("text") or event["data"]["status"] for event in seen] == [
        "running", "0 ", "1 ", "2 ", "completed",
    ]  # fmt: skip
    with socket(customer.url, jobId=job_id, after=seen[2]["seq"]) as again:
        assert [json.loads(again.recv(60)) for _ in range(2)] == seen[3:]


def test_a_websocket_tells_of_all_jobs_of_a_wallet_across_reconnections(customer: Customer, worker: Worker):
    worker.ready()
    ids: list[str] = []
    seen: list[dict[str, Any]] = []
    for _ in range(3):
        with socket(customer.url, wallet=customer.wallet, after=seen[-1]["seq"] if seen else 0) as events:
            job_id, lease_id = told(customer, worker)
            ids.append(job_id)
            worker.report(job_id, leaseId=lease_id)
            while not seen or (seen[-1]["jobId"], seen[-1]["data"].get("status")) != (job_id, "completed"):
                seen.append(json.loads(events.recv(60)))

    states = [(event["jobId"], event["data"]["status"]) for event in seen if event["kind"] == "status"]
    assert states == [(job_id, status) for job_id in ids for status in ("running", "completed")]
    assert [event["seq"] for event in seen] == sorted({event["seq"] for event in seen})


def test_a_slow_reader_loses_nothing(customer: Customer, worker: Worker):
    """More than a subscriber's backlog holds, while nobody reads: the rest comes from the store."""
    job_id, lease_id = told(customer, worker.ready())
    text, frames, rounds = "x" * 400, 1_000, 12
    with customer.stream("GET", f"/api/jobs/{job_id}/events") as answer:
        reading = messages(answer)
        assert next(reading)["data"]["status"] == "running"
        for number in range(rounds):
            worker.tell(
                *({"kind": "stream", "leaseId": lease_id, "text": f"{number}.{i} {text}"} for i in range(frames))
            )
        worker.report(job_id, leaseId=lease_id)
        seen = [event["data"]["text"].split()[0] for event in reading if event["kind"] == "stream"]

    assert seen == [f"{number}.{i}" for number in range(rounds) for i in range(frames)]


def test_a_subscriber_that_never_reads_is_dropped_and_keeps_nothing_from_the_others(customer: Customer, worker: Worker):
    job_id, lease_id = told(customer, worker.ready())
    text, frames, rounds = "x" * 2_000, 200, 10
    with closing(never_reads(customer.url, job_id)) as stuck, socket(customer.url, jobId=job_id) as events:
        assert json.loads(events.recv(60))["data"]["status"] == "running"
        for number in range(rounds):
            worker.tell(
                *({"kind": "stream", "leaseId": lease_id, "text": f"{number}.{i} {text}"} for i in range(frames))
            )
            seen = [json.loads(events.recv(60))["data"]["text"].split()[0] for _ in range(frames)]
            assert seen == [f"{number}.{i}" for i in range(frames)]
        eventually(lambda: stuck.getsockopt(IPPROTO_TCP, TCP_INFO, 1)[0] != TCP_ESTABLISHED, "the end of the stuck one")
    worker.report(job_id, leaseId=lease_id)

    events_of_job = follow(customer, job_id)
    assert len([event for event in events_of_job if event["kind"] == "stream"]) == frames * rounds


def test_a_subscriber_that_pauses_misses_nothing(customer: Customer, worker: Worker):
    """It reads on from the store, at its own pace."""
    job_id, lease_id = told(customer, worker.ready())
    text, frames, rounds = "x" * 2_000, 200, 10
    with closing(never_reads(customer.url, job_id)) as paused:
        for number in range(rounds):
            worker.tell(
                *({"kind": "stream", "leaseId": lease_id, "text": f"{number}.{i} {text}"} for i in range(frames))
            )
        worker.report(job_id, leaseId=lease_id)
        received = b""
        while b'"completed"' not in received[-2_000:]:
            received += paused.recv(1 << 20)

    assert re.findall(rb'"text":"(\d+\.\d+) ', received) == [
        f"{number}.{i}".encode() for number in range(rounds) for i in range(frames)
    ]


def test_strangers_hear_nothing(alice: Customer, bob: Customer, signed_worker: Worker, signed: httpx.Client):
    job = alice.submit(requirements={"minVRAM": 996})
    path = f"/api/jobs/{job['jobId']}/events"
    problem(signed.get(path), 401, "not_authenticated")
    problem(bob.get(path), 403, "unauthorized")
    problem(signed_worker.get(path), 403, "unauthorized")
    token = bob.headers["Authorization"].removeprefix("Bearer ")
    for query in ({"jobId": job["jobId"]}, {"wallet": alice.wallet}, {}):
        for who in (token, None, "nonsense"):
            with (
                pytest.raises((ConnectionClosed, Exception), match=r"4401|403|reject"),
                socket(alice.url, who, **query) as ws,
            ):
                ws.recv(60)


def test_the_parties_hear_in_signed_mode(alice: Customer, signed_worker: Worker):
    job_id, lease_id = told(alice, signed_worker.ready())
    token = alice.headers["Authorization"].removeprefix("Bearer ")
    with socket(alice.url, token, wallet=alice.wallet) as events:
        assert json.loads(events.recv(60))["data"]["status"] == "running"
    signed_worker.report(job_id, leaseId=lease_id)

    assert [event["kind"] for event in follow(signed_worker, job_id)][:2] == ["status", "status"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_foreign_page_opens_no_websocket_in_open_mode(customer: Customer, worker: Worker, origin: str):
    with pytest.raises(Exception, match=r"403|reject"), socket(customer.url, origin=origin, wallet=customer.wallet):
        pass
    address = f"{customer.url.replace('http', 'ws', 1)}/api/nodes/{worker.node_id}/socket"
    with pytest.raises(Exception, match=r"403|reject"), connect(address, origin=origin):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize("query", [{"jobId": "x"}, {"jobId": "a\x00"}, {"wallet": "\x00"}, {"wallet": "x"},
                                   {"wallet": "w", "after": "x"}, {"after": -1, "wallet": "w"}])  # fmt: skip
def test_a_websocket_for_nothing_is_refused(customer: Customer, query: dict[str, object]):
    with (
        pytest.raises((ConnectionClosed, Exception), match=r"44\d\d|4\d\d|reject"),
        socket(customer.url, **query) as ws,
    ):
        ws.recv(60)
    assert customer.get("/health").is_success


def test_a_job_without_events_waits_for_them(customer: Customer, worker: Worker):
    """A reader that comes before the first event of a wallet hears it."""
    with socket(customer.url, wallet=customer.wallet) as events:
        job = customer.submit(requirements={"minVRAM": 995})
        assert json.loads(events.recv(60))["jobId"] == job["jobId"]
    eventually(lambda: customer.get("/health").is_success, "health")
    assert customer.get(f"/api/jobs/{wallet()}/events").status_code == 404
