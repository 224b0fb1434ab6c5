"""Fixtures that everything shares: one PostgreSQL and one localnet a run, an own database a test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from hypernode.chain import localnet
from hypernode.store.embedded import EmbeddedPostgres
from tests.network import TestNetwork, new_database, running_localnet

# No example has to be quick; and a gate asks the same questions every time.
settings.register_profile("hypernode", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("hypernode")


TOGETHER = ("tests/jobs/", "tests/web/")
"""Folders whose tests share what is dear: every engine run once and checked; a network with a node, and a browser."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stays in one process where two share the tests (`pytest -n 2`): a file, or a folder with dear fixtures."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        group = next((folder for folder in TOGETHER if file.startswith(folder)), file)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("pg"), settings={"max_connections": "300"}) as server:
        yield server


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[localnet.Localnet, Path]]:
    """A localnet."""
    folder = tmp_path_factory.mktemp("localnet")
    with running_localnet(folder) as state:
        yield state, folder


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> str:
    """An empty database."""
    return new_database(postgres)


@pytest.fixture
def network(tmp_path: Path, database_url: str, chain: tuple[localnet.Localnet, Path]) -> Iterator[TestNetwork]:
    """A network without processes yet; what a test starts stops with it."""
    made = TestNetwork(tmp_path, database_url, *chain)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def shared_network(
    tmp_path_factory: pytest.TempPathFactory, postgres: EmbeddedPostgres, chain: tuple[localnet.Localnet, Path]
) -> Iterator[TestNetwork]:
    """The same for all tests of a module."""
    made = TestNetwork(tmp_path_factory.mktemp("home"), new_database(postgres), *chain)
    try:
        yield made
    finally:
        made.stop()
