"""A thin, typed client for Solana's JSON-RPC over HTTP."""

from collections.abc import Sequence
from typing import Any, Final, Literal, cast

import httpx
import msgspec

Commitment = Literal["processed", "confirmed", "finalized"]
"""How sure a node is: seen, voted by two thirds, never to be undone."""

TIMEOUT_S: Final = 15.0
MAX_STATUSES: Final = 256
"""Signatures that one getSignatureStatuses takes."""
MAX_ACCOUNTS: Final = 100
"""Accounts that one getMultipleAccounts takes."""
MAX_SIGNATURES: Final = 1_000
"""Signatures that one getSignaturesForAddress returns."""
PREFLIGHT_FAILURE: Final = -32002
_TOO_BUSY: Final = 429
_BODIES_OF_ERRORS: Final = frozenset({400, 403, 404, 413})


class RpcError(Exception):
    """A request to an RPC node brought no result."""


class RpcUnavailable(RpcError):
    """No answer to be had: transport, time-out, overload. Whether the node acted on the request is unknown."""

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(f"{method}: {reason}")
        self.method = method
        self.reason = reason


class RpcRefused(RpcError):
    """The node answered with an error object."""

    def __init__(self, method: str, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message
        self.data = data

    @property
    def transaction_error(self) -> Any:
        """The runtime's error where a preflight failed, as in `"BlockhashNotFound"`; None elsewhere."""
        return cast("dict[str, Any]", self.data).get("err") if isinstance(self.data, dict) else None

    @property
    def already_processed(self) -> bool:
        """Whether the chain transaction was refused because it has landed before: sending it again did no harm."""
        # Some nodes only say it in words.
        return self.transaction_error == "AlreadyProcessed" or "already been processed" in self.message


class Blockhash(msgspec.Struct, frozen=True, rename="camel"):
    """A recent blockhash and the last block height at which a chain transaction that names it can land."""

    blockhash: str
    last_valid_block_height: int


class Head(msgspec.Struct, frozen=True, rename="camel"):
    """The newest block at some commitment."""

    absolute_slot: int
    block_height: int


class AccountInfo(msgspec.Struct, frozen=True):
    """An account as the chain stores it."""

    lamports: int
    owner: str
    data: bytes
    executable: bool


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """What a node knows of a chain transaction that landed. `err` is None where it did what it says."""

    slot: int
    err: Any
    confirmation_status: Commitment | None = None


class Statuses(msgspec.Struct, frozen=True):
    """Answers in the order asked, None for what the node has not seen, and the slot at which it looked."""

    slot: int
    values: list[Status | None]


class SignatureInfo(msgspec.Struct, frozen=True):
    """One chain transaction in an address's history."""

    signature: str
    slot: int
    err: Any


class WireTransaction(msgspec.Struct, frozen=True):
    """A landed chain transaction, as the bytes that were signed. `block_time_s` is Unix time."""

    raw: bytes
    slot: int
    err: Any
    block_time_s: int | None


class Rpc:
    """One node's JSON-RPC. All methods raise RpcUnavailable or RpcRefused. Addresses and signatures are base58 text."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url
        self._http = httpx.AsyncClient(timeout=timeout_s, headers={"content-type": "application/json"})
        self._requests = 0

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, method: str, *params: Any) -> Any:
        """The `result` of any method."""
        self._requests += 1
        body = {"jsonrpc": "2.0", "id": self._requests, "method": method, "params": params}
        try:
            response = await self._http.post(self.url, content=msgspec.json.encode(body))
        except httpx.HTTPError as error:
            raise RpcUnavailable(method, f"{type(error).__name__} {error}".strip()) from error
        if response.status_code == _TOO_BUSY or not (response.is_success or response.status_code in _BODIES_OF_ERRORS):
            raise RpcUnavailable(method, f"HTTP {response.status_code}")
        try:
            answer = msgspec.json.decode(response.content, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise RpcUnavailable(method, f"HTTP {response.status_code} without JSON") from error
        refusal = answer.get("error")
        if isinstance(refusal, str):
            raise RpcUnavailable(method, refusal)  # A gateway before the node, not the node.
        if refusal is not None:
            raise RpcRefused(method, refusal["code"], refusal["message"], refusal.get("data"))
        if "result" not in answer:
            raise RpcUnavailable(method, f"HTTP {response.status_code} without a result")
        return answer["result"]

    async def genesis_hash(self) -> str:
        """The hash that names the cluster: mainnet, devnet, one localnet."""
        return await self.call("getGenesisHash")

    async def is_healthy(self) -> bool:
        """Whether the node says that it keeps up with its cluster."""
        try:
            return await self.call("getHealth") == "ok"
        except RpcRefused:
            return False

    async def slot(self, commitment: Commitment = "finalized") -> int:
        """The newest slot."""
        return await self.call("getSlot", {"commitment": commitment})

    async def block_height(self, commitment: Commitment = "finalized") -> int:
        """The newest block's height: slots that made no block do not count."""
        return await self.call("getBlockHeight", {"commitment": commitment})

    async def head(self, commitment: Commitment = "finalized") -> Head:
        """Slot and height of one and the same block."""
        return msgspec.convert(await self.call("getEpochInfo", {"commitment": commitment}), Head)

    async def latest_blockhash(self, commitment: Commitment = "confirmed") -> Blockhash:
        """A blockhash to sign with."""
        answer = await self.call("getLatestBlockhash", {"commitment": commitment})
        return msgspec.convert(answer["value"], Blockhash)

    async def balance(self, address: str, commitment: Commitment = "confirmed") -> int:
        """Lamports; 0 for an address without account."""
        return (await self.call("getBalance", address, {"commitment": commitment}))["value"]

    async def account(self, address: str, commitment: Commitment = "confirmed") -> AccountInfo | None:
        """The account at an address."""
        return (await self.accounts([address], commitment))[0]

    async def accounts(
        self, addresses: Sequence[str], commitment: Commitment = "confirmed"
    ) -> list[AccountInfo | None]:
        """The accounts at up to MAX_ACCOUNTS addresses, in their order."""
        answer = await self.call("getMultipleAccounts", addresses, {"commitment": commitment, "encoding": "base64"})
        return [
            AccountInfo(given["lamports"], given["owner"], _base64(given["data"][0]), given["executable"])
            if given
            else None
            for given in answer["value"]
        ]

    async def token_balance(self, token_account: str, commitment: Commitment = "confirmed") -> int:
        """Base units in a token account. Raises RpcRefused where there is none."""
        answer = await self.call("getTokenAccountBalance", token_account, {"commitment": commitment})
        return int(answer["value"]["amount"])

    async def send(self, raw: bytes, *, skip_preflight: bool = False) -> str:
        """Hand over a signed chain transaction; returns its signature. That is no promise that it lands."""
        options = {"encoding": "base64", "skipPreflight": skip_preflight, "preflightCommitment": "confirmed"}
        return await self.call("sendTransaction", msgspec.to_builtins(raw), options)

    async def signature_statuses(self, signatures: Sequence[str], *, search_history: bool = False) -> Statuses:
        """What became of up to MAX_STATUSES chain transactions. Without the history: of recent ones only."""
        answer = await self.call("getSignatureStatuses", signatures, {"searchTransactionHistory": search_history})
        values = msgspec.convert(answer["value"], list[Status | None])
        return Statuses(answer["context"]["slot"], values)

    async def signatures_for(
        self,
        address: str,
        *,
        before: str | None = None,
        until: str | None = None,
        limit: int = MAX_SIGNATURES,
        commitment: Commitment = "finalized",
    ) -> list[SignatureInfo]:
        """The chain transactions that name an address, newest first."""
        options: dict[str, Any] = {"limit": limit, "commitment": commitment}
        options |= {name: value for name, value in (("before", before), ("until", until)) if value is not None}
        return msgspec.convert(await self.call("getSignaturesForAddress", address, options), list[SignatureInfo])

    async def transaction(self, signature: str, commitment: Commitment = "finalized") -> dict[str, Any] | None:
        """A landed chain transaction in the `json` encoding of getTransaction; None where there is none yet."""
        options = {"encoding": "json", "commitment": commitment, "maxSupportedTransactionVersion": 0}
        return await self.call("getTransaction", signature, options)

    async def wire_transaction(self, signature: str, commitment: Commitment = "finalized") -> WireTransaction | None:
        """A landed chain transaction as the bytes that were signed; None where there is none yet."""
        options = {"encoding": "base64", "commitment": commitment, "maxSupportedTransactionVersion": 0}
        answer = await self.call("getTransaction", signature, options)
        if answer is None:
            return None
        raw, meta = _base64(answer["transaction"][0]), answer["meta"]
        return WireTransaction(raw, answer["slot"], meta["err"], answer.get("blockTime"))

    async def airdrop(self, address: str, lamports: int) -> str:
        """Ask a test network's faucet for lamports; returns the signature to wait for."""
        return await self.call("requestAirdrop", address, lamports)

    async def min_rent(self, data_bytes: int) -> int:
        """Lamports that an account of this size must hold."""
        return await self.call("getMinimumBalanceForRentExemption", data_bytes)


def _base64(text: str) -> bytes:
    return msgspec.convert(text, bytes)
