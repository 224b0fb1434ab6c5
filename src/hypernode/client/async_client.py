"""The SDK for asyncio programs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Final, Self, TypeVar, Unpack

import httpx

from hypernode.chain.keys import Keypair
from hypernode.client import funds
from hypernode.client.call import Call, Page
from hypernode.client.conversation import DEFAULT_URL, Send
from hypernode.client.errors import Unreachable
from hypernode.client.events import EventFeed, completed, is_over
from hypernode.client.files import receiving
from hypernode.client.jobs import JobOptions, event_stream
from hypernode.client.network import Network, artifact_stream
from hypernode.domain.money import parse
from hypernode.protocol.jobs import Event, Job
from hypernode.protocol.wire import HyperIn

T = TypeVar("T")

LAMPORTS_PER_SOL: Final = 1_000_000_000


class AsyncClient(Network):
    """A Hypernode network. Use it as an asynchronous context manager, or close it."""

    def __init__(
        self, url: str = DEFAULT_URL, *, token: str | None = None, wallet: Keypair | str | None = None
    ) -> None:
        """`token` is a session's or an API key. A keypair signs in when the network asks; an address only names one."""
        super().__init__(url, token=token, wallet=wallet)
        self._http = httpx.AsyncClient(verify=self.encrypted)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, call: Call[T], /) -> T:
        """A call's answer. Raises ApiError or Unreachable."""
        talk = self.converse(call)
        try:
            step = next(talk)
            while True:
                try:
                    response = await self._exchange(step)
                except httpx.TransportError as lost:
                    step = talk.throw(Unreachable(self.url, lost))
                else:
                    step = talk.send(response)
        except StopIteration as end:
            return end.value

    async def pages(self, call: Call[Page[T]], /) -> AsyncIterator[T]:
        """A whole list, page by page."""
        page = await self.send(call)
        while True:
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            page = await self.send(call.after(page.next_cursor))

    async def watch(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """A job's events as they happen, across lost connections, until it is completed, failed or cancelled."""
        feed = EventFeed(after)
        while True:
            try:
                async with aclosing(await self.send(event_stream(job_id, feed.seq))) as response:
                    async for chunk in response.aiter_raw():
                        for event in feed.feed(chunk):
                            yield event
                            if feed.over:
                                return
            except httpx.TransportError:
                pass  # Go on where it broke off.
            if not feed.reconnect() and is_over((await self.job(job_id)).status):
                return
            await asyncio.sleep(feed.pause_s)

    async def wait(self, job_id: str) -> Job:
        """The job, once it has a result. Raises JobFailed."""
        async for _ in self.watch(job_id):
            pass
        return completed(await self.job(job_id))

    async def run(
        self, job_type: str, *, on_event: Callable[[Event], object] | None = None, **options: Unpack[JobOptions]
    ) -> Job:
        """Submit a job, follow it and return it with its result. Raises JobFailed."""
        job = await self.submit_job(job_type, **options)
        async for event in self.watch(job.job_id):
            if on_event:
                on_event(event)
        return completed(await self.job(job.job_id))

    async def download(self, sha256: str, path: Path) -> None:
        """Write an artifact to a file, checked. Raises WrongContent."""
        async with aclosing(await self.send(artifact_stream(sha256))) as response:
            with receiving(sha256, path) as write:
                try:
                    async for chunk in response.aiter_bytes():
                        await asyncio.to_thread(write, chunk)
                except httpx.TransportError as lost:
                    raise Unreachable(self.url, lost) from lost

    async def deposit(self, amount: HyperIn, *, rpc_url: str | None = None) -> str:
        """Send HYPER from the wallet to its balance here; the chain transaction, once it is credited.

        Raises DepositFailed. Only a localnet needs no `rpc_url`.
        """
        vault = (await self.wallet()).vault
        signature = await funds.transfer(vault, self.signer, parse(amount), funds.rpc_url_of(vault, rpc_url))
        try:
            async with asyncio.timeout(funds.CREDIT_PATIENCE_S):
                while not [each async for each in self.statement() if signature in each.reference]:
                    await asyncio.sleep(funds.POLL_S)
        except TimeoutError as error:
            sentence = f"{signature} is final on the chain, but the network has not credited it yet: look again later"
            raise funds.DepositFailed(sentence) from error
        return signature

    async def airdrop(self, *, hyper: HyperIn = 100, sol: float = 1) -> None:
        """Play money for the wallet on the chain, from a localnet's faucet."""
        rpc_url = funds.rpc_url_of((await self.wallet()).vault, None)
        lamports = round(sol * LAMPORTS_PER_SOL)
        await funds.airdrop(rpc_url, self.address, lamports=lamports, base_units=parse(hyper))

    async def _exchange(self, step: Send) -> httpx.Response:
        await asyncio.sleep(step.after_s)
        response = await self._http.send(step.request, stream=True)
        if response.is_error or not step.streamed:
            async with aclosing(response):
                await response.aread()
        return response
