"""Turns texts into vectors with an ONNX model, by onnxruntime on the CPU.

One text a call: what stands beside a text in a batch may change its vector (padding, and scales of quantised models),
and on a CPU batches are no faster. So a vector depends on its text, the model and the machine's instruction set alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.metadata import version
from itertools import islice
from typing import Any, Final

import numpy as np
import psutil

from hypernode.executors.onnx import onnxruntime
from hypernode.executors.processor import isa
from hypernode.executors.rag_indexing.chunking import Span
from hypernode.executors.rag_indexing.models import Model, is_onnx, max_tokens, sha256_of
from hypernode.executors.rag_indexing.portable import ModelEntry
from hypernode.ports import ExecutionFailed

_INPUTS: Final = frozenset({"input_ids", "attention_mask", "token_type_ids"})
_AHEAD: Final = 4
"""Texts that wait for each thread."""


class Encoder:
    """A loaded model. Raises ExecutionFailed where it cannot be loaded, ImportError where an engine is missing."""

    def __init__(self, model: Model) -> None:
        if not is_onnx(model.onnx):
            raise ExecutionFailed(f"{model.name}: {model.onnx.name} is no ONNX model")
        runtime = onnxruntime()
        tokenizers: Any = import_module("tokenizers")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = runtime.InferenceSession(str(model.onnx), options, providers=["CPUExecutionProvider"])
            self._tokenizer = tokenizers.Tokenizer.from_file(str(model.tokenizer))
            self._cutter = tokenizers.Tokenizer.from_file(str(model.tokenizer))
        except Exception as error:  # Both raise whatever their native parts do.
            raise ExecutionFailed(f"{model.name} cannot be loaded: {error}") from error
        most = max_tokens(model)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(most)
        self._cutter.no_padding()
        self._cutter.no_truncation()
        self._inputs = {each.name for each in self._session.get_inputs()}
        if not self._inputs <= _INPUTS:
            raise ExecutionFailed(f"{model.name} asks for {', '.join(sorted(self._inputs - _INPUTS))}")
        self.chunk_tokens: int = most - self._tokenizer.num_special_tokens_to_add(is_pair=False)
        """The longest chunk that the model reads whole."""
        self.entry = ModelEntry(
            name=model.name,
            sha256=sha256_of(model.onnx),
            tokenizer_sha256=sha256_of(model.tokenizer),
            dimension=len(self._hidden("dimension")[0]),
            max_tokens=most,
        )

    def tokenize(self, text: str) -> list[Span]:
        """The characters that each token stands for; tokens that stand for none are left out."""
        offsets = self._cutter.encode(text, add_special_tokens=False).offsets
        return [(start, end) for start, end in offsets if start < end]

    def embed(self, text: str) -> np.ndarray:
        """The mean over the tokens' hidden states, of length 1: float32, shape (dimension,)."""
        mean = self._hidden(text).mean(axis=0)
        length = np.linalg.norm(mean)
        if not (np.isfinite(length) and length > 0):
            raise ExecutionFailed(f"{self.entry.name} gave no vector for {text[:80]!r}")
        return mean / length

    def embed_all(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Their vectors, in order; on all spare cores, each of which works on a text by itself."""
        threads = max(1, (psutil.cpu_count(logical=False) or 2) - 1)
        rest = iter(texts)
        with ThreadPoolExecutor(threads) as pool:
            # A window of futures: ending the loop early must not wait for all texts.
            waiting = [pool.submit(self.embed, text) for text in islice(rest, threads * _AHEAD)]
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(self.embed, text) for text in islice(rest, 1)]

    def fingerprint(self) -> dict[str, str]:
        """All that an index depends on besides its documents."""
        return {
            "engine": f"onnxruntime {version('onnxruntime')}",
            "tokenizer": f"tokenizers {version('tokenizers')}, {self.entry.tokenizer_sha256}, {self.entry.max_tokens}",
            "numpy": version("numpy"),
            "pypdf": version("pypdf"),
            "isa": isa(),
            "model": self.entry.sha256,
        }

    def _hidden(self, text: str) -> np.ndarray:
        """The last layer's states: float32, shape (tokens, dimension)."""
        encoding = self._tokenizer.encode(text)
        values: Mapping[str, list[int]] = {
            "input_ids": encoding.ids, "attention_mask": encoding.attention_mask, "token_type_ids": encoding.type_ids
        }  # fmt: skip
        given = {name: np.array([values[name]], dtype=np.int64) for name in self._inputs}
        states = self._session.run(None, given)[0]
        if states.ndim != 3:
            raise ExecutionFailed(
                f"the model's first output has {states.ndim} dimensions: batch, tokens, hidden wanted"
            )
        return states[0]
