"""A database of an earlier version is brought up to date with all that it holds; what has landed is never edited."""

import hashlib
import shutil
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from pogo_core.util import migrate

from hypernode.store.database import Database

MIGRATIONS = Path(str(files("hypernode.store") / "migrations"))
LANDED = {
    "0001_network.sql": "a5b1d35daebe480f30c4794425624985b58dba8e93c23a2fa01d321757d66501",
    "0002_checks_and_parts.sql": "2a0bbabfe2734105efac01fe9d444376f56f39d353867be07aec1a47d964f368",
    "0003_flat_figures.sql": "455c5e66602254d3e112cb847d899e596b57b283bb4834262c95cea6f1dae7a8",
    "0004_lookup_tables.sql": "69fbf80a2c82f43fad6bccbde6d03969180785483ea2e830a1c866e49c835395",
    "0005_admission.sql": "a52a8b14c02333d0a489fa87bb50a97b1b5d53c5aa2961baa0fb1975d0924f83",
    "0006_heartbeats.sql": "1f627dbd4c4b9cf8a2ef43b5db594652faf168b8d4ac22794b7eb40bd4e5ec58",
}
OLD_ROWS = """
INSERT INTO node (node_id, wallet, machine_id, token_hash, state, gpu_model, gpu_count, vram_mb, ram_mb,
    driver_version, cuda_version, compute_capability, host_os, cpu_model, location, capabilities, price)
VALUES ($1, 'P', 'm', '\\x00', 'online', 'g', 1, 0, 0, '', '', '', '', '', '{"country": "X"}', '{}', 0);
INSERT INTO job (job_id, wallet, job_type, model, input, requirements, budget, max_duration_s, state, attempt,
    node_id, salt)
VALUES ($2, 'C', 'generic_compute', 'default', '{}', '{}', 0, 60, 'running', 1, $1, '\\x00');
INSERT INTO lease (job_id, attempt, lease_id, node_id, state, price, ttl_s, deadline)
VALUES ($2, 1, $3, $1, 'running', 0, 30, now());
"""


async def first_version(url: str, folder: Path) -> asyncpg.Connection:
    shutil.copy(MIGRATIONS / "0001_network.sql", folder)
    connection = await asyncpg.connect(url)
    await migrate.apply(connection, folder, schema_name="public")
    return connection


@pytest.mark.parametrize("name", LANDED)
def test_a_migration_that_has_landed_is_not_edited(name: str):
    assert hashlib.sha256((MIGRATIONS / name).read_bytes()).hexdigest() == LANDED[name]


async def test_a_database_of_the_first_version_keeps_what_it_holds(database_url: str, tmp_path: Path):
    node, job, lease = uuid4(), uuid4(), uuid4()
    connection = await first_version(database_url, tmp_path)
    rows = OLD_ROWS
    for number, value in enumerate((node, job, lease), 1):
        rows = rows.replace(f"${number}", f"'{value}'")
    await connection.execute(rows)
    await connection.close()

    database = await Database.open(database_url)
    try:
        kept = await database.row(
            "SELECT lease.state, job.parts, job.audit_of, node.isolation, node.checks_passed"
            " FROM lease JOIN job USING (job_id) JOIN node ON node.node_id = lease.node_id WHERE lease_id = $1",
            lease,
        )
        assert kept is not None
        assert tuple(kept) == ("running", 0, None, "none", 0)
        with pytest.raises(asyncpg.UniqueViolationError):
            await database.execute(
                "INSERT INTO lease (job_id, attempt, lease_id, node_id, state, price, ttl_s, deadline)"
                " SELECT job_id, 2, gen_random_uuid(), node_id, 'reported', 0, 30, now() FROM lease"
            )
    finally:
        await database.close()


async def test_all_versions_but_the_first_can_be_taken_back_and_applied_again(database_url: str, tmp_path: Path):
    connection = await first_version(database_url, tmp_path)
    first = await tables(connection)
    await migrate.apply(connection, MIGRATIONS, schema_name="public")
    latest = await tables(connection)
    assert {"tally", "verification"} <= latest - first

    await migrate.rollback(connection, MIGRATIONS, schema_name="public", count=len(list(MIGRATIONS.glob("*.sql"))) - 1)
    assert await tables(connection) == first
    await migrate.apply(connection, MIGRATIONS, schema_name="public")
    assert await tables(connection) == latest
    await connection.close()


async def tables(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    return {row["relname"] for row in rows}
