"""Reads GGUF files: metadata at once, tensors one by one, unquantised by the gguf package.

The package's own reader makes a NumPy object of each token of the vocabulary and takes seconds; here long arrays are
passed over. Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import mmap
import struct
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_SCALARS: Final = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
"""Type number -> struct format."""
_STRING: Final = 8
_ARRAY: Final = 9
_MOST_ENTRIES: Final = 1 << 22
"""Of an array, and of the tables of metadata and tensors: four million."""
_MOST_DIMENSIONS: Final = 4
_LONGEST_STRING: Final = 1 << 20


class NotReadable(ValueError):
    """The file is no GGUF file, or a broken one."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies."""

    shape: tuple[int, ...]  #: Outermost dimension first.
    kind: int  #: Of ggml.
    offset: int  #: Bytes from the beginning of the file.


class GgufFile:
    """One open file. Raises NotReadable and OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:  # Pickles and other formats that can run code never get further.
                raise NotReadable(f"{path.name} is no GGUF file")
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = len(MAGIC)
        self.metadata: dict[str, Any] = {}  #: An array stands as the number of its entries.
        self.tensors: dict[str, Tensor] = {}
        try:
            self._read_tables()
        except (struct.error, UnicodeDecodeError, IndexError, KeyError, TypeError, OverflowError) as error:
            raise NotReadable(f"{path.name} is a broken GGUF file: {type(error).__name__} {error}") from None

    def tensor(self, name: str) -> Any:
        """One tensor as float32, unquantised."""
        gguf, numpy = import_module("gguf"), import_module("numpy")
        found = self.tensors[name]
        try:
            kind = gguf.GGMLQuantizationType(found.kind)
            elements, size = gguf.GGML_QUANT_SIZES[kind]
            *outer, inner = found.shape
            rows = (*outer, inner // elements * size)
            raw = numpy.frombuffer(self._data, numpy.uint8, count=math.prod(rows), offset=found.offset)
            values = gguf.quants.dequantize(raw.reshape(rows), kind)
        except (ValueError, KeyError, OverflowError, RuntimeError) as error:
            raise NotReadable(f"{self.path.name}: the tensor {name} cannot be read: {error}") from None
        return numpy.ascontiguousarray(values, dtype=numpy.float32).reshape(found.shape)

    def _read_tables(self) -> None:
        if (version := self._scalar("I")) not in _VERSIONS:
            raise NotReadable(f"{self.path.name} is GGUF of version {version}; 2 and 3 can be read")
        tensors, entries = self._count(), self._count()
        for _ in range(entries):
            key = self._string()
            self.metadata[key] = self._value(self._scalar("I"))
        table: dict[str, Tensor] = {}
        for _ in range(tensors):
            name = self._string()
            if not 1 <= (dimensions := self._scalar("I")) <= _MOST_DIMENSIONS:
                raise NotReadable(f"{self.path.name}: {name} has {dimensions} dimensions")
            inner_first = [self._scalar("Q") for _ in range(dimensions)]
            table[name] = Tensor(tuple(reversed(inner_first)), self._scalar("I"), self._scalar("Q"))
        alignment = max(1, self.metadata.get("general.alignment", 32))
        start = -(-self._at // alignment) * alignment
        self.tensors = {name: Tensor(each.shape, each.kind, start + each.offset) for name, each in table.items()}

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        return self._pass_array() if kind == _ARRAY else self._scalar(_SCALARS[kind])

    def _pass_array(self) -> int:
        kind, count = self._scalar("I"), self._count()
        if kind == _STRING:
            for _ in range(count):
                self._at += 8 + struct.unpack_from("<Q", self._data, self._at)[0]
        else:
            self._at += count * struct.calcsize(_SCALARS[kind])
        return count

    def _scalar(self, form: str) -> Any:
        (value,) = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(form)
        return value

    def _count(self) -> int:
        if (count := self._scalar("Q")) > _MOST_ENTRIES:
            raise NotReadable(f"{self.path.name} declares {count} entries; {_MOST_ENTRIES} are the most")
        return count

    def _string(self) -> str:
        if (length := self._scalar("Q")) > _LONGEST_STRING:
            raise NotReadable(f"{self.path.name} holds a text of {length} bytes; {_LONGEST_STRING} are the most")
        self._at += length
        return self._data[self._at - length : self._at].decode()
