"""The portable index: four plain files, written the same way everywhere, read with suspicion.

manifest.json says what the index is. chunks.jsonl holds a chunk a line; the vector of line n is row n of vectors.npy,
float16 of length 1. index.faiss holds the same vectors as a flat inner-product index of faiss, rebuilt from vectors.npy
at will; it is written here byte by byte, so that no node needs faiss.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta

from hypernode.executors.rag_indexing.chunking import Chunk
from hypernode.executors.rag_indexing.contract import MAX_CHUNKS, MAX_DOCUMENTS, Count
from hypernode.executors.rag_indexing.models import sha256_of
from hypernode.protocol.artifacts import Sha256

FORMAT: Final = "hypernode-rag/1"
"""Changes with the files, and with how documents are cut."""
MANIFEST: Final = "manifest.json"
CHUNKS: Final = "chunks.jsonl"
VECTORS: Final = "vectors.npy"
FAISS: Final = "index.faiss"
FILES: Final = (MANIFEST, CHUNKS, VECTORS, FAISS)

MAX_DIMENSION: Final = 8_192
MAX_MANIFEST_BYTES: Final = 16 << 20
MAX_LINE_BYTES: Final = 16 << 20
"""Of chunks.jsonl."""
LENGTH_TOLERANCE: Final = 0.01
"""How far from 1 the length of a vector may be; float16 alone makes 0.0005 of it."""
_MAX_HEADER_BYTES: Final = 1_024
"""Of vectors.npy: numpy's own are 128."""
_ROWS: Final = 4_096
"""Converted at once."""


class Malformed(ValueError):
    """This is no index, or a damaged one. The message says which file, and what was expected."""


class ModelEntry(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which model made the vectors, and how."""

    name: str  #: As its node calls it.
    sha256: Sha256
    tokenizer_sha256: Sha256
    dimension: Annotated[int, Meta(ge=1, le=MAX_DIMENSION)]
    max_tokens: Annotated[int, Meta(ge=1)]
    pooling: Literal["mean"] = "mean"
    normalization: Literal["l2"] = "l2"

    def made(self) -> tuple[str, str, int]:
        """What two models share that make the same vectors."""
        return self.sha256, self.tokenizer_sha256, self.max_tokens


class ChunkerEntry(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """How documents were cut."""

    chunk_tokens: int
    overlap_tokens: int


class DocumentEntry(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A document of the index, or one that was skipped."""

    name: str
    sha256: Sha256
    reader: str  #: What made text of it: machines with the same reader make the same text.
    chunks: Count
    error: str = ""  #: Why it was skipped.


class Manifest(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True):
    """manifest.json."""

    format: Literal["hypernode-rag/1"] = FORMAT
    model: ModelEntry
    chunker: ChunkerEntry
    metric: Literal["innerProduct"] = "innerProduct"
    vectors: Literal["float16"] = "float16"
    chunks: Annotated[int, Meta(ge=1, le=MAX_CHUNKS)]
    documents: Annotated[tuple[DocumentEntry, ...], Meta(max_length=MAX_DOCUMENTS)]
    files: dict[str, Sha256]  #: Digests of the other three.


@dataclass(frozen=True, slots=True)
class Stored:
    """An index in memory."""

    manifest: Manifest
    chunks: list[Chunk]
    vectors: np.ndarray  #: float16, shape (chunks, dimension)


def write(
    folder: Path,
    model: ModelEntry,
    chunker: ChunkerEntry,
    documents: Sequence[DocumentEntry],
    chunks: Sequence[Chunk],
    vectors: np.ndarray,
) -> Manifest:
    """Write the four files; the same index gives the same bytes."""
    encoder = msgspec.json.Encoder()
    with (folder / CHUNKS).open("wb") as file:
        file.writelines(encoder.encode(chunk) + b"\n" for chunk in chunks)
    np.save(folder / VECTORS, vectors, allow_pickle=False)
    with (folder / FAISS).open("wb") as file:
        file.writelines(faiss_flat(vectors))
    manifest = Manifest(
        model=model,
        chunker=chunker,
        chunks=len(chunks),
        documents=tuple(documents),
        files={name: sha256_of(folder / name) for name in (CHUNKS, VECTORS, FAISS)},
    )
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    return manifest


def faiss_flat(vectors: np.ndarray) -> Iterator[bytes]:
    """What faiss.write_index writes for an IndexFlatIP of these vectors (see faiss/impl/index_write.cpp)."""
    rows, dimension = vectors.shape
    unused = 1 << 20
    yield struct.pack("<4siqqq?i", b"IxFI", dimension, rows, unused, unused, True, 0)  # Metric 0: inner product.
    yield struct.pack("<Q", rows * dimension)
    for start in range(0, rows, _ROWS):
        yield vectors[start : start + _ROWS].astype("<f4").tobytes()


def read(folder: Path) -> Stored:
    """An index from manifest, chunks and vectors, which must agree. Nothing in it is executed. Raises Malformed."""
    try:
        manifest = _read_manifest(folder / MANIFEST)
        for name in (CHUNKS, VECTORS):
            if manifest.files.get(name) != sha256_of(folder / name):
                raise Malformed(f"{name} is not the one that {MANIFEST} names: its digest differs")
        chunks = _read_chunks(folder / CHUNKS, manifest)
        vectors = _read_vectors(folder / VECTORS, manifest.chunks, manifest.model.dimension)
    except OSError as error:
        raise Malformed(f"{Path(error.filename or folder).name}: {error.strerror}") from error
    return Stored(manifest, chunks, vectors)


def _read_manifest(file: Path) -> Manifest:
    if file.stat().st_size > MAX_MANIFEST_BYTES:
        raise Malformed(f"{MANIFEST} is larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"{MANIFEST} is none of {FORMAT}: {error}") from error
    if sum(entry.chunks for entry in manifest.documents) != manifest.chunks:
        raise Malformed(f"{MANIFEST} counts {manifest.chunks} chunks, its documents have others")
    return manifest


def _read_chunks(file: Path, manifest: Manifest) -> list[Chunk]:
    decoder = msgspec.json.Decoder(Chunk)
    chunks: list[Chunk] = []
    with file.open("rb") as lines:
        while line := lines.readline(MAX_LINE_BYTES):
            try:
                chunks.append(decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise Malformed(f"{CHUNKS}, line {len(chunks) + 1}: {error}") from error
            if len(chunks) > manifest.chunks:
                break
    expected = (entry.name for entry in manifest.documents for _ in range(entry.chunks))
    if len(chunks) != manifest.chunks or any(
        chunk.document != name for chunk, name in zip(chunks, expected, strict=True)
    ):
        raise Malformed(f"{CHUNKS} does not hold the chunks that {MANIFEST} counts, document by document")
    return chunks


def _read_vectors(file: Path, rows: int, dimension: int) -> np.ndarray:
    """The array, after its header was compared with what the manifest says and with the file's size."""
    expected = f"{VECTORS} is no float16 array of shape ({rows}, {dimension})"
    with file.open("rb") as opened:
        try:
            if np.lib.format.read_magic(opened) != (1, 0):
                raise Malformed(f"{expected}: another version of the format")
            header = np.lib.format.read_array_header_1_0(opened, max_header_size=_MAX_HEADER_BYTES)
        except ValueError as error:
            raise Malformed(f"{expected}: {error}") from error
        if header != ((rows, dimension), False, np.dtype("<f2")):
            raise Malformed(f"{expected}: its header says {header}")
        if file.stat().st_size - opened.tell() != rows * dimension * 2:
            raise Malformed(f"{expected}: it has {file.stat().st_size} bytes")
        vectors = np.fromfile(opened, dtype="<f2").reshape(rows, dimension)
    for start in range(0, rows, _ROWS):
        lengths = np.linalg.norm(vectors[start : start + _ROWS].astype(np.float32), axis=1)
        if not np.all(np.abs(lengths - 1) <= LENGTH_TOLERANCE):  # False for NaN, too.
            raise Malformed(f"{VECTORS} holds vectors that are not of length 1")
    return vectors
