"""Every wrong field of a value at once, where msgspec names only the first."""

import functools
from collections.abc import Iterable
from types import UnionType
from typing import Any, Final, cast

import jsonschema
import msgspec
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from msgspec.structs import StructConfig

from hypernode.domain.errors import BadField

MAX_ERRORS: Final = 20


Expected = type[msgspec.Struct] | UnionType


def bad_fields(value: Any, expected: Expected, prefix: str = "") -> list[BadField]:
    """What is wrong with a JSON value that should be a Struct, or one of a union of tagged Structs.

    Paths, and what was expected there.
    """
    found: list[BadField] = []
    form = _form(value, expected)
    errors: Iterable[ValidationError] = [] if form is None else _validator(form).iter_errors(value)
    for error in map(_deepest, errors):
        found.append(BadField(_path(prefix, list(error.absolute_path)), error.message[:300]))
        if len(found) == MAX_ERRORS:
            break
    if not found:  # A rule that JSON Schema cannot say.
        try:
            msgspec.convert(value, expected)
        except msgspec.ValidationError as error:
            found.append(BadField(prefix or "$", str(error)))
    return found


def _form(value: Any, expected: Expected) -> type[msgspec.Struct] | None:
    """Which Struct the value's tag says that it is; None where it says none of them."""
    if not isinstance(expected, UnionType):
        return expected
    said = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    for form in expected.__args__:
        config: StructConfig = form.__struct_config__
        if config.tag_field and said.get(config.tag_field) == config.tag:
            return form
    return None


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
