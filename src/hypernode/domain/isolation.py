"""How far a node keeps jobs apart from itself: the levels that it proves when it starts."""

from enum import StrEnum


class Isolation(StrEnum):
    """What a node tried on itself and found to hold, from the least to the most."""

    NONE = "none"  #: A job may use up the machine.
    PROCESS = "process"  #: A job's memory, processes and files are limited; it may read what the node's user may.
    SANDBOX = "sandbox"  #: A job sees no file, process or network but its own, either.

    @property
    def rank(self) -> int:
        """Rises with the level."""
        return list(Isolation).index(self)
