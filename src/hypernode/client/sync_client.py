"""The SDK for programs that block."""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Self, TypeVar, Unpack

import httpx

from hypernode.chain.keys import Keypair
from hypernode.client.async_client import AsyncClient
from hypernode.client.call import Call, Page
from hypernode.client.conversation import DEFAULT_URL, Send
from hypernode.client.errors import Unreachable
from hypernode.client.events import EventFeed, completed, is_over
from hypernode.client.files import receiving
from hypernode.client.funds import blocking
from hypernode.client.jobs import JobOptions, event_stream
from hypernode.client.network import Network, artifact_stream
from hypernode.protocol.jobs import Event, Job
from hypernode.protocol.wire import HyperIn

T = TypeVar("T")


class Client(Network):
    """A Hypernode network. Use it as a context manager, or close it."""

    def __init__(
        self, url: str = DEFAULT_URL, *, token: str | None = None, wallet: Keypair | str | None = None
    ) -> None:
        """`token` is a session's or an API key. A keypair signs in when the network asks; an address only names one."""
        super().__init__(url, token=token, wallet=wallet)
        self._http = httpx.Client(verify=self.encrypted)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call[T], /) -> T:
        """A call's answer. Raises ApiError or Unreachable."""
        talk = self.converse(call)
        try:
            step = next(talk)
            while True:
                try:
                    response = self._exchange(step)
                except httpx.TransportError as lost:
                    step = talk.throw(Unreachable(self.url, lost))
                else:
                    step = talk.send(response)
        except StopIteration as end:
            return end.value

    def pages(self, call: Call[Page[T]], /) -> Iterator[T]:
        """A whole list, page by page."""
        page = self.send(call)
        yield from page.items
        while page.next_cursor is not None:
            page = self.send(call.after(page.next_cursor))
            yield from page.items

    def watch(self, job_id: str, after: int = 0) -> Iterator[Event]:
        """A job's events as they happen, across lost connections, until it is completed, failed or cancelled."""
        feed = EventFeed(after)
        while True:
            try:
                with closing(self.send(event_stream(job_id, feed.seq))) as response:
                    for chunk in response.iter_raw():
                        for event in feed.feed(chunk):
                            yield event
                            if feed.over:
                                return
            except httpx.TransportError:
                pass  # Go on where it broke off.
            if not feed.reconnect() and is_over(self.job(job_id).status):
                return
            time.sleep(feed.pause_s)

    def wait(self, job_id: str) -> Job:
        """The job, once it has a result. Raises JobFailed."""
        for _ in self.watch(job_id):
            pass
        return completed(self.job(job_id))

    def run(
        self, job_type: str, *, on_event: Callable[[Event], object] | None = None, **options: Unpack[JobOptions]
    ) -> Job:
        """Submit a job, follow it and return it with its result. Raises JobFailed."""
        job = self.submit_job(job_type, **options)
        for event in self.watch(job.job_id):
            if on_event:
                on_event(event)
        return completed(self.job(job.job_id))

    def download(self, sha256: str, path: Path) -> None:
        """Write an artifact to a file, checked. Raises WrongContent."""
        with closing(self.send(artifact_stream(sha256))) as response, receiving(sha256, path) as write:
            try:
                for chunk in response.iter_bytes():
                    write(chunk)
            except httpx.TransportError as lost:
                raise Unreachable(self.url, lost) from lost

    def deposit(self, amount: HyperIn, *, rpc_url: str | None = None) -> str:
        """Send HYPER from the wallet to its balance here; the chain transaction, once it is credited.

        Raises DepositFailed. Only a localnet needs no `rpc_url`.
        """
        return blocking(self._asynchronously(lambda client: client.deposit(amount, rpc_url=rpc_url)))

    def airdrop(self, *, hyper: HyperIn = 100, sol: float = 1) -> None:
        """Play money for the wallet on the chain, from a localnet's faucet."""
        blocking(self._asynchronously(lambda client: client.airdrop(hyper=hyper, sol=sol)))

    async def _asynchronously(self, work: Callable[[AsyncClient], Awaitable[T]]) -> T:
        async with AsyncClient(self.url, token=self._token, wallet=self.keypair or self.address_if_any) as client:
            return await work(client)

    def _exchange(self, step: Send) -> httpx.Response:
        time.sleep(step.after_s)
        response = self._http.send(step.request, stream=True)
        if response.is_error or not step.streamed:
            with closing(response):
                response.read()
        return response
