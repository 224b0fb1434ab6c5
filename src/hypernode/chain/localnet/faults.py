"""Levers that make the localnet misbehave as real networks do; tests pull them, and only with `faults=True`."""

from enum import StrEnum


class Fault(StrEnum):
    """What befalls the next sendTransaction."""

    HANG = "hang"  #: It lands, but the answer never comes: the client times out.
    BAD_GATEWAY = "bad_gateway"  #: It lands, but a proxy answers 502.
    DROP = "drop"  #: The node answers with the signature, but no leader ever takes it.
    FAIL = "fail"  #: It passes preflight, lands, costs its fee, and fails.


class AnswerLost(Exception):
    """The request was carried out; its answer must not reach the client."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class Faults:
    """The levers pulled so far, each good for one sendTransaction, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def pull(self, fault: Fault) -> None:
        """Arrange a fault."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Put all levers back."""
        self._waiting.clear()

    def next(self) -> Fault | None:
        """The fault for the sendTransaction at hand."""
        return self._waiting.pop(0) if self._waiting else None
