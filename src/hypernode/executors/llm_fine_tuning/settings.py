"""What the provider can set for llm_fine_tuning, and the only place that reads it from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from hypernode.executors.llm_inference.settings import CACHE_DIR, MODELS_DIR

THREADS: Final = "HYPERNODE_FINE_TUNING_THREADS"

ENVIRONMENT: Final = (
    *(MODELS_DIR, CACHE_DIR, THREADS),
    # How torch finds its libraries and devices.
    *("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
)


@dataclass(frozen=True, slots=True)
class FineTuningSettings:
    """Where base models are, and how training runs."""

    models_dir: Path | None = None
    """Its `*.gguf` files, and its folders of config.json, safetensors and tokenizer.json, under lower-cased names."""
    cache_dir: Path | None = None  #: Keeps digests of model files between runs.
    threads: int = 1  #: Of torch on the CPU. Results are equal bit for bit only where it is equal.

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises ValueError where a number is none."""
        folders = {name: Path(environment[name]) for name in (MODELS_DIR, CACHE_DIR) if environment.get(name)}
        return cls(folders.get(MODELS_DIR), folders.get(CACHE_DIR), int(environment.get(THREADS) or 1))
