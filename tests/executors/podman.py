"""A Podman of a test's own: its storage, its service, an image made from Debian's busybox, and a registry."""

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypernode.executors.generic_compute.engine import Engine
from tests.network import eventually

APPLETS = (
    *("cat", "chmod", "dd", "echo", "grep", "id", "ls", "ln", "mkdir", "mknod", "mount", "sh", "sleep"),
    *("touch", "wget", "yes"),
)

CONF = """
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[network]
network_backend = "netavark"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@dataclass(frozen=True)
class Podman:
    """The service runs until the test run ends."""

    folder: Path
    socket: Path
    image: str  #: Id of the busybox image.

    @property
    def host(self) -> str:
        return f"unix://{self.socket}"

    def __call__(self, *arguments: str) -> str:
        return _podman(self.folder, *arguments)

    def containers(self) -> list[str]:
        return [each["Id"] for each in Engine(self.socket).call("GET", "/containers/json", {"all": "true"})]


def _environment(folder: Path) -> dict[str, str]:
    own = {"CONTAINERS_CONF": str(folder / "containers.conf"), "CONTAINERS_REGISTRIES_CONF": str(folder / "reg.conf")}
    return {"PATH": os.environ["PATH"], "HOME": str(folder)} | own


def _storage(folder: Path) -> list[str]:
    return ["--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]


def _podman(folder: Path, *arguments: str) -> str:
    command = ["podman", *_storage(folder), *arguments]
    ended = subprocess.run(command, env=_environment(folder), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@contextmanager
def serve() -> Iterator[Podman]:
    # A test's own folder has too long a name: Podman allows 50 characters.
    with TemporaryDirectory(prefix="podman-", ignore_cleanup_errors=True) as folder:
        yield from _serve(Path(folder))


def _serve(folder: Path) -> Iterator[Podman]:
    (folder / "containers.conf").write_text(CONF)
    (folder / "reg.conf").write_text('[[registry]]\nlocation = "localhost"\ninsecure = true\n')
    root = folder / "busybox"
    (root / "bin").mkdir(parents=True)
    busybox = shutil.which("busybox")
    assert busybox, "the package busybox-static is not installed: .ci/run installs it"
    shutil.copy(busybox, root / "bin/busybox")
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    # As an image of a stranger may have it: a program that makes anybody root who asks.
    (root / "bin/su").write_bytes((root / "bin/busybox").read_bytes())
    (root / "bin/su").chmod(0o4755)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root::0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
    subprocess.run(["tar", "-C", root, "-cf", folder / "busybox.tar", "."], check=True)
    image = _podman(folder, "import", "--quiet", "--change", "VOLUME /data", str(folder / "busybox.tar"))
    socket = folder / "podman.sock"
    command = ["podman", *_storage(folder), "system", "service", "--time", "0", f"unix://{socket}"]
    # In a folder of its own: conmon leaves a file `oom` where it stands.
    with subprocess.Popen(command, env=_environment(folder), cwd=folder, stderr=subprocess.DEVNULL) as service:
        try:
            eventually(socket.exists, "the socket of podman")
            yield Podman(folder, socket, image if image.startswith("sha256:") else f"sha256:{image}")
        finally:
            _podman(folder, "rm", "--all", "--force", "--time", "0")
            service.terminate()


@contextmanager
def registry(podman: Podman, name: str) -> Iterator[str]:
    """A registry that has the busybox image under a name and nothing else. Gives the reference to it by digest."""
    layout = podman.folder / "layout"
    podman("push", "--quiet", "--format", "v2s2", podman.image, f"dir:{layout}")
    manifest = (layout / "manifest.json").read_bytes()
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    kind = json.loads(manifest)["mediaType"]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix(f"/v2/{name}")
            if self.path == "/v2/":
                self._answer(b"{}", "application/json")
            elif path == f"/manifests/{digest}":
                self._answer(manifest, kind)
            elif path.startswith("/blobs/sha256:") and (layout / path[14:]).is_file():
                self._answer((layout / path[14:]).read_bytes(), "application/octet-stream")
            else:
                self.send_error(404)

        do_HEAD = do_GET

        def _answer(self, content: bytes, content_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"localhost:{server.server_port}/{name}@{digest}"
        finally:
            server.shutdown()
