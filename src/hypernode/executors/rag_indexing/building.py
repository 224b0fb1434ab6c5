"""Makes an index: reads and cuts the documents, takes known vectors from an earlier index, embeds the rest."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from hypernode.executors.rag_indexing import portable
from hypernode.executors.rag_indexing.chunking import Chunk, chunks_of
from hypernode.executors.rag_indexing.contract import MAX_CHUNKS, Input, Output
from hypernode.executors.rag_indexing.documents import read, reader_of
from hypernode.executors.rag_indexing.encoder import Encoder
from hypernode.executors.rag_indexing.outline import Unreadable
from hypernode.executors.rag_indexing.portable import ChunkerEntry, DocumentEntry, Malformed, ModelEntry
from hypernode.ports import ExecutionFailed, JobContext, Outcome

READING: Final = 0.1
"""The part of the progress that is done when all documents are read."""
REPORT_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Corpus:
    """All documents, cut."""

    documents: list[DocumentEntry]
    chunks: list[Chunk]


def deadline(context: JobContext) -> Callable[[], None]:
    """Raises ExecutionFailed when called after the job's time is over."""
    end = time.monotonic() + context.max_duration_s

    def check() -> None:
        if time.monotonic() > end:
            raise ExecutionFailed(f"ran longer than {context.max_duration_s:g} s")

    return check


def build(given: Input, context: JobContext, encoder: Encoder) -> Outcome:
    """Write the index into the folder of outputs. Raises ExecutionFailed."""
    check = deadline(context)
    corpus = read_corpus(given, context, encoder, check)
    for entry in corpus.documents:
        if entry.error and given.on_error == "fail":
            raise ExecutionFailed(f"{entry.name} {entry.error}", blames_input=True)
    if not corpus.chunks:
        raise ExecutionFailed("no document holds any text", blames_input=True)
    known = known_vectors(given, context, encoder.entry)
    texts = fresh_texts(corpus.chunks, known)
    context.log(f"{len(corpus.documents)} documents, {len(corpus.chunks)} chunks, {len(texts)} to embed")
    vectors = {**known, **dict(zip(texts, _embed(texts, encoder, context, check), strict=True))}
    rows = np.stack([vectors[chunk.text] for chunk in corpus.chunks])
    chunker = ChunkerEntry(given.chunk_tokens, given.overlap_tokens)
    portable.write(context.outputs, encoder.entry, chunker, corpus.documents, corpus.chunks, rows)
    output = Output(
        documents=sum(not entry.error for entry in corpus.documents),
        skipped_documents=sum(bool(entry.error) for entry in corpus.documents),
        chunks=len(corpus.chunks),
        embedded_chunks=len(texts),
        reused_chunks=sum(chunk.text in known for chunk in corpus.chunks),
        dimension=encoder.entry.dimension,
        model=encoder.entry.name,
        model_sha256=encoder.entry.sha256,
    )
    return Outcome(output, len(texts), encoder.fingerprint())


def read_corpus(given: Input, context: JobContext, encoder: Encoder, check: Callable[[], None]) -> Corpus:
    """All documents in the order of their names. One that cannot be read has an error and no chunks."""
    if given.chunk_tokens > encoder.chunk_tokens:
        most = f"{encoder.entry.name} reads at most {encoder.chunk_tokens} tokens at once"
        raise ExecutionFailed(f"{most}: chunkTokens is {given.chunk_tokens}", blames_input=True)
    sources: dict[str, tuple[str, Path | bytes]] = {
        name: (sha256, context.inputs / "documents" / sha256) for name, sha256 in given.documents.items()
    }
    for name, text in given.texts.items():
        sources[name] = (hashlib.sha256(text.encode()).hexdigest(), text.encode())
    corpus = Corpus([], [])
    for number, (name, (sha256, source)) in enumerate(sorted(sources.items()), 1):
        check()
        try:
            document = read(name, source, check)
        except Unreadable as error:
            context.log(f"{name} {error}")
            corpus.documents.append(DocumentEntry(name, sha256, reader_of(name), chunks=0, error=str(error)))
            continue
        before = len(corpus.chunks)
        for chunk in chunks_of(name, document, encoder.tokenize, given.chunk_tokens, given.overlap_tokens):
            corpus.chunks.append(chunk)
            if len(corpus.chunks) > MAX_CHUNKS:
                raise ExecutionFailed(f"more than {MAX_CHUNKS} chunks: make several indexes", blames_input=True)
            if len(corpus.chunks) % 64 == 0:
                check()
        count = len(corpus.chunks) - before
        if not count:
            context.log(f"{name} holds no text")
        corpus.documents.append(DocumentEntry(name, sha256, reader_of(name), count))
        context.progress(READING * number / len(sources), f"read {number} of {len(sources)} documents")
    return corpus


def known_vectors(given: Input, context: JobContext, model: ModelEntry) -> Mapping[str, np.ndarray]:
    """The vectors of the earlier index by their chunks' texts; none where another model made them."""
    if given.update is None:
        return {}
    try:
        earlier = portable.read(context.inputs / "update")
    except Malformed as error:
        raise ExecutionFailed(f"update: {error}", blames_input=True) from error
    if earlier.manifest.model.made() != model.made():
        context.log(f"the earlier index was made by another model, {earlier.manifest.model.name}: nothing is reused")
        return {}
    return dict(zip((chunk.text for chunk in earlier.chunks), earlier.vectors, strict=True))


def fresh_texts(chunks: Sequence[Chunk], known: Mapping[str, np.ndarray]) -> list[str]:
    """What has to be embedded: each text once, in the order of their first chunks."""
    return [text for text in dict.fromkeys(chunk.text for chunk in chunks) if text not in known]


def _embed(texts: Sequence[str], encoder: Encoder, context: JobContext, check: Callable[[], None]) -> list[np.ndarray]:
    """Their vectors as float16; says how fast it goes."""
    start = reported = time.monotonic()
    vectors: list[np.ndarray] = []
    for vector in encoder.embed_all(texts):
        check()
        vectors.append(vector.astype(np.float16))
        now = time.monotonic()
        if now - reported > REPORT_EVERY_S or len(vectors) == len(texts):
            reported = now
            rate = len(vectors) / max(now - start, 1e-9)
            message = f"{len(vectors)} of {len(texts)} chunks, {rate:.0f} a second"
            context.progress(READING + (0.99 - READING) * len(vectors) / len(texts), message)
    if texts:
        elapsed_s = time.monotonic() - start
        context.log(
            f"embedded {len(texts)} chunks in {elapsed_s:.1f} s, {len(texts) / max(elapsed_s, 1e-9):.1f} a second"
        )
    return vectors
