"""The state of a run between two steps, and the file that holds it.

A checkpoint is one safetensors file: the adapter, AdamW's two moments of each of its parameters, the losses so far. All
else that a step depends on follows from the job and the number of the step. Its metadata has one key, `hypernode`:
canonical JSON of {"terms": digest of the job's terms, "chain": [digests of all checkpoints before]}. Equal states make
equal bytes.
"""

import hashlib
import json
import math
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final, Self

import msgspec

from hypernode.domain.receipt import canonical_json, value_digest
from hypernode.executors.llm_fine_tuning.job import MAX_CHECKPOINTS, Input
from hypernode.protocol.artifacts import Sha256

torch: Any = import_module("torch")
safetensors: Any = import_module("safetensors")
safetensors_torch: Any = import_module("safetensors.torch")

_KEY: Final = "hypernode"
_LARGEST_HEADER_BYTES: Final = 16 << 20
_DTYPES: Final = {"F32": "float32", "F64": "float64"}
PARTS: Final = ("adapter", "mean", "square")


class _Metadata(msgspec.Struct, forbid_unknown_fields=True):
    terms: Sha256
    chain: Annotated[tuple[Sha256, ...], msgspec.Meta(max_length=MAX_CHECKPOINTS)]


Tensors = dict[str, Any]
"""By the parameter's name, as in a PEFT adapter's file; float32, on the CPU."""


class Malformed(ValueError):
    """The file is no checkpoint of this job."""


@dataclass(frozen=True, slots=True)
class State:
    """All that the next step depends on."""

    adapter: Tensors
    mean: Tensors  #: AdamW's moving average of the gradients.
    square: Tensors  #: And of their squares.
    history: Any
    """float64 of shape (steps + 1, 2): the loss of each step, and the evaluation's after it; NaN where there is none.

    Row 0 stands before the first step.
    """
    evals: (
        Any  #: float64 of shape (2, examples): loss of each example before the first step, and at the last evaluation.
    )
    chain: tuple[str, ...] = ()  #: Digests of the checkpoints before.

    @property
    def step(self) -> int:
        """Steps taken."""
        return len(self.history) - 1

    def losses(self) -> list[float]:
        """Of all evaluations so far."""
        return [loss for loss in self.history[:, 1].tolist() if not math.isnan(loss)]

    def after(self, digest: str) -> Self:
        """The same, once it was kept in a checkpoint of that digest."""
        return replace(self, chain=(*self.chain, digest))


def terms_digest(given: Input, base_digest: str) -> str:
    """What a chain of checkpoints begins with: the job as it was given, and the base that it runs on."""
    return value_digest({"input": msgspec.to_builtins(given), "baseModel": base_digest})


def save(state: State, terms: str, path: Path) -> str:
    """Write the file and return its SHA-256 in hex."""
    named = {f"{part}.{name}": each for part in PARTS for name, each in getattr(state, part).items()}
    # One key: safetensors writes several in an order that changes from run to run.
    metadata = {_KEY: canonical_json({"terms": terms, "chain": list(state.chain)}).decode()}
    data = safetensors_torch.save(named | {"history": state.history, "evals": state.evals}, metadata)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def load(path: Path, like: State, terms: str, step: int | None = None) -> State:
    """Read a file that nobody vouches for. Raises Malformed where it is not of the form, the job and the step.

    `like` gives names and shapes. Pickles and all else that is no safetensors are refused before anything is read.
    """
    shapes = {f"{part}.{name}": each.shape for part in PARTS for name, each in getattr(like, part).items()}
    try:
        _check_header(path)
        with safetensors.safe_open(path, "pt") as file:
            told = json.loads((file.metadata() or {}).get(_KEY, ""))
            found = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            rows = found["history"].get_shape()[0]
            expected = {**shapes, "history": (rows, 2), "evals": like.evals.shape}
            forms = {name: (*each.get_shape(), each.get_dtype()) for name, each in found.items()}
            doubles = ("history", "evals")
            if forms != {name: (*shape, "F64" if name in doubles else "F32") for name, shape in expected.items()}:
                raise Malformed(f"{path.name} does not hold the tensors of this job")
            tensors = {name: file.get_tensor(name) for name in expected}
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise error if isinstance(error, Malformed) else Malformed(f"{path.name} cannot be read: {error}") from None
    return _checked(path.name, tensors, told, like, terms, step)


def _check_header(path: Path) -> None:
    with path.open("rb") as file:
        size, brace = int.from_bytes(file.read(8), "little"), file.read(1)
    if brace != b"{" or size > _LARGEST_HEADER_BYTES:
        raise Malformed(f"{path.name} is no safetensors file")


def _checked(name: str, tensors: Tensors, told: Any, like: State, terms: str, step: int | None) -> State:
    try:
        metadata = msgspec.convert(told, _Metadata)
    except msgspec.ValidationError as error:
        raise Malformed(f"{name}: metadata: {error}") from None
    if metadata.terms != terms:
        raise Malformed(f"{name} is of another job or base model")
    parts = {part: {key: tensors[f"{part}.{key}"] for key in getattr(like, part)} for part in PARTS}
    state = State(**parts, history=tensors["history"], evals=tensors["evals"], chain=metadata.chain)
    if state.step != step if step is not None else state.step < 1:
        raise Malformed(f"{name} stands after step {state.step}")
    if not all(bool(torch.isfinite(each).all()) for part in parts.values() for each in part.values()):
        raise Malformed(f"{name} holds numbers that are not finite")
    if any(bool((each < 0).any()) for each in parts["square"].values()):
        raise Malformed(f"{name} holds negative squares")
    return state
