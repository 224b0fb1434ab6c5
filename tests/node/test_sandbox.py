"""The parts of the sandbox: the filter of system calls, control groups, what is shown, the trial."""

import asyncio
import errno
import os
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from hypernode.domain.isolation import Isolation
from hypernode.node import outputs
from hypernode.node.limits import Limits, usual_memory_mb, usual_processes
from hypernode.node.outputs import check_disk, remove
from hypernode.node.sandbox import bubblewrap, cgroups, seccomp, trial, view
from hypernode.node.sandbox.child import BARE, Place, Sandbox, spawn, temporary_place
from hypernode.ports import ExecutionFailed

LIMITS = Limits(memory_mb=96, processes=24)
ALLOWED = 0x7FFF_0000
KILLED = 0x8000_0000
REFUSED = 0x0005_0000


def verdict(program: bytes, number: int, architecture: int, *arguments: int) -> int:
    """Run a filter as the kernel does, on one system call of a little-endian machine."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    code = list(struct.iter_unpack("<HBBI", program))
    at = value = 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif operation == 0x06:
            return operand
        else:
            met = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[operation]
            at += if_true if met else if_false


X86, ARM = ("x86_64", 0xC000_003E), ("aarch64", 0xC000_00B7)


@pytest.mark.parametrize(
    ("machine", "number", "arguments", "expected"),
    [
        (X86, 0, (), ALLOWED),  # read
        (X86, 59, (), ALLOWED),  # execve
        (X86, 101, (), REFUSED | errno.EPERM),  # ptrace
        (X86, 165, (), REFUSED | errno.EPERM),  # mount
        (X86, 435, (), REFUSED | errno.ENOSYS),  # clone3
        (X86, 56, (0x0120_0011,), ALLOWED),  # clone, as fork does it
        (X86, 56, (0x003D_0F00,), ALLOWED),  # clone of a thread
        (X86, 56, (0x1000_0011,), REFUSED | errno.EPERM),  # clone into a user namespace
        (X86, 56, (0x4000_0011,), REFUSED | errno.EPERM),  # into a network namespace
        (X86, 16, (0, 0x5401), ALLOWED),  # ioctl TCGETS
        (X86, 16, (0, 0x5412), REFUSED | errno.EPERM),  # ioctl TIOCSTI
        (X86, 16, (0, 0x541C), REFUSED | errno.EPERM),
        (X86, 41, (1,), ALLOWED),  # socket of a Unix path
        (X86, 41, (2,), ALLOWED),
        (X86, 41, (10,), ALLOWED),
        (X86, 41, (16,), ALLOWED),
        (X86, 41, (40,), REFUSED | errno.EAFNOSUPPORT),  # AF_VSOCK
        (X86, 53, (1,), ALLOWED),  # socketpair
        (X86, 53, (38,), REFUSED | errno.EAFNOSUPPORT),
        (X86, 462, (), ALLOWED),
        (X86, 463, (), REFUSED | errno.ENOSYS),  # newer than the list
        (X86, 0x4000_0000, (), REFUSED | errno.ENOSYS),  # the x32 side
        (ARM, 63, (), ALLOWED),  # read
        (ARM, 117, (), REFUSED | errno.EPERM),  # ptrace
        (ARM, 220, (0x1000_0011,), REFUSED | errno.EPERM),
        (ARM, 198, (40,), REFUSED | errno.EAFNOSUPPORT),
        (ARM, 101, (), ALLOWED),  # nanosleep, where x86-64 has ptrace
    ],
)
def test_the_filter_refuses_what_no_job_needs(
    machine: tuple[str, int], number: int, arguments: tuple[int, ...], expected: int
):
    name, architecture = machine

    assert verdict(seccomp.assemble(name), number, architecture, *arguments) == expected


def test_the_filter_kills_calls_of_another_architecture():
    assert verdict(seccomp.assemble("x86_64"), 11, 0x4000_0003) == KILLED


def test_a_machine_without_a_filter_has_none():
    assert seccomp.assemble("riscv64") == b""


def test_the_levels_are_ordered():
    assert Isolation.NONE.rank < Isolation.PROCESS.rank < Isolation.SANDBOX.rank


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ({}, Isolation.SANDBOX),
        ({"network": "connected to 127.0.0.1"}, Isolation.PROCESS),
        ({"secrets": "read a key", "files": "wrote in /usr"}, Isolation.PROCESS),
        ({"memory": "took all"}, Isolation.NONE),
        ({"network": "connected to 127.0.0.1", "processes": "started 25"}, Isolation.NONE),
    ],
)
def test_a_node_claims_only_what_held(broken: dict[str, str], expected: Isolation):
    assert trial.Trial((), broken).isolation is expected


async def test_the_trial_of_a_whole_sandbox_finds_all_held(tmp_path: Path):
    _, found = await trial.find(tmp_path)

    assert found.broken == {}
    assert set(found.held) == {*trial.QUOTAS, *trial.WALLS}
    assert found.isolation is Isolation.SANDBOX
    assert list(tmp_path.iterdir()) == []


async def test_the_trial_without_walls_says_what_a_job_could_do(tmp_path: Path):
    sandbox = replace(Sandbox.find(tmp_path), bubblewrap=None)

    found = await trial.hold(sandbox, tmp_path, "bubblewrap is not installed")

    assert found.held == ("memory", "processes")
    assert found.isolation is Isolation.PROCESS
    assert "network: connected to 127.0.0.1" in found.sentence()
    assert "secrets: read " in found.sentence()
    assert found.sentence().startswith("bubblewrap is not installed: ")
    assert found.fix == bubblewrap.FIX
    assert list(tmp_path.iterdir()) == []


async def test_the_trial_without_control_groups_says_so(tmp_path: Path):
    sandbox = replace(Sandbox.find(tmp_path), cgroups=None)

    found = await trial.hold(sandbox, tmp_path, "there are no control groups for the node")

    assert "several processes together took more" in found.broken["memory"]
    assert set(trial.WALLS) <= set(found.held)
    assert found.isolation is Isolation.NONE
    assert found.fix == cgroups.FIX


async def test_a_bubblewrap_that_does_not_start_is_left_out_with_its_reason(tmp_path: Path, monkeypatch):
    broken = tmp_path / "bin" / "bwrap"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:{os.environ['PATH']}")

    sandbox, lacks = await trial.prepare(tmp_path)

    assert sandbox.bubblewrap is None
    assert lacks == "bubblewrap does not start: bwrap: setting up uid map: Permission denied"


async def test_without_bubblewrap_the_node_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    sandbox, lacks = await trial.prepare(tmp_path)

    assert sandbox.bubblewrap is None
    assert lacks == "bubblewrap is not installed"


async def output_of(sandbox: Sandbox, place: Place, *command: str) -> str:
    async with spawn(sandbox, command, place, environment={"PATH": "/usr/bin:/bin"}, limits=LIMITS) as child:
        said, _ = await child.process.communicate()
    return said.decode()


async def test_an_older_bubblewrap_is_used_without_what_it_does_not_know(tmp_path: Path):
    sandbox = Sandbox.find(tmp_path)
    assert sandbox.bubblewrap
    old = replace(sandbox, bubblewrap=replace(sandbox.bubblewrap, options=frozenset()))

    with temporary_place(tmp_path) as place:
        assert await output_of(old, place, "sh", "-c", "echo x > /dev/shm/x && cat /tmp/x && id -u") == "x\n65534\n"

    assert (await trial.hold(old, tmp_path)).broken == {}


async def test_folders_that_are_named_are_shown_to_read(tmp_path: Path):
    models, elsewhere = tmp_path / "models", tmp_path / "elsewhere"
    for folder in (models, elsewhere):
        folder.mkdir()
    (elsewhere / "large.gguf").write_text("large")
    (models / "linked.gguf").symlink_to(elsewhere / "large.gguf")
    home = tmp_path / "home"
    home.mkdir()

    shown = list(view.named_in({"MODELS": f"{models}:/none", "OTHER": str(home)}, ["MODELS", "UNSET"]))

    assert shown == [models, elsewhere / "large.gguf"]
    with temporary_place(home, shown) as place:
        said = await output_of(Sandbox.find(home), place, "sh", "-c", f"cat {models}/linked.gguf; touch {models}/new")
    assert said.startswith("large")
    assert "Read-only file system" in said


def test_a_folder_that_holds_secrets_is_never_shown_whole(tmp_path: Path):
    home = tmp_path / "home"

    shown = view.without_ancestors_of([home], [home, tmp_path, Path("/"), home / "models", tmp_path / "models"])

    assert shown == [home / "models", tmp_path / "models"]


def test_a_group_is_made_with_its_limits_and_removed(tmp_path: Path):
    found = cgroups.find()
    assert found

    group = found.make(LIMITS)

    folder = group.folders["pids"]
    assert (folder / "pids.max").read_text() == "24\n"
    asyncio.run(group.remove())
    assert not folder.exists()


def test_groups_of_an_agent_that_is_gone_are_removed():
    found = cgroups.find()
    assert found
    left = found.parents["pids"] / "hypernode-job-99999999-0"
    left.mkdir()

    assert cgroups.find() == found

    assert not left.exists()


def test_without_control_groups_memory_and_processes_are_limited_one_by_one(tmp_path: Path):
    sandbox = Sandbox.find(tmp_path)

    assert sandbox.rlimits(LIMITS).memory_mb is None
    assert replace(sandbox, cgroups=None).rlimits(LIMITS).memory_mb == 96
    assert replace(sandbox, cgroups=None).rlimits(LIMITS).processes == 24
    # Without a user namespace all that the user runs would count.
    assert BARE.rlimits(LIMITS).processes is None


def test_the_usual_limits_share_the_machine():
    assert usual_memory_mb(64_000, capacity=4) == 12_800
    assert usual_processes(cores=2) == 1_024
    assert usual_processes(cores=64) == 2_048


def test_a_disk_that_is_nearly_full_ends_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outputs, "LEAST_FREE_MB", 1 << 40)

    with pytest.raises(ExecutionFailed, match="of the node's disk were left"):
        check_disk(tmp_path, None)


def test_a_folder_is_removed_whatever_is_in_it(tmp_path: Path):
    folder, outside = tmp_path / "job", tmp_path / "outside"
    (folder / "a" / "b" / "a").mkdir(parents=True)
    outside.write_text("kept")
    (folder / "a" / "file").touch()
    (folder / "a" / "b" / "link").symlink_to(outside)
    (folder / "a" / "b" / "folder").symlink_to(tmp_path)
    os.mkfifo(folder / "a" / "pipe")

    remove(folder)

    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
