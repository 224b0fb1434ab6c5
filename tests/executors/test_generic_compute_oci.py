"""generic_compute's containers on a real Podman: what they can do, what they cannot, and that none is left behind."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from hypernode.domain.isolation import Isolation
from hypernode.domain.receipt import Verdict
from hypernode.executors.generic_compute import GenericCompute, Input, Output
from hypernode.node.outputs import collect
from hypernode.node.runner import Job
from hypernode.node.runner import run as run_job
from hypernode.node.sandbox.child import Sandbox
from hypernode.ports import Claim, ExecutionFailed, Finding, JobContext, Outcome
from hypernode.protocol.validation import bad_fields
from tests.executors.podman import Podman, registry, serve
from tests.network import eventually

SECRET = "the node's own"


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    with serve() as running:
        yield running


class Run:
    """Runs shell scripts in the busybox image, in folders of its own."""

    def __init__(self, podman: Podman, folder: Path) -> None:
        self.podman = podman
        self.folder = folder
        self.streamed: list[str] = []
        self.logged: list[str] = []
        self.on_text: Callable[[str], None] = lambda _: None
        for name in ("inputs/files", "outputs", "claim"):
            (folder / name).mkdir(parents=True)

    def context(self, seconds: float = 60) -> JobContext:
        def stream(text: str) -> None:
            self.streamed.append(text)
            self.on_text(text)

        return JobContext(
            model="",
            inputs=self.folder / "inputs",
            outputs=self.folder / "outputs",
            max_duration_s=seconds,
            progress=lambda fraction, message: None,
            log=self.logged.append,
            stream=stream,
        )

    def given(self, script: str, **given: Any) -> Any:
        shell = {"image": self.podman.image, "entrypoint": ["/bin/sh", "-c"], "args": [script, "job"]}
        return msgspec.convert({"runtime": "oci", **shell, **given}, Input)

    def __call__(self, script: str, seconds: float = 60, **given: Any) -> Outcome:
        return GenericCompute().run(self.given(script, **given), self.context(seconds))

    def output(self, script: str, **given: Any) -> Output:
        output = self(script, **given).output
        assert isinstance(output, Output)
        return output

    def verify(self, script: str, outcome: Outcome, **given: Any) -> Finding:
        """What an audit says of an outcome, whose files are those of `claim`."""
        files = self.folder / f"claim-{uuid4().hex}"  # A check does away with it.
        subprocess.run(["cp", "-a", self.folder / "claim", files], check=True)
        claim = Claim(outcome.output, outcome.units, "", outcome.fingerprint, files)
        return GenericCompute().verify(self.given(script, **given), claim, self.context(), 1)


@pytest.fixture
def run(podman: Podman, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("HYPERNODE_CONTAINER_HOST", podman.host)
    yield Run(podman, tmp_path)
    assert podman.containers() == []


def test_arguments_variables_streams_and_files_go_in_and_out(run: Run):
    (run.folder / "inputs/files/data.txt").write_text("12345")
    script = 'cat; echo "$1 $COLOUR" >&2; mkdir /out/a; cat /in/data.txt > /out/a/copy.txt; exit 3'

    output = run.output(
        script, args=[script, "job", "one"], env={"COLOUR": "blue"}, stdin="grüße", files={"data.txt": "0" * 64}
    )

    assert (output.exit_code, output.stdout, output.stderr) == (3, "grüße", "one blue\n")
    assert run.logged == ["one blue"]
    assert (run.folder / "outputs/a/copy.txt").read_text() == "12345"
    assert [file.name for file in collect(run.folder / "outputs", 10, 100)] == ["a/copy.txt"]


def test_output_is_streamed_while_the_container_runs(run: Run):
    def answer(text: str) -> None:
        if "ready" in text:
            (run.folder / "inputs/files/go").touch()

    run.on_text = answer

    assert run.output("echo ready; until [ -e /in/go ]; do sleep 0.1; done; echo seen").stdout == "ready\nseen\n"


def test_a_flood_on_standard_output_is_cut(run: Run):
    output = run.output("yes | dd bs=1000 count=1000 2>/dev/null")

    assert output.truncated
    assert len(output.stdout) == 128 << 10


def test_fuel_is_the_time_of_the_cores_that_were_granted(run: Run):
    outcome = run("sleep 0.5", cpus=2)

    assert 10**9 <= outcome.units <= 60 * 10**9
    assert outcome.units == GenericCompute().most_units(run.given("", fuel=outcome.units), outcome.output)


def test_a_container_has_no_privileges(run: Run):
    careless = run.podman("run", "--rm", "--network=none", "--user=65534", run.podman.image, "su", "-c", "id -u")
    assert careless == "0", "the image has no program that makes root, so its failure would show nothing"
    (run.folder.parent / "secret").write_text(SECRET)
    attacks = {
        "write to the image": "touch /bin/x",
        "write to the inputs": "touch /in/x",
        "write to the kernel": "echo 1 > /proc/sys/kernel/panic",
        "become root": "[ $(su -c 'id -u') = 0 ]",
        "mount": "mount -t tmpfs none /tmp",
        "make a device": "mknod /tmp/disk b 254 0",
        "see processes of the node": "cat /proc/[0-9]*/comm | grep -E 'python|podman|conmon|systemd'",
        "see the nodes files": f"cat {run.folder.parent}/secret",
        "reach a network interface": "grep -v -e lo: -e '|' /proc/net/dev",
        "reach the cloud's metadata": "wget -T 2 -O - http://169.254.169.254/",
        "reach the engine": f"[ -e {run.podman.socket} ] || [ -e /run/podman ] || [ -e /run/docker.sock ]",
    }
    script = "; ".join(f'( {attack} ) >/dev/null 2>&1 && echo "could {name}"' for name, attack in attacks.items())

    output = run.output(
        script + "; id -u; grep -c -E 'Cap(Prm|Eff|Bnd):.0000000000000000|NoNewPrivs:.1|Seccomp:.2' /proc/self/status"
    )

    assert output.stdout == "65534\n5\n"


def test_the_nodes_environment_is_not_seen(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HYPERNODE_NODE_TOKEN", SECRET)

    output = run.output("cat /proc/*/environ; cat /proc/self/mountinfo > /out/mounts")

    assert SECRET not in output.stdout


def test_an_output_that_the_engine_lost_is_no_result(run: Run):
    told = "Error: read unixpacket @->/proc/self/fd/13/x/attach: read: connection reset by peer"

    with pytest.raises(ExecutionFailed, match="lost the output") as failure:
        run(f"echo '{told}' >&2")

    assert not failure.value.blames_input


def test_a_fork_bomb_stays_in_its_container(run: Run):
    started = time.monotonic()

    with contextlib.suppress(ExecutionFailed):  # Where time ends it, and not the want of processes.
        assert run("bomb() { bomb | bomb & }; bomb; sleep 100", seconds=2).output.exit_code != 0

    assert time.monotonic() - started < 20
    assert run.output("echo well").stdout == "well\n"


def test_a_memory_bomb_is_killed(run: Run):
    with pytest.raises(ExecutionFailed, match="more than 16 MB of memory"):
        run("x=a; while true; do x=$x$x; done", memoryMB=16)


def test_all_places_to_write_to_count_as_memory_or_output(run: Run):
    """An image's own volumes would be on the node's disk, where nobody looks at their size."""
    script = "for place in /tmp /data; do dd if=/dev/zero of=$place/x bs=1M count=24 2>/dev/null && echo $place; done"

    with contextlib.suppress(ExecutionFailed):  # Where the kernel ends the shell, and not dd.
        assert run.output(script, memoryMB=32).stdout == "/tmp\n"
    assert "tmpfs" in run.output("grep ' /data ' /proc/self/mountinfo").stdout


@pytest.mark.parametrize("what", ["ln -s /etc/passwd /out/x", "mkdir /out/a; ln -s / /out/a/x", "mknod /out/x p"])
def test_outputs_that_are_no_plain_files_are_never_followed(run: Run, what: str):
    assert run.output(what).exit_code == 0

    with pytest.raises(ExecutionFailed, match="x is not a plain file"):
        collect(run.folder / "outputs", 10, 100)


@pytest.mark.parametrize(
    ("seconds", "fuel", "message"), [(1.5, 10**12, "longer than 1.5 s"), (60, 10**9, "granted 1 s on 1 core")]
)
def test_a_container_that_ignores_signals_ends_with_its_time_or_fuel(run: Run, seconds: float, fuel: int, message: str):
    with pytest.raises(ExecutionFailed, match=message) as failure:
        run("trap '' TERM INT HUP; while true; do sleep 1; done", seconds=seconds, fuel=fuel)

    assert not failure.value.blames_input


def test_one_that_closes_its_streams_is_followed_to_its_end(run: Run):
    output = run.output("exec >&- 2>&-; sleep 1; cat /proc/uptime > /out/late; exit 4")

    assert output.exit_code == 4
    assert (run.folder / "outputs/late").exists()


@pytest.mark.parametrize("entrypoint", [["/nope"], ["nope"], ["/proc"]])
def test_a_program_that_the_image_does_not_have_blames_the_input(run: Run, entrypoint: list[str]):
    with pytest.raises(ExecutionFailed) as failure:
        run("", entrypoint=entrypoint)

    assert failure.value.blames_input


@pytest.mark.parametrize(
    ("images", "given", "message"),
    [
        ("none", {}, "runs no containers"),
        ("local", {"image": "sha256:" + "1" * 64}, "is not on this node"),
        ("any", {"image": "sha256:" + "1" * 64}, "is not on this node"),
        ("sha256:" + "2" * 64, {}, "owner does not allow the image"),
        ("everything", {}, "HYPERNODE_CONTAINER_IMAGES is none, local, any, or digests"),
        ("local", {"network": True}, "does not allow containers a network"),
        ("local", {"cpus": 1000}, "cores, not 1000"),
    ],
)
def test_what_the_owner_does_not_allow_is_refused_without_blaming_the_input(
    run: Run, monkeypatch: pytest.MonkeyPatch, images: str, given: dict[str, Any], message: str
):
    monkeypatch.setenv("HYPERNODE_CONTAINER_IMAGES", images)

    with pytest.raises(ExecutionFailed, match=message) as failure:
        run("true", **given)

    assert not failure.value.blames_input


def test_an_old_container_toolkit_gives_foreign_images_no_gpu(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    toolkit = tmp_path / "nvidia-ctk"
    toolkit.write_text("#!/bin/sh\necho NVIDIA Container Toolkit CLI version 1.17.7\n")
    toolkit.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HYPERNODE_CONTAINER_IMAGES", "any")

    with pytest.raises(ExecutionFailed, match=r"1\.17\.7 is older than 1\.17\.8"):
        run("true", gpu=True)


def test_a_listed_image_is_fetched_by_its_digest(run: Run, monkeypatch: pytest.MonkeyPatch):
    with registry(run.podman, "team/probe") as reference:
        with pytest.raises(ExecutionFailed, match="is not on this node"):
            run("true", image=reference)
        monkeypatch.setenv("HYPERNODE_CONTAINER_IMAGES", reference.rpartition("@")[2] + ", sha256:" + "3" * 64)

        assert run.output("echo fetched", image=reference).stdout == "fetched\n"
        assert run.logged == [f"fetching {reference}"]

        monkeypatch.setenv("HYPERNODE_CONTAINER_IMAGES", "any")
        with pytest.raises(ExecutionFailed, match="cannot be fetched|refuses"):
            run("true", image=reference.rpartition(":")[0] + ":" + "4" * 64)


def test_without_an_engine_a_node_says_so(tmp_path: Path, podman: Podman, monkeypatch: pytest.MonkeyPatch):
    run = Run(podman, tmp_path)
    monkeypatch.setenv("HYPERNODE_CONTAINER_HOST", f"unix://{tmp_path}/none.sock")

    with pytest.raises(ExecutionFailed, match="the container engine does not answer"):
        run("true")
    assert GenericCompute().probe().models == ("wasm", "python")


def test_the_engine_is_reached_through_the_sandbox(run: Run, monkeypatch: pytest.MonkeyPatch):
    assert GenericCompute().connects(run.given("true")) == ("HYPERNODE_CONTAINER_HOST",)
    found = GenericCompute().probe()
    assert found.models == ("wasm", "python", "oci")
    assert re.fullmatch(r"wasmtime [\d.]+, python [\d.]+, Libpod [\d.]+", found.engine)
    monkeypatch.setenv("HYPERNODE_CONTAINER_HOST", "unix:///nowhere")
    monkeypatch.setenv("HYPERNODE_CONTAINER_HOST_SOCKET", str(run.podman.socket))

    assert run.output("echo well").stdout == "well\n"


WORKER = """
import json, sys
import msgspec
from pathlib import Path
from hypernode.executors.generic_compute import GenericCompute, Input
from hypernode.ports import JobContext
folder = Path(sys.argv[1])
context = JobContext("", folder / "inputs", folder / "outputs", 600, print, print, lambda text: print(text, flush=True))
GenericCompute().run(msgspec.convert(json.loads(sys.argv[2]), Input), context)
"""


def start_worker(run: Run, script: str, **environment: str) -> "subprocess.Popen[bytes]":
    """Another process that runs a container; returns once the container has said something."""
    given = json.dumps(msgspec.to_builtins(run.given(script)))
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(run.folder), given],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **environment},
    )
    assert worker.stdout
    assert worker.stdout.readline() == b"ready\n"
    return worker


async def test_a_cancelled_job_takes_its_container_along(run: Run, tmp_path: Path):
    """By the node's runner, through its sandbox: the engine is reached by the relay alone."""
    folder = tmp_path / "job"
    folder.mkdir()
    said = asyncio.Event()
    given = msgspec.to_builtins(run.given("trap '' TERM; echo ready; while true; do sleep 1; done"))
    job = asyncio.create_task(
        run_job(
            GenericCompute(),
            Job("generic_compute", "", given, 600),
            folder,
            fetch=never,
            on_event=lambda _: said.set(),
            environment={"HYPERNODE_CONTAINER_HOST": run.podman.host},
            sandbox=replace(Sandbox.find(tmp_path), isolation=Isolation.SANDBOX),
        )
    )
    await said.wait()
    cancelled = time.monotonic()
    job.cancel()

    with pytest.raises(asyncio.CancelledError):
        await job
    assert run.podman.containers() == []
    assert time.monotonic() - cancelled < 4  # 2 s, and some for a machine that runs other tests.


async def never(sha256: str, path: Path) -> None:
    raise AssertionError(f"{sha256} was not asked for")


def test_a_container_does_not_outlive_a_worker_that_was_killed(run: Run):
    with start_worker(run, "trap '' TERM; echo ready; while true; do sleep 1; done") as worker:
        assert len(run.podman.containers()) == 1
        os.killpg(worker.pid, signal.SIGKILL)
        killed = time.monotonic()

        eventually(lambda: not run.podman.containers(), "the container to be gone")

    assert time.monotonic() - killed < 10


def test_a_node_sweeps_what_a_killed_sandbox_left(run: Run, tmp_path: Path):
    """The watcher of a sandboxed worker dies with the sandbox."""
    with start_worker(run, "echo ready; sleep 600", HYPERNODE_SANDBOX="1") as worker:
        os.killpg(worker.pid, signal.SIGKILL)
    assert len(run.podman.containers()) == 1

    GenericCompute().sweep(tmp_path / "another")
    assert len(run.podman.containers()) == 1
    GenericCompute().sweep(tmp_path.parent)

    assert run.podman.containers() == []


def test_containers_of_others_are_not_swept(run: Run, tmp_path: Path):
    other = run.podman("create", run.podman.image, "/bin/true")

    GenericCompute().sweep(Path("/"))

    assert run.podman("rm", other) == other


SAME = "echo 42; echo result > /out/a.txt; echo more > /out/b.txt"


@pytest.fixture(scope="module")
def honest(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, dict[str, str]]:
    """An outcome of SAME, and its files."""
    run = Run(podman, tmp_path_factory.mktemp("honest"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYPERNODE_CONTAINER_HOST", podman.host)
        outcome = run(SAME)
    return outcome, {file.name: file.read_text() for file in (run.folder / "outputs").iterdir()}


@pytest.fixture
def claimed(run: Run, honest: tuple[Outcome, dict[str, str]]) -> Outcome:
    """The outcome, with its files in `claim`."""
    outcome, files = honest
    for name, text in files.items():
        (run.folder / "claim" / name).write_text(text)
    return outcome


def forged(outcome: Outcome, **changes: Any) -> Outcome:
    """The outcome with another output; fuel is claimed as units, too."""
    output = msgspec.structs.replace(outcome.output, **changes)
    return replace(outcome, output=output, units=changes.get("fuel_used", outcome.units))


def test_an_honest_claim_passes_on_any_machine(run: Run, claimed: Outcome):
    elsewhere = replace(claimed, fingerprint={**claimed.fingerprint, "isa": "aarch64 asimd", "engine": "Docker 28.0"})

    for each in (claimed, elsewhere):
        finding = run.verify(SAME, each, deterministic=True)
        assert finding.verdict is Verdict.PASSED, finding.evidence
    assert list((run.folder / "outputs").iterdir()) == []


def test_without_a_promise_of_equal_results_nothing_is_run_again(run: Run, claimed: Outcome):
    finding = run.verify(SAME, forged(claimed, stdout="43\n"))

    assert finding.verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({"stdout": "43\n"}, r"stdout '43\\n' instead of '42\\n'"),
        ({"exit_code": 1}, "exit code 1 instead of 0"),
        ({"fuel_used": 59 * 10**9}, "fuel 59000000000, far above"),
        ({"fuel_used": 61 * 10**9}, "61000000000 of fuel is claimed where 60000000000 was granted"),
    ],
)
def test_a_forged_output_fails(run: Run, claimed: Outcome, changes: dict[str, Any], evidence: str):
    finding = run.verify(SAME, forged(claimed, **changes), deterministic=True)

    assert finding.verdict is Verdict.FAILED
    assert re.search(evidence, finding.evidence)


@pytest.mark.parametrize("forgery", ["changed", "missing", "linked"])
def test_forged_files_fail(run: Run, claimed: Outcome, forgery: str):
    file = run.folder / "claim/a.txt"
    match forgery:
        case "changed":
            file.write_text("other")
        case "missing":
            file.unlink()
        case _:
            file.unlink()
            file.symlink_to("/etc/passwd")

    assert run.verify(SAME, claimed, deterministic=True).verdict is Verdict.FAILED


def test_a_difference_on_another_processor_proves_nothing(run: Run, claimed: Outcome):
    elsewhere = replace(forged(claimed, stdout="43\n"), fingerprint={**claimed.fingerprint, "isa": "aarch64 asimd"})

    assert run.verify(SAME, elsewhere, deterministic=True).verdict is Verdict.UNVERIFIED


def test_a_program_that_breaks_its_promise_cannot_convict_a_node(run: Run):
    uneven = "cat /proc/sys/kernel/random/uuid"

    finding = run.verify(uneven, run(uneven), deterministic=True)

    assert finding.verdict is Verdict.UNVERIFIED
    assert "two runs here differ" in finding.evidence


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"image": "registry.test/tool:latest"}, "input.image"),
        ({"image": "sha256:" + "1" * 64 + "\n"}, "input.image"),
        ({"image": "../../containers/x@sha256:" + "1" * 64}, "input.image"),
        ({"cpus": 0}, "input.cpus"),
        ({"memoryMB": 1}, "input.memoryMB"),
        ({"fuel": 10**16}, "input.fuel"),
        ({"entrypoint": []}, "input.entrypoint"),
        ({"privileged": True}, "input"),
        ({"runtime": "docker"}, "input"),
    ],
)
def test_a_bad_input_is_refused_with_the_path_of_what_is_wrong(given: dict[str, Any], path: str):
    whole = {"runtime": "oci", "image": "registry.test/tool@sha256:" + "1" * 64}
    assert bad_fields(whole, Input, "input") == []

    assert [field.path for field in bad_fields(whole | given, Input, "input")] == [path]
