"""Every route of the API as a typed method, written once for both clients."""

from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import httpx

from hypernode.client.call import Call, reads, segment, whole
from hypernode.client.files import Content
from hypernode.client.jobs import JobRoutes
from hypernode.client.nodes import NodeRoutes
from hypernode.client.routes import route
from hypernode.client.wallets import WalletRoutes
from hypernode.protocol.access import ApiKey, CreateKey, KeyCreated, KeyList
from hypernode.protocol.artifacts import ArtifactStored
from hypernode.protocol.metrics import Health, Overview, OverviewAnswer, Validation, ValidationAnswer
from hypernode.protocol.wire import HyperIn, Ok


class Network(JobRoutes, NodeRoutes, WalletRoutes):
    """The API's routes. A `Client` returns their answers, an `AsyncClient` awaitables of them."""

    @route
    def health(self) -> Call[Health]:
        """Whether the coordinator can do its work. Raises ApiError (503) where it cannot."""
        return Call("GET", "/health", reads(Health, whole))

    @route
    def metrics(self) -> Call[Overview]:
        """The network's figures and its recent activity."""
        return Call("GET", "/api/metrics", reads(OverviewAnswer, lambda answer: answer.metrics))

    @route
    def validation(self, limit: int = 50) -> Call[Validation]:
        """What anyone can check on the chain."""
        read = reads(ValidationAnswer, lambda answer: answer.validation)
        return Call("GET", "/api/metrics/validation", read, params={"limit": limit})

    @route
    def upload(self, source: Path | bytes | BinaryIO, *, name: str = "") -> Call[ArtifactStored]:
        """Store a file for this wallet's jobs. A stream that cannot seek is sent once and never repeated."""
        return Call(
            "POST",
            "/api/artifacts",
            reads(ArtifactStored, whole),
            params={"walletAddress": self.address_if_any},
            headers={"X-Artifact-Name": quote(name or (source.name if isinstance(source, Path) else ""))},
            body=Content(source),
        )

    @route
    def create_key(
        self,
        name: str = "",
        *,
        scopes: list[str] | None = None,
        expires_in: int | None = None,
        spending_limit: HyperIn | None = None,
    ) -> Call[KeyCreated]:
        """Make an API key; its token is shown this once. `expires_in` is seconds."""
        body = CreateKey(
            wallet_address=self.address_if_any, name=name, expires_in=expires_in, spending_limit=spending_limit
        )
        if scopes is not None:
            body.scopes = scopes
        return Call("POST", "/api/keys", reads(KeyCreated, whole), body=body)

    @route
    def keys(self) -> Call[list[ApiKey]]:
        """This wallet's API keys, newest first."""
        params = {"walletAddress": self.address_if_any}
        return Call("GET", "/api/keys", reads(KeyList, lambda answer: answer.keys), params=params)

    @route
    def revoke_key(self, key_id: str) -> Call[str]:
        """Make an API key worthless."""
        params = {"walletAddress": self.address_if_any}
        return Call("DELETE", f"/api/keys/{segment(key_id)}", reads(Ok, lambda answer: answer.message), params=params)


def artifact_stream(sha256: str) -> Call[httpx.Response]:
    """An artifact's bytes."""
    return Call("GET", f"/api/artifacts/{segment(sha256)}", whole, streamed=True)
