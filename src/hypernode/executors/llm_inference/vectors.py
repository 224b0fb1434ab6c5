"""Vectors of texts: NumPy's file format, read and written without NumPy, and how alike two vectors are."""

import math
import re
import struct
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_MAGIC: Final = b"\x93NUMPY\x01\x00"
_ALIGNMENT: Final = 64
_LONGEST_HEADER: Final = 256
_HEADER: Final = re.compile(
    rb"\{'descr': '<f4', 'fortran_order': False, 'shape': \((?P<rows>\d{1,9}), (?P<columns>[1-9]\d{0,8})\), \} *\n"
)

Vectors = Sequence[Sequence[float]]


class NotReadable(Exception):
    """The file is no table of float32 numbers."""


def write_npy(path: Path, vectors: Vectors) -> None:
    """Store rows of equal length as float32, little-endian, in row order: format version 1.0 of NumPy's NEP 1."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(vectors)}, {len(vectors[0])}), }}"
    padding = -(len(_MAGIC) + 2 + len(header) + 1) % _ALIGNMENT
    text = (header + " " * padding + "\n").encode()
    with path.open("wb") as file:
        file.write(_MAGIC + struct.pack("<H", len(text)) + text)
        for row in vectors:
            file.write(_little_endian(array("f", row)).tobytes())


def read_npy(path: Path, rows: int) -> list[Sequence[float]]:
    """The rows of a file as `write_npy` makes it. Raises NotReadable for anything else, of whatever form."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(len(_MAGIC) + 2)
            header = file.read(int.from_bytes(start[len(_MAGIC) :], "little") % _LONGEST_HEADER)
            shape = _HEADER.fullmatch(header)
            if not start.startswith(_MAGIC) or not shape:
                raise NotReadable("it is no table of float32 numbers in NumPy's format")
            columns = int(shape["columns"])
            if int(shape["rows"]) != rows or size != len(start) + len(header) + 4 * rows * columns:
                raise NotReadable(f"it holds {int(shape['rows'])} rows of {columns} in {size} bytes, not {rows} rows")
            return [_little_endian(array("f", file.read(4 * columns))) for _ in range(rows)]
    except OSError as error:
        raise NotReadable(str(error)) from None


def _little_endian(numbers: "array[float]") -> "array[float]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of the angle between two vectors: 1 where they point the same way, 0 where one of them is all zeros."""
    lengths = math.sqrt(math.fsum(a * a for a in one)) * math.sqrt(math.fsum(b * b for b in other))
    return math.fsum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0
