"""Only operators have operator keys, and no key makes another."""

from hypernode.chain.keys import Keypair, address_of
from tests.api.parties import Connection, Customer, sign_in
from tests.network import TestNetwork


def test_a_wallet_that_is_no_operator_gets_no_operator_key(alice: Customer):
    refused = alice.post("/api/keys", json={"scopes": ["operator"]})

    assert (refused.status_code, refused.json()["code"]) == (403, "not_operator")


def test_an_operator_notes_in_the_audit_log_and_changes_no_figure(api_network: TestNetwork):
    keypair = Keypair()
    wallet = address_of(keypair)
    coordinator = api_network.coordinator(HYPERNODE_AUTH="signed", HYPERNODE_OPERATORS=f"x, {wallet}").ready()
    with Connection(coordinator.url) as operator:
        operator.headers["Authorization"] = f"Bearer {sign_in(operator, keypair).json()['token']}"
        token = operator.post("/api/keys", json={"scopes": ["operator"]}).json()["token"]
        before = operator.get("/api/metrics").json()["metrics"]["network"]["totalJobs"]
        note = {"type": "job_completed", "data": {"jobId": "made up"}}
        answer = operator.post("/api/metrics/update", json=note, headers={"authorization": f"Bearer {token}"})

        assert answer.json() == {"message": "Metrics updated successfully", "success": True}
        assert operator.get("/api/metrics").json()["metrics"]["network"]["totalJobs"] == before
    noted = api_network.rows("SELECT actor, action FROM audit ORDER BY audit_id DESC LIMIT 1")
    assert noted == [{"actor": wallet, "action": "job_completed"}]


def test_no_key_makes_another(alice: Customer):
    token = alice.post("/api/keys", json={"scopes": ["keys", "jobs"], "spendingLimit": 1}).json()["token"]
    refused = alice.post("/api/keys", json={"scopes": ["jobs"]}, headers={"authorization": f"Bearer {token}"})

    assert (refused.status_code, refused.json()["code"]) == (403, "wallet_needed")
