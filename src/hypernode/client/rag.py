"""Asks an index that rag_indexing made: the passages nearest to a question, found on the customer's own machine.

It needs the extra `hypernode[rag]`, and the model that made the index; it needs neither faiss nor a network.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from hypernode.client.errors import ClientError
from hypernode.executors.rag_indexing import portable
from hypernode.executors.rag_indexing.encoder import Encoder
from hypernode.executors.rag_indexing.models import MODELS_DIR, Model, find_models, max_tokens, sha256_of
from hypernode.executors.rag_indexing.portable import Malformed, Manifest, Stored
from hypernode.ports import ExecutionFailed

DEFAULT_TOP: Final = 5


class UnusableIndex(ClientError):
    """This folder holds no index, or this machine lacks the model that made it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found."""

    score: float  #: Cosine of the angle between question and passage: 1 is the same, about 0 is unrelated.
    document: str
    start: int  #: Character of the document's text.
    end: int
    page: int | None  #: Of a PDF; the first one is 1.
    headings: tuple[str, ...]  #: From the outermost to its own.
    text: str


class Index:
    """An index in memory."""

    def __init__(self, stored: Stored, models: Mapping[str, Model]) -> None:
        self._chunks = stored.chunks
        self._vectors = stored.vectors.astype(np.float32)
        self._models = models
        self._encoder: Encoder | None = None
        self.manifest: Manifest = stored.manifest

    @classmethod
    def open(cls, folder: Path | str, models_dir: Path | str | None = None) -> Self:
        """Read manifest.json, chunks.jsonl and vectors.npy, which must agree. Raises UnusableIndex.

        `models_dir` is where models lie, a folder each, as on a node; by default HYPERNODE_MODELS_DIR.
        """
        try:
            stored = portable.read(Path(folder))
        except Malformed as error:
            raise UnusableIndex(f"{folder} holds no index: {error}") from error
        models = models_dir or os.environ.get(MODELS_DIR)
        return cls(stored, find_models(Path(models) if models else None))

    def __len__(self) -> int:
        return len(self._chunks)

    def query(self, text: str, top: int = DEFAULT_TOP) -> list[Passage]:
        """The `top` passages nearest to a question, the nearest first. Raises UnusableIndex."""
        if self._encoder is None:
            self._encoder = self._load()
        scores = self._vectors @ self._encoder.embed(text)
        # Stable: of equals the first in the documents.
        nearest = np.argsort(-scores, kind="stable")[:top]
        return [self._passage(int(row), float(scores[row])) for row in nearest]

    def _passage(self, row: int, score: float) -> Passage:
        chunk = self._chunks[row]
        return Passage(score, chunk.document, chunk.start, chunk.end, chunk.page, chunk.headings, chunk.text)

    def _load(self) -> Encoder:
        """The model that made the index, by whatever name: another one's vectors mean other things."""
        wanted = self.manifest.model
        for model in self._models.values():
            made = (sha256_of(model.onnx), sha256_of(model.tokenizer), max_tokens(model))
            if made == wanted.made():
                try:
                    return Encoder(model)
                except (ExecutionFailed, ImportError) as error:
                    raise UnusableIndex(str(error)) from error
        have = ", ".join(self._models) or "none"
        raise UnusableIndex(
            f"the index was made by {wanted.name} (SHA-256 {wanted.sha256}), which this machine does not have; "
            f"it has: {have}. Put its model.onnx and tokenizer.json into a folder in {MODELS_DIR}"
        )
