"""The `hypernode` command."""

from hypernode.cli.app import main

__all__ = ["main"]
