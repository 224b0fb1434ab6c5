"""Runs the localnet as a process of its own."""

from pathlib import Path
from typing import Final

from hypernode.chain.localnet import LocalnetOptions, serve
from hypernode.chain.tokens import TOKEN_2022_PROGRAM, TOKEN_PROGRAM

SLOT_MS: Final = 100
FINALIZE_SLOTS: Final = 5
"""A chain for one machine need not be slower than its user."""


def run(*, folder: Path, port: int, token_2022: bool = False) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    program = TOKEN_2022_PROGRAM if token_2022 else TOKEN_PROGRAM
    serve(folder, LocalnetOptions(port=port, slot_ms=SLOT_MS, finalize_slots=FINALIZE_SLOTS, token_program=program))
