"""llama.cpp inside this process, by xllamacpp, on GGUF files."""

import platform
import secrets
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from hypernode.executors.llm_inference.chat import Completion, Gathering
from hypernode.executors.llm_inference.models import digest, find_models
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.ports import ExecutionFailed

MAGIC: Final = b"GGUF"


class LlamaCpp:
    """Loads the model anew for each job; between jobs it stays in the page cache.

    Raises ImportError where xllamacpp is not installed.
    """

    def __init__(self, settings: LlmSettings) -> None:
        self._llama: Any = import_module("xllamacpp")
        self._settings = settings
        self._files = find_models(settings.models_dir)
        self.name = f"llama.cpp (xllamacpp {self._llama.__version__})"

    def models(self) -> list[str]:
        """All GGUF files on this machine."""
        return list(self._files)

    def complete(self, body: dict[str, Any], on_text: Callable[[str], None]) -> Completion:
        """Load the model and answer."""
        gathering = Gathering(on_text)
        with self._files[body["model"]].open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:  # Pickles and other formats that can run code never get further.
                raise ExecutionFailed(f"{body['model']} is no GGUF file", blames_input=True)
        try:
            server = self._llama.Server(self._params(body["model"]))
        except RuntimeError as error:
            raise ExecutionFailed(f"{body['model']} cannot be loaded: {error}") from error
        server.handle_chat_completions(body, gathering.take)
        return gathering.completion()

    def _params(self, model: str) -> Any:
        params = self._llama.CommonParams()
        params.model.path = str(self._files[model])
        params.model_alias = {model}
        params.n_ctx = self._settings.context
        params.n_parallel = 1
        params.warmup = False
        params.verbosity = -1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._settings.threads
        # The thoughts of a reasoning model stay in the text, so that every token paid for can be seen.
        params.reasoning_format = self._llama.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
        # xllamacpp always listens on a loopback port too: nobody knows the key.
        params.api_keys = [secrets.token_hex()]
        params.ui = False
        return params

    def fingerprint(self, model: str) -> dict[str, str]:
        """Engine, instruction set, devices and the model's digest."""
        # As in `CPU : AVX2 = 1 | FMA = 1 | LLAMAFILE = 1 | `.
        flags = [flag.split("=")[0].split(":")[-1].strip() for flag in self._llama.get_system_info().split("|")]
        return {
            "engine": self.name,
            "isa": " ".join([platform.machine(), *filter(None, flags)]),
            "devices": ", ".join(device["description"] for device in self._llama.get_device_info()),
            "model": digest(self._files[model], self._settings.cache_dir),
        }
