"""An OpenAI-compatible server on the provider's machine: vLLM, SGLang, Ollama, llama-server."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hypernode.executors.llm_inference.chat import Entry
from hypernode.executors.llm_inference.engine import LoraAdapter, Task
from hypernode.executors.llm_inference.server import Server
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.ports import ExecutionFailed


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class OpenAiServer:
    """One server; its models are whatever it lists."""

    def __init__(self, settings: LlmSettings) -> None:
        self.name = "openai-compatible server"
        self.takes_adapters = False
        url = settings.openai_url.rstrip("/").removesuffix("/v1")
        self._server = Server(url, settings.openai_key, settings.openai_socket)

    def models(self) -> list[str]:
        """What the server lists, in its order."""
        try:
            return [model.id for model in msgspec.convert(self._server.get("/v1/models"), _Models).data]
        except (ExecutionFailed, msgspec.ValidationError) as error:
            raise ExecutionFailed(f"{self._server.url}/v1/models: {error}") from error

    @contextlib.contextmanager
    def serve(self, model: str, task: Task, adapter: LoraAdapter | None) -> Iterator[Server]:
        """It is there already. An adapter is refused."""
        if adapter:
            raise ExecutionFailed(f"{self.name} takes no adapter from a job")
        yield self._server

    def dialect(self, body: dict[str, Any]) -> dict[str, Any]:
        """Nothing but what OpenAI's format knows: some servers refuse the rest."""
        return body

    def check(self, server: Server, body: dict[str, Any]) -> None:
        """The server itself refuses what it cannot do."""

    def token_ids(self, server: Server, entries: Sequence[Entry], least: int, most: int) -> list[int]:
        """OpenAI's format tells no ids."""
        return []

    def fingerprint(self, model: str, adapter: LoraAdapter | None) -> dict[str, str]:
        """The server tells neither its version nor its device: such results are never compared bit for bit."""
        return {"engine": self.name, "model": model}
