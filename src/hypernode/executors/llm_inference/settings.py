"""What the provider can set for llm_inference, and the only place that reads it from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import psutil

MODELS_DIR: Final = "HYPERNODE_MODELS_DIR"
CACHE_DIR: Final = "HYPERNODE_CACHE_DIR"
OPENAI_URL: Final = "HYPERNODE_OPENAI_URL"
OPENAI_KEY: Final = "HYPERNODE_OPENAI_KEY"
THREADS: Final = "HYPERNODE_LLM_THREADS"
CONTEXT: Final = "HYPERNODE_LLM_CONTEXT"
SLOTS: Final = "HYPERNODE_LLM_SLOTS"

ENVIRONMENT: Final = (
    *(MODELS_DIR, CACHE_DIR, OPENAI_URL, OPENAI_KEY, THREADS, CONTEXT, SLOTS),
    # How GPU builds of llama.cpp find their libraries and devices.
    *("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
)

DEFAULT_CONTEXT: Final = 4096
"""Tokens of prompt and answer together. A model's own maximum may need more memory than the model itself."""


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """Where models are and how they run."""

    models_dir: Path | None = None  #: Its `*.gguf` files are served under their lower-cased stems.
    cache_dir: Path | None = None  #: Keeps digests of model files between runs.
    openai_url: str = ""  #: An OpenAI-compatible server, as in http://127.0.0.1:8000/v1.
    openai_key: str = ""
    threads: int = 1
    context: int = DEFAULT_CONTEXT
    slots: int = 1  #: Jobs that one loaded model answers at once, each with a context of its own; it takes memory.
    openai_socket: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises ValueError where a number is none."""
        folders = {name: Path(environment[name]) for name in (MODELS_DIR, CACHE_DIR) if environment.get(name)}
        # One core stays free for the agent: llama.cpp's threads spin, and slow to a crawl when one of them must wait.
        spare_cores = max(1, (psutil.cpu_count(logical=False) or 2) - 1)
        return cls(
            models_dir=folders.get(MODELS_DIR),
            cache_dir=folders.get(CACHE_DIR),
            openai_url=environment.get(OPENAI_URL, ""),
            openai_key=environment.get(OPENAI_KEY, ""),
            threads=int(environment.get(THREADS) or spare_cores),
            context=int(environment.get(CONTEXT) or DEFAULT_CONTEXT),
            slots=int(environment.get(SLOTS) or 1),
            # A sandbox without a network puts a socket there: see `Executor.connects`.
            openai_socket=environment.get(f"{OPENAI_URL}_SOCKET", ""),
        )
