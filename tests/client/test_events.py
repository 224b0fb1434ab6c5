"""Following a job over a line that breaks."""

import pytest

from hypernode.client import AsyncClient, Client, JobFailed
from hypernode.client.events import EventFeed
from tests.client.answers import JOB_ID, job_answer, sse
from tests.client.scripted import HANG_UP, Reply, ScriptedServer

DONE = sse(9, "status", status="completed")
QUEUED = sse(1, "status", status="queued")
TOKEN = sse(2, "stream", text="Hello")


def stream(*parts: bytes, broken: bool = False) -> Reply:
    return Reply(raw=b"".join(parts), headers={"Content-Type": "text/event-stream"}, broken=broken)


def test_a_dropped_stream_is_resumed_where_it_broke(network: ScriptedServer):
    network.reply(stream(QUEUED, TOKEN, sse(3, "log", line="lost")[:-7], broken=True), HANG_UP, stream(TOKEN, DONE))

    with Client(network.url) as client:
        seen = [event.seq for event in client.watch(JOB_ID)]

    assert seen == [1, 2, 9]
    assert [asked.path.partition("?")[2] for asked in network.asked] == ["after=0", "after=2", "after=2"]


async def test_the_asynchronous_client_resumes_too(network: ScriptedServer):
    network.reply(stream(QUEUED, broken=True), stream(TOKEN), stream(DONE))

    async with AsyncClient(network.url) as client:
        seen = [event.seq async for event in client.watch(JOB_ID)]

    assert seen == [1, 2, 9]


def test_watching_a_job_that_has_no_more_to_tell_ends(network: ScriptedServer):
    network.reply(stream(), Reply(body=job_answer("running")), stream(), Reply(body=job_answer("completed")))

    with Client(network.url) as client:
        assert list(client.watch(JOB_ID, after=9)) == []


def test_run_returns_the_result(network: ScriptedServer):
    network.reply(Reply(201, job_answer()), stream(QUEUED, DONE), Reply(body=job_answer("completed", result={"x": 1})))
    events: list[str] = []

    with Client(network.url, wallet=job_answer()["job"]["walletAddress"]) as client:
        job = client.run("llm_inference", on_event=lambda event: events.append(event.kind))

    assert job.result == {"x": 1}
    assert events == ["status", "status"]


async def test_a_failed_job_says_why(network: ScriptedServer):
    error = {"code": "input", "message": "The module does not start"}
    network.reply(stream(sse(1, "status", status="failed")), Reply(body=job_answer("failed", error=error)))

    async with AsyncClient(network.url) as client:
        with pytest.raises(JobFailed, match="failed: The module does not start") as caught:
            await client.wait(JOB_ID)

    assert caught.value.job.status == "failed"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_pieces_of_any_size_make_the_same_events(size: int):
    text = "a\u2028b\u0085c ü \x1c"
    raw = b": keep-alive\n\nretry: 100\n\n" + sse(1, "stream", text=text).replace(b"\n", b"\r\n") + DONE
    feed = EventFeed(0)

    events = [event for at in range(0, len(raw), size) for event in feed.feed(raw[at : at + size])]

    assert [event.kind for event in events] == ["stream", "status"]
    assert events[0].data == {"text": text}
    assert feed.over
