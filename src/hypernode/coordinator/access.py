"""Who is calling: sign-in by wallet, session tokens, API keys, node tokens."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from hypernode.chain import base58, signin
from hypernode.chain.keys import is_wallet_address
from hypernode.chain.signin import Expected, SignInMessage, SignInRefused
from hypernode.coordinator.demands import amount
from hypernode.coordinator.ids import Secrets, new_secret, secret_hash
from hypernode.coordinator.registry import KnownNode, Registry
from hypernode.domain.errors import (
    BadField,
    InvalidRequest,
    MissingScope,
    NotAuthenticated,
    NotFound,
    NotOperator,
    Unauthorized,
)
from hypernode.protocol.access import CreateKey
from hypernode.store import access
from hypernode.store.database import Database, Row

SESSION_PREFIX: Final = "hns"
KEY_PREFIX: Final = "hnk"
CHALLENGE_TTL: Final = timedelta(minutes=5)
SESSION_TTL: Final = timedelta(hours=12)
OPERATOR: Final = "operator"
STATEMENT: Final = "Sign in to Hypernode. This moves no money."
_CACHE_FOR: Final = timedelta(seconds=5)
"""How long a revoked key may still work at a coordinator that has just seen it."""
_MAX_CACHED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from, as far as it was proved."""

    wallet: str | None = None
    scopes: frozenset[str] | None = None  #: None: all that the wallet itself may do.
    key_id: UUID | None = None
    node: KnownNode | None = None
    believes: bool = False  #: Open mode: who the body says it is, it is.

    def acting_for(self, claimed: str | None, scope: str) -> str:
        """The wallet that the caller acts for. Raises InvalidRequest, NotAuthenticated, Unauthorized, MissingScope."""
        if self.wallet is None:
            if self.believes and claimed is not None:
                if not is_wallet_address(claimed):
                    raise InvalidRequest([BadField("walletAddress", "a Solana address: base58 of 32 bytes")])
                return claimed
            raise NotAuthenticated("walletAddress is missing" if self.believes else NotAuthenticated.reason)
        if claimed is not None and claimed != self.wallet:
            raise Unauthorized
        self.require(scope)
        return self.wallet

    def require(self, scope: str) -> None:
        """Raises MissingScope if the API key does not allow this."""
        if self.scopes is not None and scope not in self.scopes:
            raise MissingScope(scope)

    def is_party(self, wallet: str, node_id: UUID | None) -> bool:
        """Whether a job's private parts are the caller's: its customer's or its node's."""
        if self.believes and self.wallet is None and self.node is None:
            return True
        return self.wallet == wallet or (self.node is not None and self.node.node_id == node_id)


class Access:
    """Sign-in and keys."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        secrets: Secrets,
        domain: str,
        uri: str,
        chain_id: str,
        operators: frozenset[str] | None,
    ) -> None:
        """`operators` are the wallets that may have operator keys; None: all (open mode)."""
        self._database = database
        self._registry = registry
        self._secrets = secrets
        self._domain = domain
        self._uri = uri
        self._chain_id = chain_id
        self._operators = operators
        self._cache: dict[bytes, tuple[datetime, Caller]] = {}

    async def challenge(self, wallet: str) -> tuple[str, str, datetime]:
        """A text for the wallet to sign: (text, nonce, when it expires)."""
        now = datetime.now(UTC)
        nonce, expires_at = secrets.token_hex(16), now + CHALLENGE_TTL
        message = signin.text(
            SignInMessage(
                domain=self._domain,
                address=wallet,
                statement=STATEMENT,
                uri=self._uri,
                version="1",
                chain_id=self._chain_id,
                nonce=nonce,
                issued_at=_seconds(now),
                expiration_time=_seconds(expires_at),
            )
        )
        await access.insert_challenge(self._database, nonce, wallet, message, expires_at)
        return message, nonce, expires_at

    async def sign_in(self, wallet: str, message: str, signature: str) -> tuple[str, datetime]:
        """A session (token, when it expires) for a signed challenge, once. Raises NotAuthenticated."""
        now = datetime.now(UTC)
        signed = message.encode()
        try:
            nonce = signin.parse(signed).nonce
            asked = await access.take_challenge(self._database, nonce)
            if asked is None:
                raise SignInRefused("the challenge is unknown or was used before")
            if asked["expires_at"] <= now:  # Whatever the signed text says: its signer wrote that.
                raise SignInRefused("the challenge has expired")
            expected = Expected(wallet, self._domain, nonce, self._chain_id, self._uri)
            signin.verify_sign_in(signed, _signature(signature), expected, now)
        except SignInRefused as error:
            raise NotAuthenticated(f"Sign-in refused: {error.reason}") from None
        token, expires_at = new_secret(SESSION_PREFIX), now + SESSION_TTL
        await access.insert_session(self._database, secret_hash(token), wallet, expires_at)
        return token, expires_at

    def recent_caller(self, token: str) -> Caller | None:
        """Whose token it is, if that was asked a moment ago; a node's is remembered."""
        digest = secret_hash(token)
        if node := self._registry.recall_by(digest):
            return Caller(node=node)
        cached = self._cache.get(digest)
        return cached[1] if cached is not None and cached[0] > datetime.now(UTC) else None

    async def caller(self, token: str) -> Caller:
        """Whose token it is. Raises NotAuthenticated."""
        if recent := self.recent_caller(token):
            return recent
        if node := await self._registry.by_token(token):
            return Caller(node=node)
        digest, now = secret_hash(token), datetime.now(UTC)
        found, expires_at = await self._look_up(digest)
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        good_until = now + _CACHE_FOR
        self._cache[digest] = (min(good_until, expires_at or good_until), found)
        return found

    def key_token(self, key_id: UUID) -> str:
        """An API key's secret."""
        return self._secrets.token(KEY_PREFIX, key_id)

    async def create_key(self, key_id: UUID, wallet: str, given: CreateKey) -> tuple[Row, str]:
        """An API key and its secret. Raises NotOperator, InvalidRequest."""
        if OPERATOR in given.scopes and self._operators is not None and wallet not in self._operators:
            raise NotOperator
        token = self.key_token(key_id)
        limit = None if given.spending_limit is None else amount(given.spending_limit, "spendingLimit")
        expires_at = None if given.expires_in is None else datetime.now(UTC) + timedelta(seconds=given.expires_in)
        scopes = sorted(set(given.scopes))
        row = await access.insert_key(
            self._database, key_id, wallet, given.name, secret_hash(token), scopes, limit, expires_at
        )
        return row, token

    async def revoke_key(self, key_id: UUID, wallet: str) -> Row:
        """End a key of a wallet. Raises NotFound, Unauthorized."""
        owner = await access.key_owner(self._database, key_id)
        if owner is not None and owner != wallet:
            raise Unauthorized
        row = await access.revoke_key(self._database, key_id)
        if row is None:
            raise NotFound("API key")
        self._cache.clear()
        return row

    async def _look_up(self, digest: bytes) -> tuple[Caller, datetime | None]:
        """Whose session or key it is, and when it ends. Raises NotAuthenticated."""
        if row := await access.session(self._database, digest):
            return Caller(wallet=row["wallet"]), row["expires_at"]
        if row := await access.key(self._database, digest):
            caller = Caller(wallet=row["wallet"], scopes=frozenset(row["scopes"]), key_id=row["key_id"])
            return caller, row["expires_at"]
        raise NotAuthenticated("The token is unknown, expired or revoked")


def _signature(text: str) -> bytes:
    try:
        return base58.decode(text)
    except ValueError:
        pass
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SignInRefused("the signature is neither base58 nor base64") from None


def _seconds(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
