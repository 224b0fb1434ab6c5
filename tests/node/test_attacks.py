"""Hostile jobs in the real sandbox of this machine: each is stopped, and the report says why."""

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

import hypernode
from hypernode import executors
from hypernode.domain.isolation import Isolation
from hypernode.node.checkpoints import keeping
from hypernode.node.events import Checkpoint, Log, Progress, Stream
from hypernode.node.limits import Limits
from hypernode.node.outputs import OutputFile, remove
from hypernode.node.runner import Finished, Job, run
from hypernode.node.sandbox import trial
from hypernode.node.sandbox.bubblewrap import TEMPORARY
from hypernode.node.sandbox.child import Place, Sandbox, spawn
from hypernode.ports import ExecutionFailed
from hypernode.protocol.artifacts import ArtifactRef

PLUGIN = Path(__file__).parent / "plugin"
MEMORY_MB = 256
PROCESSES = 48
DISK_MB = 64
OUTPUT_BYTES = 32 << 20
LIMITS = Limits(memory_mb=MEMORY_MB, processes=PROCESSES, disk_mb=DISK_MB, output_files=100, output_bytes=OUTPUT_BYTES)
SECRET = f"secret-{secrets.token_hex(8)}"
METADATA = "169.254.169.254:80"


class Node:
    """A node's home with secrets, and a job's folder in it."""

    def __init__(self, home: Path, sandbox: Sandbox) -> None:
        self.home, self.sandbox = home, sandbox
        self.folder = home / "jobs" / "mine"
        self.folder.mkdir(parents=True)
        self.events: list[Progress | Log | Stream | Checkpoint] = []
        self.on_checkpoint: Callable[[str], None] = print
        self.environment = {"ATTACK_PLUGIN": str(PLUGIN)}

    async def __call__(self, deed: str, targets: Sequence[str | Path] = (), limits: Limits = LIMITS) -> Finished:
        return await run(
            executors.load_one("attack"),
            Job("attack", "", {"deed": deed, "targets": list(map(str, targets))}, max_duration_s=60),
            self.folder,
            fetch=no_artifact,
            on_event=self._hear,
            limits=limits,
            environment=self.environment,
            sandbox=self.sandbox,
            prefix=("/usr/bin/env", f"PYTHONPATH={PLUGIN}"),
        )

    def _hear(self, event: Progress | Log | Stream | Checkpoint) -> None:
        self.events.append(event)
        if isinstance(event, Checkpoint):
            self.on_checkpoint(event.name)

    async def loot(self, deed: str, targets: Sequence[str | Path] = ()) -> dict[str, str]:
        return (await self(deed, targets)).output["loot"]

    @property
    def lines(self) -> list[str]:
        return [event.line for event in self.events if isinstance(event, Log)]


async def no_artifact(sha256: str, path: Path) -> None:
    raise AssertionError(f"no attack needs {sha256} at {path}")


def running(mark: str) -> list[str]:
    """Processes of this machine with a mark on their command line."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        found += [process.name] if mark.encode() in words else []
    return found


async def until(condition: object) -> None:
    assert callable(condition)
    while not condition():
        await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sandbox, trial.Trial]:
    return asyncio.run(trial.find(tmp_path_factory.mktemp("trial")))


@pytest.fixture
def node(tmp_path: Path, proved: tuple[Sandbox, trial.Trial], monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.syspath_prepend(PLUGIN)
    home = tmp_path / "home"
    home.mkdir()
    (home / "node.json").write_text(SECRET)
    return Node(home, replace(proved[0], isolation=proved[1].isolation))


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[tuple[list[str], list[str]]]:
    """A coordinator's sockets, as targets, and who connected to them."""
    connected: list[str] = []
    path, abstract = tmp_path / ".s.PGSQL.5432", f"@{SECRET}"

    def visitor(name: str):
        async def welcome(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connected.append(name)
            writer.close()

        return welcome

    own = [line.split()[0] for line in subprocess.check_output(["hostname", "-I"], text=True).splitlines() if line]
    servers = [await asyncio.start_server(visitor(host), host, 0) for host in ("127.0.0.1", *own)]
    targets = [":".join(map(str, server.sockets[0].getsockname())) for server in servers]
    servers.append(await asyncio.start_unix_server(visitor("unix"), path))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(abstract.replace("@", "\0"))
    servers.append(await asyncio.start_unix_server(visitor("abstract"), sock=listener))
    yield [*targets, str(path), abstract], connected
    for server in servers:
        server.close()


def test_all_that_a_node_may_claim_holds_on_this_machine(proved: tuple[Sandbox, trial.Trial]):
    assert proved[1].broken == {}
    assert proved[1].isolation is Isolation.SANDBOX


async def test_the_nodes_secrets_cannot_be_read(node: Node, tmp_path: Path):
    wallet, other = tmp_path / "id.json", node.home / "jobs" / "other"
    for path in (wallet, other):
        path.write_text(SECRET)
    targets = [node.home / "node.json", wallet, other, f"/proc/{os.getpid()}/root{wallet}", "/etc/shadow"]

    loot = await node.loot("read", targets)

    assert all(each.startswith("FileNotFoundError") for each in loot.values()), loot


async def test_the_nodes_environment_cannot_be_read(node: Node, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HYPERNODE_NODE_TOKEN", SECRET)
    # The environment of a process as it started, which is what /proc shows.
    with subprocess.Popen(["sleep", "600"], env={"HYPERNODE_NODE_TOKEN": SECRET}) as beside:
        loot = await node.loot("environments")
        beside.kill()

    assert SECRET not in str(loot)
    assert "HYPERNODE_SANDBOX" in loot["/proc/self/environ"]


async def test_other_processes_cannot_be_seen_or_killed(node: Node):
    with subprocess.Popen(["sleep", "600.0625"]) as beside:
        seen = await node.loot("processes")
        remove(node.folder)
        node.folder.mkdir()
        killed = await node.loot("kill", [str(os.getpid()), str(beside.pid)])
        assert beside.poll() is None
        beside.kill()

    assert len(seen) <= 3
    assert "600.0625" not in str(seen)
    assert all(each.startswith("ProcessLookupError") for each in killed.values()), killed


async def test_no_descriptor_of_the_node_is_open_in_a_job(node: Node):
    loot = await node.loot("descriptors")

    assert set(loot) - {"0", "1", "2"} == {name for name, link in loot.items() if link.startswith("pipe:")} - set("012")
    assert len(loot) <= 5  # Standard ones, that of the events, that of this listing.


async def test_no_network_can_be_reached(node: Node, services: tuple[list[str], list[str]]):
    targets, connected = services

    loot = await node.loot("connect", [METADATA, "192.168.1.1:80", "1.1.1.1:53", "localhost:22", *targets])

    assert "connected" not in loot.values()
    assert loot[METADATA].startswith("OSError: [Errno 101]")
    assert connected == []


async def test_a_declared_service_can_be_reached_and_no_other(node: Node):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"answer to " + await reader.read())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        node.environment |= {"ATTACK_SERVICE": address, "ATTACK_OTHER_SERVICE": address}
        loot = await node.loot("relay")

    assert loot["answer"] == "answer to question"
    assert "ATTACK_SERVICE_SOCKET" in loot["variables"]
    assert "ATTACK_OTHER_SERVICE_SOCKET" not in loot["variables"]


async def test_nothing_outside_the_jobs_folder_can_be_written(node: Node):
    package = Path(hypernode.__file__).parent
    up = node.folder / "outputs" / ".." / ".." / ".."
    # These lie in /tmp, and there a job has a place of its own: what it writes arrives nowhere else.
    private = [node.home / "node.json", node.home / "evil", up / "evil", up / ".." / "evil"]
    public = [Path(sys.prefix, "evil.pth"), Path(os.__file__).parent / "evil.py", package / "evil.py"]

    loot = await node.loot("write", [*private, *public, "/usr/evil", "/etc/passwd", "/evil"])

    assert not any(path.exists() for path in (*private[1:], *public))
    assert (node.home / "node.json").read_text() == SECRET
    assert all("Read-only file system" in loot[str(path)] for path in (*public, "/usr/evil", "/etc/passwd", "/evil"))


async def test_the_kernels_settings_cannot_be_changed(node: Node):
    loot = await node.loot("open_to_write", ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/mem"])

    assert "open" not in loot.values(), loot


async def test_a_fork_bomb_is_stopped(node: Node):
    with pytest.raises(ExecutionFailed, match=f"started more than {PROCESSES} processes and threads"):
        await node("fork_bomb")


@pytest.mark.parametrize("bomb", ["memory_bomb", "shared_memory_bomb", "memory_file_bomb"])
async def test_a_memory_bomb_is_stopped(node: Node, bomb: str):
    with pytest.raises(ExecutionFailed, match=f"^used more than {MEMORY_MB} MB of memory$"):
        await node(bomb, limits=replace(LIMITS, output_bytes=4 << 30))


async def test_without_control_groups_a_process_is_limited_by_itself(node: Node):
    node.sandbox = replace(node.sandbox, cgroups=None)

    with pytest.raises(ExecutionFailed, match=f"^used more than {MEMORY_MB} MB of memory$"):
        await node("memory_bomb")


async def test_a_bomb_in_shared_memory_is_stopped(node: Node):
    with pytest.raises(ExecutionFailed, match="No space left on device"):
        await node("shared_folder_bomb", limits=replace(LIMITS, output_bytes=4 << 30))


async def test_a_disk_bomb_in_the_outputs_is_stopped(node: Node):
    with pytest.raises(ExecutionFailed, match=f"more than {OUTPUT_BYTES} bytes of output files") as failure:
        await node("disk_bomb")

    assert failure.value.blames_input


@pytest.mark.parametrize("folder", ["/tmp", "tmp"])
async def test_a_disk_bomb_elsewhere_is_stopped(node: Node, folder: str):
    with pytest.raises(ExecutionFailed, match=f"used more than {DISK_MB} MB of disk"):
        await node("disk_bomb", [folder])


async def test_a_huge_file_is_refused_even_without_content(node: Node):
    with pytest.raises(ExecutionFailed, match="File too large"):
        await node("sparse_bomb")


@pytest.mark.parametrize("deed", ["hard_link_outputs", "pipe_outputs"])
async def test_outputs_that_are_no_plain_files_are_refused(node: Node, deed: str):
    with pytest.raises(ExecutionFailed, match="is not a plain file"):
        await node(deed)


async def test_the_folder_of_outputs_cannot_be_replaced_by_a_link(node: Node):
    with pytest.raises(ExecutionFailed, match="Device or resource busy"):
        await node("replace_outputs", [node.home])


@pytest.mark.parametrize("deed", ["link_checkpoint", "name_checkpoint"])
async def test_a_checkpoint_is_a_plain_file_of_the_job_or_is_not_kept(node: Node, tmp_path: Path, deed: str):
    aside = tmp_path / "aside"
    aside.mkdir()
    stolen: list[bytes] = []

    async def upload(file: OutputFile) -> ArtifactRef:
        stolen.append(file.path.read_bytes())
        return ArtifactRef(file.sha256, file.size, file.name)

    async with keeping(node.folder / "outputs", aside, upload, print) as keep:
        node.on_checkpoint = keep
        with suppress(ExecutionFailed):  # The watch over the outputs may be quicker.
            await node(deed, [node.home / "node.json"])

    assert stolen == []
    assert any(isinstance(event, Checkpoint) for event in node.events)


@pytest.mark.parametrize("target", ["/etc/passwd", "node.json", "/dev/zero", "."])
async def test_outputs_that_are_links_are_refused(node: Node, target: str):
    with pytest.raises(ExecutionFailed, match="output 0 is not a plain file"):
        await node("link_outputs", [node.home / target if target == "node.json" else target])


async def test_no_device_can_be_made(node: Node):
    assert (await node.loot("device_outputs"))["device"].startswith("PermissionError")


async def test_folders_nested_without_end_are_refused_and_can_be_removed(node: Node):
    with pytest.raises(ExecutionFailed, match="nested more than 64 deep"):
        await node("deep_outputs")

    remove(node.folder)
    assert not node.folder.exists()


async def test_folders_that_were_closed_can_be_removed(node: Node):
    try:
        await node("closed_outputs")
    except ExecutionFailed as failure:  # Root reads what is closed.
        assert "cannot be read" in str(failure)

    remove(node.folder)
    assert not node.folder.exists()


async def test_a_job_that_ignores_sigterm_is_gone_within_two_seconds(node: Node):
    mark = secrets.token_hex()
    task = asyncio.create_task(node("stubborn", [mark]))
    await until(lambda: node.lines)
    assert running(mark)

    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert time.monotonic() - began < 2
    assert running(mark) == []


async def test_a_job_is_asked_before_it_is_killed(node: Node):
    task = asyncio.create_task(node("polite"))
    await until(lambda: node.lines)

    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert time.monotonic() - began < 1


async def test_processes_that_would_outlive_their_job_do_not(node: Node):
    mark = secrets.token_hex()

    await node("daemons", [mark])

    assert running(mark) == []


async def test_what_is_cancelled_while_its_sandbox_is_made_leaves_nothing(node: Node):
    mark = secrets.token_hex()
    (node.folder / TEMPORARY).mkdir()

    async def wait() -> None:
        command = ["/bin/sh", "-c", "sleep 1000", mark]
        async with spawn(node.sandbox, command, Place(node.folder), environment={}, limits=LIMITS):
            await asyncio.sleep(1000)

    for delay_ms in range(0, 40, 4):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(delay_ms / 1000)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert running(mark) == []


async def test_outside_of_a_sandbox_control_groups_end_what_would_outlive_its_job(node: Node):
    assert node.sandbox.cgroups
    node.sandbox = Sandbox(None, node.sandbox.cgroups)
    mark = secrets.token_hex()

    await node("daemons", [mark])

    assert running(mark) == []


AGENT = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_attacks import LIMITS, PLUGIN, no_artifact
sys.path.insert(0, str(PLUGIN))
from hypernode import executors
from hypernode.node.runner import Job, run
from hypernode.node.sandbox.child import Sandbox
home, mark = Path(sys.argv[2]), sys.argv[3]
job = Job("attack", "", {"deed": "stubborn", "targets": [mark]}, 600)
asyncio.run(run(
    executors.load_one("attack"), job, home / "jobs" / "mine", fetch=no_artifact,
    on_event=print, limits=LIMITS, environment={"ATTACK_PLUGIN": str(PLUGIN)}, sandbox=Sandbox.find(home),
    prefix=("/usr/bin/env", f"PYTHONPATH={PLUGIN}"),
))
"""


async def test_a_job_ends_with_a_node_that_was_killed(node: Node):
    mark = secrets.token_hex()
    command = [sys.executable, "-c", AGENT, str(Path(__file__).parent), str(node.home), mark]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as agent:
        await until(lambda: len(running(mark)) > 1)
        agent.kill()

    await until(lambda: not running(mark))
