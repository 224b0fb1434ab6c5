"""What can go wrong, as one tree of nouns with fields. Only `api/errors.py` knows HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar


class HypernodeError(Exception):
    """Base of all errors that a caller can act on."""

    code: ClassVar[str] = "error"  #: Stable, and part of the HTTP contract.
    template: ClassVar[str] = "Something went wrong"  #: For a person, with the names of fields in braces.

    @property
    def sentence(self) -> str:
        """What went wrong, for a person."""
        return self.template.format_map(vars(self))

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class BadField:
    """A field that cannot be accepted."""

    path: str
    expected: str


@dataclass(eq=False)
class InvalidRequest(HypernodeError):
    """The request's content cannot be accepted."""

    fields: Sequence[BadField]
    code = "invalid_request"

    @property
    def sentence(self) -> str:
        return "; ".join(f"{bad.path}: {bad.expected}" for bad in self.fields)


@dataclass(eq=False)
class InvalidJobType(HypernodeError):
    """There is no such job type."""

    valid_types: Sequence[str]
    code = "invalid_job_type"
    template = "Invalid job type"


@dataclass(eq=False)
class JobTypeUnavailable(HypernodeError):
    """The job type exists, but no executor for it does."""

    job_type: str
    available: str
    code = "job_type_unavailable"
    template = "{job_type} has no executor yet; available: {available}"


@dataclass(eq=False)
class NotFound(HypernodeError):
    """There is no such object."""

    what: str
    code = "not_found"
    template = "{what} not found"


@dataclass(eq=False)
class NotAuthenticated(HypernodeError):
    """The caller did not prove who it is."""

    reason: str = "Sign in or send an API key"
    code = "not_authenticated"
    template = "{reason}"


@dataclass(eq=False)
class Unauthorized(HypernodeError):
    """The object belongs to somebody else."""

    code = "unauthorized"
    template = "Unauthorized"


@dataclass(eq=False)
class ForbiddenHost(HypernodeError):
    """The Host header names another machine: a page of a foreign site has bound its name to this address."""

    host: str
    code = "forbidden_host"
    template = "In open mode the Host header must be a loopback name, not {host}"


@dataclass(eq=False)
class ForbiddenOrigin(HypernodeError):
    """A page of a foreign site asks: in open mode whoever asks is believed."""

    origin: str
    code = "forbidden_origin"
    template = "In open mode only pages of this machine may ask, not those of {origin}"


@dataclass(eq=False)
class UnsupportedMediaType(HypernodeError):
    """The body is not what the route reads."""

    given: str
    code = "unsupported_media_type"
    template = "The body must be application/json, not {given}"


@dataclass(eq=False)
class MalformedBody(HypernodeError):
    """The body is no JSON that anybody means."""

    reason: str
    code = "malformed_request"
    template = "The body is {reason}"


@dataclass(eq=False)
class HeadersTooLarge(HypernodeError):
    """More header fields than anybody needs."""

    limit_bytes: int
    code = "headers_too_large"
    template = "At most {limit_bytes} bytes of header fields are accepted"


@dataclass(eq=False)
class MissingScope(HypernodeError):
    """The API key does not allow this."""

    scope: str
    code = "missing_scope"
    template = "This API key lacks the scope {scope}"


@dataclass(eq=False)
class WalletNeeded(HypernodeError):
    """An API key asks for what only its wallet may do: a key must not make stronger ones."""

    code = "wallet_needed"
    template = "Only the wallet itself, signed in, may do this"


@dataclass(eq=False)
class NotOperator(HypernodeError):
    """The wallet is none of this network's operators."""

    code = "not_operator"
    template = "This wallet is no operator of the network"


@dataclass(eq=False)
class SpendingLimitReached(HypernodeError):
    """The API key may not hold that much more."""

    left: str
    code = "spending_limit_reached"
    template = "This API key may spend {left} HYPER more"


@dataclass(eq=False)
class NotCancellable(HypernodeError):
    """The job is past cancelling."""

    state: str
    code = "not_cancellable"
    template = "Can only cancel pending or queued jobs"


@dataclass(eq=False)
class NodeSuspended(HypernodeError):
    """A result of this node was found forged."""

    code = "node_suspended"
    template = "This node is suspended: a result of it failed its check"


@dataclass(eq=False)
class StaleLease(HypernodeError):
    """The node does not hold the job any more: its report has no effect."""

    code = "stale_lease"
    template = "This node no longer holds the job"


@dataclass(eq=False)
class InsufficientBalance(HypernodeError):
    """The balance does not cover the amount."""

    balance: str
    code = "insufficient_balance"
    template = "The balance is {balance} HYPER"


@dataclass(eq=False)
class IdempotencyConflict(HypernodeError):
    """The key was used with another body."""

    code = "idempotency_key_reused"
    template = "This Idempotency-Key was used with another request"


@dataclass(eq=False)
class RequestInFlight(HypernodeError):
    """The first request with this key has no answer yet."""

    code = "request_in_flight"
    template = "A request with this Idempotency-Key is still being answered"


@dataclass(eq=False)
class TooManyRequests(HypernodeError):
    """The caller's rate limit is used up."""

    retry_after_s: int
    limit: int = 0
    window_s: int = 0
    code = "too_many_requests"
    template = "Too many requests; try again in {retry_after_s} s"


@dataclass(eq=False)
class TooLarge(HypernodeError):
    """More bytes than are taken."""

    limit_bytes: int
    code = "too_large"
    template = "At most {limit_bytes} bytes are accepted"


@dataclass(eq=False)
class Unready(HypernodeError):
    """Something this needs is down; trying again later may help."""

    what: str
    details: Sequence[str] = field(default_factory=tuple)
    code = "unavailable"
    template = "{what} is not available now"
