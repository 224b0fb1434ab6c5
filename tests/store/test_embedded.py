"""The embedded PostgreSQL with real processes: who may start it, what it survives, that it never outlives its owner."""

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from hypernode.store import binaries
from hypernode.store.binaries import PostgresFailed, WrongMajorVersion
from hypernode.store.embedded import ClusterInUse, EmbeddedPostgres

HANG_LIMIT_S = 60
pytestmark = pytest.mark.timeout(HANG_LIMIT_S)
OWNER = """
import sys, signal
from pathlib import Path
from hypernode.store import binaries
from hypernode.store.embedded import EmbeddedPostgres
binaries._LAUNCHER = Path(sys.argv[2])
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), server.process.pid, flush=True)
signal.pause()
"""
LAUNCHER = Path(binaries.__file__).with_name("launcher.py")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cluster that is not running."""
    folder = tmp_path_factory.mktemp("made") / "postgres"
    with EmbeddedPostgres(folder):
        return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A cluster of one's own, quicker than a new one."""
    return shutil.copytree(made, tmp_path / "postgres")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return tmp_path / "empty"


@pytest.fixture(scope="module")
def shared(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(made, tmp_path_factory.mktemp("shared") / "postgres")


@pytest.fixture(scope="module")
def server(shared: Path) -> Iterator[EmbeddedPostgres]:
    """A running server for tests that only look."""
    with EmbeddedPostgres(shared, settings={"max_connections": "42"}) as running:
        yield running


@contextmanager
def owner_of(folder: Path, launcher: Path = LAUNCHER) -> Iterator[tuple[subprocess.Popen[str], str, psutil.Process]]:
    """Another program that owns the folder: itself, its DSN, its server."""
    command = [sys.executable, "-c", OWNER, str(folder), str(launcher)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            dsn, pid = program.stdout.readline().split()
            yield program, dsn, psutil.Process(int(pid))
        finally:
            program.kill()


def is_gone(process: psutil.Process) -> bool:
    """Ended, even where process 1 takes its time to notice."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def query(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_data_survives_a_restart(empty: Path):
    with EmbeddedPostgres(empty) as first:
        await query(first.dsn, "CREATE TABLE kept AS SELECT 7 AS number")

    with EmbeddedPostgres(empty) as second:
        assert await query(second.dsn, "SELECT number FROM kept") == 7


async def test_the_same_object_starts_again(folder: Path):
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    server.stop()

    assert await query(server.start(), "SELECT 1") == 1
    server.stop()
    assert server.process is None


async def test_a_cluster_is_utf8_durable_and_not_at_the_whim_of_the_systems_locales(server: EmbeddedPostgres):
    assert await query(server.dsn, "SHOW server_encoding") == "UTF8"
    assert await query(server.dsn, "SHOW fsync") == "on"
    assert await query(server.dsn, "SELECT datlocprovider FROM pg_database WHERE datname = 'postgres'") == b"b"
    assert await query(server.dsn, "SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"


async def test_settings_override_the_defaults_and_leave_the_others(server: EmbeddedPostgres):
    assert await query(server.dsn, "SHOW max_connections") == "42"
    assert await query(server.dsn, "SHOW shared_buffers") == "128MB"


def test_the_server_listens_on_no_network(server: EmbeddedPostgres):
    assert server.process is not None
    sockets = psutil.Process(server.process.pid).net_connections("all")

    assert {found.family for found in sockets} == {socket.AF_UNIX}


def test_only_we_may_read_the_password_or_reach_the_socket(server: EmbeddedPostgres, shared: Path):
    assert stat.S_IMODE((shared / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.stat().st_mode) == 0o700


async def test_the_socket_is_not_enough_without_the_password(server: EmbeddedPostgres):
    scheme, rest = server.dsn.split("://hypernode:")

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"{scheme}://hypernode:guess@{rest.split('@', 1)[1]}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may not run PostgreSQL")
def test_as_root_the_cluster_stays_roots_own(server: EmbeddedPostgres, shared: Path):
    assert (shared / "data" / "PG_VERSION").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
async def test_as_root_without_user_namespaces_the_server_runs_as_nobody(monkeypatch: pytest.MonkeyPatch):
    def without_namespaces(cluster: Path) -> list[str]:
        return [identity for identity in identities(cluster) if not identity.startswith("namespace")]

    identities = binaries._identities
    monkeypatch.setattr(binaries, "_identities", without_namespaces)
    # Not below pytest's folder, which root keeps for itself.
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        Path(top).chmod(0o711)
        for _ in range(2):
            with EmbeddedPostgres(Path(top, "postgres")) as server:
                assert server.process is not None
                assert psutil.Process(server.process.pid).username() == "nobody"
                assert await query(server.dsn, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_where_no_identity_works_the_error_says_what_each_one_met(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(binaries, "_identities", lambda _: ("user:65534:65534",))
    hidden = tmp_path / "hidden"
    shutil.copytree(binaries.find_folder(), hidden)
    hidden.chmod(0o700)

    with pytest.raises(PostgresFailed, match=r"user:65534:65534: .*Permission denied.*DATABASE_URL"):
        EmbeddedPostgres(tmp_path / "postgres", bindir=hidden).start()


def test_a_second_owner_is_refused_and_told_the_first(folder: Path):
    with owner_of(folder) as (program, _, _), pytest.raises(ClusterInUse) as refused:
        EmbeddedPostgres(folder).start()

    assert refused.value.pid == program.pid


async def test_a_refused_second_owner_does_not_disturb_the_first(folder: Path):
    with EmbeddedPostgres(folder) as first:
        with pytest.raises(ClusterInUse):
            EmbeddedPostgres(folder).start()
        with pytest.raises(ClusterInUse):
            first.start()

        assert await query(first.dsn, "SELECT 1") == 1


async def test_the_server_dies_with_its_owner_and_the_next_one_takes_over(folder: Path):
    with owner_of(folder) as (program, dsn, server):
        await query(dsn, "CREATE TABLE kept AS SELECT 7 AS number")
        program.kill()
        program.wait()

        with EmbeddedPostgres(folder) as successor:
            assert is_gone(server)
            assert await query(successor.dsn, "SELECT number FROM kept") == 7


async def test_an_orphan_that_nobody_told_is_stopped_by_the_next_owner(folder: Path, tmp_path: Path):
    """As on systems other than Linux."""
    mute = tmp_path / "launcher.py"
    mute.write_text(LAUNCHER.read_text().replace('sys.platform == "linux"', "False"))

    with owner_of(folder, mute) as (program, _, server):
        program.kill()
        program.wait()
        with EmbeddedPostgres(folder) as successor:
            assert is_gone(server)
            assert await query(successor.dsn, "SELECT 1") == 1


def test_the_server_needs_no_successor_to_die(folder: Path):
    with owner_of(folder) as (program, _, server):
        program.kill()

        while not is_gone(server):
            time.sleep(0.01)


async def test_no_acknowledged_row_is_lost_when_the_server_is_killed_under_load(folder: Path):
    acknowledged: list[int] = []
    enough = asyncio.Event()

    async def insert_until_the_end(dsn: str, first: int) -> None:
        connection = await asyncpg.connect(dsn)
        for number in range(first, first + 1_000_000):
            await connection.execute("INSERT INTO entry VALUES ($1)", number)
            acknowledged.append(number)
            if len(acknowledged) > 500:
                enough.set()

    with EmbeddedPostgres(folder) as server:
        assert server.process is not None
        await query(server.dsn, "CREATE TABLE entry (number int PRIMARY KEY)")
        load = [asyncio.create_task(insert_until_the_end(server.dsn, n * 1_000_000)) for n in range(8)]
        await enough.wait()
        server.process.kill()
        ends = await asyncio.gather(*load, return_exceptions=True)
        assert server.wait(HANG_LIMIT_S) == -signal.SIGKILL
    assert all(isinstance(end, Exception) for end in ends)

    with EmbeddedPostgres(folder) as server:
        connection = await asyncpg.connect(server.dsn)
        kept = {row["number"] for row in await connection.fetch("SELECT number FROM entry")}
        await connection.close()
    assert set(acknowledged) <= kept


async def test_owner_and_server_killed_together_leave_nothing_in_the_way(folder: Path):
    with owner_of(folder) as (program, _, server):
        program.send_signal(signal.SIGSTOP)
        server.kill()
        program.kill()
        program.wait()
        assert (folder / "data" / "postmaster.pid").exists()

        with EmbeddedPostgres(folder) as successor:
            assert await query(successor.dsn, "SELECT 1") == 1


def test_a_pid_file_whose_number_another_program_got_does_not_prevent_the_start(folder: Path):
    with EmbeddedPostgres(folder) as server:
        assert server.process is not None
        server.process.kill()
        server.wait(HANG_LIMIT_S)
    pid_file = folder / "data" / "postmaster.pid"
    stale = pid_file.read_text().splitlines()

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *stale[1:]]))
        with EmbeddedPostgres(folder) as server:
            assert server.wait(0) is None
        assert stranger.poll() is None
        stranger.kill()


async def test_the_server_outlives_the_thread_that_started_it(folder: Path):
    server = EmbeddedPostgres(folder)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()

    assert await query(server.dsn, "SELECT 1") == 1
    server.stop()


async def test_what_a_crash_left_of_a_half_made_cluster_is_removed(empty: Path):
    (empty / "init-dead").mkdir(parents=True)
    (empty / "init-dead" / "PG_VERSION").write_text("18")
    (empty / "password").write_text("")

    with EmbeddedPostgres(empty) as server:
        assert await query(server.dsn, "SELECT 1") == 1
    assert not (empty / "init-dead").exists()


def test_a_cluster_of_another_major_version_is_refused_with_the_way_out(empty: Path):
    (empty / "data").mkdir(parents=True)
    (empty / "data" / "PG_VERSION").write_text("16\n")

    with pytest.raises(WrongMajorVersion, match=r"PostgreSQL 16, .* dump"):
        EmbeddedPostgres(empty).start()


def test_a_cluster_without_its_password_is_refused(folder: Path):
    (folder / "password").unlink()

    with pytest.raises(PostgresFailed, match="password is gone"):
        EmbeddedPostgres(folder).start()


async def test_a_path_too_long_for_a_socket_gets_a_private_one_that_goes_again(folder: Path, tmp_path: Path):
    long = folder.rename(tmp_path / ("long" * 40))
    with owner_of(long) as (program, _, _):
        left_by_a_crash = (long / "socket").readlink()
        program.kill()
        program.wait()

    with EmbeddedPostgres(long) as server:
        place = (long / "socket").readlink()
        assert not left_by_a_crash.exists()
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert await query(server.dsn, "SELECT 1") == 1
    assert not place.exists()


@pytest.mark.parametrize("name", ["a space", 'a "quote"', "a, comma", "100 %&?@:#", "ü"])
async def test_an_odd_path_is_quoted(folder: Path, tmp_path: Path, name: str):
    with EmbeddedPostgres(folder.rename(tmp_path / name)) as server:
        assert await query(server.dsn, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why_and_leaves_the_folder_free(folder: Path):
    with pytest.raises(PostgresFailed, match="no_such_setting"):
        EmbeddedPostgres(folder, settings={"no_such_setting": "1"}).start()

    with EmbeddedPostgres(folder):
        pass


def test_missing_binaries_are_named(empty: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PG_BINDIR", "/nowhere")

    with pytest.raises(PostgresFailed, match="/nowhere/postgres.*PG_BINDIR"):
        EmbeddedPostgres(empty).start()


def test_the_launcher_runs_nothing_for_a_parent_that_is_gone(tmp_path: Path):
    mark = tmp_path / "mark"
    command = [sys.executable, "-I", "-S", str(LAUNCHER), "1", "same", "/usr/bin/touch", str(mark)]

    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)

    assert ended.returncode == 1
    assert "is gone" in ended.stderr
    assert not mark.exists()
