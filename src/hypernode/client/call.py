"""One request to the API and how to read its answer, whatever sends it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Final, Generic, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from hypernode.client.errors import ApiError, api_error
from hypernode.client.files import Content
from hypernode.protocol.jobs import JobList
from hypernode.protocol.nodes import NodeList
from hypernode.protocol.wallets import EarningList, PayoutList, Statement

T = TypeVar("T")
Answer = TypeVar("Answer", bound=msgspec.Struct)
Part = TypeVar("Part", JobList, NodeList, EarningList, PayoutList, Statement)

TIMEOUT_S: Final = 30.0
STREAM_SILENCE_S: Final = 60.0
"""A stream that says nothing for this long, not even a keep-alive, is taken for dead."""
_USER_AGENT: Final = f"hypernode/{version('hypernode')}"
_REPEATABLE_METHODS: Final = frozenset({"GET", "DELETE"})


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and where the next part begins."""

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """What to ask, and how an answer becomes a value."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    params: Mapping[str, str | float | None] = field(default_factory=dict[str, str | float | None])
    body: msgspec.Struct | Content | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    idempotency_key: str | None = None
    personal: bool = False  #: Its owner, who proves to be that, is told more than others.
    streamed: bool = False  #: `read` gets a response whose body is still to come.

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice has the effect of sending it once."""
        content = isinstance(self.body, Content) and self.body.repeatable  # An artifact is named by what it holds.
        return self.method in _REPEATABLE_METHODS or self.idempotency_key is not None or content

    def after(self, cursor: str) -> "Call[T]":
        """The same list, from a cursor on."""
        return replace(self, params={**self.params, "cursor": cursor})

    def request(self, url: str, token: str | None) -> httpx.Request:
        """The HTTP request."""
        timeout = httpx.Timeout(TIMEOUT_S, read=STREAM_SILENCE_S if self.streamed else TIMEOUT_S)
        target = httpx.URL(url + self.path)
        headers = {
            "Host": target.netloc.decode(),
            "User-Agent": _USER_AGENT,
            "Accept": "text/event-stream, application/octet-stream" if self.streamed else "application/json",
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **({"Idempotency-Key": self.idempotency_key} if self.idempotency_key else {}),
            **self.headers,
        }
        content, stream = None, None
        if isinstance(self.body, Content):
            headers |= self.body.headers
            stream = self.body
        elif self.body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(self.body)
        return httpx.Request(
            self.method,
            target,
            params={name: value for name, value in self.params.items() if value is not None},
            headers=headers,
            content=content,
            stream=stream,
            extensions={"timeout": timeout.as_dict()},
        )

    def answer(self, response: httpx.Response) -> T:
        """The value in a response. Raises ApiError."""
        if response.is_error:
            raise api_error(response)
        return self.read(response)


def reads(kind: type[Answer], pick: Callable[[Answer], T]) -> Callable[[httpx.Response], T]:
    """Read an answer as the Struct that the protocol promises, and take from it what the caller asked for."""

    def read(response: httpx.Response) -> T:
        try:
            return pick(msgspec.json.decode(response.content, type=kind))
        except msgspec.DecodeError as error:
            raise ApiError(
                response.status_code,
                "unreadable_answer",
                f"{response.url} does not answer as this version of hypernode expects: {error}",
            ) from error

    return read


def lists(kind: type[Part], items: Callable[[Part], list[T]]) -> Callable[[httpx.Response], Page[T]]:
    """Read a part of a list."""
    return reads(kind, lambda answer: Page(items(answer), answer.next_cursor))


def segment(text: str) -> str:
    """An id as one segment of a path, whatever it holds."""
    return quote(text, safe="")


def whole(answer: T) -> T:
    """Take all of it."""
    return answer
