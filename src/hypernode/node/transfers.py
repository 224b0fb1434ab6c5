"""Artifacts between this node and its coordinator: streamed, checked by digest, tried again."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from hypernode.node.outputs import OutputFile
from hypernode.ports import ExecutionFailed
from hypernode.protocol.artifacts import ArtifactRef, ArtifactStored
from hypernode.protocol.limits import MAX_ARTIFACT_BYTES

ATTEMPTS: Final = 6
LONGEST_WAIT_S: Final = 10.0
SILENCE_TIMEOUT_S: Final = 60.0
_CHUNK_BYTES: Final = 1 << 20


class _Transient(Exception):
    """Worth another attempt."""


Result = TypeVar("Result")


async def persist(transfer: Callable[[], Awaitable[Result]]) -> Result:
    """Try a transfer until it works; raises ExecutionFailed when it fails for good."""
    attempts = AsyncRetrying(
        retry=retry_if_exception_type((_Transient, httpx.TransportError)),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(max=LONGEST_WAIT_S),
        reraise=True,
    )
    try:
        async for attempt in attempts:
            with attempt:
                return await transfer()
        raise AssertionError("unreachable: the last attempt returned or raised")
    except (_Transient, httpx.TransportError) as error:
        raise ExecutionFailed(f"transfer failed {ATTEMPTS} times: {type(error).__name__} {error}") from error


class Transfers:
    """Moves the files of jobs. Every method raises ExecutionFailed when it gives up."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def download(self, sha256: str, path: Path) -> None:
        """Bring an artifact to a path."""
        await persist(lambda: self._download(sha256, path))

    async def upload(self, job_id: str, file: OutputFile) -> ArtifactRef:
        """Store a file of a job's result."""
        return await persist(lambda: self._upload(job_id, file))

    async def _download(self, sha256: str, path: Path) -> None:
        digest, size = hashlib.sha256(), 0
        async with self._http.stream("GET", f"/api/artifacts/{sha256}", timeout=SILENCE_TIMEOUT_S) as answer:
            await _check(answer, f"artifact {sha256}")
            with path.open("wb") as file:
                async for chunk in answer.aiter_bytes(_CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    if size > MAX_ARTIFACT_BYTES:
                        raise ExecutionFailed(f"artifact {sha256} is larger than {MAX_ARTIFACT_BYTES} bytes")
                    file.write(chunk)
        if digest.hexdigest() != sha256:
            raise _Transient(f"artifact {sha256} arrived damaged")

    async def _upload(self, job_id: str, file: OutputFile) -> ArtifactRef:
        # Percent-encoded: a header holds ASCII.
        headers = {"X-Artifact-Name": quote(file.name), "X-Job-Id": job_id, "Content-Length": str(file.size)}
        answer = await self._http.post(
            "/api/artifacts", content=_chunks(file.path), headers=headers, timeout=SILENCE_TIMEOUT_S
        )
        await _check(answer, f"output {file.name}")
        stored = msgspec.json.decode(answer.content, type=ArtifactStored).artifact
        if stored.sha256 != file.sha256:
            raise _Transient(f"output {file.name} arrived damaged")
        return ArtifactRef(stored.sha256, stored.size, file.name)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


async def _check(answer: httpx.Response, what: str) -> None:
    if not answer.is_error:
        return
    text = f"{what}: {answer.status_code} {(await answer.aread()).decode(errors='replace')[:500]}"
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise _Transient(text)
    # An artifact that is not there is not there for any node.
    raise ExecutionFailed(text, blames_input=answer.status_code == HTTPStatus.NOT_FOUND)
