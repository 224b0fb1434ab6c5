"""llama.cpp inside this process, by xllamacpp, on GGUF files."""

import contextlib
import platform
import secrets
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hypernode.executors.llm_inference.chat import Entry
from hypernode.executors.llm_inference.engine import LoraAdapter, Task
from hypernode.executors.llm_inference.loaded import Loaded
from hypernode.executors.llm_inference.models import digest, find_models, is_brought
from hypernode.executors.llm_inference.prefill import Scorer
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.executors.llm_inference.tokens import aligned, pieces
from hypernode.ports import ExecutionFailed

if TYPE_CHECKING:
    from hypernode.executors.llm_inference.server import Server

MAGIC: Final = b"GGUF"
TOP_K: Final = 40
MIN_P: Final = 0.05
"""llama.cpp's own defaults, said explicitly: a check draws the tokens again."""
CPU_BATCH: Final = 64
GPU_BATCH: Final = 512
"""Tokens of prompts that are evaluated at once. The end of a job, and the next tokens of others, wait for as many; on a
CPU that is about a second, and more at once are hardly quicker."""
START_TIMEOUT_S: Final = 60.0
"""From the end of loading to the first answer; a busy machine takes a second."""


class LlamaCpp:
    """Keeps the model loaded for the next job; as many jobs as there are slots share it, batched together.

    llama.cpp's HTTP server runs within this process, on a loopback port whose key nobody else knows. A job that ends
    early closes its connection. That frees its slot at the next token; while its prompt is read only within a second,
    or, where other jobs are being answered meanwhile, once the prompt was read.

    Raises ImportError where xllamacpp is not installed.
    """

    def __init__(self, settings: LlmSettings) -> None:
        self.takes_adapters = True
        self._llama: Any = import_module("xllamacpp")
        self._settings = settings
        self._loaded: Loaded[Any] = Loaded()
        self._key = secrets.token_hex()
        cpu = self._llama.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU
        self.on_cpu = all(device["type"] == cpu for device in self._llama.get_device_info())
        self._batch = CPU_BATCH if self.on_cpu else GPU_BATCH
        self.name = f"llama.cpp (xllamacpp {self._llama.__version__})"

    def models(self) -> list[str]:
        """All GGUF files on this machine."""
        return list(find_models(self._settings.models_dir))

    def file(self, model: str) -> Path:
        """Where a model is. Raises KeyError."""
        return find_models(self._settings.models_dir)[model]

    @contextlib.contextmanager
    def serve(self, model: str, task: Task, adapter: LoraAdapter | None) -> "Iterator[Server]":
        """The model in memory, with an adapter for as long as it is used."""
        file = self.file(model)
        _check_magic(file, f"{model} is no GGUF file", blames_input=is_brought(model))
        variant: str = task
        if adapter:
            _check_magic(adapter.file, "the adapter is no GGUF file", blames_input=True)
            variant = f"{task} {adapter.sha256} {adapter.scale}"
        with self._loaded.use(
            file, variant, lambda: self._load(model, file, task, adapter), keep=not adapter
        ) as native:
            yield self._at(native)

    def _load(self, model: str, file: Path, task: Task, adapter: LoraAdapter | None) -> Any:
        params = self._params(model, file, task)
        if adapter:
            params.lora_adapters = [self._llama.CommonAdapterLoraInfo(str(adapter.file), adapter.scale)]
        try:
            native = self._started(params)
            if task == "embed" and "error" in native.handle_embeddings({"input": "a"}):
                # A model for chats says nothing of how to make one vector of many.
                params.pooling_type = self._llama.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
                native = self._started(params)
            return native
        except RuntimeError as error:
            if adapter:
                self._load(model, file, task, None)
                raise ExecutionFailed(f"the adapter does not fit {model}", blames_input=True) from error
            raise ExecutionFailed(f"{model} cannot be loaded: {error}") from error

    def _started(self, params: Any) -> Any:
        native = self._llama.Server(params)
        # One that is dropped before its loop runs never ends: wait for a first answer of that loop.
        self._at(native).get("/slots", patience_s=START_TIMEOUT_S)
        return native

    def _at(self, native: Any) -> "Server":
        # httpx would add a tenth of a second to the start of a coordinator.
        from hypernode.executors.llm_inference.server import Server

        return Server(native.listening_address, self._key)

    def _params(self, model: str, file: Path, task: Task) -> Any:
        params = self._llama.CommonParams()
        params.model.path = str(file)
        params.model_alias = {model}
        params.n_parallel = self._settings.slots
        params.n_ctx = self._settings.context * self._settings.slots
        params.warmup = False
        params.verbosity = -1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._settings.threads
        # The thoughts of a reasoning model stay in the text, so that every token paid for can be seen.
        params.reasoning_format = self._llama.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
        params.api_keys = [self._key]
        params.ui = False
        params.cache_ram_mib = 0  # Prompts of other customers are not kept.
        params.embedding = task == "embed"
        # A text is embedded in one piece.
        params.n_batch = params.n_ubatch = self._settings.context if params.embedding else self._batch
        return params

    def dialect(self, body: dict[str, Any]) -> dict[str, Any]:
        """With the ids of tokens, and samplers that a check can draw from again."""
        body = body | {
            "logprobs": True,
            "top_logprobs": body.get("top_logprobs", 1),
            "samplers": ["top_k", "top_p", "min_p", "temperature"],
            "top_k": TOP_K,
            "min_p": MIN_P,
            # Evaluated anew, a prompt gives the same numbers whatever ran before it.
            "cache_prompt": False,
        }
        if answer := body.pop("response_format", None):
            # llama.cpp's own way has the model write a fence around the JSON, which is paid for and then cut off.
            body["grammar"] = self._llama.json_schema_to_grammar(answer["json_schema"]["schema"])
        if "tools" in body:
            # Of a streamed answer it does not tell the tokens that make up a call.
            del body["stream_options"]
            body["stream"] = False
        return body

    def check(self, server: "Server", body: dict[str, Any]) -> None:
        """Refuses tools that the model's chat template would leave out."""
        if not any("tools" in body or "tool_calls" in message for message in body["messages"]):
            return
        if not server.get("/props").get("chat_template_caps", {}).get("supports_tools"):
            raise ExecutionFailed(
                f"{body['model']} knows no tools: its chat template leaves them out", blames_input=True
            )

    def token_ids(self, server: "Server", entries: Sequence[Entry], least: int, most: int) -> list[int]:
        """Asks the tokenizer where llama.cpp put several tokens into one entry."""
        seen = [entry for entry in entries if entry.bytes]  # The mark of the end has none.
        if least <= len(seen) == most:
            return [entry.id for entry in seen if entry.id is not None]
        text = bytes(byte for entry in seen for byte in entry.bytes or []).decode(errors="replace")
        ids = aligned(seen, pieces(server, text))
        return ids if least <= len(ids) <= most else []

    def scorer(self, model: str, adapter: LoraAdapter | None, tokens: int) -> Scorer:
        """The model for a check by prefill. Raises CannotScore."""
        if not self.on_cpu:
            self._loaded.drop()  # Only a CPU shares the weights between two that loaded them.
        brought = (adapter.file, adapter.scale) if adapter else None
        return Scorer(
            self._llama.xllamacpp.__file__,
            self.file(model),
            threads=self._settings.threads,
            batch=self._batch,
            tokens=tokens,
            adapter=brought,
        )

    def fingerprint(self, model: str, adapter: LoraAdapter | None) -> dict[str, str]:
        """Engine, instruction set, devices, slots, context, and the digests of model and adapter."""
        # As in `CPU : AVX2 = 1 | FMA = 1 | LLAMAFILE = 1 | `.
        flags = [flag.split("=")[0].split(":")[-1].strip() for flag in self._llama.get_system_info().split("|")]
        return {
            "engine": self.name,
            "isa": " ".join([platform.machine(), *filter(None, flags)]),
            "devices": ", ".join(device["description"] for device in self._llama.get_device_info()),
            # Jobs that are batched together round otherwise than one alone.
            "slots": str(self._settings.slots),
            "context": str(self._settings.context),
            "model": digest(self.file(model), self._settings.cache_dir),
        } | ({"adapter": f"{adapter.sha256} {adapter.scale:g}"} if adapter else {})


def _check_magic(file: Path, complaint: str, *, blames_input: bool) -> None:
    """Pickles and other formats that can run code never get further."""
    with file.open("rb") as opened:
        if opened.read(len(MAGIC)) != MAGIC:
            raise ExecutionFailed(complaint, blames_input=blames_input)
