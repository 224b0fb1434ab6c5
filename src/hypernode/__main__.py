"""`python -m hypernode` is the `hypernode` command."""

from hypernode.cli import main

main()
