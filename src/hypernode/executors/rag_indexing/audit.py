"""Checks an index that another node made: cuts all documents again, and embeds a few chunks that a seed selects."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import numpy as np

from hypernode.domain.receipt import Verdict
from hypernode.executors.rag_indexing import portable
from hypernode.executors.rag_indexing.building import Corpus, deadline, fresh_texts, known_vectors, read_corpus
from hypernode.executors.rag_indexing.chunking import Chunk
from hypernode.executors.rag_indexing.contract import Input, Output
from hypernode.executors.rag_indexing.encoder import Encoder
from hypernode.executors.rag_indexing.models import sha256_of
from hypernode.executors.rag_indexing.portable import ChunkerEntry, DocumentEntry, Malformed, Stored
from hypernode.ports import Claim, ExecutionFailed, Finding, JobContext

LEAST_SAMPLE: Final = 8
MOST_SAMPLE: Final = 32
"""Chunks that are embedded again: a quarter of all within these bounds. 97 in 100 audits of a large index with a tenth
of its vectors invented find one."""
MIN_COSINE: Final = 0.99
"""Between vectors of one text by one model on two machines. Measured: 0.9999999 between AVX2's and SSE4's kernels of a
model in float32; models whose activations are quantised differ more."""
SAME_TEXT: Final = 0.9
"""Part of the runs of three letters that texts have in common at least, made of one document by two versions of a
reader: 0.94 where one of them leaves out hyphens and keeps ligatures."""
OTHER_TEXT: Final = 0.4
"""Below this it is no version's reading of that document: unrelated texts in English have 0.15, at most 0.34."""
MORE_CHUNKS: Final = 1.25
"""How many more chunks another version of a reader may make of a document, for its other line ends."""


class _Refuted(Exception):
    """No honest node claims this."""


class _Undecided(Exception):
    """This machine cannot tell."""


@dataclass(slots=True)
class _Evidence:
    """What was looked at so far."""

    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def audit(given: Input, claim: Claim, context: JobContext, encoder: Encoder, seed: int) -> Finding:
    """Whether the claimed index is what an honest node makes of this input."""
    evidence = _Evidence()
    try:
        _check(given, claim, context, encoder, seed, evidence)
    except _Refuted as refuted:
        return Finding(Verdict.FAILED, str(refuted), evidence.figures)
    except _Undecided as undecided:
        return Finding(Verdict.UNVERIFIED, str(undecided), evidence.figures)
    except ExecutionFailed as failure:
        if not failure.blames_input:
            raise
        return Finding(Verdict.FAILED, f"no honest run ends with a result: {failure}", evidence.figures)
    return Finding(Verdict.PASSED, "; ".join(evidence.notes), evidence.figures)


def _check(given: Input, claim: Claim, context: JobContext, encoder: Encoder, seed: int, evidence: _Evidence) -> None:
    index = _read(claim.files)
    if index.manifest.chunker != ChunkerEntry(given.chunk_tokens, given.overlap_tokens):
        raise _Refuted(f"the documents were cut by {index.manifest.chunker}, not as the input asks")
    if index.manifest.model.made() != encoder.entry.made():
        raise _Undecided(f"this machine has no model {index.manifest.model.name} {index.manifest.model.sha256}")
    if index.manifest.model.dimension != encoder.entry.dimension:
        raise _Refuted(
            f"vectors of {index.manifest.model.dimension} numbers: the model makes {encoder.entry.dimension}"
        )
    corpus = read_corpus(given, context, encoder, deadline(context))
    same_machine = dict(claim.fingerprint) == encoder.fingerprint()
    same_tokenizer = claim.fingerprint.get("tokenizer") == encoder.fingerprint()["tokenizer"]
    exactly = _compare_documents(given, index, corpus, same_tokenizer)
    how = "the same" if exactly else "nearly the same"
    evidence.notes.append(f"{len(corpus.documents)} documents were read again: {how} {len(index.chunks)} chunks")
    known = known_vectors(given, context, encoder.entry)
    texts = fresh_texts(index.chunks, known)
    _compare_counts(claim, index, len(texts), sum(chunk.text in known for chunk in index.chunks))
    claimed = _by_text(index)
    for text, vector in claimed.items():
        if text in known and not np.array_equal(vector, known[text]):
            raise _Refuted(f"the earlier index has another vector for the chunk {text[:80]!r}")
    size = min(len(texts), max(LEAST_SAMPLE, min(len(texts) // 4, MOST_SAMPLE)))
    sample = random.Random(seed).sample(texts, size)
    _compare_vectors(sample, claimed, encoder, exactly=same_machine, evidence=evidence)
    _compare_faiss(claim.files / portable.FAISS, index)


def _read(folder: Path) -> Stored:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    if names != sorted(portable.FILES):
        raise _Refuted(f"the files are {', '.join(names)[:200]}: {', '.join(portable.FILES)} were expected")
    try:
        index = portable.read(folder)
    except Malformed as error:
        raise _Refuted(str(error)) from error
    if index.manifest.files.keys() != set(portable.FILES) - {portable.MANIFEST}:
        raise _Refuted(f"{portable.MANIFEST} does not name the three other files")
    return index


def _compare_documents(given: Input, index: Stored, corpus: Corpus, same_tokenizer: bool) -> bool:
    """Documents and their chunks: all alike where the same software read them, else nearly. Whether all are alike."""
    claimed = {entry.name: entry for entry in index.manifest.documents}
    if [(each.name, each.sha256) for each in index.manifest.documents] != [
        (each.name, each.sha256) for each in corpus.documents
    ]:
        missing = sorted({each.name for each in corpus.documents} - claimed.keys())
        raise _Refuted(
            f"the index is not of the documents that were given{f': {missing[0]} is missing' * bool(missing)}"
        )
    theirs, ours = _by_document(index.chunks), _by_document(corpus.chunks)
    exactly = True
    for entry in corpus.documents:
        its = claimed[entry.name]
        if its.error and given.on_error == "fail":
            raise _Refuted(f"{entry.name} was skipped, and the input does not allow that")
        pair = theirs.get(entry.name, []), ours.get(entry.name, [])
        if its.reader == entry.reader and same_tokenizer:
            _compare_exactly(its, entry, *pair)
        else:
            _compare_nearly(its, entry, *pair)
            exactly = False
    return exactly


def _compare_exactly(its: DocumentEntry, ours: DocumentEntry, claimed: list[Chunk], chunks: list[Chunk]) -> None:
    if bool(its.error) != bool(ours.error):
        raise _Refuted(f"{ours.name} {ours.error or 'can be read'}; the claim says: {its.error or 'was read'}"[:500])
    if len(claimed) != len(chunks):
        raise _Refuted(f"{ours.name} makes {len(chunks)} chunks, not {len(claimed)}")
    for claim, chunk in zip(claimed, chunks, strict=True):
        if claim != chunk:
            raise _Refuted(f"{ours.name} has the chunk {chunk.text[:80]!r} where {claim.text[:80]!r} is claimed")


def _compare_nearly(its: DocumentEntry, ours: DocumentEntry, claimed: list[Chunk], chunks: list[Chunk]) -> None:
    """By runs of three letters: versions differ in where they see spaces and line ends."""
    if bool(its.error) != bool(ours.error):
        raise _Undecided(
            f"{ours.name} was read by {its.reader}; here {ours.reader} {ours.error or 'can read it'}"[:500]
        )
    if len(claimed) > math.ceil(MORE_CHUNKS * len(chunks)) + 1:
        raise _Refuted(f"{ours.name} makes {len(chunks)} chunks, not {len(claimed)}")
    runs, expected = _runs(claimed), _runs(chunks)
    union = (runs | expected).total()
    common = (runs & expected).total() / union if union else 1.0
    if common < SAME_TEXT:
        verdict = _Refuted if common < OTHER_TEXT else _Undecided
        raise verdict(f"{ours.name}, read by {its.reader} and by {ours.reader}, has {common:.0%} of its text in common")


def _compare_counts(claim: Claim, index: Stored, embedded: int, reused: int) -> None:
    output: Output = claim.output
    errors = sum(bool(entry.error) for entry in index.manifest.documents)
    expected = Output(
        documents=len(index.manifest.documents) - errors,
        skipped_documents=errors,
        chunks=len(index.chunks),
        embedded_chunks=embedded,
        reused_chunks=reused,
        dimension=index.manifest.model.dimension,
        model=output.model,
        model_sha256=index.manifest.model.sha256,
    )
    if output != expected:
        raise _Refuted(f"the result says {output}; its files hold {expected}")
    if claim.units != embedded:
        raise _Refuted(f"{claim.units} chunks are billed: {embedded} had to be embedded")


def _by_text(index: Stored) -> dict[str, np.ndarray]:
    """A text's vector is the same wherever it stands."""
    vectors: dict[str, np.ndarray] = {}
    for chunk, vector in zip(index.chunks, index.vectors, strict=True):
        if not np.array_equal(vectors.setdefault(chunk.text, vector), vector):
            raise _Refuted(f"the chunk {chunk.text[:80]!r} stands in the index with two vectors")
    return vectors


def _compare_vectors(
    sample: Sequence[str],
    claimed: dict[str, np.ndarray],
    encoder: Encoder,
    *,
    exactly: bool,
    evidence: _Evidence,
) -> None:
    cosines = [1.0]
    for text, vector in zip(sample, encoder.embed_all(sample), strict=True):
        theirs = claimed[text].astype(np.float32)
        cosines.append(float(theirs @ vector / np.linalg.norm(theirs)))
        evidence.figures.update(sampled=len(cosines) - 1, min_cosine=min(cosines))
        if cosines[-1] < MIN_COSINE:
            raise _Refuted(f"the vector of {text[:80]!r} has a cosine of {cosines[-1]:.4f} to the model's own")
        if exactly and not np.array_equal(claimed[text], vector.astype(np.float16)):
            raise _Refuted(f"the vector of {text[:80]!r} differs from that of the same engine on the same kind of CPU")
    how = "bit for bit" if exactly else f"to a cosine of {min(cosines):.4f}"
    evidence.notes.append(f"{len(sample)} chunks were embedded again and agree {how}")


def _compare_faiss(file: Path, index: Stored) -> None:
    pieces = portable.faiss_flat(index.vectors)
    with file.open("rb") as opened:
        same = all(opened.read(len(piece)) == piece for piece in pieces) and not opened.read(1)
    if not same or index.manifest.files[portable.FAISS] != sha256_of(file):
        raise _Refuted(f"{portable.FAISS} does not hold the vectors of {portable.VECTORS}")


def _by_document(chunks: Iterable[Chunk]) -> dict[str, list[Chunk]]:
    return {name: list(own) for name, own in groupby(chunks, attrgetter("document"))}


def _runs(chunks: Iterable[Chunk]) -> Counter[str]:
    letters = "".join(part for chunk in chunks for part in chunk.text.split())
    return Counter(map("".join, zip(letters, letters[1:], letters[2:], strict=False)))
