"""A long job whose node is lost goes on from its latest checkpoint on another node."""

import pytest

from hypernode.chain.keys import Keypair, address_of
from tests.jobs.conftest import Studio

pytestmark = pytest.mark.timeout(900)


def test_training_goes_on_where_a_killed_node_left_it(studio: Studio):
    doomed = address_of(Keypair())
    node = studio.network.node(studio.coordinator, "--accept", "llm_fine_tuning", wallet=doomed, name="doomed")
    heir = address_of(Keypair())
    requirements = {"minVRAM": 0, "allowWallets": [doomed, heir, studio.auditor]}
    job = studio.submit("llm_fine_tuning", requirements=requirements)
    for event in studio.client.watch(job.job_id):
        if event.kind == "checkpoint":
            node.kill()
            break

    studio.network.node(studio.coordinator, "--accept", "llm_fine_tuning", wallet=heir, name="heir")
    done = studio.finish(job)

    assert done.attempts == 2
    assert done.result is not None
    assert done.result["resumedFrom"] > 0
    assert done.verification is not None
    assert done.verification.verdict == "passed", done.verification
    assert studio.client.node(done.assigned_node or "").wallet_address == heir
