"""Results are checked by other nodes before they are paid: who checks, what a verdict does, who may not lie."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from hypernode.chain.keys import Keypair, address_of
from tests.api.parties import JSON, RESULT, Customer, Worker
from tests.network import Coordinator, TestNetwork, eventually

FORGED = {"verdict": "failed", "evidence": "stdout differs", "figures": {"differingBytes": 5}}
RIGHT = {"verdict": "passed", "evidence": "a second run gave the same", "figures": {}}
CANNOT = {"verdict": "unverified", "evidence": "the model is not here", "figures": {}}


@pytest.fixture(scope="module")
def operator() -> Keypair:
    return Keypair()


@pytest.fixture(scope="module")
def network_of_auditors(api_network: TestNetwork, operator: Keypair) -> Iterator[Coordinator]:
    """A coordinator whose operator has auditors, and which gives up on a check after a second."""
    settings = {"HYPERNODE_AUDITORS": address_of(operator), "HYPERNODE_AUDIT_PATIENCE_S": "1"}
    yield api_network.coordinator(**settings).ready()


class Crowd:
    """Nodes that only jobs of one test reach."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.capability = f"only-{uuid4().hex}"
        self.customer = Customer(url)
        self.members: list[Worker | Customer] = [self.customer]

    def node(self, owner: Customer | None = None, *, price: float = 0, **engine: Any) -> Worker:
        """A node that runs and checks."""
        joined = Worker(self.url, owner, capabilities=[self.capability], price=price)
        self.members.append(joined)
        return joined.ready(audits=True, **engine)

    def trusted(self, operator: Keypair) -> Worker:
        """A node of the operator's."""
        owner = Customer(self.url)
        owner.keypair, owner.wallet = operator, address_of(operator)
        self.members.append(owner)
        return self.node(owner)

    def submit(self, **fields: Any) -> JSON:
        return self.customer.submit(requirements={"capabilities": [self.capability]}, **fields)

    def claimed(self, *, join: int = 1, **fields: Any) -> tuple[JSON, Worker, list[Worker]]:
        """A job that is always checked, the node that has reported on it, and those that joined before it did."""
        node = self.node()
        job = self.submit(**{"assurance": "always", **fields})
        offer = node.offer()
        others = [self.node() for _ in range(join)]
        node.tell({"kind": "report", "leaseId": offer["leaseId"], "result": RESULT, "units": 7})
        return job, node, others

    def job(self, job: JSON) -> JSON:
        return self.customer.job(job["jobId"])

    def ended(self, job: JSON) -> JSON:
        def look() -> JSON | None:
            now = self.job(job)
            return now if now["status"] in ("completed", "failed") else None

        return eventually(look, "the job's end")

    def verified(self, job: JSON) -> JSON | None:
        return self.job(job)["verification"]


@pytest.fixture
def crowd(network_of_auditors: Coordinator) -> Iterator[Crowd]:
    made = Crowd(network_of_auditors.url)
    yield made
    for member in made.members:
        member.close()


def run(worker: Worker, **report: Any) -> JSON:
    """Take the next offer and report a result."""
    offer = worker.offer()
    lease = {"leaseId": offer["leaseId"]}
    worker.tell({"kind": "accept", **lease}, {"kind": "report", "result": RESULT, "units": 7, **lease, **report})
    return offer


def audit(worker: Worker, finding: JSON) -> JSON:
    """Take the next offer, which is an audit, and report a finding."""
    offer = run(worker, result=finding, units=0)
    assert offer["audit"], "not an audit"
    return offer


def test_a_result_that_passes_its_check_is_paid_and_its_receipt_says_so(crowd: Crowd):
    node = crowd.node()
    job = crowd.submit()
    run(node, fingerprint={"engine": "wasmtime 1"})
    # No other node can check: the first result was accepted at once.
    assert crowd.ended(job)["verification"]["verdict"] == "unverified"

    job = crowd.submit()
    offer = node.offer()
    auditor = crowd.node()
    node.tell({"kind": "report", "leaseId": offer["leaseId"], "result": RESULT, "units": 7})
    claim = audit(auditor, RIGHT)

    done = crowd.ended(job)
    assert done["status"] == "completed"
    assert done["result"] == RESULT
    verification = done["verification"]
    assert (verification["verdict"], verification["evidence"]) == ("passed", RIGHT["evidence"])
    assert verification["auditor"] == auditor.node_id
    assert (claim["audit"]["output"], claim["audit"]["units"]) == (RESULT, 7)
    assert claim["input"] == done["input"]
    body = crowd.customer.get(f"/api/jobs/{job['jobId']}/receipt").json()["receipt"]["receipt"]
    assert (body["verdict"], body["assurance"]) == ("passed", "sampled")


def test_while_a_result_is_checked_the_job_runs_and_its_node_is_free(crowd: Crowd):
    node, auditor = crowd.node(), crowd.node()
    job = crowd.submit()
    first, second = (node, auditor) if _offered(node) else (auditor, node)
    run(first)
    checking = second.offer()

    assert crowd.job(job)["status"] == "running"
    assert crowd.job(job)["result"] is None
    assert checking["audit"]["output"] == RESULT
    other = crowd.submit()
    assert first.offer()["jobId"] == other["jobId"]


def _offered(worker: Worker) -> bool:
    """Whether the next offer is this worker's."""
    worker.offers += [frame for frame in worker.poll(wait_s=1) if frame["kind"] == "offer"]
    return bool(worker.offers)


def test_a_forged_result_is_not_paid_and_the_job_goes_to_another_node(crowd: Crowd, operator: Keypair):
    forger = crowd.node()
    job = crowd.submit(assurance="always")
    offer = forger.offer()
    judge = crowd.trusted(operator)
    forger.tell({"kind": "report", "leaseId": offer["leaseId"], "result": {**RESULT, "stdout": "lie"}, "units": 7})
    audit(judge, FORGED)

    assert run(judge)["jobId"] == job["jobId"], "the job was not tried again elsewhere"
    done = crowd.ended(job)
    assert done["result"] == RESULT
    assert done["assignedNode"] == judge.node_id
    assert done["attempts"] == 2
    assert node_of(crowd, forger)["status"] == "suspended"


def node_of(crowd: Crowd, worker: Worker) -> JSON:
    return crowd.customer.get(f"/api/nodes/{worker.node_id}").json()["node"]


def test_a_suspended_node_is_told_so_and_gets_no_work(crowd: Crowd, operator: Keypair):
    forger = crowd.node()
    crowd.submit(assurance="always")
    offer = forger.offer()
    judge = crowd.trusted(operator)
    forger.tell({"kind": "report", "leaseId": offer["leaseId"], "result": RESULT})
    audit(judge, FORGED)
    eventually(lambda: node_of(crowd, forger)["status"] == "suspended", "the suspension")

    hello = {"kind": "hello", "capacity": 1, "engines": [{"jobType": "generic_compute", "models": []}]}
    answer = forger.post(f"/api/nodes/{forger.node_id}/frames", json=[hello])

    assert answer.status_code == 403
    assert answer.json()["code"] == "node_suspended"


def test_a_stranger_alone_cannot_have_a_rival_suspended(crowd: Crowd):
    job, node, (liar,) = crowd.claimed()
    audit(liar, FORGED)

    # Nobody can give a second opinion: the attempt fails, and no more.
    eventually(lambda: crowd.job(job)["attempts"] == 2, "another attempt")
    assert node_of(crowd, node)["status"] != "suspended"
    assert crowd.job(job)["error"] is None or crowd.job(job)["error"]["code"] == "check_failed"


def test_a_second_opinion_that_differs_saves_the_result_and_costs_the_liar(crowd: Crowd):
    job, node, others = crowd.claimed(join=2)
    liar, honest = others if _offered(others[0]) else reversed(others)
    audit(liar, FORGED)
    audit(honest, RIGHT)

    done = crowd.ended(job)
    assert (done["status"], done["verification"]["verdict"]) == ("completed", "passed")
    assert done["verification"]["auditor"] == honest.node_id
    assert node_of(crowd, liar)["reputation"] < 100
    assert node_of(crowd, node)["reputation"] == 100


def test_two_strangers_who_agree_have_a_forger_suspended(crowd: Crowd):
    _, forger, others = crowd.claimed(join=2)
    first, second = others if _offered(others[0]) else reversed(others)
    audit(first, FORGED)
    audit(second, FORGED)

    eventually(lambda: node_of(crowd, forger)["status"] == "suspended", "the suspension")


def test_neither_the_provider_nor_the_customer_has_a_say(crowd: Crowd):
    provider, stranger = Customer(crowd.url), Customer(crowd.url)
    crowd.members += [provider, stranger]
    node = crowd.node(provider)
    job = crowd.submit(assurance="always")
    offer = node.offer()
    twin, own = crowd.node(provider), crowd.node(crowd.customer)
    node.tell({"kind": "report", "leaseId": offer["leaseId"], "result": RESULT, "units": 7})

    assert crowd.ended(job)["verification"]["verdict"] == "unverified"
    assert not _offered(twin)
    assert not _offered(own)


def test_an_auditor_that_cannot_tell_leaves_the_result_unverified(crowd: Crowd):
    job, _, (auditor,) = crowd.claimed()
    audit(auditor, CANNOT)

    verification = crowd.ended(job)["verification"]
    assert (verification["verdict"], verification["evidence"]) == ("unverified", CANNOT["evidence"])


def test_a_check_that_nobody_begins_does_not_hold_up_the_pay(crowd: Crowd):
    node = crowd.node()
    job = crowd.submit(assurance="always")
    offer = node.offer()
    busy = crowd.node()
    other = crowd.submit(assurance="none")
    busy.offer()  # It has a job, and no slot for the audit.
    node.tell({"kind": "report", "leaseId": offer["leaseId"], "result": RESULT, "units": 7})
    node.tell({"kind": "hello", "capacity": 1, "draining": True, "engines": []})

    done = crowd.ended(job)
    assert (done["status"], done["verification"]["verdict"]) == ("completed", "unverified")
    assert "did not come about" in done["verification"]["evidence"]
    assert crowd.job(other)["status"] == "running"


def test_an_auditor_that_reports_no_finding_is_asked_no_more(crowd: Crowd):
    job, _, (broken,) = crowd.claimed()
    for _ in range(3):
        audit(broken, {"verdict": "perhaps"})

    assert crowd.ended(job)["verification"]["verdict"] == "unverified"


def test_no_assurance_means_that_nobody_else_sees_the_job(crowd: Crowd):
    job, _, (watcher,) = crowd.claimed(assurance="none")

    assert crowd.ended(job)["verification"]["verdict"] == "unverified"
    assert not _offered(watcher)


def test_what_the_customer_asks_of_a_node_is_asked_of_an_auditor(crowd: Crowd):
    node = crowd.node()
    chosen = {"capabilities": [crowd.capability], "allowNodes": [node.node_id]}
    job = crowd.customer.submit(assurance="always", requirements=chosen)
    offer = node.offer()
    watcher = crowd.node()
    node.tell({"kind": "report", "leaseId": offer["leaseId"], "result": RESULT, "units": 7})

    assert crowd.ended(job)["verification"]["verdict"] == "unverified"
    assert not _offered(watcher)


def test_audits_are_the_networks_jobs_and_not_in_anybody_elses_list(crowd: Crowd):
    job, node, (auditor,) = crowd.claimed()
    claim = audit(auditor, RIGHT)
    crowd.ended(job)

    audited = crowd.job({"jobId": claim["jobId"]})
    assert audited["auditOf"] == job["jobId"]
    assert audited["walletAddress"] not in (crowd.customer.wallet, node.wallet, auditor.wallet)
    listed = crowd.customer.get("/api/jobs", params={"limit": 100}).json()["jobs"]
    assert claim["jobId"] not in {each["jobId"] for each in listed}


def test_an_audit_is_paid_out_of_what_the_network_earned(crowd: Crowd, api_network: TestNetwork):
    crowd.customer.deposit("5")
    node = crowd.node(pricePerUnit="1")
    job = crowd.submit(budget="1", assurance="none")
    run(node, units=10**9)
    assert crowd.ended(job)["metrics"]["cost"] == 1  # Of which a tenth is the network's.

    job = crowd.submit(budget="1", assurance="always")
    offer = node.offer()
    dear = crowd.node(price=5)
    node.tell({"kind": "report", "leaseId": offer["leaseId"], "result": RESULT, "units": 10**9})
    claim = audit(dear, RIGHT)

    assert crowd.ended(job)["verification"]["verdict"] == "passed"
    audited = crowd.job({"jobId": claim["jobId"]})
    assert 0 < audited["metrics"]["cost"] <= 0.1
    (funded,) = api_network.rows("SELECT * FROM transfer WHERE kind = 'audit' AND reference = $1", claim["jobId"])
    assert (funded["debit"], funded["credit"]) == ("treasury", f"customer:{audited['walletAddress']}")
    assert node_of(crowd, dear)["totalEarned"] > 0


def test_a_node_cannot_answer_with_another_model_than_the_job_names(crowd: Crowd):
    node = crowd.node(models=["big", "small"])
    job = crowd.submit(model="big", assurance="none")
    run(node, model="small")

    eventually(lambda: crowd.job(job)["attempts"] == 2, "another attempt")


def test_an_unknown_assurance_is_refused(crowd: Crowd):
    answer = crowd.customer.post("/api/jobs", json=crowd.customer.body(assurance="certain"))

    assert answer.status_code == 422
    assert "assurance" in answer.text
