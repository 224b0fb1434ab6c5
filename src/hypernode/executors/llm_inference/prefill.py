"""Scores a claimed answer in one pass over its tokens, through the C interface of the llama.cpp within xllamacpp.

xllamacpp itself offers only generation. Its library exports llama.h, of which this uses the few functions below; the
layout of what they take is checked before use, so that another build is refused instead of read wrongly.
"""

import ctypes
import math
from array import array
from collections.abc import Callable, Collection, Sequence
from ctypes import POINTER, c_bool, c_char_p, c_float, c_int8, c_int32, c_size_t, c_uint32, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

ANSWER_BATCH: Final = 32
"""Tokens of the answer at once. Up to here llama.cpp's kernels for CPUs round as they do for one: on the machine that
made the answer the scores are then exact."""
_DEFAULTS: Final = (512, 2048, 512, 1, 0, 0, 1, 4, 4)
"""First fields of `llama_context_default_params`: n_ctx, n_batch, n_ubatch, n_seq_max, n_rs_seq, n_outputs_max,
n_outputs_max_per_seq, n_threads, n_threads_batch."""
_N_CTX, _N_BATCH, _N_UBATCH, _N_THREADS, _N_THREADS_BATCH = 0, 1, 2, 7, 8


class CannotScore(Exception):
    """This build of llama.cpp, or this model, cannot be used so."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How llama.cpp draws a token; in this order."""

    top_k: int
    top_p: float
    min_p: float
    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A token of the answer, against what the model would have given there."""

    gap: float  #: The best token's logit less this one's: 0 where it is the best.
    drawn: tuple[bool, ...]  #: For each sampler: whether it draws this very token.
    logprob: float | None  #: Natural logarithm of its probability, where it was asked for.


class _Params(ctypes.Structure):
    # Longer than any version's: the functions read what they know.
    _fields_ = [("words", c_uint32 * 256)]


class _Batch(ctypes.Structure):
    _fields_ = [
        ("n_tokens", c_int32),
        ("token", POINTER(c_int32)),
        ("embd", c_void_p),
        ("pos", POINTER(c_int32)),
        ("n_seq_id", POINTER(c_int32)),
        ("seq_id", POINTER(POINTER(c_int32))),
        ("logits", POINTER(c_int8)),
    ]


_FUNCTIONS: Final[dict[str, tuple[Any, ...]]] = {  # Name -> result, arguments.
    "llama_model_default_params": (_Params,),
    "llama_model_load_from_file": (c_void_p, c_char_p, _Params),
    "llama_model_free": (None, c_void_p),
    "llama_model_get_vocab": (c_void_p, c_void_p),
    "llama_vocab_n_tokens": (c_int32, c_void_p),
    "llama_vocab_is_eog": (c_bool, c_void_p, c_int32),
    "llama_detokenize": (c_int32, c_void_p, POINTER(c_int32), c_int32, c_char_p, c_int32, c_bool, c_bool),
    "llama_context_default_params": (_Params,),
    "llama_init_from_model": (c_void_p, c_void_p, _Params),
    "llama_free": (None, c_void_p),
    "llama_n_ctx": (c_uint32, c_void_p),
    "llama_n_batch": (c_uint32, c_void_p),
    "llama_adapter_lora_init": (c_void_p, c_void_p, c_char_p),
    "llama_set_adapters_lora": (c_int32, c_void_p, POINTER(c_void_p), c_size_t, POINTER(c_float)),
    "llama_get_memory": (c_void_p, c_void_p),
    "llama_memory_clear": (None, c_void_p, c_bool),
    "llama_batch_init": (_Batch, c_int32, c_int32, c_int32),
    "llama_batch_free": (None, _Batch),
    "llama_decode": (c_int32, c_void_p, _Batch),
    "llama_get_logits_ith": (POINTER(c_float), c_void_p, c_int32),
    "llama_sampler_chain_init": (c_void_p, c_bool),
    "llama_sampler_chain_add": (None, c_void_p, c_void_p),
    "llama_sampler_init_greedy": (c_void_p,),
    "llama_sampler_init_top_k": (c_void_p, c_int32),
    "llama_sampler_init_top_p": (c_void_p, c_float, c_size_t),
    "llama_sampler_init_min_p": (c_void_p, c_float, c_size_t),
    "llama_sampler_init_temp": (c_void_p, c_float),
    "llama_sampler_init_dist": (c_void_p, c_uint32),
    "llama_sampler_sample": (c_int32, c_void_p, c_void_p, c_int32),
    "llama_sampler_free": (None, c_void_p),
}


class Scorer:
    """A model and a context for one sequence; for one thread. Use it as a context manager."""

    def __init__(
        self, library: str, file: Path, *, threads: int, batch: int, tokens: int, adapter: tuple[Path, float] | None
    ) -> None:
        """`tokens`: of prompt and answer together. `batch`: of the prompt at once, as where the answer was made.

        Raises CannotScore.
        """
        self._batch = max(batch, ANSWER_BATCH)
        self._c = _functions(library)
        self._model: int | None = None
        self._context: int | None = None
        try:
            self._model = self._c["llama_model_load_from_file"](
                str(file).encode(), self._c["llama_model_default_params"]()
            )
            if not self._model:
                raise CannotScore(f"{file.name} cannot be loaded")
            self._context = self._open(threads, tokens)
            if adapter:
                self._apply(*adapter)
        except CannotScore:
            self.close()
            raise
        self._vocabulary = self._c["llama_model_get_vocab"](self._model)
        self.n_vocabulary: int = self._c["llama_vocab_n_tokens"](self._vocabulary)
        is_end = self._c["llama_vocab_is_eog"]
        self._ends = [token for token in range(self.n_vocabulary) if is_end(self._vocabulary, token)]

    def _open(self, threads: int, tokens: int) -> int:
        params = self._c["llama_context_default_params"]()
        params.words[_N_CTX] = tokens = max(tokens, self._batch)
        params.words[_N_BATCH] = params.words[_N_UBATCH] = self._batch
        params.words[_N_THREADS] = params.words[_N_THREADS_BATCH] = threads
        context = self._c["llama_init_from_model"](self._model, params)
        if not context:
            raise CannotScore("there is too little memory to score with")
        if self._c["llama_n_ctx"](context) < tokens or self._c["llama_n_batch"](context) != self._batch:
            raise CannotScore("this build of llama.cpp reads its parameters otherwise")
        return context

    def _apply(self, file: Path, scale: float) -> None:
        adapter = self._c["llama_adapter_lora_init"](self._model, str(file).encode())
        if not adapter or self._c["llama_set_adapters_lora"](
            self._context, (c_void_p * 1)(adapter), 1, (c_float * 1)(scale)
        ):
            raise CannotScore("the adapter cannot be loaded")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the memory."""
        if self._context:
            self._c["llama_free"](self._context)
        if self._model:
            self._c["llama_model_free"](self._model)
        self._context = self._model = None

    def text(self, tokens: Sequence[int], *, marks: bool) -> str:
        """What the tokens stand for, with or without the marks of a template but for those of beginning and end."""
        ids = (c_int32 * len(tokens))(*tokens)
        room = 0
        for _ in range(2):  # The first call says how much room it takes.
            buffer = ctypes.create_string_buffer(room + 1)
            size = self._c["llama_detokenize"](self._vocabulary, ids, len(tokens), buffer, room, True, marks)
            room = -size
            if size >= 0:
                return buffer.raw[:size].decode(errors="replace")
        raise CannotScore("this build of llama.cpp gives no text for tokens")

    def score(
        self,
        prompt: Sequence[int],
        answer: Sequence[int],
        samplings: Sequence[Sampling] = (),
        logprobs_at: Collection[int] = (),
        *,
        ended: bool,
        beat: Callable[[], None] = lambda: None,
    ) -> list[Scored]:
        """Each token of the answer after the prompt and what came before it; if it `ended`, also the mark of its end.

        Both hold ids below `n_vocabulary`, and the prompt at least one. Each sampler draws one token a position.
        `beat` is called after each batch. Raises CannotScore.
        """
        batch = self._c["llama_batch_init"](self._batch, 0, 1)
        samplers = [self._sampler(sampling) for sampling in (None, *samplings)]
        try:
            self._c["llama_memory_clear"](self._c["llama_get_memory"](self._context), True)
            expected = [[token] for token in answer] + ([self._ends] if ended else [])
            tokens, scored = [*prompt, *answer][: len(prompt) + len(expected) - 1], list[Scored]()
            first = len(prompt) - 1  # What follows this one is the answer's first.
            at = 0
            while at < len(tokens):
                end = min(at + self._batch, first + 1) if at <= first else min(at + ANSWER_BATCH, len(tokens))
                self._decode(batch, tokens[at:end], at, first)
                for place in range(max(at, first), end):
                    number = place - first
                    scored.append(self._scored(place - at, expected[number], samplers, number in logprobs_at))
                at = end
                beat()
            return scored
        finally:
            self._c["llama_batch_free"](batch)
            for sampler in samplers:
                self._c["llama_sampler_free"](sampler)

    def _decode(self, batch: Any, tokens: Sequence[int], at: int, first: int) -> None:
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i], batch.logits[i] = token, at + i, at + i >= first
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
        if self._c["llama_decode"](self._context, batch):
            raise CannotScore("llama.cpp cannot evaluate the tokens")

    def _scored(self, i: int, accepted: Sequence[int], samplers: Sequence[int], with_logprob: bool) -> Scored:
        logits = self._c["llama_get_logits_ith"](self._context, i)
        token = max(accepted, key=lambda each: logits[each])
        best, *drawn = (self._c["llama_sampler_sample"](sampler, self._context, i) for sampler in samplers)
        top = logits[best]
        logprob = None
        if with_logprob:
            row = array("f", bytes((c_float * self.n_vocabulary).from_address(ctypes.addressof(logits.contents))))
            logprob = logits[token] - top - math.log(sum(math.exp(each - top) for each in row))
        return Scored(gap=top - logits[token], drawn=tuple(each in accepted for each in drawn), logprob=logprob)

    def _sampler(self, sampling: Sampling | None) -> int:
        chain = self._c["llama_sampler_chain_init"](True)
        if sampling is None:
            parts = [self._c["llama_sampler_init_greedy"]()]
        else:
            parts = [
                self._c["llama_sampler_init_top_k"](sampling.top_k),
                self._c["llama_sampler_init_top_p"](sampling.top_p, 0),
                self._c["llama_sampler_init_min_p"](sampling.min_p, 0),
                self._c["llama_sampler_init_temp"](sampling.temperature),
                self._c["llama_sampler_init_dist"](sampling.seed),
            ]
        for part in parts:
            self._c["llama_sampler_chain_add"](chain, part)
        return chain


def _functions(library: str) -> dict[str, Any]:
    loaded = ctypes.CDLL(library)
    found: dict[str, Any] = {}
    try:
        for name, (result, *arguments) in _FUNCTIONS.items():
            found[name] = getattr(loaded, name)
            found[name].restype, found[name].argtypes = result, arguments
    except AttributeError as error:
        raise CannotScore(f"this build of llama.cpp has another interface: {error}") from None
    if tuple(found["llama_context_default_params"]().words[: len(_DEFAULTS)]) != _DEFAULTS:
        raise CannotScore("this build of llama.cpp lays out its parameters otherwise")
    return found
