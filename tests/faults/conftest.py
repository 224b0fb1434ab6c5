"""Networks that the tests of faults share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hypernode.chain import localnet
from tests.network import running_localnet

Chain = tuple[localnet.Localnet, Path]


@pytest.fixture(scope="session")
def chain_of(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Chain]]:
    """The localnet with a HYPER mint of the token program that is named, started when it is first asked for."""
    with ExitStack() as running:
        started = {"spl-token": chain}

        def of(program: str) -> Chain:
            if program not in started:
                folder = tmp_path_factory.mktemp(program)
                started[program] = running.enter_context(running_localnet(folder, "--token-2022")), folder
            return started[program]

        yield of
