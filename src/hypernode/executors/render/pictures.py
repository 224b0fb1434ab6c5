"""Looks at a claimed picture's outside before anything decodes it: a few bytes may stand for very many."""

import gzip
import os
import stat
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Final

from hypernode.executors.render.schema import Input

PNG: Final = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS: Final = frozenset({b"IHDR", b"IDAT", b"IEND"})
EXR: Final = b"\x76\x2f\x31\x01"
EXR_ZIP: Final = 3
EXR_FLOAT: Final = 2
MAX_NOTES_BYTES: Final = 16_384
"""Of all in a picture that is no pixels: what is compressed in it cannot grow above 16 MB."""
_SLACK: Final = 1.02
"""Deflate makes what it cannot compress a little larger."""

BLENDER: Final = b"BLENDER"
GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"


def is_blend(path: Path) -> bool:
    """Whether a file begins as a .blend does: plain, or compressed by gzip (until 2.9) or zstd (since 3.0)."""
    with path.open("rb") as file:
        head = file.read(len(BLENDER))
    if head.startswith(GZIP):
        try:
            with gzip.open(path) as file:
                head = file.read(len(BLENDER))
        except (OSError, EOFError, zlib.error):
            return False
    return head == BLENDER or head.startswith(ZSTD)


def check(path: Path, given: Input) -> None:
    """Raises ValueError, with the reason, where a file cannot be a picture of this job."""
    name = path.name
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise ValueError(f"{name} is missing") from None
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{name} is no plain file")
    most = given.width * given.height * given.channels * (1 if given.output == "png" else 4)
    most = int(most * _SLACK) + MAX_NOTES_BYTES + 64 * given.height
    if status.st_size > most:
        raise ValueError(f"{name} has {status.st_size} bytes; such a picture has at most {most}")
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        try:
            (_check_png if given.output == "png" else _check_exr)(file, given)
        except (ValueError, struct.error, IndexError) as wrong:
            raise ValueError(f"{name} is no such picture: {wrong}") from None


def _check_png(file: BinaryIO, given: Input) -> None:
    """Size, depth and colours as asked for, no other chunks than a render has, and nothing behind the end."""
    if file.read(len(PNG)) != PNG:
        raise ValueError("it does not begin as a PNG")
    notes, kind, first = 0, b"", True
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", file.read(8))
        optional = kind[:1].islower()
        if first != (kind == b"IHDR") or not (optional or kind in PNG_CHUNKS):
            raise ValueError(f"it has a chunk {kind.decode('latin-1')!r} where none is expected")
        if first:
            width, height, depth, colours, *how = struct.unpack(">IIBBBBB", file.read(13))
            if (width, height) != (given.width, given.height):
                raise ValueError(f"it has {width} x {height} pixels, not {given.width} x {given.height}")
            if (depth, colours, how) != (8, 6 if given.transparent else 2, [0, 0, 0]):
                raise ValueError(f"its depth is {depth} and its kind of colours {colours}")
            length = 0
        elif optional:
            notes += length
        if notes > MAX_NOTES_BYTES:
            raise ValueError("it holds more than pixels")
        file.seek(length + 4, os.SEEK_CUR)
        first = False
    if file.read(1):
        raise ValueError("it goes on behind its end")


def _check_exr(file: BinaryIO, given: Input) -> None:
    """One part in scan lines, with the window, the channels and the compression of a render."""
    head = file.read(MAX_NOTES_BYTES)
    magic, version = struct.unpack_from("<4sI", head)
    if magic != EXR or version & ~0x400 != 2:  # Long names may be allowed; tiles, depth and parts may not.
        raise ValueError("it does not begin as a plain EXR")
    attributes: dict[bytes, bytes] = {}
    rest = head[8:]
    while not rest.startswith(b"\0"):
        name, _, rest = rest.split(b"\0", 2)
        (size,) = struct.unpack_from("<I", rest)
        attributes[name], rest = rest[4 : 4 + size], rest[4 + size :]
    for window in (b"dataWindow", b"displayWindow"):
        left, top, right, bottom = struct.unpack("<4i", attributes.get(window, b""))
        if (left, top, right, bottom) != (0, 0, given.width - 1, given.height - 1):
            raise ValueError(f"it has {right - left + 1} x {bottom - top + 1} pixels")
    if attributes.get(b"compression") != bytes([EXR_ZIP]):
        raise ValueError("its compression is not ZIP")
    wanted = sorted("RGBA"[: given.channels])
    listed = b"".join(name.encode() + b"\0" + struct.pack("<IIII", EXR_FLOAT, 0, 1, 1) for name in wanted) + b"\0"
    if attributes.get(b"channels") != listed:
        raise ValueError(f"its channels are not {', '.join(wanted)} of 32-bit floats")
