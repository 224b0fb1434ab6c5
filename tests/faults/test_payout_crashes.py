"""The coordinator is killed at the named points of a payout and of an anchor: paid once, anchored once."""

from contextlib import suppress

import httpx
import msgspec
import pytest

from hypernode.client import verify_receipt
from tests.faults.actors import (
    DONE,
    LIMIT_S,
    RESULT,
    Worker,
    assert_paid_once,
    customer,
    earned,
    on_chain,
    restarted,
    submit,
    until,
    until_dead,
    wasm,
)
from tests.network import TestNetwork, eventually


@pytest.mark.parametrize("point", ["payout.signed", "payout.stored", "payout.sent", "payout.confirmed"])
def test_a_provider_is_paid_once_though_the_coordinator_is_killed_in_mid_payout(network: TestNetwork, point: str):
    coordinator = network.coordinator(HYPERNODE_FAILPOINT=point).ready()
    with customer(coordinator, hyper="10", deposit="10") as client, Worker(coordinator.url) as node:
        job = submit(client, wasm(DONE), budget="5")
        offer = node.take(job.job_id)
        with suppress(httpx.HTTPError):  # The payout may be on its way before the answer is.
            node.report(offer)
        until_dead(coordinator)
        assert network.rows("SELECT 1 FROM payout WHERE state = 'finalized'") == []

        restarted(network, coordinator).ready()

        assert until(client, job.job_id, "completed").metrics.cost > 0
        assert_paid_once(network, [node.wallet])
        assert on_chain(network, node.wallet) == earned(network, node.wallet) > 0


@pytest.mark.parametrize("point", ["anchor.sent", "anchor.confirmed"])
def test_a_receipt_is_anchored_once_though_the_coordinator_is_killed_in_mid_anchor(network: TestNetwork, point: str):
    coordinator = network.coordinator(HYPERNODE_FAILPOINT=point).ready()
    with customer(coordinator) as client, Worker(coordinator.url, price="0", capacity=3) as node:
        jobs = [submit(client, wasm(DONE)) for _ in range(3)]
        offers = [node.take(job.job_id) for job in jobs]
        with suppress(httpx.HTTPError):
            node.say(*({"kind": "report", "leaseId": each["leaseId"], "result": RESULT} for each in offers))
        until_dead(coordinator)

        restarted(network, coordinator).ready()

        signer = client.validation().blockchain.anchor_key
        for job in jobs:
            until(client, job.job_id, "completed")
            receipt = eventually(
                lambda job=job: (file := client.receipt(job.job_id)).get("anchor") and file, "the anchor", LIMIT_S
            )
            checks = verify_receipt(msgspec.json.encode(receipt), rpc_url=network.chain.rpc_url, signer=signer)
            assert checks.complete, checks
    landed = network.rows(
        "SELECT receipt.job_id FROM receipt JOIN anchor USING (anchor_id)"
        " JOIN chain_transaction ON chain_transaction.signature = anchor.signature"
        " WHERE state = 'finalized'"
    )
    assert len(landed) == len(jobs)
    sizes = network.rows("SELECT coalesce(sum(size), 0)::int AS sum FROM anchor")
    assert sizes == [{"sum": len(jobs)}], "an anchor that was given up must have failed, and none did"
