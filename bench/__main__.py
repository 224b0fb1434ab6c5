"""All benches, one after the other. One that fails does not keep the others from running."""

import subprocess
import sys
from typing import Final

BENCHES: Final = (
    "http",
    "queue",
    "latency",
    "matching",
    "fleet",
    "events",
    "growth",
    "scale_out",
    "chain",
    "memory",
    "jobs",
)


def main() -> int:
    failed = [
        name for name in BENCHES if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    ]
    if failed:
        print(f"These failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
