"""JSON-RPC 2.0: requests in, answers out, one or a batch."""

from collections.abc import Callable
from typing import Any, Final, cast

import msgspec

from hypernode.chain.localnet.methods import METHODS as QUERIES
from hypernode.chain.localnet.methods import Node
from hypernode.chain.localnet.params import INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, Params, Refusal
from hypernode.chain.localnet.sending import METHODS as SENDING

METHODS: Final = {**QUERIES, **SENDING}
MAX_BATCH: Final = 100

Call = Callable[[str, Params], Any]


def answer(body: bytes, call: Call) -> Any:
    """The answer to a body: an object, or an array for a batch. Raises AnswerLost where a fault says so."""
    try:
        request = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _error(None, Refusal(PARSE_ERROR, "Parse error"))
    if not isinstance(request, list):
        return _answer_one(request, call)
    batch = cast("list[Any]", request)
    if not 0 < len(batch) <= MAX_BATCH:
        return _error(None, Refusal(INVALID_REQUEST, f"a batch has 1 to {MAX_BATCH} requests"))
    return [_answer_one(each, call) for each in batch]


def call_on(node: Node) -> Call:
    """The methods that need no connection of their own."""

    def call(method: str, params: Params) -> Any:
        if method not in METHODS:
            raise Refusal(METHOD_NOT_FOUND, "Method not found")
        return METHODS[method](node, params)

    return call


def _answer_one(request: Any, call: Call) -> dict[str, Any]:
    given = cast("dict[str, Any]", request if isinstance(request, dict) else {})
    if not isinstance(given.get("method"), str) or given.get("jsonrpc") != "2.0":
        return _error(None, Refusal(INVALID_REQUEST, "Invalid request"))
    identity = given.get("id")
    try:
        result = call(given["method"], Params(given.get("params") or []))
    except Refusal as refusal:
        return _error(identity, refusal)
    return {"jsonrpc": "2.0", "id": identity, "result": result}


def _error(identity: Any, refusal: Refusal) -> dict[str, Any]:
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.data is not None:
        error["data"] = refusal.data
    return {"jsonrpc": "2.0", "id": identity, "error": error}
