"""Every wrong field of a value at once, where msgspec names only the first."""

import functools
from typing import Any, Final

import jsonschema
import msgspec
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from hypernode.domain.errors import BadField

MAX_ERRORS: Final = 20


def bad_fields(value: Any, expected: type[msgspec.Struct], prefix: str = "") -> list[BadField]:
    """What is wrong with a JSON value that should be a Struct: paths and what was expected there."""
    found: list[BadField] = []
    for error in map(_deepest, _validator(expected).iter_errors(value)):
        found.append(BadField(_path(prefix, list(error.absolute_path)), error.message[:300]))
        if len(found) == MAX_ERRORS:
            break
    if not found:  # A rule that JSON Schema cannot say.
        try:
            msgspec.convert(value, expected)
        except msgspec.ValidationError as error:
            found.append(BadField(prefix or "$", str(error)))
    return found


@functools.cache
def _validator(expected: type[msgspec.Struct]) -> Validator:
    return jsonschema.Draft202012Validator(msgspec.json.schema(expected))


def _deepest(error: ValidationError) -> ValidationError:
    """Where several forms are allowed: what is wrong with the form that the value comes nearest to."""
    while nearer := [inner for inner in error.context or () if inner.path]:
        error = max(nearer, key=lambda inner: len(inner.absolute_path))
    return error


def _path(prefix: str, parts: list[str | int]) -> str:
    path = prefix
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "$"
