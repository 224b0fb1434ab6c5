"""`hypernode up`, `coordinator`, `localnet`, `demo`: the network's own processes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hypernode.domain.job import JobType


@contextmanager
def starting() -> Iterator[None]:
    """What keeps a process of the network from running is told in a sentence, with exit code 1."""
    from pydantic import ValidationError

    from hypernode.wiring.processes import ChildFailed
    from hypernode.wiring.settings import BadSettings

    try:
        yield
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        sys.exit(f"Error in the settings: {'; '.join(wrong)}")
    except (BadSettings, ChildFailed) as error:
        sys.exit(f"Error: {error}")


def up() -> None:
    """Run a whole network here: database, localnet, coordinator, one node. Ctrl-C stops it.

    Settings: PORT, HYPERNODE_HOME, and those of a coordinator.
    """
    from hypernode.wiring.up import run

    with starting():
        run()


def coordinator() -> None:
    """Run a coordinator. Its settings come from the environment and .env: DATABASE_URL, SOLANA_RPC_URL..."""
    from hypernode.wiring.coordinator import run

    with starting():
        run()


def localnet(
    folder: Annotated[Path, typer.Option(help="Keeps the chain.")] = Path(".hypernode/localnet"),
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any free one.")] = 8899,
    token_2022: Annotated[bool, typer.Option("--token-2022", help="Make HYPER a Token-2022 mint.")] = False,
) -> None:
    """Run a Solana network of one's own, with a HYPER mint and a faucet. Its tokens are worth nothing."""
    from hypernode.wiring.localnet import run

    run(folder=folder, port=port, token_2022=token_2022)


def demo(
    job_type: Annotated[JobType, typer.Argument(help="What the customer asks for.")] = JobType.LLM_INFERENCE,
) -> None:
    """See a whole job: network, customer, provider, a real engine, the pay, a receipt checked against the chain."""
    from hypernode.cli.demo import tell

    with starting():
        tell(job_type)
