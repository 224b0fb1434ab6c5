"""rag_indexing with the real model: what is found, what is refused, and which forged indexes an audit catches."""

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import faiss
import msgspec
import numpy as np
import pypdf
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from hypernode.client.rag import Index
from hypernode.domain.receipt import Verdict
from hypernode.executors.rag_indexing import Input, Output, RagIndexing, markup, portable
from hypernode.executors.rag_indexing.audit import audit
from hypernode.executors.rag_indexing.building import build
from hypernode.executors.rag_indexing.chunking import chunks_of
from hypernode.executors.rag_indexing.documents import read
from hypernode.executors.rag_indexing.encoder import Encoder
from hypernode.executors.rag_indexing.models import Model, find_models
from hypernode.executors.rag_indexing.outline import Document, Section, Unreadable
from hypernode.executors.rag_indexing.portable import DocumentEntry, Stored
from hypernode.ports import Claim, ExecutionFailed, Finding, JobContext, Outcome
from tests.rag_documents import FURNACE, HANDBOOK, QUESTIONS, docx, docx_of, handbook, pdf, pdf_of

# faiss's SWIG types have no __module__, which Python 3.11 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:builtin type .* has no __module__:DeprecationWarning")

MODEL = "all-minilm-l6-v2"
NOTES = {
    "moons.txt": "Jupiter's four large moons can be seen with simple binoculars.",
    "bread.md": "# Bread\n\nLet the dough prove overnight.\n\n# Jam\n\nBoil plums with half their weight of sugar.\n",
    "mill.txt": "In 1742 the miller dammed the brook and ground grain for eleven villages.",
}


@dataclass
class Job:
    """A folder with the inputs of one job and, after `run`, its index."""

    folder: Path
    encoder: Encoder
    logs: list[str] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)

    def input(self, documents: Mapping[str, bytes] = {}, update: Path | None = None, **given: Any) -> Input:
        """The input for these documents, whose files are brought as a node brings them."""
        fields: dict[str, Any] = {"documents": {name: _sha256(data) for name, data in documents.items()}, **given}
        if update:
            fields["update"] = {
                each.split(".")[0]: _sha256((update / each).read_bytes()) for each in portable.FILES[:3]
            }
        parsed = msgspec.convert(fields, Input)
        sources = {_sha256(data): data for data in documents.values()}
        sources |= {_sha256(file.read_bytes()): file.read_bytes() for file in update.iterdir()} if update else {}
        for name, sha256 in RagIndexing().artifacts(parsed).items():
            path = self.folder / "inputs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sources[sha256])
        return parsed

    def context(self, max_duration_s: float = 60, model: str = MODEL) -> JobContext:
        return JobContext(
            model=model,
            inputs=self.folder / "inputs",
            outputs=self.outputs,
            max_duration_s=max_duration_s,
            progress=lambda fraction, message: self.fractions.append(fraction),
            log=self.logs.append,
            stream=lambda text: None,
        )

    def run(self, given: Input, **context: Any) -> Outcome:
        return build(given, self.context(**context), self.encoder)

    def audit(self, given: Input, outcome: Outcome, **changed: Any) -> Finding:
        claim = Claim(outcome.output, outcome.units, MODEL, outcome.fingerprint, self.outputs)
        changed = {
            name: changed.get(name, getattr(claim, name)) for name in ("output", "units", "fingerprint", "files")
        }
        return audit(given, Claim(model=MODEL, **changed), self.context(), self.encoder, seed=7)

    @property
    def outputs(self) -> Path:
        folder = self.folder / "outputs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def index(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.outputs.iterdir()}


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(find_models(None)[MODEL])


@pytest.fixture
def job(tmp_path: Path, encoder: Encoder) -> Job:
    return Job(tmp_path / "job", encoder)


@pytest.fixture
def other_job(tmp_path: Path, encoder: Encoder) -> Job:
    return Job(tmp_path / "other", encoder)


@dataclass(frozen=True)
class Done:
    """A finished job."""

    job: Job
    given: Input
    outcome: Outcome


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Done:
    """Documents of all formats, indexed by the executor itself."""
    job = Job(tmp_path_factory.mktemp("library"), encoder)
    given = job.input(handbook(), chunkTokens=64, overlapTokens=12)
    return Done(job, given, RagIndexing().run(given, job.context(model="default")))


@pytest.fixture
def notes(job: Job) -> Done:
    """A small index, for a test to forge."""
    given = job.input(texts=NOTES)
    return Done(job, given, job.run(given))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- what an index is good for


def test_questions_in_other_words_find_their_passages(library: Done):
    index = Index.open(library.job.outputs)
    ranks = []
    for question, document, word in QUESTIONS:
        hits = [each.document == document and word in each.text for each in index.query(question, top=5)]
        ranks.append(hits.index(True) + 1 if True in hits else None)

    assert sum(rank is not None for rank in ranks) / len(ranks) >= 0.8
    assert sum(rank == 1 for rank in ranks) / len(ranks) >= 0.8


def test_a_passage_says_where_it_stands(library: Done):
    index = Index.open(library.job.outputs)

    (leave,) = index.query("parental leave", top=1)
    (display,) = index.query("error E1, cold feed water", top=1)

    assert leave.headings == ("Staff handbook", "Leave", "Parental leave")
    assert leave.text == HANDBOOK[leave.start : leave.end]
    assert (display.document, display.page) == ("furnace.pdf", 2)
    assert 0.4 < display.score <= 1


def test_what_a_page_does_not_say_is_not_indexed(library: Done):
    texts = " ".join(
        chunk.text for chunk in portable.read(library.job.outputs).chunks if chunk.document == "recipes.html"
    )

    assert "Grandmother’s kitchen" in texts
    assert "lukewarm water" in texts  # Of an inline element.
    assert not [word for word in ("tracking", "Shop", "color", "<") if word in texts]


def test_the_result_counts_and_the_units_are_the_embedded_chunks(library: Done):
    output = library.outcome.output
    assert isinstance(output, Output)

    assert (output.documents, output.skipped_documents, output.reused_chunks) == (5, 0, 0)
    assert output.chunks == output.embedded_chunks == library.outcome.units == len(Index.open(library.job.outputs))
    assert library.outcome.units <= RagIndexing().most_units(library.given, output)
    assert library.job.fractions == sorted(library.job.fractions)
    assert any("a second" in line for line in library.job.logs)


def test_faiss_reads_its_file_and_would_write_the_same(library: Done, tmp_path: Path):
    vectors = portable.read(library.job.outputs).vectors.astype(np.float32)
    own = faiss.IndexFlatIP(vectors.shape[1])
    own.add(vectors)
    faiss.write_index(own, str(tmp_path / "own.faiss"))

    _, found = faiss.read_index(str(library.job.outputs / "index.faiss")).search(vectors, 1)

    assert found[:, 0].tolist() == list(range(len(vectors)))
    assert (tmp_path / "own.faiss").read_bytes() == (library.job.outputs / "index.faiss").read_bytes()


def test_the_same_documents_give_the_same_bytes(job: Job, other_job: Job):
    job.run(job.input({name: text.encode() for name, text in NOTES.items()}))
    other_job.run(other_job.input(texts=dict(reversed(NOTES.items()))))

    assert job.index() == other_job.index()


# --- updates


def test_an_update_embeds_only_what_changed_and_equals_a_fresh_index(job: Job, other_job: Job, tmp_path: Path):
    job.run(job.input(texts=NOTES))
    earlier = job.outputs.rename(tmp_path / "earlier")
    later = NOTES | {"bread.md": NOTES["bread.md"].replace("plums", "cherries"), "new.txt": "A cat sat on the mat."}
    del later["mill.txt"]

    given = job.input(texts=later, update=earlier)
    updated = job.run(given)
    fresh = other_job.run(other_job.input(texts=later))

    assert isinstance(updated.output, Output)
    assert (updated.units, updated.output.reused_chunks) == (2, 2)  # Cherries and the cat; the moons and the bread.
    assert fresh.units == 4
    assert job.index() == other_job.index()
    assert job.audit(given, updated).verdict is Verdict.PASSED
    assert job.audit(given, fresh).verdict is Verdict.FAILED  # Billed as if nothing had been reused.


def test_vectors_of_another_model_are_not_reused(job: Job, notes: Done, tmp_path: Path):
    manifest = job.outputs / "manifest.json"
    manifest.write_text(manifest.read_text().replace(job.encoder.entry.sha256, "0" * 64))
    earlier = job.outputs.rename(tmp_path / "earlier")

    outcome = job.run(job.input(texts=NOTES, update=earlier))

    assert outcome.units == 4
    assert any("another model" in line for line in job.logs)


def test_an_update_that_is_no_index_blames_the_input(job: Job, notes: Done, tmp_path: Path):
    (job.outputs / "vectors.npy").write_bytes(_pickled_npy())
    _sign(job.outputs)
    earlier = job.outputs.rename(tmp_path / "earlier")
    given = job.input(texts=NOTES, update=earlier)

    with pytest.raises(ExecutionFailed, match=r"update: vectors.npy is no float16 array") as failure:
        job.run(given)

    assert failure.value.blames_input
    assert job.audit(given, notes.outcome, files=earlier).verdict is Verdict.FAILED


def test_a_vector_that_differs_from_the_earlier_index_is_refuted(job: Job, notes: Done, tmp_path: Path):
    earlier = tmp_path / "earlier"
    shutil.copytree(job.outputs, earlier)
    given = job.input(texts=NOTES, update=earlier)
    outcome = job.run(given)
    _forge(job.outputs, lambda index: index.vectors.__setitem__(0, index.vectors[1]))

    finding = job.audit(given, outcome)

    assert (finding.verdict, outcome.units) == (Verdict.FAILED, 0)
    assert "another vector" in finding.evidence


# --- models


def test_probe_names_the_engine_and_the_models_of_the_provider_first(tmp_path: Path):
    own = _own_model(tmp_path / "My-Model")
    _own_model(tmp_path / "by-cls").joinpath("1_Pooling").mkdir()
    (tmp_path / "by-cls/1_Pooling/config.json").write_text('{"pooling_mode_mean_tokens": false}')
    (tmp_path / "no-tokenizer").mkdir()
    shutil.copy(own / "model.onnx", tmp_path / "no-tokenizer/model.onnx")

    capability = RagIndexing(tmp_path).probe()

    assert capability.available
    assert capability.models == ("my-model", MODEL)
    assert capability.engine.startswith("onnxruntime ")


def test_probe_without_an_engine_says_how_to_get_it():
    blocked = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from hypernode.executors.rag_indexing import RagIndexing\n"
        "found = RagIndexing().probe()\n"
        "assert not found.available and 'onnxruntime' in found.missing and 'rag_indexing' in found.fix, found\n"
    )
    subprocess.run([sys.executable, "-c", blocked], check=True, env={})


def test_the_executor_and_the_command_are_loaded_without_an_engine():
    check = (
        "import sys, hypernode.executors.rag_indexing, hypernode.cli.rag\n"
        "assert not {'numpy', 'onnxruntime', 'tokenizers', 'pypdf', 'faiss'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_a_model_that_is_a_pickle_is_refused_before_it_is_loaded(tmp_path: Path, job: Job):
    (_own_model(tmp_path / "evil") / "model.onnx").write_bytes(pickle.dumps({"weights": [0.0]}))

    with pytest.raises(ExecutionFailed, match="is no ONNX model"):
        RagIndexing(tmp_path).run(job.input(texts=NOTES), job.context(model="evil"))


def test_a_model_that_the_node_lacks_blames_the_node(job: Job):
    with pytest.raises(ExecutionFailed, match="no embedding model gte-9") as failure:
        RagIndexing().run(job.input(texts=NOTES), job.context(model="gte-9"))

    assert not failure.value.blames_input


def test_chunks_longer_than_the_model_reads_blame_the_input(job: Job):
    with pytest.raises(ExecutionFailed, match="reads at most 254 tokens") as failure:
        job.run(job.input(texts=NOTES, chunkTokens=255))

    assert failure.value.blames_input


# --- inputs


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"texts": {"": "a"}},
        {"texts": {"a\nb": "a"}},
        {"texts": {"a\n": "a"}},
        {"texts": {"n" * 256: "a"}},
        {"documents": {"a": "0" * 63}},
        {"documents": {"a": "0" * 64}, "texts": {"a": "b"}},
        {"documents": {str(number): "0" * 64 for number in range(4_001)}},
        {"texts": {"a": "b"}, "chunkTokens": 15},
        {"texts": {"a": "b"}, "chunkTokens": 20, "overlapTokens": 11},
        {"texts": {"a": "b"}, "onError": "ignore"},
        {"texts": {"a": "b"}, "update": {"manifest": "0" * 64}},
        {"texts": {"a": "b"}, "model": "x"},
    ],
)
def test_a_bad_input_is_refused_by_the_schema(given: dict[str, Any]):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, Input)


def test_no_node_can_bill_more_than_its_own_counts_or_the_text_allow(job: Job):
    few = job.input(texts={"a.txt": "Hi"})
    boast = Output(1, 0, 500, 400, 200, 384, MODEL, "0" * 64)

    assert RagIndexing().most_units(few, boast) == 2
    assert RagIndexing().most_units(job.input({"a.txt": b"Hi"}), boast) == 300


def _encrypted() -> bytes:
    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf(FURNACE)))
    writer.encrypt("secret", algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _bomb(text: bytes, times: int) -> bytes:
    return pdf_of([zlib.compress(text * times, 9)], filters=b"/Filter /FlateDecode")


UNREADABLE = {
    "junk.txt": (bytes(range(256)), "is no utf-8 text: byte 128 is 0x80"),
    "junk.md": (b"# PNG\0\1", "is no text: character 5 is NUL"),
    "half.txt": (b"\xff\xfea", "is no utf-16 text"),
    "codec.html": (b'<meta charset="unicode_escape">', "encoding that is not read: unicode_escape"),
    "unknown.html": (b"<meta charset=klingon>", "unknown encoding: klingon"),
    "digits.html": (b"&#" + b"9" * 5_000 + b";", "cannot be read: ValueError"),
    "text.pdf": (b"just text", "is no PDF"),
    "cut.pdf": (pdf(FURNACE)[:700], "cannot be read: "),
    "locked.pdf": (_encrypted(), "is encrypted: remove its password"),
    "bomb.pdf": (_bomb(b" " * 1024, 34 << 10), "cannot be read: LimitReachedError"),
    "text.docx": (b"just text", "is no .docx document"),
    "empty.docx": (b"PK\5\6" + bytes(18), "cannot be read: KeyError"),
    "bomb.docx": (docx_of(b"<w>" + b" " * (65 << 20)), "unpacks to more than"),
    "laughs.docx": (docx_of(b'<!DOCTYPE x [<!ENTITY a "aaaa">]><w>&a;</w>'), "declares a DTD"),
    "long.txt": (b"a" * 10_000_001, "holds more than 10000000 characters"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_document_that_cannot_be_read_ends_the_job_and_is_named(job: Job, name: str):
    data, reason = UNREADABLE[name]

    with pytest.raises(ExecutionFailed) as failure:
        job.run(job.input({"good.txt": b"Bread.", name: data}))

    assert failure.value.blames_input
    assert str(failure.value).startswith(f"{name} ")
    assert reason in str(failure.value)


def test_a_word_document_of_endless_elements_is_refused_early(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(markup, "MAX_XML_ELEMENTS", 1_000)

    with pytest.raises(Unreadable, match="more than 1000 XML elements"):
        read("deep.docx", docx_of(b"<w>" * 1_001), lambda: None)


def test_documents_that_cannot_be_read_are_skipped_on_demand(job: Job):
    bad = {name: UNREADABLE[name][0] for name in ("junk.txt", "locked.pdf", "empty.docx")}
    given = job.input({"good.txt": b"Bread.", **bad}, onError="skip")

    outcome = job.run(given)

    assert isinstance(outcome.output, Output)
    assert (outcome.output.documents, outcome.output.skipped_documents) == (1, 3)
    entries = {entry.name: entry.error for entry in portable.read(job.outputs).manifest.documents}
    assert entries["good.txt"] == ""
    assert entries["locked.pdf"] == "is encrypted: remove its password"
    assert job.audit(given, outcome).verdict is Verdict.PASSED


FORMS = [b" ".join([b"/X%d Do" % (depth + 1)] * 10) for depth in range(8)] + [b"BT /F1 11 Tf (lol) Tj ET"]
STRANGE = {
    "nested.html": b"<div>" * 50_000 + b"The end",
    "comments.html": b"The end" + b"<!-- " * 200_000,
    "quotes.html": b"The end" + b"<a x='" * 100_000,
    "brackets.html": b"<" * 50_000 + b" The end",
    "laughs.pdf": pdf_of([b"BT /F1 11 Tf (The end) Tj ET /X0 Do"], FORMS),
    "circle.pdf": pdf_of([b"BT /F1 11 Tf (The end) Tj ET /X0 Do"], [b"/X0 Do /X0 Do"]),
    "utf16.txt": "The end".encode("utf-16"),
    "latin.html": "<meta charset=iso-8859-1>The end, Zoë".encode("latin-1"),
    "none.unknown-ending": b"The end",
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_documents_are_read_in_linear_time(name: str):
    start = time.process_time()

    document = read(name, STRANGE[name], lambda: None)

    assert "The end" in document.text
    assert time.process_time() - start < 5


def test_words_of_a_megabyte_and_empty_documents_do_no_harm(job: Job):
    texts = {"empty.txt": "", "blank.md": " \n\t\n", "word.txt": "x" * 1_000_000, "good.txt": "Bread."}
    outcome = job.run(job.input({"scan.pdf": pdf([[]])}, texts=texts))

    stored = portable.read(job.outputs)
    chunks = {entry.name: entry.chunks for entry in stored.manifest.documents}
    assert chunks == {"blank.md": 0, "empty.txt": 0, "good.txt": 1, "scan.pdf": 0, "word.txt": 100}
    assert outcome.units == 3  # Most pieces of the word are the same text.
    assert "scan.pdf holds no text" in job.logs


def test_documents_without_any_text_are_no_index(job: Job):
    with pytest.raises(ExecutionFailed, match="no document holds any text") as failure:
        job.run(job.input(texts={"empty.txt": "", "blank.md": "\n"}))

    assert failure.value.blames_input


def test_the_time_limit_ends_the_run_without_blame(job: Job):
    with pytest.raises(ExecutionFailed, match=r"ran longer than 0\.1 s") as failure:
        job.run(
            job.input(texts={f"{number}.txt": f"Line {number}. " * 60 for number in range(200)}), max_duration_s=0.1
        )

    assert not failure.value.blames_input


def test_word_headings_make_the_outline():
    paragraphs = [("Heading1", "Town"), ("Heading2", "Mill"), ("", "It was built of oak."), ("Heading12", "No heading")]

    document = read("a.docx", docx(paragraphs), lambda: None)

    assert document.sections == (Section(0, len(document.text), ("Town", "Mill")),)


def test_a_deep_heading_ends_with_the_next_higher_one():
    document = read("a.md", b"intro\n# A\na\n### B\nb\n## C #\nc\n#no heading\n", lambda: None)

    assert [section.headings for section in document.sections] == [(), ("A",), ("A", "B"), ("A", "C")]
    assert "".join(document.text[each.start : each.end] for each in document.sections) == document.text


# --- chunks


def _words(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        spans.append((start, start + len(word)))
        start += len(word)
    return spans


@examples(st.text("ab .\n", max_size=400), st.integers(16, 40), st.integers(0, 20))
def test_chunks_cover_every_word_in_order_and_none_is_too_long(text: str, size: int, overlap: int):
    overlap = min(overlap, size // 2)
    middle = len(text) // 2
    sections = (Section(0, middle, ("A",)), Section(middle, len(text), ("B",)))

    chunks = list(chunks_of("d", Document(text, sections), _words, size, overlap))

    covered = {position for chunk in chunks for position in range(chunk.start, chunk.end)}
    assert {position for position, letter in enumerate(text) if not letter.isspace()} <= covered
    assert all(len(chunk.text.split()) <= size for chunk in chunks)
    assert all(chunk.text == text[chunk.start : chunk.end] for chunk in chunks)
    assert all((chunk.end <= middle) == (chunk.headings == ("A",)) for chunk in chunks)
    starts = [chunk.start for chunk in chunks]
    assert starts == sorted(set(starts))


def test_a_chunk_ends_where_a_sentence_does():
    sentence = "one two three four five six seven. "
    document = Document(sentence * 20, (Section(0, len(sentence) * 20),))

    chunks = list(chunks_of("d", document, _words, 32, 3))

    assert [chunk.text[-6:] for chunk in chunks[:-1]] == ["seven."] * (len(chunks) - 1)
    assert chunks[1].text.startswith("five six seven. one")


# --- audits


def test_an_honest_claim_passes_bit_for_bit(library: Done):
    claim = Claim(
        library.outcome.output, library.outcome.units, MODEL, library.outcome.fingerprint, library.job.outputs
    )

    finding = RagIndexing().verify(library.given, claim, library.job.context(), seed=3)

    assert finding.verdict is Verdict.PASSED
    assert "bit for bit" in finding.evidence
    assert finding.figures["min_cosine"] > 0.9999


def test_an_honest_claim_of_another_machine_passes_within_the_tolerance(notes: Done):
    noise = np.random.default_rng(0).standard_normal((4, 384)) * 0.002
    _forge(notes.job.outputs, lambda index: index.vectors.__iadd__(noise.astype(np.float16)))
    foreign = {**notes.outcome.fingerprint, "isa": "aarch64 asimd"}

    tolerated = notes.job.audit(notes.given, notes.outcome, fingerprint=foreign)
    refuted = notes.job.audit(notes.given, notes.outcome)

    assert tolerated.verdict is Verdict.PASSED
    assert 0.99 < tolerated.figures["min_cosine"] < 0.9999
    assert refuted.verdict is Verdict.FAILED
    assert "same engine" in refuted.evidence


def _other_pypdf(change: Callable[[str], str]) -> Callable[[Stored], Stored]:
    """What a node with another pypdf claims."""

    def forge(index: Stored) -> Stored:
        entries = tuple(
            msgspec.structs.replace(each, reader="pdf 1, pypdf 6.0.0") if each.reader.startswith("pdf") else each
            for each in index.manifest.documents
        )
        chunks = [msgspec.structs.replace(each, text=change(each.text)) if each.page else each for each in index.chunks]
        return Stored(msgspec.structs.replace(index.manifest, documents=entries), chunks, index.vectors)

    return forge


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda text: text.replace("\n", "  \n").replace("e ", "e"), Verdict.PASSED),
        (lambda text: text[: len(text) * 2 // 3], Verdict.UNVERIFIED),
        (lambda text: "lorem ipsum dolor sit amet " * 8, Verdict.FAILED),
    ],
)
def test_what_another_version_of_a_reader_made_is_judged_by_its_letters(
    job: Job, change: Callable[[str], str], verdict: Verdict, encoder: Encoder
):
    given = job.input({"furnace.pdf": pdf(FURNACE), "a.txt": b"Bread."})
    outcome = job.run(given)

    def forge(index: Stored) -> Stored:
        forged = _other_pypdf(change)(index)
        vectors = np.stack([encoder.embed(chunk.text) for chunk in forged.chunks]).astype(np.float16)
        return Stored(forged.manifest, forged.chunks, vectors)

    _forge(job.outputs, forge)
    output = outcome.output
    assert isinstance(output, Output)
    distinct = len({chunk.text for chunk in portable.read(job.outputs).chunks})

    finding = job.audit(
        given, outcome, output=msgspec.structs.replace(output, embedded_chunks=distinct), units=distinct
    )

    assert finding.verdict is verdict, finding.evidence


def test_a_machine_without_the_model_cannot_tell(notes: Done):
    claim = Claim(notes.outcome.output, notes.outcome.units, "gte-9", notes.outcome.fingerprint, notes.job.outputs)
    without = RagIndexing().verify(notes.given, claim, notes.job.context(model="gte-9"), seed=1)

    manifest = notes.job.outputs / "manifest.json"
    manifest.write_text(manifest.read_text().replace(notes.job.encoder.entry.sha256, "0" * 64))
    another = notes.job.audit(notes.given, notes.outcome)

    assert [without.verdict, another.verdict] == [Verdict.UNVERIFIED] * 2
    assert "gte-9" in without.evidence


def _random_vectors(index: Stored) -> None:
    index.vectors[:] = np.random.default_rng(1).standard_normal(index.vectors.shape) / np.sqrt(index.vectors.shape[1])
    index.vectors[:] = index.vectors / np.linalg.norm(index.vectors.astype(np.float32), axis=1, keepdims=True)


def _drop(number: int) -> Callable[[Stored], Stored]:
    """Without the document of this number, all counts in agreement."""

    def forge(index: Stored) -> Stored:
        gone = index.manifest.documents[number].name
        kept = [row for row, chunk in enumerate(index.chunks) if chunk.document != gone]
        documents = tuple(each for each in index.manifest.documents if each.name != gone)
        manifest = msgspec.structs.replace(index.manifest, documents=documents, chunks=len(kept))
        return Stored(manifest, [index.chunks[row] for row in kept], index.vectors[kept])

    return forge


def _empty_document(index: Stored) -> Stored:
    """Its work is left out, and it is said to hold no text."""
    without = _drop(0)(index)
    entry = msgspec.structs.replace(index.manifest.documents[0], chunks=0)
    documents = (entry, *without.manifest.documents)
    return Stored(msgspec.structs.replace(without.manifest, documents=documents), without.chunks, without.vectors)


def _unreadable_document(index: Stored) -> Stored:
    """Its work is left out, and it is said to be damaged."""
    empty = _empty_document(index)
    entry = msgspec.structs.replace(empty.manifest.documents[0], error="cannot be read: it is damaged")
    manifest = msgspec.structs.replace(empty.manifest, documents=(entry, *empty.manifest.documents[1:]))
    return Stored(manifest, empty.chunks, empty.vectors)


def _tampered_text(index: Stored) -> None:
    index.chunks[0] = msgspec.structs.replace(index.chunks[0], text="Buy my goods.")


def _invented_chunk(index: Stored) -> Stored:
    """One more chunk of a document, to bill it."""
    extra = msgspec.structs.replace(index.chunks[0], text="something", start=0, end=9)
    documents = tuple(
        DocumentEntry(each.name, each.sha256, each.reader, each.chunks + (each.name == extra.document))
        for each in index.manifest.documents
    )
    manifest = msgspec.structs.replace(index.manifest, chunks=len(index.chunks) + 1, documents=documents)
    return Stored(manifest, [extra, *index.chunks], np.concatenate([index.vectors[:1], index.vectors]))


def _larger_chunks(index: Stored) -> Stored:
    chunker = msgspec.structs.replace(index.manifest.chunker, chunk_tokens=250)
    return Stored(msgspec.structs.replace(index.manifest, chunker=chunker), index.chunks, index.vectors)


FORGERIES: dict[str, tuple[Callable[[Stored], Stored | None], str]] = {
    "random vectors": (_random_vectors, "has a cosine of"),
    "vectors of other texts": (
        lambda index: index.vectors.__setitem__(slice(None), index.vectors[::-1].copy()),
        "cosine",
    ),
    "one vector for all": (lambda index: index.vectors.__setitem__(slice(None), index.vectors[0]), "cosine"),
    "a document left out": (_drop(1), "mill.txt is missing"),
    "a document said to be empty": (_empty_document, "bread.md makes 2 chunks, not 0"),
    "a document said to be unreadable": (_unreadable_document, "was skipped, and the input does not allow that"),
    "another text": (_tampered_text, "where 'Buy my goods.' is claimed"),
    "an invented chunk": (_invented_chunk, "bread.md makes 2 chunks, not 3"),
    "another chunker": (_larger_chunks, "not as the input asks"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_index_is_refuted(notes: Done, forgery: str):
    forge, evidence = FORGERIES[forgery]
    _forge(notes.job.outputs, forge)
    index = portable.read(notes.job.outputs)
    output = notes.outcome.output
    assert isinstance(output, Output)
    counts = {"chunks": len(index.chunks), "embedded_chunks": len({chunk.text for chunk in index.chunks})}
    counts["documents"] = sum(not each.error for each in index.manifest.documents)
    counts["skipped_documents"] = sum(bool(each.error) for each in index.manifest.documents)

    finding = notes.job.audit(
        notes.given,
        notes.outcome,
        output=msgspec.structs.replace(output, **counts),
        units=counts["embedded_chunks"],
        fingerprint={**notes.outcome.fingerprint, "isa": "another"},
    )

    assert finding.verdict is Verdict.FAILED
    assert evidence in finding.evidence


@pytest.mark.parametrize(
    ("changed", "evidence"),
    [
        ({"embedded_chunks": 5}, "its files hold"),
        ({"documents": 9}, "its files hold"),
        ({"reused_chunks": 1, "embedded_chunks": 3}, "its files hold"),
        ({"model_sha256": "1" * 64}, "its files hold"),
    ],
)
def test_counts_that_the_files_do_not_bear_out_are_refuted(notes: Done, changed: dict[str, Any], evidence: str):
    output = notes.outcome.output
    assert isinstance(output, Output)

    finding = notes.job.audit(notes.given, notes.outcome, output=msgspec.structs.replace(output, **changed))

    assert finding.verdict is Verdict.FAILED
    assert evidence in finding.evidence


def test_units_beyond_the_embedded_chunks_are_refuted(notes: Done):
    finding = notes.job.audit(notes.given, notes.outcome, units=40)

    assert (finding.verdict, finding.evidence) == (Verdict.FAILED, "40 chunks are billed: 4 had to be embedded")


def _pickled_npy() -> bytes:
    out = BytesIO()
    np.save(out, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return out.getvalue()


def _npy(header: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\1\0" + (len(header) + 1).to_bytes(2, "little") + header.encode() + b"\n" + data


def _with_nan(vectors: bytes) -> bytes:
    return vectors[:-2] + np.float16(np.nan).tobytes()


def _with_other_faiss(manifest: bytes) -> bytes:
    named = json.loads(manifest)
    named["files"]["index.faiss"] = "0" * 64
    return json.dumps(named).encode()


GARBAGE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "pickled vectors": ("vectors.npy", lambda old: _pickled_npy()),
    "a bare pickle": ("vectors.npy", lambda old: pickle.dumps(["x"])),
    "NaN": ("vectors.npy", _with_nan),
    "vectors of length 0": ("vectors.npy", lambda old: old[:128] + bytes(len(old) - 128)),
    "half a file": ("vectors.npy", lambda old: old[:-384]),
    "a huge shape": (
        "vectors.npy",
        lambda old: _npy("{'descr': '<f2', 'fortran_order': False, 'shape': (4, 99999999999999999), }", old[128:]),
    ),
    "columns first": (
        "vectors.npy", lambda old: _npy("{'descr': '<f2', 'fortran_order': True, 'shape': (4, 384), }", old[128:])
    ),
    "a header that calls": ("vectors.npy", lambda old: _npy("__import__('os').getpid()", old[128:])),
    "a header of a megabyte": ("vectors.npy", lambda old: _npy(" " * 60_000, old[128:])),
    "no JSON": ("chunks.jsonl", lambda old: b"\xff" + old),
    "a line too few": ("chunks.jsonl", lambda old: old[: old.rindex(b"\n", 0, -1) + 1]),
    "a line too many": ("chunks.jsonl", lambda old: old + old.splitlines(keepends=True)[-1]),
    "no manifest": ("manifest.json", lambda old: b"[]"),
    "another format": ("manifest.json", lambda old: old.replace(b"hypernode-rag/1", b"hypernode-rag/9")),
    "a dimension of a million": ("manifest.json", lambda old: old.replace(b": 384", b": 1000000")),
    "another dimension": ("manifest.json", lambda old: old.replace(b": 384", b": 383")),
    "another count": ("manifest.json", lambda old: old.replace(b'"chunks": 4', b'"chunks": 5')),
    "nothing": ("manifest.json", lambda old: b""),
    "an empty faiss": ("index.faiss", lambda old: b""),
    "another faiss": ("index.faiss", lambda old: old[:-4] + b"\0\0\0\1"),
    "a longer faiss": ("index.faiss", lambda old: old + b"\0"),
    "another digest of faiss": ("manifest.json", _with_other_faiss),
    "one file more": ("evil.pkl", lambda old: b"x"),
}  # fmt: skip


@pytest.mark.parametrize("kind", GARBAGE)
def test_a_claim_that_is_no_index_is_refuted_and_harms_nothing(notes: Done, kind: str):
    name, change = GARBAGE[kind]
    file = notes.job.outputs / name
    file.write_bytes(change(file.read_bytes() if file.exists() else b""))
    if name not in ("manifest.json", "evil.pkl"):
        _sign(notes.job.outputs)

    finding = notes.job.audit(notes.given, notes.outcome)

    assert finding.verdict is Verdict.FAILED
    assert finding.evidence


def test_a_missing_file_and_a_folder_in_its_place_are_refuted(notes: Done):
    (notes.job.outputs / "vectors.npy").unlink()
    missing = notes.job.audit(notes.given, notes.outcome)
    (notes.job.outputs / "vectors.npy").mkdir()
    folder = notes.job.audit(notes.given, notes.outcome)

    assert [missing.verdict, folder.verdict] == [Verdict.FAILED] * 2


def test_files_that_are_not_those_of_the_manifest_are_refuted(notes: Done):
    chunks = notes.job.outputs / "chunks.jsonl"
    chunks.write_bytes(chunks.read_bytes().replace(b"Jupiter", b"Saturn!"))

    finding = notes.job.audit(notes.given, notes.outcome)

    assert finding.verdict is Verdict.FAILED
    assert "its digest differs" in finding.evidence


def test_an_output_of_negative_counts_is_none():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"documents": -1}, Output)


# --- tools


def _forge(folder: Path, change: Callable[[Stored], Stored | None]) -> None:
    """Change an index, and write it so that all digests and counts in it agree."""
    index = portable.read(folder)
    changed = change(index)
    index = changed if isinstance(changed, Stored) else index
    lengths = np.linalg.norm(index.vectors.astype(np.float32), axis=1, keepdims=True)
    vectors = (index.vectors / lengths).astype(np.float16)
    manifest = index.manifest
    portable.write(folder, manifest.model, manifest.chunker, manifest.documents, index.chunks, vectors)


def _sign(folder: Path) -> None:
    """The manifest names the files as they are now."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"] = {name: _sha256((folder / name).read_bytes()) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _own_model(folder: Path) -> Path:
    """A folder as a provider makes it."""
    packaged: Model = find_models(None)[MODEL]
    folder.mkdir(parents=True)
    shutil.copy(packaged.onnx, folder / "model.onnx")
    shutil.copy(packaged.tokenizer, folder / "tokenizer.json")
    return folder
