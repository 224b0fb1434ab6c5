"""How a method that builds a call becomes a method that makes it, in both clients."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from hypernode.client.call import Call, Page

P = ParamSpec("P")
T = TypeVar("T")


class Sends(Protocol):
    """A client that blocks."""

    def send(self, call: Call[T], /) -> T:
        """The call's answer."""
        ...

    def pages(self, call: Call[Page[T]], /) -> Iterator[T]:
        """A whole list, page by page."""
        ...


class SendsAsync(Protocol):
    """A client for asyncio."""

    async def send(self, call: Call[T], /) -> T:
        """The call's answer."""
        ...

    def pages(self, call: Call[Page[T]], /) -> AsyncIterator[T]:
        """A whole list, page by page."""
        ...


class route(Generic[P, T]):
    """Makes the call that the decorated method builds: `T` in a `Client`, awaitable `T` in an `AsyncClient`."""

    def __init__(self, build: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: SendsAsync, owner: type) -> Callable[P, Awaitable[T]]: ...
    @overload
    def __get__(self, client: Sends, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: None, owner: type) -> "route[P, T]": ...
    def __get__(self, client: Any, owner: type) -> Any:
        """The method, bound to a client."""
        if client is None:
            return self

        @functools.wraps(self._build)
        def method(*args: P.args, **given: P.kwargs) -> Any:
            return client.send(self._build(client, *args, **given))

        return method


class listing(Generic[P, T]):
    """Iterates over the list whose first page the decorated method asks for; in an `AsyncClient`, with `async for`."""

    def __init__(self, build: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: SendsAsync, owner: type) -> Callable[P, AsyncIterator[T]]: ...
    @overload
    def __get__(self, client: Sends, owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, client: None, owner: type) -> "listing[P, T]": ...
    def __get__(self, client: Any, owner: type) -> Any:
        """The method, bound to a client."""
        if client is None:
            return self

        @functools.wraps(self._build)
        def method(*args: P.args, **given: P.kwargs) -> Any:
            return client.pages(self._build(client, *args, **given))

        return method
