"""A payer by itself, on a real database and a real chain of either token program."""

from collections.abc import AsyncIterator, Iterator

import pytest

from hypernode.chain.localnet import Localnet
from hypernode.chain.tokens import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from tests.chain.networks import LocalnetProcess
from tests.coordinator.office import Office

QUICK = ("--slot-ms", "50", "--finalize-slots", "3", "--faults")


@pytest.fixture(scope="session")
def spl_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localnet]:
    """A localnet whose levers these tests alone pull."""
    yield from _running(LocalnetProcess(tmp_path_factory.mktemp("spl"), *QUICK))


@pytest.fixture(scope="session")
def token_2022_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localnet]:
    """The same, with a Token-2022 mint."""
    yield from _running(LocalnetProcess(tmp_path_factory.mktemp("token-2022"), *QUICK, "--token-2022"))


@pytest.fixture
async def office(spl_chain: Localnet, database_url: str) -> AsyncIterator[Office]:
    """Where a vault pays from."""
    async with Office.open(spl_chain, database_url) as opened:
        assert opened.vault.mint.token_program == TOKEN_PROGRAM
        yield opened


@pytest.fixture
async def office_2022(token_2022_chain: Localnet, database_url: str) -> AsyncIterator[Office]:
    """The same, with Token-2022."""
    async with Office.open(token_2022_chain, database_url) as opened:
        assert opened.vault.mint.token_program == TOKEN_2022_PROGRAM
        yield opened


def _running(process: LocalnetProcess) -> Iterator[Localnet]:
    try:
        yield process.start()
    finally:
        process.kill()
