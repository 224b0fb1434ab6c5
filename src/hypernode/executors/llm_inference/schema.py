"""Whether JSON keeps to a JSON Schema, in the part of the standard that every engine holds its answers to.

Left out on purpose: formats, ranges, allOf and the like, which engines support unevenly, and patterns, which can be
made to take for ever. An answer that fails here fails the whole standard; one that passes may still break the rest.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

_MOST_STEPS: Final = 100_000
"""References and alternatives can make a small schema take for ever: beyond, a value counts as good."""

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == int(value),
}


def violation(text: str, schema: Mapping[str, Any]) -> str:
    """Where a text is no JSON of this form, as in `$.city: not of type string`; empty where it is."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"no JSON: {error}"
    try:
        return _Check(schema).violation(value, schema, "$")
    except (_Unending, RecursionError):
        return ""


class _Unending(Exception):
    """The schema takes too many steps."""


class _Check:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._steps = 0

    def violation(self, value: Any, schema: Any, at: str) -> str:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise _Unending
        if schema is False:
            return f"{at}: nothing is allowed here"
        if not isinstance(schema, dict):
            return ""
        if isinstance(reference := schema.get("$ref"), str):
            return self.violation(value, self._resolved(reference), at)
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if isinstance(kinds, list) and kinds and not any(_is_of(value, kind) for kind in kinds):
            return f"{at}: not of type {' or '.join(map(str, kinds))}"
        if isinstance(allowed := schema.get("enum"), list) and not any(_equal(value, each) for each in allowed):
            return f"{at}: none of {len(allowed)} allowed values"
        if "const" in schema and not _equal(value, schema["const"]):
            return f"{at}: not the one allowed value"
        return self._within(value, schema, at) or self._combined(value, schema, at)

    def _within(self, value: Any, schema: Mapping[str, Any], at: str) -> str:
        if isinstance(value, list):
            each = schema.get("items")
            start = len(first) if isinstance(first := schema.get("prefixItems"), list) else 0
            found = (self.violation(item, each, f"{at}[{i}]") for i, item in enumerate(value) if i >= start)
            return next(filter(None, found), "")
        if not isinstance(value, dict):
            return ""
        required = schema.get("required", [])
        for name in required if isinstance(required, list) else []:
            if name not in value:
                return f"{at}: {name} is missing"
        known = schema.get("properties", {})
        known = known if isinstance(known, dict) else {}
        others = True if schema.get("patternProperties") else schema.get("additionalProperties", True)
        found = (self.violation(part, known.get(name, others), f"{at}.{name}") for name, part in value.items())
        return next(filter(None, found), "")

    def _combined(self, value: Any, schema: Mapping[str, Any], at: str) -> str:
        for keyword in ("anyOf", "oneOf"):
            options = schema.get(keyword)
            if isinstance(options, list) and options and all(self.violation(value, each, at) for each in options):
                return f"{at}: none of the forms of {keyword}"
        return ""

    def _resolved(self, reference: str) -> Any:
        """What a reference within the schema leads to; True, which allows all, for another."""
        at: Any = self._root
        path, _, pointer = reference.partition("#")
        if path:
            return True
        for part in filter(None, pointer.split("/")):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(at, dict) or name not in at:
                return True
            at = at[name]
        return at


def _is_of(value: Any, kind: Any) -> bool:
    test = _TYPES.get(kind) if isinstance(kind, str) else None
    return test is None or (math.isfinite(value) and test(value) if isinstance(value, float) else test(value))


def _equal(one: Any, other: Any) -> bool:
    """JSON's equality: true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
