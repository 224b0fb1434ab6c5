"""Who may do what: sign-in, API keys, node tokens, private parts."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hypernode.chain import base58, signin
from hypernode.chain.keys import Keypair, address_of, sign
from tests.api.parties import (
    MODULE,
    RESULT,
    TIME,
    UUID7,
    Connection,
    Customer,
    Worker,
    answer_challenge,
    job_of,
    problem,
    sign_in,
    wallet,
)
from tests.network import eventually

REFUSED = (401, "not_authenticated")


def challenge(client: httpx.Client, keypair: Keypair) -> str:
    return client.post("/api/auth/challenge", json={"walletAddress": address_of(keypair)}).json()["message"]


def rewritten(text: str, **fields: str) -> str:
    """The same message with other fields."""
    from dataclasses import replace

    return signin.text(replace(signin.parse(text.encode()), **fields))


def make_key(customer: Customer, **fields: object) -> tuple[dict, Customer]:
    """A key, and a program that uses it."""
    answer = customer.post("/api/keys", json=fields)
    assert answer.status_code == 201, answer.text
    program = Customer(customer.url, token=answer.json()["token"])
    program.keypair, program.wallet = customer.keypair, customer.wallet
    return answer.json()["key"], program


# --- sign-in


def test_a_wallet_signs_in(signed: httpx.Client, signed_url: str):
    keypair = Keypair()
    asked = signed.post("/api/auth/challenge", json={"walletAddress": address_of(keypair)}).json()
    assert set(asked) == {"success", "message", "nonce", "expiresAt"}
    assert TIME.fullmatch(asked["expiresAt"])
    assert signed_url.removeprefix("http://") in asked["message"]

    answer = answer_challenge(signed, keypair, asked["message"])

    assert answer.status_code == 200
    session = answer.json()
    assert set(session) == {"success", "token", "walletAddress", "expiresAt"}
    assert session["walletAddress"] == address_of(keypair)
    keys = signed.get("/api/keys", headers={"Authorization": f"Bearer {session['token']}"})
    assert keys.json()["count"] == 0


def test_a_signature_in_base64_is_one_too(signed: httpx.Client):
    import base64

    keypair = Keypair()
    text = challenge(signed, keypair)
    signature = base64.b64encode(sign(keypair, text.encode())).decode()
    body = {"walletAddress": address_of(keypair), "message": text, "signature": signature}

    assert signed.post("/api/auth/verify", json=body).status_code == 200


def test_a_forged_sign_in_is_refused(signed: httpx.Client):
    keypair, forger = Keypair(), Keypair()
    text = challenge(signed, keypair)

    problem(answer_challenge(signed, forger, text, wallet=address_of(keypair)), *REFUSED)


@pytest.mark.parametrize("signature", ["", "x", "0" * 88, "1" * 64, base58.encode(b"\x01" * 63), base58.encode(b"\x01" * 65),  # noqa: E501
                                       "\u00e9", "AAAA"])  # fmt: skip
def test_a_signature_that_is_none_is_refused(signed: httpx.Client, signature: str):
    keypair = Keypair()
    body = {"walletAddress": address_of(keypair), "message": challenge(signed, keypair), "signature": signature}

    problem(signed.post("/api/auth/verify", json=body), *REFUSED)


def test_a_sign_in_that_is_replayed_is_refused(signed: httpx.Client):
    keypair = Keypair()
    text = challenge(signed, keypair)
    assert answer_challenge(signed, keypair, text).status_code == 200

    problem(answer_challenge(signed, keypair, text), *REFUSED)


def test_a_challenge_is_used_up_by_a_failed_answer(signed: httpx.Client):
    keypair = Keypair()
    text = challenge(signed, keypair)
    problem(answer_challenge(signed, Keypair(), text, wallet=address_of(keypair)), *REFUSED)

    problem(answer_challenge(signed, keypair, text), *REFUSED)


def test_a_sign_in_with_a_nonce_that_was_never_given_out_is_refused(signed: httpx.Client):
    keypair = Keypair()
    text = rewritten(challenge(signed, keypair), nonce="0" * 32)

    problem(answer_challenge(signed, keypair, text), *REFUSED)


@pytest.mark.parametrize("fields", [
    {"domain": "evil.example"}, {"uri": "https://evil.example"}, {"chain_id": "mainnet"}, {"version": "2"},
    {"address": wallet()},
    {"expiration_time": "2020-01-01T00:00:00Z"}, {"issued_at": "2999-01-01T00:00:00Z"}, {"issued_at": "yesterday"},
    {"not_before": "2999-01-01T00:00:00Z"}, {"issued_at": "2020-01-01T00:00:00Z", "expiration_time": ""},
])  # fmt: skip
def test_a_sign_in_for_another_place_or_time_is_refused(signed: httpx.Client, fields: dict[str, str]):
    keypair = Keypair()

    problem(answer_challenge(signed, keypair, rewritten(challenge(signed, keypair), **fields)), *REFUSED)


@pytest.mark.parametrize("later", [None, "2999-01-01T00:00:00Z"])
def test_an_expired_sign_in_is_refused_whatever_its_text_says(signed: httpx.Client, api_network, later: str | None):
    keypair = Keypair()
    text = challenge(signed, keypair)
    nonce = signin.parse(text.encode()).nonce
    api_network.rows("UPDATE challenge SET expires_at = now() - interval '1 s' WHERE nonce = $1", nonce)

    problem(answer_challenge(signed, keypair, rewritten(text, expiration_time=later) if later else text), *REFUSED)


@pytest.mark.parametrize("text", ["", "x", "\n" * 100, "a wants you to sign in with your Solana account:\nb", "\u0000"])
def test_a_text_that_is_no_sign_in_is_refused(signed: httpx.Client, text: str):
    problem(answer_challenge(signed, Keypair(), text), *REFUSED)


def test_a_session_ends(signed_url: str, api_network):
    with Customer(signed_url, signs_in=True) as customer:
        token = customer.headers["Authorization"].removeprefix("Bearer ")
        digest = hashlib.sha256(token.encode()).digest()
        rows = api_network.rows(
            "UPDATE session SET expires_at = now() - interval '1 s' WHERE token_hash = $1 RETURNING wallet", digest
        )
        assert rows == [{"wallet": customer.wallet}]

        problem(customer.get("/api/keys"), *REFUSED)


def test_no_token_is_stored_as_it_is(alice: Customer, signed_worker: Worker, api_network):
    _, program = make_key(alice)
    tokens = [caller.headers["Authorization"].removeprefix("Bearer ") for caller in (alice, program, signed_worker)]
    tables = ["session", "api_key", "node", "challenge", "idempotency", "audit", "event"]
    stored = json.dumps([api_network.rows(f"SELECT * FROM {table}") for table in tables], default=str)

    for token in tokens:
        assert token not in stored
        assert token.encode().hex() not in stored
    for table, token in zip(tables, (tokens[0], tokens[1], tokens[2]), strict=False):
        digest = hashlib.sha256(token.encode()).digest()
        assert len(api_network.rows(f"SELECT FROM {table} WHERE token_hash = $1", digest)) == 1


# --- what takes proof


def test_signed_mode_believes_nobody(signed: httpx.Client, alice: Customer, signed_worker: Worker):
    job_id = alice.submit()["jobId"]
    attempts = [
        signed.post("/api/jobs", json=alice.body()),
        signed.post(f"/api/jobs/{job_id}/cancel", json={"walletAddress": alice.wallet}),
        signed.post("/api/nodes/register", json={"walletAddress": alice.wallet}),
        signed.post(f"/api/nodes/{signed_worker.node_id}/heartbeat", json={}),
        signed.post(f"/api/nodes/{signed_worker.node_id}/frames", json=[]),
        signed.request("DELETE", f"/api/nodes/{signed_worker.node_id}", json={"walletAddress": signed_worker.wallet}),
        signed.post(f"/api/jobs/{job_id}/result", json={"nodeId": signed_worker.node_id, "result": RESULT}),
        signed.post("/api/keys", json={"walletAddress": alice.wallet}),
        signed.get("/api/keys", params={"walletAddress": alice.wallet}),
        signed.post(f"/api/wallets/{alice.wallet}/withdraw", json={"amount": 1}),
        signed.get(f"/api/wallets/{alice.wallet}/statement"),
        signed.post("/api/artifacts", content=b"x", params={"walletAddress": alice.wallet}),
        signed.post("/api/metrics/update", json={"type": "job_completed"}),
    ]
    for answer in attempts:
        problem(answer, *REFUSED)


@pytest.mark.parametrize("token", ["nonsense", "hns_" + "x" * 43, "hnk_" + "x" * 43, "hnn_" + "x" * 43])
@pytest.mark.parametrize("mode", ["api", "signed"])
def test_an_unknown_token_is_refused_even_where_none_is_needed(request, mode: str, token: str):
    answer = request.getfixturevalue(mode).get("/api/jobs", headers={"Authorization": f"Bearer {token}"})

    problem(answer, *REFUSED)


def test_public_data_stays_open(signed: httpx.Client, alice: Customer):
    job_id = alice.submit()["jobId"]
    for path in ("/api/jobs", f"/api/jobs/{job_id}", f"/api/jobs/{job_id}/explain", "/api/jobs/stats/summary", "/api/nodes",  # noqa: E501
                 f"/api/wallets/{alice.wallet}", f"/api/wallets/{alice.wallet}/payouts", "/api/metrics",
                 "/api/metrics/validation", "/health", "/metrics", "/openapi.json"):  # fmt: skip
        assert signed.get(path).status_code == 200, path


def test_another_wallets_object_is_refused(alice: Customer, bob: Customer, signed_worker: Worker):
    job_id = alice.submit()["jobId"]
    key, _ = make_key(alice)
    attempts = [
        bob.post("/api/jobs", json=alice.body()),
        bob.post(f"/api/jobs/{job_id}/cancel", json={}),
        bob.post(f"/api/jobs/{job_id}/cancel", json={"walletAddress": alice.wallet}),
        bob.post("/api/nodes/register", json={"walletAddress": alice.wallet}),
        alice.post(f"/api/nodes/{signed_worker.node_id}/heartbeat", json={}),
        alice.post(f"/api/nodes/{signed_worker.node_id}/frames", json=[]),
        alice.request("DELETE", f"/api/nodes/{signed_worker.node_id}"),
        alice.post(f"/api/jobs/{job_id}/result", json={"nodeId": signed_worker.node_id, "result": RESULT}),
        bob.delete(f"/api/keys/{key['keyId']}"),
        bob.get("/api/keys", params={"walletAddress": alice.wallet}),
        bob.get(f"/api/jobs/{job_id}/events"),
    ]
    for answer in attempts:
        problem(answer, 403, "unauthorized", "Unauthorized")
    assert alice.job(job_id)["status"] == "queued"


def test_the_owner_need_not_say_who_it_is(alice: Customer, bob: Customer, signed_worker: Worker):
    job_id = alice.submit()["jobId"]

    assert job_of(alice.post(f"/api/jobs/{job_id}/cancel"), 200)["status"] == "cancelled"
    assert bob.delete(f"/api/nodes/{signed_worker.node_id}").status_code == 200


def test_the_private_parts_of_a_job_are_its_parties_alone(
    alice: Customer, bob: Customer, signed: httpx.Client, signed_worker
):
    job_id = alice.submit(requirements=signed_worker.ready().requirements)["jobId"]
    assert signed_worker.report(job_id, logs=["secret line"]).status_code == 200

    for party in (alice, signed_worker):
        job = job_of(party.get(f"/api/jobs/{job_id}"), 200)
        assert (job["input"], job["result"], job["logs"]) == (MODULE, RESULT, ["secret line"])
    for stranger in (bob, signed):
        job = job_of(stranger.get(f"/api/jobs/{job_id}"), 200)
        assert (job["input"], job["result"], job["logs"], job["artifacts"]) == ({}, None, [], [])
        assert job["inputSalt"] is None
        listed = stranger.get("/api/jobs", params={"walletAddress": alice.wallet}).json()["jobs"]
        assert [(job["input"], job["result"], job["logs"]) for job in listed] == [({}, None, [])]
    mine = alice.get("/api/jobs", params={"walletAddress": alice.wallet}).json()["jobs"]
    assert mine[0]["result"] == RESULT


# --- node tokens


def test_a_node_token_acts_for_its_own_node_alone(signed_worker: Worker, bob: Customer, signed_url: str):
    with Worker(signed_url, bob) as other:
        job_id = bob.submit(requirements=other.ready().requirements)["jobId"]
        path = f"/api/nodes/{other.node_id}"
        problem(signed_worker.post(f"{path}/heartbeat", json={}), 403, "unauthorized")
        problem(signed_worker.post(f"{path}/frames", json=[]), 403, "unauthorized")
        forged = signed_worker.post(f"/api/jobs/{job_id}/result", json={"nodeId": other.node_id, "result": RESULT})
        problem(forged, 403, "unauthorized")
        problem(signed_worker.report(job_id), 409, "stale_lease")
        assert signed_worker.post(f"/api/nodes/{signed_worker.node_id}/heartbeat", json={}).status_code == 200
        assert other.report(job_id).status_code == 200


def test_a_node_token_describes_its_own_machine_and_moves_no_money(signed_worker: Worker, bob: Customer):
    same = signed_worker.post(
        "/api/nodes/register", json={"walletAddress": bob.wallet, "machineId": "other", "vram": 8}
    )
    assert (same.status_code, same.json()["node"]["nodeId"]) == (200, signed_worker.node_id)
    problem(signed_worker.post("/api/nodes/register", json={"walletAddress": wallet()}), 403, "unauthorized")
    for attempt in (
        signed_worker.post("/api/jobs", json=bob.body()),
        signed_worker.post("/api/keys", json={}),
        signed_worker.post(f"/api/wallets/{bob.wallet}/withdraw", json={"amount": 1}),
        signed_worker.request("DELETE", f"/api/nodes/{signed_worker.node_id}"),
    ):
        problem(attempt, *REFUSED)


def test_the_token_of_a_removed_node_is_worth_nothing(signed_worker: Worker, bob: Customer):
    assert bob.delete(f"/api/nodes/{signed_worker.node_id}").status_code == 200

    answer = signed_worker.post(f"/api/nodes/{signed_worker.node_id}/heartbeat", json={})

    assert answer.status_code in (401, 404)


# --- API keys


def test_a_key_is_shown_once(alice: Customer):
    answer = alice.post("/api/keys", json={"name": "agent", "spendingLimit": "1.5", "expiresIn": 60})

    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"success", "message", "key", "token"}
    assert body["message"] == "API key created successfully"
    key = body["key"]
    assert UUID7.fullmatch(key["keyId"])
    assert key == {
        **key, "name": "agent", "scopes": ["jobs"], "revokedAt": None, "spendingLimit": 1.5, "spent": 0,
    }  # fmt: skip
    assert set(key) == {"keyId", "name", "scopes", "createdAt", "expiresAt", "revokedAt", "spendingLimit", "spent"}
    assert TIME.fullmatch(key["expiresAt"])
    listed = alice.get("/api/keys").json()
    assert listed == {"success": True, "count": 1, "keys": [key], "nextCursor": None}


def test_a_key_does_what_its_scopes_say_and_no_more(alice: Customer):
    _, jobs = make_key(alice, scopes=["jobs"])
    _, nodes = make_key(alice, scopes=["nodes"])
    _, money = make_key(alice, scopes=["wallet"])
    _, keys = make_key(alice, scopes=["keys"])
    register = {"walletAddress": alice.wallet, "machineId": "m"}
    withdraw = f"/api/wallets/{alice.wallet}/withdraw"

    job_id = jobs.submit()["jobId"]
    assert nodes.post("/api/nodes/register", json=register).status_code == 201
    assert money.get(f"/api/wallets/{alice.wallet}/statement").status_code == 200
    problem(money.post(withdraw, json={"amount": 1}), 400, "insufficient_balance")
    assert keys.get("/api/keys").json()["count"] == 4
    for refused in (
        *(key.post("/api/jobs", json=alice.body()) for key in (nodes, money, keys)),
        nodes.post(f"/api/jobs/{job_id}/cancel", json={}),
        nodes.post("/api/artifacts", content=b"x"),
        *(key.post("/api/nodes/register", json=register) for key in (jobs, money, keys)),
        *(key.post(withdraw, json={"amount": 1}) for key in (jobs, nodes, keys)),
        *(key.get("/api/keys") for key in (jobs, nodes, money)),
        *(key.post("/api/keys", json={}) for key in (jobs, nodes, money)),
    ):
        problem(refused, 403, "missing_scope")


def test_a_key_makes_no_key_that_may_do_more(alice: Customer):
    _, keys = make_key(alice, scopes=["keys", "jobs"])

    for scopes in (["wallet"], ["jobs"]):
        problem(keys.post("/api/keys", json={"scopes": scopes}), 403, "wallet_needed")


def test_a_key_acts_for_its_own_wallet_alone(alice: Customer, bob: Customer):
    _, program = make_key(alice)

    problem(program.post("/api/jobs", json=bob.body()), 403, "unauthorized")


def test_a_revoked_key_is_worth_nothing_at_once(alice: Customer):
    key, program = make_key(alice)
    assert program.submit()["status"] == "queued"

    answer = alice.delete(f"/api/keys/{key['keyId']}")

    assert (answer.status_code, answer.json()) == (200, {"success": True, "message": "API key revoked successfully"})
    problem(program.post("/api/jobs", json=alice.body()), *REFUSED)
    [listed] = alice.get("/api/keys").json()["keys"]
    assert TIME.fullmatch(listed["revokedAt"])


@pytest.mark.parametrize("key_id", ["018f0000-0000-7000-8000-000000000000", "nonsense", "%00"])
def test_an_unknown_key_is_not_found(alice: Customer, key_id: str):
    problem(alice.delete(f"/api/keys/{key_id}"), 404, "not_found", "API key not found")


def test_a_key_expires(alice: Customer, api_network):
    key, program = make_key(alice, expiresIn=3600)
    expires = datetime.fromisoformat(key["expiresAt"])
    assert timedelta(minutes=58) < expires - datetime.now(UTC) <= timedelta(hours=1)
    api_network.rows("UPDATE api_key SET expires_at = now() WHERE key_id = $1", key["keyId"])

    problem(program.get("/api/jobs"), *REFUSED)


def test_a_key_that_was_just_used_expires_too(alice: Customer):
    _, program = make_key(alice, expiresIn=1)
    program.get("/api/jobs")

    eventually(lambda: program.get("/api/jobs").status_code == 401, "the key to expire")


@pytest.mark.parametrize("fields", [{"scopes": []}, {"scopes": ["all"]}, {"expiresIn": 0}, {"expiresIn": 10**9},
                                    {"spendingLimit": -1}, {"spendingLimit": "1.0000001"}, {"name": "x" * 257}])  # fmt: skip  # noqa: E501
def test_a_key_out_of_bounds_is_refused(alice: Customer, fields: dict[str, object]):
    problem(alice.post("/api/keys", json=fields), 422, "invalid_request")


def test_jobs_of_a_key_hold_no_more_than_its_limit_and_refunds_give_room_back(alice: Customer, signed_worker: Worker):
    alice.deposit("10")
    key, program = make_key(alice, spendingLimit=3)
    nobody = {"minVRAM": 994}

    def spent() -> float:
        [listed] = [each for each in alice.get("/api/keys").json()["keys"] if each["keyId"] == key["keyId"]]
        return listed["spent"]

    first = program.submit(budget=2, requirements=nobody)
    body = problem(program.post("/api/jobs", json=alice.body(budget="1.000001")), 403, "spending_limit_reached")
    assert "1 HYPER" in body["error"]
    assert spent() == 2
    second = program.submit(budget=1, requirements=nobody)
    problem(program.post("/api/jobs", json=alice.body(budget="0.000001")), 403, "spending_limit_reached")
    assert program.submit(budget=0, requirements=nobody)["status"] == "queued"
    assert alice.submit(budget=5, requirements=nobody)["status"] == "queued"  # The wallet itself has no limit.
    program.post(f"/api/jobs/{first['jobId']}/cancel", json={})
    assert spent() == 1

    signed_worker.ready(pricePerUnit="1")
    paid = program.submit(budget=2, requirements=signed_worker.requirements)
    assert spent() == 3
    signed_worker.report(paid["jobId"], metrics={"units": 500_000_000})

    assert alice.job(paid["jobId"])["metrics"]["cost"] == 0.5
    assert spent() == 1.5
    assert program.submit(budget="1.5", requirements=nobody)["status"] == "queued"
    assert alice.job(second["jobId"])["status"] == "queued"


def test_a_job_that_waits_for_funds_uses_its_keys_limit_until_it_is_cancelled(alice: Customer):
    _, program = make_key(alice, spendingLimit=2)
    waiting = program.submit(budget=2)
    assert waiting["status"] == "pending"
    problem(program.post("/api/jobs", json=alice.body(budget=1)), 403, "spending_limit_reached")

    program.post(f"/api/jobs/{waiting['jobId']}/cancel", json={})

    assert program.submit(budget=2)["status"] == "pending"


# --- open mode


def test_open_mode_believes_the_body_but_a_token_binds(customer: Customer, open_url: str):
    token = customer.post("/api/keys", json={"walletAddress": customer.wallet}).json()["token"]
    with Connection(open_url) as program:
        program.headers["Authorization"] = f"Bearer {token}"
        problem(program.post("/api/jobs", json={**customer.body(), "walletAddress": wallet()}), 403, "unauthorized")
        assert program.post("/api/jobs", json=customer.body()).status_code == 201


def test_open_mode_asks_who_is_meant(customer: Customer):
    job_id = customer.submit()["jobId"]

    problem(customer.post(f"/api/jobs/{job_id}/cancel", json={}), 401, "not_authenticated", "walletAddress is missing")


def test_a_wallet_can_sign_in_in_open_mode_too(api: httpx.Client):
    assert sign_in(api, Keypair()).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com"])
def test_open_mode_is_not_served_to_others(api_network, host: str):
    environment = {**api_network.environment, "HYPERNODE_HOST": host, "HYPERNODE_AUTH": "open", "PATH": ""}

    ended = subprocess.run(
        [sys.executable, "-m", "hypernode", "coordinator"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode != 0
    said = ended.stdout + ended.stderr
    assert f"HYPERNODE_AUTH=open believes every caller, so it must not be served on {host}" in said.replace("\n", " ")
    assert "HYPERNODE_AUTH=signed" in said
