"""Routes of sign-in and API keys."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.params import Parameter

from hypernode.api.idempotency import Shown, once
from hypernode.api.jobs import Limit
from hypernode.api.services import Services
from hypernode.api.views import key_view, next_cursor, parse_cursor, parse_id
from hypernode.chain.keys import is_wallet_address
from hypernode.coordinator.access import Caller
from hypernode.domain.errors import BadField, InvalidRequest, WalletNeeded
from hypernode.protocol import limits
from hypernode.protocol.access import (
    AnswerChallenge,
    AskChallenge,
    Challenge,
    CreateKey,
    KeyCreated,
    KeyList,
    Session,
)
from hypernode.protocol.wire import Ok, iso
from hypernode.store import access

ClaimedWallet = Annotated[str | None, Parameter(query="walletAddress", max_length=64, description="Open mode only.")]


class SignIn(Controller):
    """Sign-In With Solana."""

    path = "/api/auth"
    tags = ["Access"]

    @post("/challenge", status_code=200)
    async def challenge(self, services: Services, data: AskChallenge) -> Challenge:
        """A text for a wallet to sign, good once and for five minutes."""
        if not is_wallet_address(data.wallet_address):
            raise InvalidRequest([BadField("walletAddress", "a Solana address")])
        message, nonce, expires_at = await services.access.challenge(data.wallet_address)
        return Challenge(message=message, nonce=nonce, expires_at=iso(expires_at))

    @post("/verify", status_code=200)
    async def verify(self, services: Services, data: AnswerChallenge) -> Session:
        """A session token for the signed text."""
        token, expires_at = await services.access.sign_in(data.wallet_address, data.message, data.signature)
        return Session(token=token, wallet_address=data.wallet_address, expires_at=iso(expires_at))


class Keys(Controller):
    """API keys for programs and agents."""

    path = "/api/keys"
    tags = ["Access"]

    @post("/", status_code=201)
    async def create(
        self, request: Request[Any, Any, Any], services: Services, caller: Caller, data: CreateKey
    ) -> Response[KeyCreated]:
        """A new key; its secret is shown once."""
        wallet = caller.acting_for(data.wallet_address, "keys")
        if caller.key_id is not None:  # Else a key could make one without its limits.
            raise WalletNeeded

        async def make(key_id: Any) -> tuple[int, KeyCreated]:
            row, token = await services.access.create_key(key_id, wallet, data)
            return 201, KeyCreated(message="API key created successfully", key=key_view(row), token=token)

        secret = Shown("token", services.access.key_token)
        return await once(request, services.database, wallet, make, secret=secret)

    @get("/")
    async def index(
        self,
        services: Services,
        caller: Caller,
        wallet: ClaimedWallet = None,
        limit: Limit = limits.DEFAULT_LIST_LIMIT,
        cursor: str | None = None,
    ) -> KeyList:
        """A wallet's keys, newest first, without their secrets."""
        owner = caller.acting_for(wallet, "keys")
        rows = await access.keys(services.database, owner, parse_cursor(cursor), limit)
        views = [key_view(row) for row in rows]
        return KeyList(count=len(views), keys=views, next_cursor=next_cursor(rows, limit, "key_id"))

    @delete("/{key_id:str}", status_code=200)
    async def revoke(self, services: Services, caller: Caller, key_id: str, wallet: ClaimedWallet = None) -> Ok:
        """End a key at once."""
        await services.access.revoke_key(parse_id(key_id, "API key"), caller.acting_for(wallet, "keys"))
        return Ok(message="API key revoked successfully")
