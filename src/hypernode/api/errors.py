"""Errors as problem details (RFC 9457): the only place that knows which error has which HTTP status."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types.empty import Empty
from litestar.utils.scope.state import ScopeState

from hypernode.api.web import page_for
from hypernode.blobs import DigestMismatch, InvalidDigest
from hypernode.chain.rpc import RpcError
from hypernode.domain import errors
from hypernode.domain.errors import BadField, HypernodeError
from hypernode.protocol.validation import bad_fields
from hypernode.protocol.wire import Problem
from hypernode.store.database import UNAVAILABLE
from hypernode.store.group_commit import Overloaded

log: Final = structlog.get_logger(__name__)

PROBLEM_TYPE: Final = "application/problem+json"
STATUS: Final[dict[type[HypernodeError], int]] = {
    errors.InvalidRequest: 422,
    errors.InvalidJobType: 400,
    errors.JobTypeUnavailable: 422,
    errors.NotFound: 404,
    errors.NotAuthenticated: 401,
    errors.Unauthorized: 403,
    errors.MissingScope: 403,
    errors.WalletNeeded: 403,
    errors.NotOperator: 403,
    errors.ForbiddenHost: 403,
    errors.ForbiddenOrigin: 403,
    errors.UnsupportedMediaType: 415,
    errors.MalformedBody: 400,
    errors.HeadersTooLarge: 431,
    errors.SpendingLimitReached: 403,
    errors.NotCancellable: 400,
    errors.NodeSuspended: 403,
    errors.StaleLease: 409,
    errors.InsufficientBalance: 400,
    errors.IdempotencyConflict: 422,
    errors.RequestInFlight: 409,
    errors.TooManyRequests: 429,
    errors.TooLarge: 413,
    errors.Unready: 503,
    DigestMismatch: 422,
    InvalidDigest: 404,
}
CODES: Final = {404: "endpoint_not_found", 405: "method_not_allowed", 413: "too_large"}


def on_known_error(path: str, error: HypernodeError) -> Response[bytes]:
    """An error of our own."""
    fields = error.fields if isinstance(error, errors.InvalidRequest) else ()
    headers: dict[str, str] = {}
    if isinstance(error, errors.TooManyRequests):
        headers = {"Retry-After": str(error.retry_after_s)}
    valid = list(error.valid_types) if isinstance(error, errors.InvalidJobType) else None
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return _problem(path, status, error.code, error.sentence, fields, headers, valid)


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """An error of the framework: no such path, which may be a page's, no such method, a body that cannot be read."""
    if isinstance(error, ValidationException):
        return on_known_error(request.url.path, errors.InvalidRequest(_wrong_fields(request, error)))
    status = error.status_code
    if status == HTTPStatus.NOT_FOUND and (page := page_for(request)):
        return page
    sentence = "Endpoint not found" if status == HTTPStatus.NOT_FOUND else error.detail
    if status == HTTPStatus.BAD_REQUEST:
        return _problem(request.url.path, status, "malformed_request", sentence)
    return _problem(request.url.path, status, CODES.get(status, "http_error"), sentence, (), dict(error.headers or {}))


def on_unavailable(path: str, error: Exception) -> Response[bytes]:
    """The store, the chain or the queue to it does not answer now."""
    log.warning("unavailable", path=path, error=f"{type(error).__name__}: {error}")
    return _problem(path, 503, "unavailable", "Try again in a moment", headers={"Retry-After": "1"})


def on_recursion(path: str, _error: RecursionError) -> Response[bytes]:
    """JSON nested deeper than anybody means."""
    return _problem(path, 400, "malformed_request", "The JSON is nested too deeply")


def on_bug(path: str, error: Exception) -> Response[bytes]:
    """Anything else is a defect of ours: logged in full, told in one sentence."""
    log.error("request_failed", path=path, exc_info=error)
    return _problem(path, HTTP_500_INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on our side")


_ANSWERS: Final[dict[type[Exception], Callable[[str, Any], Response[bytes]]]] = {
    HypernodeError: on_known_error,
    Overloaded: on_unavailable,
    RpcError: on_unavailable,
    RecursionError: on_recursion,
    **dict.fromkeys(UNAVAILABLE, on_unavailable),
    Exception: on_bug,
}


def render(path: str, error: Exception) -> Response[bytes]:
    """The answer to an error of ours or the store's, chosen as the framework chooses."""
    return next(_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS)(path, error)


def _on_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return render(request.url.path, error)


HANDLERS: Final[dict[int | type[Exception], Any]] = {**dict.fromkeys(_ANSWERS, _on_error), HTTPException: on_http_error}


def _problem(
    path: str,
    status: int,
    code: str,
    sentence: str,
    fields: Sequence[BadField] = (),
    headers: dict[str, str] | None = None,
    valid_types: list[str] | None = None,
) -> Response[bytes]:
    body = Problem(
        type=f"urn:hypernode:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=sentence,
        instance=path,
        error=sentence,
        code=code,
        errors=[{"path": bad.path, "expected": bad.expected} for bad in fields],
        valid_types=valid_types,
    )
    return Response(msgspec.json.encode(body), status_code=status, media_type=PROBLEM_TYPE, headers=headers)


def _wrong_fields(request: Request[Any, Any, Any], error: ValidationException) -> list[BadField]:
    """All wrong fields of the body, or the parameter that is wrong."""
    parameter = request.route_handler.parsed_fn_signature.parameters.get("data")
    body = ScopeState.from_scope(request.scope).json
    if parameter is not None and body is not Empty:
        types = [parameter.annotation, *(inner.annotation for inner in parameter.inner_types)]
        expected = next((t for t in types if isinstance(t, type) and issubclass(t, msgspec.Struct)), None)
        if expected is not None and (wrong := bad_fields(body, expected)):
            return wrong
    extra: list[dict[str, Any]] = error.extra if isinstance(error.extra, list) else []
    wrong = [BadField(_sent_as(request, entry.get("key", "")), entry.get("message", "")) for entry in extra]
    return wrong or [BadField("", error.detail)]


def _sent_as(request: Request[Any, Any, Any], parameter: str) -> str:
    """A parameter's name as the caller knows it."""
    field = request.route_handler.parsed_fn_signature.parameters.get(parameter)
    definition = field.kwarg_definition if field is not None else None
    return getattr(definition, "query", None) or getattr(definition, "header", None) or parameter
