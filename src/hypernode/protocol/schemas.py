"""JSON Schemas of Structs, which tell also what the comments beside the fields say."""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import inspect as shapes

Schema = dict[str, Any]

_COMMENT: Final = "#: "
_INNER: Final = ("type", "item_type", "key_type", "value_type")
_INNERS: Final = ("types", "item_types")


def input_schema(kind: Any) -> Schema:
    """The whole schema of what a type takes, with all that it refers to under `$defs`."""
    (whole,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return {**whole, "$defs": _described(parts, structs_of(kind))}


def components(kinds: Iterable[type[msgspec.Struct]], ref_template: str) -> dict[str, Schema]:
    """The schemas of Structs and of all that they refer to, by name."""
    given = list(kinds)
    _, parts = msgspec.json.schema_components(given, ref_template=ref_template)
    return _described(parts, {inner for kind in given for inner in structs_of(kind)})


def structs_of(kind: Any) -> set[type[msgspec.Struct]]:
    """The Structs that a type is made of."""
    found: set[type[msgspec.Struct]] = set()
    left: list[Any] = [shapes.type_info(kind)]
    while left:
        each = left.pop()
        if isinstance(each, shapes.StructType):
            if each.cls not in found:
                found.add(each.cls)
                left += [field.type for field in each.fields]
            continue
        left += [getattr(each, name) for name in _INNER if hasattr(each, name)]
        left += [inner for name in _INNERS for inner in getattr(each, name, ())]
    return found


def comments(kind: type) -> dict[str, str]:
    """What a class says of its members: in `#:` comments beside them, or in texts below."""
    source = textwrap.dedent(inspect.getsource(kind))
    lines, found = source.splitlines(), dict[str, str]()
    (of,) = ast.parse(source).body
    assert isinstance(of, ast.ClassDef)
    for member, after in zip(of.body, [*of.body[1:], None], strict=True):
        if not isinstance(member, ast.Assign | ast.AnnAssign):
            continue
        target = member.targets[0] if isinstance(member, ast.Assign) else member.target
        said = lines[(member.end_lineno or 0) - 1].partition(_COMMENT)[2]
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            said = said or " ".join(str(after.value.value).split())
        if said and isinstance(target, ast.Name):
            found[target.id] = said
    return found


def meanings(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The same for a Struct and those that it inherits from."""
    own = (each for each in reversed(kind.mro()) if issubclass(each, msgspec.Struct) and each is not msgspec.Struct)
    return {name: said for each in own for name, said in comments(each).items()}


def _described(parts: Mapping[str, Schema], structs: Iterable[type[msgspec.Struct]]) -> dict[str, Schema]:
    by_name = {kind.__name__: kind for kind in structs}
    return {name: _told(part, by_name[name]) if name in by_name else part for name, part in parts.items()}


def _told(schema: Schema, kind: type[msgspec.Struct]) -> Schema:
    said = meanings(kind)
    names = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
    properties = {
        name: _with(_open(part), said.get(names.get(name, ""), "")) for name, part in schema["properties"].items()
    }
    about = {"description": inspect.cleandoc(schema["description"])} if "description" in schema else {}
    return {**schema, **about, "properties": properties}


def _with(schema: Schema, said: str) -> Schema:
    text = " ".join(filter(None, (said, schema.get("description", ""))))
    return {**schema, "description": text} if text else schema


def _open(part: Any) -> Any:
    """Say of an object of any form that it is one: readers of schemas differ on an object of which nothing is said."""
    if isinstance(part, list):
        return [_open(each) for each in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    schema = cast("Schema", part)
    bare = schema.get("type") == "object" and not {"properties", "additionalProperties", "$ref"} & schema.keys()
    return {name: _open(value) for name, value in schema.items()} | ({"additionalProperties": True} if bare else {})
