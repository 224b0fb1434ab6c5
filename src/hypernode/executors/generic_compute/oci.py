"""Runs a container: named by content, without privileges or network, in limits, gone when its job is."""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Self

from hypernode.executors.generic_compute import sweeper
from hypernode.executors.generic_compute.budget import Budget
from hypernode.executors.generic_compute.capture import Streams
from hypernode.executors.generic_compute.engine import ANSWER_S, Engine, EngineRefused, frames
from hypernode.executors.generic_compute.inputs import Oci, Output
from hypernode.executors.generic_compute.settings import ANY, LOCAL, Settings
from hypernode.executors.processor import isa
from hypernode.ports import ExecutionFailed, JobContext, Outcome
from hypernode.protocol.limits import MAX_ARTIFACT_BYTES

MAX_PIDS: Final = 512
"""Processes and threads of a container."""
MAX_USER_PROCESSES: Final = 4_096
MAX_OPEN_FILES: Final = 4_096
KILLED: Final = 137
"""Exit code after SIGKILL. The kernel ends what needs too much memory so, and not every engine says that it did."""
SAFE_TOOLKIT: Final = (1, 17, 8)
"""NVIDIA Container Toolkit without CVE-2024-0132 and CVE-2025-23266, by which an image takes over its host."""
_SIGNALLED: Final = 128
_OWN_FOLDERS: Final = frozenset(map(PurePosixPath, ("/", "/in", "/out", "/tmp")))  # noqa: S108
_OUTPUT_LOST: Final = b"Error: read unixpacket "
"""How Podman tells, as if the container had written it, that the connection to its output broke."""
_NO_PROGRAM: Final = re.compile(r"executable file|exec format|exec: |no command", re.IGNORECASE)


def engine_name(settings: Settings) -> str:
    """Engine and version. Raises ExecutionFailed where there is none."""
    try:
        return Engine(settings.socket).name()
    except EngineRefused as refused:
        raise ExecutionFailed(f"the container engine refuses: {refused}") from refused


def run(given: Oci, context: JobContext) -> Outcome:
    """Run the image to its end. Any exit is a result, but for those that limits brought about."""
    settings = Settings.read()
    engine = Engine(settings.socket)
    budget = Budget(given.fuel, given.cpus, context.max_duration_s)
    name = engine_name(settings)
    _check(given, settings)
    try:
        image = _image(given, settings, engine, budget, context)
        with (
            _ended_by_sigterm(),
            sweeper.watch(context.outputs.parent, settings),
            _container(given, image, settings, engine, context) as made,
        ):
            output = _converse(given, engine, made, budget, context)
    except EngineRefused as refused:
        blames_input = bool(_NO_PROGRAM.search(str(refused)))
        raise ExecutionFailed(f"the container engine refuses: {refused}", blames_input=blames_input) from refused
    fingerprint = {"engine": name, "image": image.id, "isa": isa(), "gpu": "all" if given.gpu else "none"}
    return Outcome(output, output.fuel_used, fingerprint)


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """A cancelled job gets this signal and a second; without a word, Python would end and leave the container."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: object) -> None:
        raise SystemExit(_SIGNALLED + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check(given: Oci, settings: Settings) -> None:
    """Refuse what this node does not do, before anything is fetched."""
    digest = given.image.rpartition("@")[2]
    if settings.digests and digest not in settings.digests:
        raise ExecutionFailed(f"this node's owner does not allow the image {given.image}")
    if given.network and settings.container_network != "allow":
        raise ExecutionFailed("this node's owner does not allow containers a network")
    if given.cpus > (cores := os.cpu_count() or 1):
        raise ExecutionFailed(f"this node has {cores} cores, not {given.cpus}")
    if given.gpu and settings.container_images == ANY and (version := _toolkit()) and version < SAFE_TOOLKIT:
        raise ExecutionFailed(
            f"foreign images get no GPU here: NVIDIA Container Toolkit {'.'.join(map(str, version))} is older than "
            f"{'.'.join(map(str, SAFE_TOOLKIT))}"
        )


def _toolkit() -> tuple[int, ...] | None:
    """Version of the NVIDIA Container Toolkit, where there is one."""
    program = shutil.which("nvidia-ctk")
    if not program:
        return None
    told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=ANSWER_S, check=False).stdout
    found = re.search(r"version (\d+)\.(\d+)\.(\d+)", told)
    return tuple(map(int, found.groups())) if found else None


@dataclass(frozen=True, slots=True)
class _Image:
    id: str
    volumes: tuple[str, ...]
    """Folders that it wants to write into. On disk they would escape the limit of a job's output."""

    @classmethod
    def find(cls, engine: Engine, reference: str) -> Self:
        """Raises EngineRefused where it is not on the node."""
        found = engine.call("GET", f"/images/{reference}/json")
        volumes = (found.get("Config") or {}).get("Volumes") or {}
        return cls(found["Id"], tuple(path for path in volumes if PurePosixPath(path) not in _OWN_FOLDERS))


def _image(given: Oci, settings: Settings, engine: Engine, budget: Budget, context: JobContext) -> _Image:
    """The image, fetched if it has to be and may be."""
    with contextlib.suppress(EngineRefused):
        return _Image.find(engine, given.image)
    name, _, digest = given.image.rpartition("@")
    if settings.container_images == LOCAL or not name:
        raise ExecutionFailed(f"the image {given.image} is not on this node")
    context.log(f"fetching {given.image}")
    query = {"fromImage": name, "tag": digest}
    for line in engine.lines("POST", "/images/create", query, budget.remaining_s):
        if isinstance(line, dict) and line.get("error"):
            raise ExecutionFailed(f"{given.image} cannot be fetched: {line['error']}")
    return _Image.find(engine, given.image)


@contextlib.contextmanager
def _container(given: Oci, image: _Image, settings: Settings, engine: Engine, context: JobContext) -> Iterator[str]:
    """A container that has not started; it is removed with the context, running or not."""
    files = context.inputs / "files"
    files.mkdir(exist_ok=True)
    _open_to_all(files, context.outputs)
    name = f"hypernode-{secrets.token_hex(8)}"
    try:
        engine.call("POST", "/containers/create", {"name": name}, _description(given, image, settings, context))
        # Podman without root, on an old kernel, drops limits without a word.
        held = engine.call("GET", f"/containers/{name}/json")["HostConfig"]
        if held["Memory"] != given.memory_mb << 20 or held["PidsLimit"] != MAX_PIDS:
            raise ExecutionFailed("this node's container engine does not hold limits of memory and processes")
        yield name
    finally:
        sweeper.remove(engine, name)


def _open_to_all(inputs: Path, outputs: Path) -> None:
    """The container's user is nobody here. The job's folder itself stays closed to other users of the machine."""
    inputs.chmod(0o755)
    for path in inputs.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    outputs.chmod(0o777)


def _description(given: Oci, image: _Image, settings: Settings, context: JobContext) -> dict[str, Any]:
    """The container as the API wants it."""
    memory = given.memory_mb << 20
    tmpfs = f"rw,nosuid,nodev,mode=1777,size={memory}"
    host: dict[str, Any] = {
        "NetworkMode": "bridge" if given.network else "none",
        "IpcMode": "private",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Memory": memory,
        "MemorySwap": memory,
        "PidsLimit": MAX_PIDS,
        "NanoCpus": given.cpus * 10**9,
        "Tmpfs": dict.fromkeys(["/tmp", *image.volumes], tmpfs),  # noqa: S108
        "Ulimits": [
            _limit("core", 0),
            _limit("nofile", MAX_OPEN_FILES),
            # Counted over all containers of this user.
            _limit("nproc", MAX_USER_PROCESSES),
            _limit("fsize", MAX_ARTIFACT_BYTES),
        ],
        "Mounts": [
            _mount(context.inputs / "files", "/in", read_only=True),
            _mount(context.outputs, "/out", read_only=False),
        ],
        # A flood of output must not fill the disk.
        "LogConfig": {"Type": "none"},
    }
    if given.gpu:
        host["DeviceRequests"] = [{"Count": -1, "Capabilities": [["gpu"]]}]
    return {
        "Image": image.id,
        "Cmd": given.args or None,
        "Entrypoint": given.entrypoint,
        "Env": [f"{name}={value}" for name, value in ({"HOME": "/tmp"} | given.env).items()],  # noqa: S108
        "User": settings.container_user,
        "Hostname": "job",
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": {sweeper.LABEL: str(context.outputs.parent)},
        # Podman can lose the output of a container that ends before it has read what it is sent.
        "OpenStdin": bool(given.stdin),
        "StdinOnce": bool(given.stdin),
        "AttachStdin": bool(given.stdin),
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": host,
    }


def _limit(name: str, most: int) -> dict[str, Any]:
    return {"Name": name, "Soft": most, "Hard": most}


def _mount(source: Path, target: str, *, read_only: bool) -> dict[str, Any]:
    return {"Type": "bind", "Source": str(source), "Target": target, "ReadOnly": read_only}


def _converse(given: Oci, engine: Engine, name: str, budget: Budget, context: JobContext) -> Output:
    """Start the container and follow it to its end."""
    streams = Streams(context)
    with contextlib.closing(engine.attach(name)) as attached:
        engine.call("POST", f"/containers/{name}/start")
        budget.start()
        if given.stdin:
            threading.Thread(target=_feed, args=(attached, given.stdin.encode()), daemon=True).start()
        for to_stderr, piece in frames(attached, budget.remaining_s):
            if to_stderr and piece.startswith(_OUTPUT_LOST):
                raise ExecutionFailed(f"the container engine lost the output: {piece.decode(errors='replace').strip()}")
            (streams.stderr if to_stderr else streams.stdout)(piece)
        exit_code = _exit_code(engine, name, budget)
    fuel_used = budget.used()
    if exit_code == KILLED:
        told = engine.call("GET", f"/containers/{name}/json")["State"].get("OOMKilled")
        raise ExecutionFailed(
            f"was killed, as by the need for more than {given.memory_mb} MB of memory", blames_input=bool(told)
        )
    return streams.output(exit_code, fuel_used)


def _exit_code(engine: Engine, name: str, budget: Budget) -> int:
    """It may close its streams and go on."""
    try:
        return engine.call("POST", f"/containers/{name}/wait", timeout_s=budget.remaining_s())["StatusCode"]
    except ExecutionFailed:
        budget.remaining_s()
        raise


def _feed(attached: socket.socket, stdin: bytes) -> None:
    """Standard input, and its end; a container need not read it."""
    with contextlib.suppress(OSError):
        attached.sendall(stdin)
        attached.shutdown(socket.SHUT_WR)
