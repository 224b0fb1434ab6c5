"""The base models that this machine can tune, by name: GGUF files, and folders of safetensors."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from hypernode.executors.llm_fine_tuning.architectures import ARCHITECTURES
from hypernode.executors.llm_fine_tuning.gguf_file import GgufFile, NotReadable
from hypernode.executors.llm_fine_tuning.settings import FineTuningSettings
from hypernode.executors.llm_inference.models import DEFAULT_MODEL, digest, find_models, is_brought
from hypernode.ports import ExecutionFailed

PICKLED: Final = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"})
"""Formats that can run code when they are read."""
_READ: Final = frozenset({".json", ".safetensors", ".jinja"})
"""What loading a folder reads."""
_LARGEST_CONFIG_BYTES: Final = 1 << 20
_GGUF_KINDS: Final = frozenset(each.gguf for each in ARCHITECTURES.values())


@dataclass(frozen=True, slots=True)
class Base:
    """One model on disk."""

    name: str
    path: Path  #: A GGUF file or a folder.

    @property
    def brought(self) -> bool:
        """The job brought it along."""
        return is_brought(self.name)

    def digest(self, cache_dir: Path | None) -> str:
        """SHA-256 in hex: of the file, or of a folder's lines `NAME DIGEST`, in the order of the names."""
        if self.path.is_file():
            return digest(self.path, cache_dir)
        files = sorted(file for file in self.path.iterdir() if file.suffix in _READ)
        lines = "".join(f"{file.name} {digest(file, cache_dir)}\n" for file in files)
        return hashlib.sha256(lines.encode()).hexdigest()

    def problem(self) -> str:
        """Why it cannot be tuned; empty if it can. Reads no weights."""
        try:
            return "".join(_of_folder(self.path) if self.path.is_dir() else _of_gguf(self.path))
        except (OSError, NotReadable, msgspec.DecodeError) as error:
            return str(error)


def find_bases(settings: FineTuningSettings) -> list[Base]:
    """The provider's own models in the order of their names, then the packaged ones."""
    root = settings.models_dir
    folders = [each.parent for each in sorted(root.glob("*/config.json"))] if root and root.is_dir() else []
    found = {folder.name.lower(): folder for folder in folders} | find_models(root)
    return [Base(name, path) for name, path in found.items()]


def choose(model: str, settings: FineTuningSettings) -> Base:
    """The base of a name, checked; `default` is the first that can be tuned. Raises ExecutionFailed."""
    bases = find_bases(settings)
    if model in ("", DEFAULT_MODEL):
        if first := next((base for base in bases if not base.problem()), None):
            return first
        raise ExecutionFailed("this node has no model that can be tuned")
    base = next((base for base in bases if base.name == model), None)
    if base is None:
        raise ExecutionFailed(f"this node has no model {model}")
    if problem := base.problem():
        raise ExecutionFailed(f"{model} cannot be tuned: {problem}", blames_input=base.brought)
    return base


def model_type(base: Base) -> str:
    """The key into ARCHITECTURES, of a base without a problem."""
    if base.path.is_dir():
        return _config(base.path)["model_type"]
    return GgufFile(base.path).metadata["general.architecture"]


def _of_folder(folder: Path) -> Iterator[str]:
    """The first thing that is wrong, if any."""
    suffixes = {file.name: file.suffix for file in folder.iterdir()}
    if pickled := sorted(name for name, suffix in suffixes.items() if suffix in PICKLED):
        yield f"{pickled[0]} is pickled, and pickles can run code: only safetensors and GGUF are read"
    elif missing := [name for name in ("config.json", "tokenizer.json") if name not in suffixes]:
        yield f"the folder has no {missing[0]}"
    elif ".safetensors" not in suffixes.values():
        yield "the folder has no safetensors"
    elif "adapter_config.json" in suffixes:  # Loading it would follow the path of a base that it names.
        yield "the folder holds an adapter; a whole model is needed"
    elif (kind := (config := _config(folder)).get("model_type")) not in ARCHITECTURES:
        yield f"its type is {kind}; one of {', '.join(ARCHITECTURES)} is needed"
    elif "quantization_config" in config:
        yield "it is quantised already; floating-point weights or GGUF are needed"


def _of_gguf(path: Path) -> Iterator[str]:
    file = GgufFile(path)
    kind = file.metadata.get("general.architecture")
    if kind not in _GGUF_KINDS:
        yield f"its architecture is {kind}; one of {', '.join(sorted(_GGUF_KINDS))} is needed"
    elif file.metadata.get(f"{kind}.rope.scaling.type", "none") != "none" or "rope_freqs.weight" in file.tensors:
        yield "it scales its rotary embedding, which is only read from a folder of safetensors"


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if path.stat().st_size > _LARGEST_CONFIG_BYTES:
        raise NotReadable(f"{path.name} is larger than {_LARGEST_CONFIG_BYTES} bytes")
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
