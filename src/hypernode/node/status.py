"""What `hypernode node status` shows: written by the agent, read by anyone on the machine."""

from pathlib import Path
from typing import Final, Literal

import msgspec

_FILE: Final = "status.json"

Health = Literal["connecting", "online", "draining", "stopped"]


class Status(msgspec.Struct, rename="camel", frozen=True):
    """A node at one moment."""

    state: Health
    pid: int
    coordinator_url: str
    wallet: str
    node_id: str
    link: str  #: websocket, poll; empty while there is none.
    capacity: int
    jobs: list[str]  #: Ids of the jobs in hand.
    completed: int  #: Since the start.
    failed: int
    offers: dict[str, list[str]]  #: Job type -> models.
    gpu_model: str
    isolation: str  #: none, process, sandbox.
    sandbox: str  #: What of it held, or did not.
    started_at: float  #: Unix time.
    updated_at: float


def write(home: Path, status: Status) -> None:
    """Replace the file at once: a reader never sees half of it."""
    draft = home / f"{_FILE}.new"
    draft.write_bytes(msgspec.json.encode(status))
    draft.replace(home / _FILE)


def read(home: Path) -> Status | None:
    """The last status; None before the first start."""
    file = home / _FILE
    return msgspec.json.decode(file.read_bytes(), type=Status) if file.is_file() else None
