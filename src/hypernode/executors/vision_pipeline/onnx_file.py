"""Looks into a model file before any engine does: ONNX it must be, of known operators, with all its data inside.

The protocol buffer is walked by hand (onnx.proto of the ONNX project names the fields): no package is needed, nothing
is built from what is read, and anything else, a pickle or a zip, is refused at its first bytes.
"""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hypernode.ports import ExecutionFailed

MAX_MODEL_BYTES: Final = (2 << 30) - 1
"""All that a protocol buffer can hold."""
KNOWN_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Of operators that are part of onnxruntime."""
_MAX_DEPTH: Final = 32
"""Messages within messages; a graph within a graph adds three."""
_MAX_FIELDS: Final = 2_000_000
"""A large language model has a few 100,000."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_WAYS: Final[Mapping[str, Mapping[int, str]]] = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
    "opset": {},
}
"""Message -> field -> the message in it; all that can lead to a graph, an operator or a tensor."""


@dataclass(slots=True)
class _Seen:
    domains: set[str] = field(default_factory=set[str])
    own_domains: set[str] = field(default_factory=set[str])
    has_version: bool = False
    has_graph: bool = False
    has_opset: bool = False
    fields: int = 0


def check(path: Path) -> None:
    """Raises ExecutionFailed, which blames the input, for anything but a self-contained ONNX model."""
    size = path.stat().st_size
    if not 0 < size <= MAX_MODEL_BYTES:
        raise ExecutionFailed(f"the model has {size} bytes: 1 to {MAX_MODEL_BYTES} are possible", blames_input=True)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        seen = _Seen()
        try:
            _walk(data, 0, size, "model", seen, 0)
        except (IndexError, UnicodeDecodeError):
            raise _refused("is no ONNX file") from None
    if not (seen.has_version and seen.has_graph and seen.has_opset):
        raise _refused("is no ONNX file")
    if strange := seen.domains - KNOWN_DOMAINS - seen.own_domains:
        raise _refused(f"uses operators of its own: {', '.join(sorted(strange))[:200]}")


def _walk(data: mmap.mmap, start: int, end: int, message: str, seen: _Seen, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise _refused(f"nests deeper than {_MAX_DEPTH} levels")
    ways = _WAYS[message]
    for number, wire, low, high in _fields(data, start, end, seen):
        _note(data, message, number, wire, (low, high), seen)
        inner = ways.get(number) if wire == _BYTES else None
        if inner == "training":
            raise _refused("holds a training graph")
        if inner:
            _walk(data, low, high, inner, seen, depth + 1)


def _note(data: mmap.mmap, message: str, number: int, wire: int, span: tuple[int, int], seen: _Seen) -> None:
    """What matters of one field. `span`: where its bytes lie, or its value and 0."""
    match message, number, wire:
        case "model", 1, 0:  # ir_version
            seen.has_version = span[0] > 0
        case "model", 7, 2:  # graph
            seen.has_graph = True
        case "model", 8, 2:  # opset_import
            seen.has_opset = True
        case "tensor", 13, 2:  # external_data
            raise _refused("keeps data in other files")
        case "tensor", 14, 0 if span[0]:  # data_location
            raise _refused("keeps data in other files")
        case ("opset", 1, 2) | ("node", 7, 2):  # domain
            seen.domains.add(data[slice(*span)].decode())
        case "function", 10, 2:  # domain
            seen.own_domains.add(data[slice(*span)].decode())
        case _:
            pass


def _fields(data: mmap.mmap, at: int, end: int, seen: _Seen) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, and the span of the bytes of each field, or its value and 0 for a varint."""
    while at < end:
        seen.fields += 1
        if seen.fields > _MAX_FIELDS:
            raise _refused(f"has more than {_MAX_FIELDS} parts")
        key, at = _varint(data, at, end)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(data, at, end)
            yield number, wire, value, 0
            continue
        if wire == _BYTES:
            length, at = _varint(data, at, end)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise IndexError
        if not number or at + length > end:
            raise IndexError
        yield number, wire, at, at + length
        at += length


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    """The number that begins here, and where the next field does. Raises IndexError for one that never ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise IndexError


def _refused(why: str) -> ExecutionFailed:
    return ExecutionFailed(f"the model {why}", blames_input=True)
