"""An OpenAI-compatible server on the provider's machine: vLLM, SGLang, Ollama, llama-server."""

from collections.abc import Callable
from typing import Any, Final

import httpx
import msgspec

from hypernode.executors.llm_inference.chat import Completion, Gathering
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.ports import ExecutionFailed

CONNECT_TIMEOUT_S: Final = 5.0
SILENCE_TIMEOUT_S: Final = 300.0
"""Longest wait for the next chunk; the first one waits for a model to load. The runner limits the whole job."""
_BLAME: Final = frozenset({400, 413, 422})
"""Status codes by which a server refuses the request itself."""
_LONGEST_ERROR: Final = 500


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class OpenAiServer:
    """One server; its models are whatever it lists."""

    def __init__(self, settings: LlmSettings) -> None:
        self.name = "openai-compatible server"
        self._client = httpx.Client(
            base_url=settings.openai_url.rstrip("/").removesuffix("/v1") + "/v1",
            headers={"Authorization": f"Bearer {settings.openai_key}"} if settings.openai_key else {},
            timeout=httpx.Timeout(SILENCE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )

    def models(self) -> list[str]:
        """What the server lists, in its order."""
        try:
            answer = self._client.get("/models", timeout=CONNECT_TIMEOUT_S).raise_for_status()
            return [model.id for model in msgspec.json.decode(answer.content, type=_Models).data]
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise RuntimeError(f"{self._client.base_url}models: {error}") from error

    def complete(self, body: dict[str, Any], on_text: Callable[[str], None]) -> Completion:
        """Ask the server, and gather what it streams."""
        gathering = Gathering(on_text)
        try:
            with self._client.stream("POST", "/chat/completions", json=body) as answer:
                if answer.is_error:
                    text = answer.read().decode(errors="replace")[:_LONGEST_ERROR]
                    raise ExecutionFailed(
                        f"the model server answered {answer.status_code}: {text}",
                        blames_input=answer.status_code in _BLAME,
                    )
                for line in answer.iter_lines():
                    event, _, data = line.partition(":")
                    if event == "data" and data.strip() != "[DONE]":
                        gathering.take(msgspec.json.decode(data))
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise ExecutionFailed(f"the model server failed: {error}") from error
        return gathering.completion()

    def fingerprint(self, model: str) -> dict[str, str]:
        """The server tells neither its version nor its device: such results are never compared bit for bit."""
        return {"engine": self.name, "model": model}
