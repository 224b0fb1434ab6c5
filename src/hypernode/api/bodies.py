"""What a request's body must be before anything reads it: JSON, nested no deeper than anybody means."""

import re
from typing import Any, Final

from litestar import Request

from hypernode.domain.errors import MalformedBody, UnsupportedMediaType
from hypernode.protocol import limits

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_OPENING: Final = frozenset({b"[", b"{"})


async def check_body(request: Request[Any, Any, Any]) -> None:
    """Of a route that takes JSON. Raises UnsupportedMediaType, MalformedBody.

    The media type is more than a form: without it a foreign page could post here, as it may send plain text anywhere.
    """
    if "data" not in request.route_handler.parsed_fn_signature.parameters:
        return
    body = await request.body()
    if not body:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaType(kind[: limits.MAX_TEXT])
    if is_deep(body):
        raise MalformedBody(f"nested deeper than {limits.MAX_JSON_DEPTH} levels")
    try:
        body.decode()
    except UnicodeDecodeError:  # msgspec raises it too, but among errors of our own it could be anybody's.
        raise MalformedBody("not UTF-8") from None


def is_deep(body: bytes) -> bool:
    """Whether a JSON text is nested deeper than anybody means."""
    if body.count(b"[") + body.count(b"{") <= limits.MAX_JSON_DEPTH:
        return False
    depth = 0
    for token in _TOKEN.finditer(body):
        found = token[0]
        if found in _OPENING:
            depth += 1
            if depth > limits.MAX_JSON_DEPTH:
                return True
        elif len(found) == 1:
            depth -= 1
    return False
