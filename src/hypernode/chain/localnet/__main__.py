"""`python -m hypernode.chain.localnet`: run a localnet in the foreground."""

import argparse
import sys
from pathlib import Path

from hypernode.chain.localnet.archive import FolderInUse
from hypernode.chain.localnet.server import LocalnetOptions, serve
from hypernode.chain.tokens import TOKEN_2022_PROGRAM, TOKEN_PROGRAM


def main() -> None:
    """Read the command line and serve."""
    default = LocalnetOptions()
    parser = argparse.ArgumentParser(
        prog="hypernode.chain.localnet", description="A persistent Solana for one machine."
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the chain lives")
    parser.add_argument("--port", type=int, default=default.port, help="0: any free one (default %(default)s)")
    parser.add_argument("--slot-ms", type=int, default=default.slot_ms)
    parser.add_argument("--finalize-slots", type=int, default=default.finalize_slots)
    parser.add_argument("--token-2022", action="store_true", help="make HYPER a Token-2022 mint at the first start")
    parser.add_argument("--faults", action="store_true", help="let clients pull fault levers: for tests")
    given = parser.parse_args()
    program = TOKEN_2022_PROGRAM if given.token_2022 else TOKEN_PROGRAM
    try:
        serve(given.folder, LocalnetOptions(given.port, given.slot_ms, given.finalize_slots, program, given.faults))
    except (FolderInUse, OSError) as error:
        sys.exit(str(error))


main()
