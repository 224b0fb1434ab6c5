"""Routes of money: balances, deposits, withdrawals, statements."""

from typing import Any

import pytest

from tests.api.parties import TIME, UUID7, Customer, Worker, problem, wallet
from tests.network import eventually


def test_a_new_wallet_has_nothing_and_is_told_where_deposits_go(customer: Customer, api_network):
    answer = customer.get(f"/api/wallets/{customer.wallet}").json()

    assert set(answer) == {"success", "wallet", "vault"}
    assert answer["wallet"] == {
        "walletAddress": customer.wallet, "balance": 0, "held": 0, "earned": 0, "payingOut": 0,
    }  # fmt: skip
    assert set(answer["vault"]) == {
        "address", "tokenAccount", "mint", "tokenProgram", "decimals", "genesisHash", "rpcUrl",
    }  # fmt: skip
    assert answer["vault"]["decimals"] == 6
    assert answer["vault"]["rpcUrl"] == api_network.chain.rpc_url


@pytest.mark.parametrize("address", ["nobody", "1" * 45, "0" * 44, "a%00b"])
@pytest.mark.parametrize("rest", ["", "/payouts", "/earnings", "/statement"])
def test_what_is_no_wallet_is_not_found(customer: Customer, address: str, rest: str):
    problem(customer.get(f"/api/wallets/{address}{rest}"), 404, "not_found", "Wallet not found")


def test_money_comes_in_is_held_comes_back_and_leaves(customer: Customer, alice: Customer):
    alice.deposit("2.5")
    job = alice.submit(budget="1.5", requirements={"minVRAM": 999})
    own = f"/api/wallets/{alice.wallet}"
    state = alice.get(own).json()["wallet"]
    assert (state["balance"], state["held"]) == (1, 1.5)
    problem(alice.post(f"{own}/withdraw", json={"amount": "1.000001"}), 400, "insufficient_balance")
    alice.post(f"/api/jobs/{job['jobId']}/cancel", json={})
    state = alice.get(own).json()["wallet"]
    assert (state["balance"], state["held"]) == (2.5, 0)

    answer = alice.post(f"{own}/withdraw", json={"amount": 2})

    assert answer.status_code == 201
    assert answer.json()["message"] == "Withdrawal under way"
    payout = answer.json()["payout"]
    assert set(payout) == {
        "payoutId", "kind", "walletAddress", "amount", "status", "txSignature", "createdAt", "finalizedAt",
    }  # fmt: skip
    assert (payout["kind"], payout["walletAddress"], payout["amount"]) == ("withdrawal", alice.wallet, 2)
    assert UUID7.fullmatch(payout["payoutId"])

    def finalized() -> bool:
        [now] = alice.get(f"{own}/payouts").json()["payouts"]
        return now["status"] == "finalized" and now["txSignature"] and TIME.fullmatch(now["finalizedAt"])

    eventually(finalized, "the withdrawal")
    statement = alice.get(f"{own}/statement").json()
    assert set(statement) == {"success", "count", "movements", "nextCursor"}
    assert [movement["amount"] for movement in statement["movements"]] == [-2, 1.5, -1.5, 2.5]
    assert all(set(movement) == {"id", "kind", "reference", "amount", "at"} for movement in statement["movements"])
    first = alice.get(f"{own}/statement", params={"limit": 3}).json()
    last = alice.get(f"{own}/statement", params={"limit": 3, "cursor": first["nextCursor"]}).json()
    assert first["movements"] + last["movements"] == statement["movements"]
    assert last["nextCursor"] is None


def test_a_provider_sees_what_each_job_earned_and_the_payment_that_brought_it(alice: Customer, bob: Customer):
    alice.deposit("60")
    with Worker(bob.url, bob, price="3600") as worker:
        worker.ready()
        job = alice.submit(budget="60", assurance="none", requirements=worker.requirements)
        worker.offer()
        worker.report(job["jobId"], metrics={"units": 1})
    own = f"/api/wallets/{bob.wallet}/earnings"

    def paid() -> dict[str, Any] | None:
        [earning] = alice.get(own).json()["earnings"]
        return earning if earning["payout"] and earning["payout"]["status"] == "finalized" else None

    earning = eventually(paid, "the payment")
    done = alice.job(job["jobId"])
    assert {name: earning[name] for name in ("jobId", "nodeId", "jobType", "status", "price", "unitPrice")} == {
        "jobId": job["jobId"], "nodeId": worker.node_id, "jobType": "generic_compute", "status": "completed",
        "price": 3600, "unitPrice": None,
    }  # fmt: skip
    assert (earning["cost"], earning["units"], earning["unit"]) == (
        done["metrics"]["cost"], done["units"], done["unit"],
    )  # fmt: skip
    assert 0 < earning["amount"] == pytest.approx(0.9 * earning["cost"], abs=1e-6)
    assert (earning["verdict"], earning["auditOf"]) == ("unverified", None)
    [payout] = alice.get(f"/api/wallets/{bob.wallet}/payouts").json()["payouts"]
    assert earning["payout"] == payout
    first = alice.get(own, params={"limit": 1}).json()
    assert alice.get(own, params={"limit": 1, "cursor": first["nextCursor"]}).json()["earnings"] == []
    problem(alice.get(own, params={"cursor": "x"}), 422, "invalid_request")


@pytest.mark.parametrize("amount", [0, -1, "0.0000001", "x", None, True, [], 2**64, "NaN"])
def test_an_amount_that_is_none_is_not_withdrawn(customer: Customer, amount: object):
    body = problem(customer.post(f"/api/wallets/{customer.wallet}/withdraw", json={"amount": amount}), 422)

    assert [bad["path"] for bad in body["errors"]] == ["amount"]


def test_a_strangers_wallet_cannot_be_emptied_or_read(alice: Customer, bob: Customer, signed_worker: Worker):
    for caller, status in ((alice, 403), (signed_worker, 401)):
        caller_problem = {403: "unauthorized", 401: "not_authenticated"}[status]
        problem(caller.post(f"/api/wallets/{bob.wallet}/withdraw", json={"amount": 1}), status, caller_problem)
        problem(caller.get(f"/api/wallets/{bob.wallet}/statement"), status, caller_problem)


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "١", ""])
def test_a_cursor_of_a_statement_is_checked(customer: Customer, cursor: str):
    problem(customer.get(f"/api/wallets/{customer.wallet}/statement", params={"cursor": cursor}), 422)


def test_payouts_of_any_wallet_are_public(signed):
    answer = signed.get(f"/api/wallets/{wallet()}/payouts").json()

    assert answer == {"success": True, "count": 0, "payouts": [], "nextCursor": None}
