"""Routes of artifacts: files by the digest of their content, for the parties to a job alone."""

import re
from typing import Annotated, Any, Final
from urllib.parse import unquote
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from litestar.response import Stream

from hypernode.api.idempotency import once
from hypernode.api.services import Services
from hypernode.coordinator.access import Caller
from hypernode.domain.errors import NotAuthenticated, NotFound
from hypernode.protocol import limits
from hypernode.protocol.artifacts import ArtifactRef, ArtifactStored
from hypernode.store import artifacts

Claimed = Annotated[str | None, Parameter(query="walletAddress", max_length=64, description="Open mode only.")]

_DIGEST: Final = re.compile("[0-9a-f]{64}")


class Artifacts(Controller):
    """Files that jobs take and make."""

    path = "/api/artifacts"
    tags = ["Artifacts"]

    @post("/", status_code=201, request_max_body_size=None)
    async def upload(
        self,
        request: Request[Any, Any, Any],
        services: Services,
        caller: Caller,
        wallet: Claimed = None,
        name: Annotated[str, Parameter(header="X-Artifact-Name", max_length=limits.MAX_FILE_NAME)] = "",
    ) -> Response[ArtifactStored]:
        """Store the body; the answer names it by its SHA-256."""
        reader = caller.node.wallet if caller.node else caller.acting_for(wallet, "jobs")
        stored = await services.blobs.put(request.stream(), limits.MAX_ARTIFACT_BYTES)

        async def make(_: UUID) -> tuple[int, ArtifactStored]:
            await artifacts.insert(services.database, stored.sha256, stored.size, reader)
            return 201, ArtifactStored(ArtifactRef(stored.sha256, stored.size, unquote(name)))

        return await once(request, services.database, reader, make, body_hash=bytes.fromhex(stored.sha256))

    @get(
        "/{sha256:str}",
        responses={200: ResponseSpec(None, description="The content.", media_type="application/octet-stream")},
    )
    async def download(self, services: Services, caller: Caller, sha256: str) -> Stream:
        """The content, for whoever uploaded it, and for the customer and the node of a job that it belongs to."""
        if not _DIGEST.fullmatch(sha256):
            raise NotFound("Artifact")
        await _check_reader(services, caller, sha256)
        size = await artifacts.size(services.database, sha256)
        if size is None:
            raise NotFound("Artifact")
        headers = {"Content-Length": str(size), "ETag": f'"{sha256}"', "X-Content-Type-Options": "nosniff"}
        return Stream(await services.blobs.get(sha256), media_type="application/octet-stream", headers=headers)


async def _check_reader(services: Services, caller: Caller, sha256: str) -> None:
    """Raises NotFound for a stranger, as for a file that does not exist: a digest must not tell that it does."""
    if caller.node is not None:
        allowed = await artifacts.readable_by_node(services.database, sha256, caller.node.node_id)
        allowed = allowed or bool(await artifacts.readable(services.database, caller.node.wallet, [sha256]))
    elif caller.wallet is not None:
        caller.require("jobs")
        allowed = bool(await artifacts.readable(services.database, caller.wallet, [sha256]))
    elif caller.believes:
        allowed = True  # Open mode: everyone on this machine is its owner.
    else:
        raise NotAuthenticated
    if not allowed:
        raise NotFound("Artifact")
