"""What answers chats: llama.cpp in this process, or a server on the provider's machine."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hypernode.executors.llm_inference.chat import Entry

if TYPE_CHECKING:
    from hypernode.executors.llm_inference.server import Server

Task = Literal["chat", "embed"]


@dataclass(frozen=True, slots=True)
class LoraAdapter:
    """A LoRA adapter in GGUF form, on this machine."""

    file: Path
    sha256: str
    scale: float


class Engine(Protocol):
    """Serves models in OpenAI's format."""

    @property
    def name(self) -> str:
        """With its version."""
        ...

    @property
    def takes_adapters(self) -> bool:
        """Whether a job may bring a LoRA adapter."""
        ...

    def models(self) -> list[str]:
        """The models that it can serve now; the first is the default. Raises OSError or ExecutionFailed."""
        ...

    def serve(self, model: str, task: Task, adapter: LoraAdapter | None) -> "AbstractContextManager[Server]":
        """A server with the model loaded, for as long as the context lasts. Raises ExecutionFailed."""
        ...

    def dialect(self, body: dict[str, Any]) -> dict[str, Any]:
        """A request in OpenAI's format with what this engine needs besides."""
        ...

    def check(self, server: "Server", body: dict[str, Any]) -> None:
        """Raises ExecutionFailed for a request that the model would answer without heeding all of it."""
        ...

    def token_ids(self, server: "Server", entries: Sequence[Entry], least: int, most: int) -> list[int]:
        """Ids of the tokens that made the text, as many as `least` to `most`; or none where they cannot be told."""
        ...

    def fingerprint(self, model: str, adapter: LoraAdapter | None) -> dict[str, str]:
        """What a run of this model depends on."""
        ...
