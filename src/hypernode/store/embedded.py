"""A private PostgreSQL server: a child process that lives and dies with this program, its cluster in one folder.

It listens on a Unix socket that nobody else may open, asks for a password all the same, and has no TCP port. Not for
Windows.
"""

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final, Self
from urllib.parse import quote

import psutil

from hypernode.store import binaries
from hypernode.store.binaries import Binaries, Child, EmbeddedPostgresError, PostgresFailed

USER: Final = "hypernode"
DATABASE: Final = "postgres"
PORT: Final = 5432  #: No port at all: a part of the socket's name.
MAX_SOCKET_PATH: Final = 90  #: Bytes; kernels allow 104 to 108.
POLL_S: Final = 0.005
QUIT_LIMIT_S: Final = 10.0
LOG_TAIL: Final = 2_000  #: Characters of the server's log that an error quotes.
DEFAULTS: Final[Mapping[str, str]] = MappingProxyType({"max_connections": "100", "shared_buffers": "128MB"})
_NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})
_ON_LINUX: Final = sys.platform == "linux"


class ClusterInUse(EmbeddedPostgresError):
    """Another program, or another object of this one, owns the folder."""

    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(f"{folder} is in use by process {pid}: stop that first, or choose another folder")
        self.folder = folder
        self.pid = pid


class EmbeddedPostgres:
    """One cluster and its server. Start and stop may be called from any thread, one at a time.

    `folder` belongs to this class alone and gets mode 0700. `settings` are PostgreSQL's own, over DEFAULTS. `bindir`
    holds its programs: by default `PG_BINDIR`, else the wheel's.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] = _NO_SETTINGS, bindir: Path | None = None) -> None:
        self._folder = folder.absolute()
        self._cluster = self._folder / "data"
        self._password_file = self._folder / "password"
        self._log = self._folder / "server.log"
        self._far_socket = self._folder / "socket"
        self._socket_folder = self._folder
        self._settings = {**DEFAULTS, **settings}
        self._bindir = bindir
        self._owner_lock: IO[str] | None = None
        self._server: Child | None = None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The server, from start to stop. It may have ended: see `wait`."""
        return self._server and self._server.process

    @property
    def dsn(self) -> str:
        """Where to connect; holds the password."""
        password, host = self._password_file.read_text(), quote(str(self._socket_folder), safe="")
        return f"postgresql://{USER}:{password}@/{DATABASE}?host={host}&port={PORT}"

    def start(self, timeout_s: float = 60.0) -> str:
        """Makes the cluster on first use, starts the server, returns its DSN once it takes connections.

        Blocks, for less than a second where nothing is to be recovered; stops what it started if it fails. Raises
        ClusterInUse, WrongMajorVersion, PostgresFailed.
        """
        deadline = time.monotonic() + timeout_s
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._owner_lock = self._own()
        try:
            with self._after_the_last_server(deadline) as server_lock:
                self._forget_stranger()
                programs = binaries.choose(self._bindir or binaries.find_folder(), self._cluster)
                programs.give(self._folder)
                if not self._cluster.exists():
                    self._make_cluster(programs, server_lock, deadline)
                elif not self._password_file.exists():
                    raise PostgresFailed("connect", f"{self._password_file} is gone, though {self._cluster} is there")
                self._place_socket(programs)
                self._spawn(programs, server_lock)
            self._wait_until_ready(deadline)
            return self.dsn
        except BaseException:
            self.stop()
            raise

    def wait(self, timeout_s: float | None = None) -> int | None:
        """The server's exit status once it has ended, for whatever reason; None if it still runs after `timeout_s`
        seconds.

        Raises PostgresFailed where none was started.
        """
        if self._server is None:
            raise PostgresFailed("wait", "no server was started")
        return self._server.wait(timeout_s)

    def stop(self, fast_limit_s: float = 30.0) -> None:
        """Ends the server: in order, and without mercy after `fast_limit_s` seconds. Does nothing where none runs."""
        if self._server is not None:
            limits = ((signal.SIGINT, fast_limit_s), (signal.SIGQUIT, QUIT_LIMIT_S), (signal.SIGKILL, QUIT_LIMIT_S))
            for number, limit_s in limits:
                self._server.process.send_signal(number)
                if self._server.wait(limit_s) is not None:
                    break
            self._server = None
        if self._owner_lock is not None:
            self._remove_far_socket()
            self._owner_lock.close()
            self._owner_lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _own(self) -> IO[str]:
        """Locks the folder for this object; the kernel unlocks it when we die."""
        file = (self._folder / "owner.lock").open("a+")
        if not _lock(file):
            file.seek(0)
            owner = int(file.read() or 0)
            file.close()
            raise ClusterInUse(self._folder, owner)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return file

    def _after_the_last_server(self, deadline: float) -> IO[str]:
        """A lock that every process of a server inherits: to get it proves that all those of the last one are gone."""
        file = (self._folder / "server.lock").open("a")
        if not _lock(file):
            orphan = self._postmaster_pid()
            # Its owner is dead, which only Linux told it.
            if orphan is not None and self._works_here(orphan):
                with suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGINT)
            while not _lock(file):
                if time.monotonic() > deadline:
                    file.close()
                    raise PostgresFailed(
                        "wait for the last server to end", f"process {orphan} still has {self._cluster}"
                    )
                time.sleep(POLL_S)
        return file

    def _forget_stranger(self) -> None:
        """Removes the pid file of a dead server whose number is in use, as after a container's restart: PostgreSQL
        would not start.
        """
        pid = self._postmaster_pid()
        if pid is None or not psutil.pid_exists(pid):
            return
        if self._works_here(pid):
            raise ClusterInUse(self._folder, pid)
        (self._cluster / "postmaster.pid").unlink()

    def _postmaster_pid(self) -> int | None:
        with suppress(OSError, ValueError, IndexError):
            return int((self._cluster / "postmaster.pid").read_text().split()[0])
        return None

    def _works_here(self, pid: int) -> bool:
        """A PostgreSQL server's working folder is its cluster."""
        with suppress(psutil.Error, OSError):
            return os.path.samefile(psutil.Process(pid).cwd(), self._cluster)
        return False

    def _make_cluster(self, programs: Binaries, lock: IO[str], deadline: float) -> None:
        """Runs initdb aside and renames the result, so that a half-made cluster never looks finished."""
        for leftover in self._folder.glob("init-*"):
            shutil.rmtree(leftover)
        self._password_file.unlink(missing_ok=True)
        with open(self._password_file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        programs.give(self._password_file)
        made = self._folder / f"init-{secrets.token_hex(4)}"
        options = {
            "pgdata": str(made),
            "username": USER,
            "auth": "scram-sha-256",
            "pwfile": str(self._password_file),
            "encoding": "UTF8",
            "locale-provider": "builtin",
            "builtin-locale": "C.UTF-8",
            "locale": "C.UTF-8" if _ON_LINUX else "C",
            "sync-method": "syncfs" if _ON_LINUX else "fsync",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        left_s = max(deadline - time.monotonic(), 0.0)
        ended = programs.run("initdb", *arguments, timeout_s=left_s, pass_fds=[lock.fileno()])
        if ended.returncode != 0:
            raise PostgresFailed("make a cluster", ended.stdout + ended.stderr)
        made.rename(self._cluster)
        _sync_folder(self._folder)

    def _place_socket(self, programs: Binaries) -> None:
        """Puts the socket into our folder, or a new private one if the path is too long for the kernel or lists
        hosts to clients.
        """
        self._remove_far_socket()
        self._socket_folder = self._folder
        if len(os.fsencode(self._folder / f".s.PGSQL.{PORT}")) > MAX_SOCKET_PATH or "," in str(self._folder):
            # TMPDIR may be long as well. The link lets the next start find what a crash leaves behind.
            self._socket_folder = Path(tempfile.mkdtemp(prefix="hypernode-", dir="/tmp"))
            self._far_socket.symlink_to(self._socket_folder)
            programs.give(self._socket_folder)
        # PostgreSQL would respect the lock of a dead server for as long as anything has its number, be it a zombie.
        for leftover in self._socket_folder.glob(".s.PGSQL.*"):
            leftover.unlink()

    def _remove_far_socket(self) -> None:
        with suppress(FileNotFoundError):
            shutil.rmtree(self._far_socket.readlink(), ignore_errors=True)
            self._far_socket.unlink()

    def _spawn(self, programs: Binaries, lock: IO[str]) -> None:
        settings = {
            **self._settings,
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": '"{}"'.format(str(self._socket_folder).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "fsync": "on",
            **({"recovery_init_sync_method": "syncfs"} if _ON_LINUX else {}),
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        self._server = programs.spawn(
            "postgres", "-D", str(self._cluster), *arguments, log=self._log, pass_fds=[lock.fileno()]
        )

    def _wait_until_ready(self, deadline: float) -> None:
        assert self._server is not None
        ours = str(self._server.process.pid)
        while True:
            # The pid file names its server in line 1 and its state in line 8: it is ready, and it is our child.
            with suppress(FileNotFoundError):
                lines = (self._cluster / "postmaster.pid").read_text().splitlines()
                if len(lines) >= 8 and lines[0] == ours and lines[7].strip() == "ready":
                    return
            if (status := self._server.wait(POLL_S)) is not None:
                raise PostgresFailed("start the server", f"it ended with status {status}. {self._log_tail()}")
            if time.monotonic() > deadline:
                raise PostgresFailed("start the server", f"not ready in time. {self._log_tail()}")

    def _log_tail(self) -> str:
        return f"{self._log} ends: {self._log.read_text(errors='replace')[-LOG_TAIL:]}"


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
