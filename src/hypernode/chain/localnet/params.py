"""The parameters of a JSON-RPC request, checked as a real node checks them."""

from collections.abc import Sequence
from typing import Any, Final, cast

from solders.pubkey import Pubkey
from solders.signature import Signature

from hypernode.chain.rpc import Commitment

INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
PARSE_ERROR: Final = -32700
MIN_SLOT_NOT_REACHED: Final = -32016
_COMMITMENTS: Final = frozenset({"processed", "confirmed", "finalized"})


class Refusal(Exception):
    """A JSON-RPC error object."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Params:
    """Positional parameters, of which the last may be an object of options."""

    def __init__(self, given: Any) -> None:
        if not isinstance(given, list):
            raise Refusal(INVALID_PARAMS, "`params` should be an array")
        self.values = cast("list[Any]", given)
        last = self.values[-1] if self.values else None
        self.options: dict[str, Any] = last if isinstance(last, dict) else {}

    def get(self, index: int, kind: type[Any]) -> Any:
        """A required parameter of a JSON type."""
        value = self.values[index] if index < len(self.values) else None
        if not isinstance(value, kind) or isinstance(value, bool):
            raise Refusal(INVALID_PARAMS, f"Invalid params: parameter {index} must be {kind.__name__}")
        return value

    def text(self, index: int) -> str:
        """A required string."""
        return self.get(index, str)

    def natural(self, index: int) -> int:
        """A required u64."""
        value: int = self.get(index, int)
        if not 0 <= value < 1 << 64:
            raise Refusal(INVALID_PARAMS, "Invalid params: not a u64")
        return value

    def address(self, index: int) -> Pubkey:
        """A required address."""
        return pubkey(self.text(index))

    def addresses(self, index: int, limit: int) -> Sequence[Pubkey]:
        """A required list of addresses."""
        given: list[Any] = self.get(index, list)
        if len(given) > limit:
            raise Refusal(INVALID_PARAMS, f"Too many inputs provided; max {limit}")
        return [pubkey(each) for each in given]

    def option(self, name: str, default: Any) -> Any:
        """An option, of the default's type."""
        value = self.options.get(name)
        if value is None:
            return default
        if not isinstance(value, type(default)):
            raise Refusal(INVALID_PARAMS, f"Invalid params: option {name} must be {type(default).__name__}")
        return value

    def commitment(self, name: str = "commitment", default: Commitment = "finalized") -> Commitment:
        """The commitment asked for; nodes answer `finalized` to those who do not ask."""
        value: str = self.option(name, default)
        if value not in _COMMITMENTS:
            raise Refusal(INVALID_PARAMS, f"Invalid params: unknown variant `{value}`, expected a commitment")
        return cast("Commitment", value)


def pubkey(text: Any) -> Pubkey:
    """An address from outside."""
    try:
        return Pubkey.from_string(text)
    except (ValueError, TypeError) as error:
        raise Refusal(INVALID_PARAMS, f"Invalid param: {error}") from error


def signature(text: Any) -> str:
    """A signature from outside."""
    try:
        return str(Signature.from_string(text))
    except (ValueError, TypeError) as error:
        raise Refusal(INVALID_PARAMS, f"Invalid param: {error}") from error
