"""Benches: `python -m bench.http`, `bench.latency`, `bench.memory`, from the repository's root."""
