"""Nodes die, stall and lose their connection in mid-job: the job completes elsewhere, once, and is paid once."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec
import pytest
from websockets.sync.client import connect

from hypernode.client import ApiError, Client
from tests.faults.actors import (
    CHEAPER,
    DONE,
    LIMIT_S,
    PRICE,
    RESULT,
    TRAP,
    UNITS,
    Worker,
    assert_paid_once,
    busy_child,
    customer,
    earned,
    ledger_faults,
    lives,
    node_id_of,
    sleeping,
    submit,
    until,
    until_accepted,
    wasm,
)
from tests.network import Coordinator, Process, TestNetwork, eventually

Doomed = Callable[[Coordinator], Process]
ONLY_WASM = ("--accept", "generic_compute")


@pytest.fixture(scope="module")
def coordinator(shared_network: TestNetwork) -> Coordinator:
    """One that is quick to miss a node."""
    quick = {"HYPERNODE_LEASE_TTL_S": "2", "HYPERNODE_POLL_LEASE_TTL_S": "2", "HYPERNODE_OVERTIME_S": "1"}
    return shared_network.coordinator(**quick).ready()


@pytest.fixture(scope="module")
def rescuer(shared_network: TestNetwork, coordinator: Coordinator) -> Process:
    """A node that nothing befalls; dearer than those that something will befall."""
    return shared_network.node(coordinator, "--price", PRICE, *ONLY_WASM, "--capacity", "2", name="rescuer")


@pytest.fixture
def doomed(shared_network: TestNetwork) -> Iterator[Doomed]:
    """Starts nodes that get jobs first, and are gone after the test."""
    started: list[Process] = []

    def start(door: Coordinator) -> Process:
        started.append(shared_network.node(door, "--price", CHEAPER, *ONLY_WASM, "--capacity", "1"))
        return started[-1]

    yield start
    for node in started:
        node.kill()


@pytest.fixture
def client(coordinator: Coordinator) -> Iterator[Client]:
    """A customer with 5 HYPER."""
    with customer(coordinator, hyper="5", deposit="5") as made:
        yield made


def _assert_completed_elsewhere(network: TestNetwork, client: Client, job_id: str, first: Process, then: Process):
    job = until(client, job_id, "completed", "failed")
    assert job.status == "completed"
    assert job.assigned_node == node_id_of(client, then.wallet)
    assert_paid_once(network, [first.wallet, then.wallet])
    assert earned(network, first.wallet) == 0
    leases = network.rows("SELECT state FROM lease WHERE job_id = $1::text::uuid ORDER BY attempt", job_id)
    assert [lease["state"] for lease in leases].count("succeeded") == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_job_completes_elsewhere_when_its_node_is_killed_or_stopped(
    shared_network: TestNetwork,
    doomed: Doomed,
    coordinator: Coordinator,
    rescuer: Process,
    client: Client,
    how: signal.Signals,
):
    node = doomed(coordinator)
    job = submit(client, sleeping(4), budget="1")
    assert until_accepted(shared_network, job.job_id) == node_id_of(client, node.wallet)
    child = busy_child(shared_network, node)

    node.signal(how)

    _assert_completed_elsewhere(shared_network, client, job.job_id, node, rescuer)
    if how is signal.SIGSTOP:  # It wakes up, and must not be paid for what it did not know it had lost.
        node.signal(signal.SIGCONT)
        eventually(lambda: not lives(child), "its run to end", LIMIT_S)

        def works() -> bool:
            again = submit(client, wasm(DONE), budget="1")
            return until(client, again.job_id, "completed").assigned_node == node_id_of(client, node.wallet)

        eventually(works, "the node to get work again", LIMIT_S)
        assert len(shared_network.rows("SELECT 1 FROM receipt WHERE job_id = $1::text::uuid", job.job_id)) == 1
    else:
        eventually(lambda: not lives(child), "the run of a killed node to end", LIMIT_S)


def test_a_job_completes_elsewhere_when_its_node_is_cut_off(
    shared_network: TestNetwork, doomed: Doomed, coordinator: Coordinator, rescuer: Process, client: Client
):
    with Wire(coordinator) as wire:
        node = doomed(wire)  # type: ignore[arg-type]
        job = submit(client, sleeping(4), budget="1")
        assert until_accepted(shared_network, job.job_id) == node_id_of(client, node.wallet)
        child = busy_child(shared_network, node)

        wire.cut()

        _assert_completed_elsewhere(shared_network, client, job.job_id, node, rescuer)
        eventually(lambda: not lives(child), "the node to stop what it has lost", LIMIT_S)


def test_a_job_survives_a_short_interruption(
    shared_network: TestNetwork, doomed: Doomed, coordinator: Coordinator, rescuer: Process, client: Client
):
    """The network hiccups: the node comes back within its lease's time, or else the job runs again; never twice."""
    with Wire(coordinator) as wire:
        node = doomed(wire)  # type: ignore[arg-type]
        job = submit(client, sleeping(3), budget="1")
        until_accepted(shared_network, job.job_id)

        wire.cut()
        wire.mend()

        assert until(client, job.job_id, "completed", "failed").status == "completed"
        assert_paid_once(shared_network, [node.wallet, rescuer.wallet])


def test_a_late_result_is_refused_over_http_and_not_paid(
    shared_network: TestNetwork, coordinator: Coordinator, rescuer: Process, client: Client
):
    with Worker(coordinator.url, price=CHEAPER) as worker:
        job = submit(client, wasm(DONE), budget="1")
        offer = worker.take(job.job_id)

        assert until(client, job.job_id, "completed").assigned_node == node_id_of(client, rescuer.wallet)

        body = {"nodeId": worker.node_id, "result": RESULT}
        for late in (body, body | {"leaseId": offer["leaseId"]}):
            answer = worker.http.post(f"/api/jobs/{job.job_id}/result", json=late)
            assert (answer.status_code, answer.json()["code"]) == (409, "stale_lease")
        assert not worker.report(offer)
        assert_paid_once(shared_network, [worker.wallet, rescuer.wallet])
        assert earned(shared_network, worker.wallet) == 0


def test_a_late_result_is_refused_while_the_job_runs_elsewhere(
    shared_network: TestNetwork, coordinator: Coordinator, rescuer: Process, client: Client
):
    with Worker(coordinator.url, price=CHEAPER) as worker:
        job = submit(client, sleeping(3), budget="1")
        offer = worker.take(job.job_id)
        until_accepted(shared_network, job.job_id, attempt=2)

        body = {"nodeId": worker.node_id, "result": RESULT, "leaseId": offer["leaseId"]}
        answer = worker.http.post(f"/api/jobs/{job.job_id}/result", json=body)

        assert (answer.status_code, answer.json()["code"]) == (409, "stale_lease")
        done = until(client, job.job_id, "completed")
        assert done.assigned_node == node_id_of(client, rescuer.wallet)
        assert done.attempts == 2
        assert earned(shared_network, worker.wallet) == 0


def test_a_late_result_is_refused_over_the_socket_and_not_paid(
    shared_network: TestNetwork, coordinator: Coordinator, rescuer: Process, client: Client
):
    with Worker(coordinator.url, price=CHEAPER) as worker:
        url = f"{coordinator.url.replace('http', 'ws', 1)}/api/nodes/{worker.node_id}/socket"
        proof = {"Authorization": f"Bearer {worker.token}"}
        with connect(url, additional_headers=proof) as link:
            link.send(_encode([worker.hello]))
            _hear(link, "welcome")
            job = submit(client, wasm(DONE), budget="1")
            lease_id = _hear(link, "offer")["leaseId"]
            link.send(_encode([{"kind": "accept", "leaseId": lease_id}]))
            until(client, job.job_id, "completed")

        with connect(url, additional_headers=proof) as link:
            link.send(_encode([worker.hello | {"leases": [lease_id], "draining": True}]))
            assert _hear(link, "revoke")["leaseId"] == lease_id
            link.send(_encode([{"kind": "report", "leaseId": lease_id, "result": RESULT, "units": 1}]))
            answer = _hear(link, "reported")
        assert answer == {"kind": "reported", "leaseId": lease_id, "accepted": False}
        assert earned(shared_network, worker.wallet) == 0
    assert ledger_faults(shared_network) == []


def test_a_node_that_beats_on_after_the_jobs_time_loses_it(
    shared_network: TestNetwork, coordinator: Coordinator, rescuer: Process, client: Client
):
    with Worker(coordinator.url, price=CHEAPER) as worker:
        job = submit(client, wasm(DONE), budget="1", max_duration=1)
        lease_id = worker.take(job.job_id)["leaseId"]

        def elsewhere() -> bool:
            worker.say({"kind": "beat", "leases": [lease_id]})
            return client.job(job.job_id).status == "completed"

        eventually(elsewhere, "the job to complete elsewhere", LIMIT_S)
        assert worker.hear("revoke", leaseId=lease_id)
        assert client.job(job.job_id).assigned_node == node_id_of(client, rescuer.wallet)
        assert_paid_once(shared_network, [worker.wallet, rescuer.wallet])
        assert earned(shared_network, worker.wallet) == 0


def test_a_job_whose_input_is_to_blame_fails_at_once_and_is_refunded(
    shared_network: TestNetwork, rescuer: Process, client: Client
):
    job = submit(client, wasm(TRAP), budget="1")

    failed = until(client, job.job_id, "failed", "completed")

    assert failed.status == "failed"
    assert failed.error is not None and failed.error.code == "bad_input"
    assert failed.attempts == 1
    assert client.wallet().wallet.balance == 5
    assert client.node(node_id_of(client, rescuer.wallet)).reputation == 100


def test_a_job_that_kills_every_node_s_run_fails_and_blames_no_node(
    shared_network: TestNetwork, doomed: Doomed, coordinator: Coordinator, rescuer: Process, client: Client
):
    nodes = [rescuer, doomed(coordinator)]
    by_id = {node_id_of(client, node.wallet): node for node in nodes}
    job = submit(client, sleeping(60), budget="1")
    for attempt in (1, 2, 3):
        node = by_id[until_accepted(shared_network, job.job_id, attempt)]
        os.kill(busy_child(shared_network, node), signal.SIGKILL)

    failed = until(client, job.job_id, "failed", "completed")

    assert failed.status == "failed"
    assert failed.attempts == 3
    assert failed.error is not None and failed.error.code == "attempt_failed"
    assert client.wallet().wallet.balance == 5
    assert {client.node(node_id).reputation for node_id in by_id} == {100}
    tried = shared_network.rows("SELECT DISTINCT node_id FROM lease WHERE job_id = $1::text::uuid", job.job_id)
    assert len(tried) == len(nodes)
    assert ledger_faults(shared_network) == []


def test_a_node_that_is_told_to_stop_finishes_its_job_first(
    shared_network: TestNetwork, doomed: Doomed, coordinator: Coordinator, client: Client
):
    node = doomed(coordinator)
    job = submit(client, sleeping(3), budget="1")
    assert until_accepted(shared_network, job.job_id) == node_id_of(client, node.wallet)

    node.signal(signal.SIGTERM)

    assert node.process.wait(LIMIT_S) == 0, node.log.read_text()[-4000:]
    done = until(client, job.job_id, "completed", "failed")
    assert (done.status, done.attempts) == ("completed", 1)
    assert_paid_once(shared_network, [node.wallet])
    assert earned(shared_network, node.wallet) > 0
    with pytest.raises(ApiError):
        client.cancel_job(job.job_id)
    assert client.wallet().wallet.balance * UNITS == pytest.approx(5 * UNITS - done.metrics.cost * UNITS)


def _encode(frames: list[dict[str, object]]) -> str:
    return msgspec.json.encode(frames).decode()


def _hear(link: object, kind: str) -> dict[str, object]:
    """The next frame of a kind."""
    while True:
        for frame in msgspec.json.decode(link.recv(timeout=LIMIT_S)):  # type: ignore[attr-defined]
            if frame["kind"] == kind:
                return frame


class Wire:
    """A TCP proxy before a coordinator: `cut` ends all connections and takes no new ones, `mend` takes them again."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._target = ("127.0.0.1", int(coordinator.url.rsplit(":", 1)[1]))
        self._whole = True
        self._ends: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Wire":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._listener.close()

    def cut(self) -> None:
        self._whole = False
        for end in list(self._ends):
            self._end(end)

    def mend(self) -> None:
        self._whole = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection(self._target)
            self._ends |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            self._end(end)

    def _end(self, end: socket.socket) -> None:
        self._ends.discard(end)
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
