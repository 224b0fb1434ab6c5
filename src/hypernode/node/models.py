"""Models that jobs name and that this machine fetches: a job's own artifact, or a file of a model hub.

Only formats that hold weights and no code are taken; which one, the executor says by the suffix.
"""

import hashlib
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from hypernode.domain.demand import ARTIFACT_MODEL, HUB_MODEL
from hypernode.node.cache import Bring, Cache
from hypernode.node.transfers import Transfers, persist
from hypernode.ports import ExecutionFailed

HUB_URL: Final = "HF_ENDPOINT"
HUB_TOKEN: Final = "HF_TOKEN"
DEFAULT_HUB: Final = "https://huggingface.co"
SILENCE_TIMEOUT_S: Final = 60.0
FROM_HUB: Final = "hub-"  #: Such files are named by the hash of their id, since a digest is known only afterwards.
MAX_MODEL_BYTES: Final = 512 << 30
MAGIC: Final[Mapping[str, bytes]] = {".gguf": b"GGUF"}
"""How files of a format begin. Safetensors and ONNX have no magic number: their executors look closer."""
_HUB_ID: Final = re.compile(
    r"(?P<repo>[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95})(@(?P<revision>[\w-][\w.-]{0,95}))?/(?P<file>[\w-][\w./-]{0,255})"
)


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on a model hub: `hf:OWNER/REPO[@REVISION]/FILE`."""

    repo: str
    revision: str
    file: str

    @classmethod
    def parse(cls, model: str) -> "HubFile":
        """Raises ExecutionFailed."""
        found = _HUB_ID.fullmatch(model.removeprefix(HUB_MODEL))
        if found is None or ".." in found["file"].split("/"):
            raise ExecutionFailed(f"{model} is not {HUB_MODEL}OWNER/REPO[@REVISION]/FILE", blames_input=True)
        return cls(found["repo"], found["revision"] or "main", found["file"])

    @property
    def path(self) -> str:
        """Where a hub serves it."""
        return f"/{self.repo}/resolve/{self.revision}/{self.file}"


class Models:
    """The fetched models, in one folder beside the provider's own."""

    def __init__(self, cache: Cache, transfers: Transfers, environment: Mapping[str, str]) -> None:
        self._cache = cache
        self._transfers = transfers
        self._hub = environment.get(HUB_URL, DEFAULT_HUB)
        self._token = environment.get(HUB_TOKEN, "")

    @asynccontextmanager
    async def hold(self, model: str, suffix: str) -> AsyncGenerator[str]:
        """The name under which a run finds the model; fetched if it is not here, it stays while the context lasts.

        Raises ExecutionFailed.
        """
        if model.startswith(ARTIFACT_MODEL):
            digest = model.removeprefix(ARTIFACT_MODEL)
            bring: Bring = partial(self._transfers.download, digest)
        elif model.startswith(HUB_MODEL):
            file = HubFile.parse(model)
            if not file.file.endswith(suffix):
                raise ExecutionFailed(f"{model} is no {suffix} file: no other format is taken", blames_input=True)
            digest = FROM_HUB + hashlib.sha256(model.encode()).hexdigest()
            bring = partial(self._download, file)
        else:
            yield model
            return
        async with self._cache.hold(f"{digest}{suffix}", partial(_checked, bring, model, suffix)):
            yield digest

    def warm(self, suffix: str) -> set[str]:
        """The artifact models of a format that are here, as jobs name them."""
        here = (name.removesuffix(suffix) for name in self._cache.names() if name.endswith(suffix))
        return {ARTIFACT_MODEL + name for name in here if not name.startswith(FROM_HUB)}

    async def _download(self, file: HubFile, path: Path) -> None:
        await persist(lambda: self._download_once(file, path))

    async def _download_once(self, file: HubFile, path: Path) -> None:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        digest, size = hashlib.sha256(), 0
        timeout = httpx.Timeout(SILENCE_TIMEOUT_S)
        async with (
            httpx.AsyncClient(base_url=self._hub, headers=headers, timeout=timeout, follow_redirects=True) as http,
            http.stream("GET", file.path) as answer,
        ):
            if answer.is_error:
                gone = answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
                raise ExecutionFailed(f"the model hub answered {answer.status_code} for {file.path}", blames_input=gone)
            # Large files are named by their SHA-256; the first answer says it, before it leads on to where they lie.
            first = answer.history[0] if answer.history else answer
            promised = first.headers.get("x-linked-etag", "").strip('"')
            with path.open("wb") as target:
                async for chunk in answer.aiter_bytes():
                    digest.update(chunk)
                    size += len(chunk)
                    if size > MAX_MODEL_BYTES:
                        raise ExecutionFailed(f"{file.path} is larger than {MAX_MODEL_BYTES} bytes", blames_input=True)
                    target.write(chunk)
        if len(promised) == hashlib.sha256().digest_size * 2 and digest.hexdigest() != promised:
            raise ExecutionFailed(f"{file.path} arrived damaged")


async def _checked(bring: Bring, model: str, suffix: str, path: Path) -> None:
    """Bring a file, and refuse one that is not what its suffix says: it never gets its name here."""
    await bring(path)
    magic = MAGIC.get(suffix, b"")
    with path.open("rb") as file:
        if file.read(len(magic)) != magic:
            raise ExecutionFailed(f"{model} is no {suffix.lstrip('.').upper()} file", blames_input=True)
