"""The agent on a loopback wire: what it does by itself, without a coordinator's mind at the other end."""

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from coordinator_stub import NODE_ID, CoordinatorStub, Served
from msgspec.structs import replace as replace_frame

from hypernode.domain.isolation import Isolation
from hypernode.node import status
from hypernode.node.agent import Agent
from hypernode.node.home import HomeInUse
from hypernode.node.machine import Machine, look
from hypernode.node.settings import NodeSettings
from hypernode.protocol.frames import Beat, CoordinatorFrame, Decline, Hello, Offer, Reported, Revoke, Stream

WALLET = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
HELLO = """(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 8) "hello\\n")
  (func (export "_start") (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 6))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))))"""
LOOP = '(module (func (export "_start") (loop (br 0))))'
COPY = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 200) "incopyüber")
  (func (export "_start")
    (drop (call $open (i32.const 3) (i32.const 0) (i32.const 200) (i32.const 2)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 100))
    (drop (call $read (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 4)))
    (drop (call $open (i32.const 4) (i32.const 0) (i32.const 206) (i32.const 5)
      (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 32)))
    (drop (call $write (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 40)))))"""


def offer(lease_id: str, wat: str, **given: Any) -> Offer:
    given = {"runtime": "wasm", "module": {"wat": wat}, "fuel": 10**13, **given}
    return Offer(lease_id, f"job-{lease_id}", 1, "generic_compute", "default", given, max_duration_s=600)


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def processes_in(folder: Path) -> list[str]:
    """Processes that work in or below a folder."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append(process.name)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    settings = NodeSettings("http://127.0.0.1:9", WALLET, tmp_path_factory.mktemp("probe"))
    return asyncio.run(look(settings))


class Network:
    """A served stub and a running agent."""

    def __init__(self, stub: CoordinatorStub, agent: Agent, home: Path) -> None:
        self.stub, self.agent, self.home = stub, agent, home

    def say(self, *frames: CoordinatorFrame) -> None:
        for frame in frames:
            self.stub.outgoing.put_nowait(frame)


@pytest.fixture
def stub(request: pytest.FixtureRequest) -> CoordinatorStub:
    return CoordinatorStub(**getattr(request, "param", {}))


@pytest.fixture
async def network(stub: CoordinatorStub, machine: Machine, tmp_path: Path) -> AsyncIterator[Network]:
    async with Served(stub) as served:
        agent = Agent(NodeSettings(served.url, WALLET, tmp_path, capacity=2), machine)
        running = asyncio.create_task(agent.run())
        await agent.online.wait()
        yield Network(stub, agent, tmp_path)
        agent.stop()
        await running
        assert processes_in(tmp_path) == []
        assert list((tmp_path / "jobs").iterdir()) == []


BOTH_LINKS = pytest.mark.parametrize("stub", [{}, {"websocket": False}], indirect=True, ids=["websocket", "poll"])


@BOTH_LINKS
async def test_it_registers_and_offers_what_the_machine_can_do(network: Network):
    registered, hello = network.stub.registered[0], network.stub.frames[0]

    assert registered["walletAddress"] == WALLET
    assert registered["gpuModel"] == "CPU"
    assert {"inference", "generic_compute"} <= set(registered["capabilities"])
    assert isinstance(hello, Hello)
    assert hello.capacity == 2
    assert "smollm2-135m-instruct" in next(o for o in hello.engines if o.job_type == "llm_inference").models
    assert stat.S_IMODE((network.home / "node.json").stat().st_mode) == 0o600


@BOTH_LINKS
async def test_it_runs_a_job_and_reports_it(network: Network):
    network.say(offer("a", HELLO))
    await until(network.stub.reports)

    report = network.stub.reports()[0]
    assert [accept.lease_id for accept in network.stub.accepts()] == ["a"]
    assert (report.lease_id, report.result and report.result["stdout"]) == ("a", "hello\n")
    assert report.fingerprint
    assert [frame.text for frame in network.stub.got(Stream)] == ["hello\n"]


async def test_artifacts_come_and_go(network: Network):
    content = b"content of an artifact"
    digest = hashlib.sha256(content).hexdigest()
    network.stub.artifacts[digest] = content

    network.say(offer("a", COPY, files={"in": digest}))
    await until(network.stub.reports)

    report = network.stub.reports()[0]
    assert [(ref.name, ref.sha256) for ref in report.artifacts] == [("über", digest)]
    assert network.stub.uploads == {quote("über"): content}


async def test_a_missing_artifact_blames_the_input(network: Network):
    network.say(offer("a", COPY, files={"in": "0" * 64}))
    await until(network.stub.reports)

    assert network.stub.reports()[0].blames_input


async def test_it_declines_what_it_cannot_take(network: Network):
    network.say(offer("a", LOOP), offer("b", LOOP), offer("c", LOOP), offer("a", LOOP))
    network.say(Offer("d", "job-d", 1, "telepathy", "", {}, 60))
    await until(lambda: len(network.stub.got(Decline)) == 2)

    assert {frame.lease_id: frame.reason for frame in network.stub.got(Decline)} == {
        "c": "at capacity",
        "d": "cannot run telepathy",
    }
    assert [accept.lease_id for accept in network.stub.accepts()] == ["a", "b"]


@pytest.mark.parametrize("allowed", [False, True])
async def test_a_node_whose_sandbox_did_not_hold_takes_jobs_of_its_own_wallet_alone_unless_allowed(
    stub: CoordinatorStub, machine: Machine, tmp_path: Path, allowed: bool
):
    broken = replace(machine, sandbox=replace(machine.sandbox, isolation=Isolation.PROCESS))
    own, foreign = replace_frame(offer("a", HELLO), customer=WALLET), replace_frame(offer("b", HELLO), customer="other")
    async with Served(stub) as served:
        agent = Agent(NodeSettings(served.url, WALLET, tmp_path, capacity=2, allow_unsandboxed=allowed), broken)
        running = asyncio.create_task(agent.run())
        await agent.online.wait()
        for frame in (own, foreign):
            stub.outgoing.put_nowait(frame)
        await until(lambda: len(stub.accepts()) + len(stub.got(Decline)) == 2)
        agent.stop()
        await running

    hello = stub.got(Hello)[0]
    assert (hello.isolation, hello.own_jobs_only) == (Isolation.PROCESS, not allowed)
    declined = [] if allowed else [Decline("b", "takes jobs of its own wallet alone")]
    assert stub.got(Decline) == declined


async def test_a_revoked_lease_stops_its_work(network: Network):
    network.say(offer("a", LOOP))
    await until(lambda: processes_in(network.home))

    network.say(Revoke("a", "stopped"))

    await until(lambda: not processes_in(network.home))
    assert network.stub.reports() == []


async def test_a_report_is_repeated_until_it_is_acknowledged(network: Network):
    network.stub.acknowledges = False
    network.say(offer("a", HELLO))
    await until(lambda: len(network.stub.reports()) >= 2)
    network.stub.hang_up.set()
    connected = network.stub.connections
    await until(lambda: network.stub.connections > connected)
    reported = len(network.stub.reports())
    await until(lambda: len(network.stub.reports()) > reported)
    assert "a" in network.stub.got(Hello)[-1].leases

    network.say(Reported("a", accepted=True))

    await until(lambda: network.stub.got(Beat)[-1].leases == [])


async def test_work_survives_a_short_loss_of_the_link(network: Network):
    network.say(offer("a", LOOP))
    await until(lambda: processes_in(network.home))
    before = processes_in(network.home)

    network.stub.hang_up.set()
    await until(lambda: len(network.stub.got(Hello)) == 2)

    assert network.stub.got(Hello)[1].leases == ["a"]
    assert set(before) <= set(processes_in(network.home))


@pytest.mark.parametrize("stub", [{"lease_ttl_s": 1.0}], indirect=True)
async def test_a_node_cut_off_for_the_lifetime_of_its_lease_stops_its_work(
    stub: CoordinatorStub, machine: Machine, tmp_path: Path
):
    async with Served(stub) as served:
        agent = Agent(NodeSettings(served.url, WALLET, tmp_path), machine)
        running = asyncio.create_task(agent.run())
        await agent.online.wait()
        stub.outgoing.put_nowait(offer("a", LOOP))
        await until(lambda: processes_in(tmp_path))

    await until(lambda: not processes_in(tmp_path))
    async with Served(stub, served.port):
        await until(lambda: len(stub.got(Hello)) == 2)
        assert stub.got(Hello)[1].leases == []
        agent.stop()
        await running


async def test_a_drain_finishes_what_is_in_hand(network: Network):
    network.say(offer("a", LOOP))
    await until(lambda: processes_in(network.home))

    network.agent.interrupt()
    await until(lambda: network.stub.got(Hello)[-1].draining)
    network.say(offer("b", HELLO))
    await until(lambda: network.stub.got(Decline))
    shown = status.read(network.home)
    assert shown
    assert (shown.state, shown.jobs, shown.node_id) == ("draining", ["job-a"], NODE_ID)

    network.say(Revoke("a", "stopped"))
    await until(lambda: (now := status.read(network.home)) and now.state == "stopped")


async def test_a_second_interrupt_kills(network: Network):
    network.say(offer("a", LOOP))
    await until(lambda: processes_in(network.home))

    network.agent.interrupt()
    network.agent.interrupt()

    await until(lambda: (now := status.read(network.home)) and now.state == "stopped")


async def test_a_node_that_was_removed_registers_again(network: Network):
    network.stub.token = "a new token"
    network.stub.hang_up.set()

    await until(lambda: len(network.stub.registered) == 2 and network.stub.connections == 2)


async def test_a_model_that_ran_is_offered_as_warm(network: Network):
    chat = {"prompt": "What is 2+2?", "maxTokens": 2}
    network.say(Offer("a", "job-a", 1, "llm_inference", "default", chat, max_duration_s=60))

    await until(lambda: any(each.warm_models for hello in network.stub.got(Hello) for each in hello.engines))

    assert network.stub.reports()[0].model == "smollm2-135m-instruct"


async def test_a_home_is_held_by_one_agent(network: Network, machine: Machine):
    with pytest.raises(HomeInUse):
        Agent(NodeSettings("http://127.0.0.1:9", WALLET, network.home), machine)


@pytest.mark.parametrize("wrong", [{"coordinator_url": "localhost:3001"}, {"capacity": 0}, {"price": "-1"}])
def test_wrong_settings_are_refused_at_once(tmp_path: Path, wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"begins with|capacity|negative"):
        NodeSettings(**{"coordinator_url": "http://127.0.0.1:9", "wallet": WALLET, "home": tmp_path, **wrong})
