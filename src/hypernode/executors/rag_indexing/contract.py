"""What a customer of rag_indexing asks for and gets, and its limits."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from hypernode.protocol.artifacts import Sha256

MAX_DOCUMENTS: Final = 4_000
"""Of a job; their names and digests must fit into one request."""
MAX_TEXT_CHARS: Final = 1_000_000
"""Of a text within the request, which is no larger itself."""
MAX_CHUNKS: Final = 200_000
"""Of an index: about 300 MB of vectors in memory, and an hour or two of one core."""
MAX_CHUNK_TOKENS: Final = 8_192
"""Whatever a model can read; most read 256 or 512."""

DocumentName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        # No control characters anywhere; `$` would let a last line feed pass.
        pattern=r"^(?![\s\S]*[\x00-\x1f\x7f])",
        description="What passages are cited by; the ending says how to read it.",
    ),
]
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
Count = Annotated[int, Meta(ge=0)]


class Update(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """An earlier index, by its artifacts: what is in it already is not embedded again."""

    manifest: Sha256
    chunks: Sha256
    vectors: Sha256


class Input(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Documents, and how to cut them. `.md`, `.html`, `.pdf` and `.docx` are read as such, all else as plain text."""

    documents: Annotated[dict[DocumentName, Sha256], Meta(max_length=MAX_DOCUMENTS)] = {}  #: Name -> artifact.
    texts: Annotated[dict[DocumentName, Text], Meta(max_length=MAX_DOCUMENTS)] = {}  #: Name -> content.
    chunk_tokens: Annotated[int, Meta(ge=16, le=MAX_CHUNK_TOKENS)] = 200  #: Tokens of a chunk, at most.
    overlap_tokens: Annotated[int, Meta(ge=0, le=MAX_CHUNK_TOKENS)] = 30  #: Repeated of the chunk before; half at most.
    on_error: Literal["fail", "skip"] = "fail"  #: Whether a document that cannot be read ends the job, or is left out.
    update: Update | None = None  #: An earlier index: its chunks are not embedded again.

    def __post_init__(self) -> None:
        if not self.documents and not self.texts:
            raise ValueError("give at least one of documents and texts")
        if len(self.documents) + len(self.texts) > MAX_DOCUMENTS:
            raise ValueError(f"more than {MAX_DOCUMENTS} documents and texts")
        if both := self.documents.keys() & self.texts.keys():
            raise ValueError(f"{min(both)} is in documents and in texts")
        if self.overlap_tokens * 2 > self.chunk_tokens:
            raise ValueError("overlapTokens is at most half of chunkTokens")


class Output(msgspec.Struct, rename="camel", frozen=True):
    """What the index holds. It is in the artifacts manifest.json, chunks.jsonl, vectors.npy and index.faiss."""

    documents: Count
    skipped_documents: Count  #: They could not be read; manifest.json says why.
    chunks: Count
    embedded_chunks: Count  #: Different texts that the model read: these are paid for.
    reused_chunks: Count  #: Their vectors came from the earlier index.
    dimension: Count
    model: str
    model_sha256: Sha256  #: A question must be embedded by this very file.
