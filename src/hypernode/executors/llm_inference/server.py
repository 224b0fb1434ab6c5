"""A model server that is reached over HTTP, on this machine: calls that can be broken off at any moment."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx
import msgspec

from hypernode.executors.llm_inference.chat import failure
from hypernode.ports import ExecutionFailed

CONNECT_TIMEOUT_S: Final = 5.0
SILENCE_TIMEOUT_S: Final = 300.0
"""Longest wait for the next chunk; the first one waits for a model to load. The job's own limit may end it before."""
BEAT_S: Final = 0.5
"""While a server is silent, the caller is asked this often whether to go on."""
_BLAME: Final = frozenset({400, 413, 422})
"""Status codes by which a server refuses the request itself."""
_LONGEST_ERROR: Final = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is. Closing the connection, as every exception does, ends what it does for us."""

    url: str  #: Without `/v1`.
    key: str = ""  #: Sent as a bearer token.
    socket: str = ""  #: A unix socket that leads there, where the process has no network.

    def stream(self, path: str, body: dict[str, Any], take: Callable[[Any], None], beat: Callable[[], None]) -> None:
        """Post, and hand over each event of the answer. What `take` or `beat` raises ends the call at once.

        `beat` is called twice a second. Raises ExecutionFailed where the server fails or refuses.
        """
        _watched(self._stream(path, body, take), beat)

    def post(self, path: str, body: dict[str, Any], beat: Callable[[], None] = lambda: None) -> Any:
        """Post, and return the decoded answer. Raises as `stream` does."""
        return _watched(self._request("POST", path, body, SILENCE_TIMEOUT_S), beat)

    def get(self, path: str, patience_s: float = CONNECT_TIMEOUT_S) -> Any:
        """Get what is there at once. Raises ExecutionFailed."""
        return _watched(self._request("GET", path, None, patience_s), lambda: None)

    async def _stream(self, path: str, body: dict[str, Any], take: Callable[[Any], None]) -> None:
        with _named_failures():
            async with self._client() as client, client.stream("POST", path, json=body) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _refusal(answer)
                async for line in answer.aiter_lines():
                    event, _, data = line.partition(":")
                    if event == "data" and data.strip() != "[DONE]":
                        take(msgspec.json.decode(data))

    async def _request(self, method: str, path: str, body: dict[str, Any] | None, patience_s: float) -> Any:
        with _named_failures():
            async with self._client() as client:
                answer = await client.request(method, path, json=body, timeout=patience_s)
                if answer.is_error:
                    raise _refusal(answer)
                return msgspec.json.decode(answer.content)

    def _client(self) -> httpx.AsyncClient:
        # Reading the certificates of authorities takes longer than a call: only where there is one to check.
        verify = self.url.startswith("https:")
        # One connection a call: llama.cpp's server closes those that it streamed on.
        headers = {"Connection": "close"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        return httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            timeout=httpx.Timeout(SILENCE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            transport=httpx.AsyncHTTPTransport(verify=verify, uds=self.socket or None, trust_env=False),
        )


def _watched(work: Coroutine[Any, Any, T], beat: Callable[[], None]) -> T:
    async def watch() -> T:
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=BEAT_S))[0]:
                beat()
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return asyncio.run(watch())


@contextlib.contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise ExecutionFailed(f"the model server failed: {error or type(error).__name__}") from error


def _refusal(answer: httpx.Response) -> ExecutionFailed:
    told = answer.text
    with contextlib.suppress(msgspec.DecodeError):
        error = msgspec.json.decode(answer.content)
        if isinstance(error, dict) and "error" in error:
            told = str(failure(error["error"]))
    return ExecutionFailed(
        f"the model server answered {answer.status_code}: {told[:_LONGEST_ERROR]}",
        blames_input=answer.status_code in _BLAME,
    )
