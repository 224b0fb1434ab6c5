"""Requests, answers, errors, repetition and sign-in over a real connection."""

import pytest

from hypernode.chain import base58, keys
from hypernode.client import ApiError, AsyncClient, Client, InvalidUrl, NoWallet, Unreachable
from tests.client.answers import ADDRESS, JOB_ID, KEYPAIR, job, job_answer, problem
from tests.client.scripted import HANG_UP, Reply, ScriptedServer

CHALLENGE = {"message": "sign me, ünïcode", "nonce": "n", "expiresAt": "2026-11-23T12:00:00.000Z"}
SESSION = {"token": "T1", "walletAddress": ADDRESS, "expiresAt": "2026-11-23T12:00:00.000Z"}


def test_a_submitted_job_carries_wallet_options_and_an_idempotency_key(network: ScriptedServer):
    network.reply(Reply(201, job_answer()))

    with Client(network.url, wallet=ADDRESS) as client:
        made = client.submit_job("llm_inference", input={"prompt": "Hi"}, requirements={"minVRAM": 0}, budget="0.5")

    asked = network.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/jobs")
    assert asked.json["walletAddress"] == ADDRESS
    assert asked.json["requirements"] == {"minVRAM": 0}
    assert asked.json["budget"] == "0.5"
    assert asked.headers["Idempotency-Key"]
    assert made.job_id == JOB_ID


async def test_the_asynchronous_client_makes_the_same_requests(network: ScriptedServer):
    network.reply(Reply(201, job_answer()), Reply(200, {"success": True, "count": 0, "jobs": [], "nextCursor": None}))

    async with AsyncClient(network.url, wallet=ADDRESS) as client:
        made = await client.submit_job("llm_inference")
        listed = [each async for each in client.jobs(status="queued")]

    assert made.job_id == JOB_ID
    assert listed == []
    assert network.asked[1].path == "/api/jobs?status=queued&limit=100"


def test_a_list_is_read_to_its_last_page(network: ScriptedServer):
    first = {"success": True, "count": 2, "jobs": [job(), job()], "nextCursor": "c/2"}
    network.reply(Reply(body=first), Reply(body={**first, "count": 1, "jobs": [job()], "nextCursor": None}))

    with Client(network.url) as client:
        assert len(list(client.jobs(wallet=ADDRESS, page_size=2))) == 3

    assert network.asked[1].path.endswith("limit=2&cursor=c%2F2")


def test_an_error_names_its_code_and_every_bad_field(network: ScriptedServer):
    fields = [{"path": "budget", "expected": "at most 6 decimals"}, {"path": "model", "expected": "a text"}]
    network.reply(Reply(422, problem(422, "invalid_request", "Invalid request", errors=fields)))

    with Client(network.url, wallet=ADDRESS) as client, pytest.raises(ApiError) as caught:
        client.submit_job("llm_inference", budget=1e-9)

    assert (caught.value.status, caught.value.code) == (422, "invalid_request")
    assert caught.value.errors == fields
    assert "budget: at most 6 decimals" in str(caught.value)


def test_valid_job_types_stand_in_the_message(network: ScriptedServer):
    network.reply(Reply(400, problem(400, "invalid_job_type", "Invalid job type", validTypes=["render", "x"])))

    with Client(network.url, wallet=ADDRESS) as client, pytest.raises(ApiError, match="choose one of render, x"):
        client.submit_job("dance")


@pytest.mark.parametrize("raw", [b"<html>Bad gateway</html>", b"[]", b'{"error": {"nested": 1}}', b""])
def test_an_error_page_of_a_proxy_is_an_api_error(network: ScriptedServer, raw: bytes):
    network.reply(Reply(404, raw=raw))

    with Client(network.url) as client, pytest.raises(ApiError) as caught:
        client.job(JOB_ID)

    assert caught.value.code == "http_404"


def test_an_answer_of_another_shape_is_an_api_error(network: ScriptedServer):
    network.reply(Reply(body={"success": True}))

    with Client(network.url) as client, pytest.raises(ApiError) as caught:
        client.job(JOB_ID)

    assert caught.value.code == "unreadable_answer"


@pytest.mark.parametrize(
    "trouble",
    [HANG_UP, Reply(503, {}), Reply(429, {}, {"Retry-After": "0"}), Reply(409, {"code": "request_in_flight"})],
)
def test_a_submission_is_repeated_with_the_same_key(network: ScriptedServer, trouble: Reply):
    network.reply(trouble, trouble, Reply(201, job_answer()))

    with Client(network.url, wallet=ADDRESS) as client:
        client.submit_job("llm_inference")

    assert len({asked.headers["Idempotency-Key"] for asked in network.asked}) == 1
    assert len({asked.body for asked in network.asked}) == 1
    assert len(network.asked) == 3


def test_a_post_without_idempotency_key_is_never_repeated(network: ScriptedServer):
    network.reply(HANG_UP)

    with Client(network.url, wallet=ADDRESS) as client, pytest.raises(Unreachable):
        client.create_key("mine")

    assert len(network.asked) == 1


async def test_repetition_ends(network: ScriptedServer):
    network.reply(*[Reply(503, problem(503, "unavailable", "The store is down"))] * 5)

    async with AsyncClient(network.url) as client:
        with pytest.raises(ApiError, match="The store is down"):
            await client.job(JOB_ID)

    assert len(network.asked) == 5


def test_a_refusal_is_not_repeated(network: ScriptedServer):
    network.reply(Reply(404, problem(404, "not_found", "Job not found")))

    with Client(network.url) as client, pytest.raises(ApiError, match="Job not found"):
        client.job(JOB_ID)


def test_a_network_that_asks_for_a_long_pause_is_not_pressed(network: ScriptedServer):
    network.reply(Reply(429, problem(429, "too_many_requests", "Too many"), {"Retry-After": "3600"}))

    with Client(network.url) as client, pytest.raises(ApiError) as caught:
        client.job(JOB_ID)

    assert caught.value.retry_after_s == 3600


def test_a_keypair_signs_in_when_the_network_asks(network: ScriptedServer):
    network.reply(
        Reply(401, problem(401, "not_authenticated", "Sign in")),
        Reply(body=CHALLENGE),
        Reply(body=SESSION),
        Reply(201, job_answer()),
        Reply(body=job_answer()),
    )

    with Client(network.url, wallet=KEYPAIR, token="expired") as client:
        client.submit_job("llm_inference")
        client.job(JOB_ID)

    refused, ask, verify, again, later = network.asked
    assert refused.headers["Authorization"] == "Bearer expired"
    assert "Authorization" not in ask.headers
    signature = base58.decode((answered := verify.json).pop("signature"))
    assert answered == {"walletAddress": ADDRESS, "message": CHALLENGE["message"]}
    assert keys.verify(ADDRESS, signature, CHALLENGE["message"].encode())
    assert again.body == refused.body
    assert later.headers["Authorization"] == again.headers["Authorization"] == "Bearer T1"


def test_a_keypair_signs_in_first_where_an_owner_is_told_more(network: ScriptedServer):
    network.reply(Reply(body=CHALLENGE), Reply(body=SESSION), Reply(body=job_answer("completed", result={"x": 1})))

    with Client(network.url, wallet=KEYPAIR) as client:
        assert client.job(JOB_ID).result == {"x": 1}

    assert network.asked[-1].headers["Authorization"] == "Bearer T1"


def test_a_token_that_is_refused_is_reported(network: ScriptedServer):
    network.reply(Reply(401, problem(401, "not_authenticated", "Session expired")))

    with Client(network.url, token="old", wallet=ADDRESS) as client, pytest.raises(ApiError, match="Session expired"):
        client.submit_job("llm_inference")


def test_a_request_that_speaks_for_a_wallet_needs_one():
    with Client() as client, pytest.raises(NoWallet):
        client.submit_job("llm_inference")


@pytest.mark.parametrize("url", ["ftp://x", "http://x:port", "localhost:3001", "http://", ""])
def test_an_address_that_is_none_is_refused_at_once(url: str):
    with pytest.raises(InvalidUrl):
        Client(url)


def test_an_id_stays_one_segment_of_the_path(network: ScriptedServer):
    network.reply(Reply(404, problem(404, "not_found", "Job not found")))

    with Client(network.url) as client, pytest.raises(ApiError):
        client.job("../keys?x=1")

    assert network.asked[0].path == "/api/jobs/..%2Fkeys%3Fx%3D1"
