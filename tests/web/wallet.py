"""A wallet for a browser under test: it keeps a real key, signs what a real wallet would, and refuses the rest."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import BrowserContext
from solders.keypair import Keypair
from solders.message import from_bytes_versioned, to_bytes_versioned
from solders.transaction import SanitizeError, VersionedTransaction

from hypernode.chain import signin
from hypernode.chain.keys import address_of

NAME = "Test Wallet"
ICON = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="
STANDARD = ("standard:connect", "standard:disconnect", "standard:events")
SOLANA = ("solana:signIn", "solana:signMessage", "solana:signTransaction", "solana:signAndSendTransaction")
LARGEST_TRANSACTION = 1232
REJECTED, INVALID = 4001, -32602
"""What wallets answer: the person said no; the page asked for something that cannot be signed."""
BINDING = "hypernodeTestWallet"


class Refused(Exception):
    """The wallet does not do it."""

    def __init__(self, message: str, code: int = INVALID) -> None:
        super().__init__(message)
        self.code = code


class Wallet:
    """One account. `approves` is what its owner answers; `asked` is what pages have asked it for, in order."""

    def __init__(
        self,
        keypair: Keypair,
        rpc_url: str,
        chains: Sequence[str] = ("solana:localnet",),
        features: Sequence[str] = (*STANDARD, *SOLANA),
        name: str = NAME,
    ) -> None:
        self.keypair = keypair
        self.rpc_url = rpc_url
        self.chains = list(chains)
        self.features = list(features)
        self.name = name
        self.address = address_of(keypair)
        self.approves = True
        self.asked: list[str] = []
        self._trusted: set[str] = set()

    def install(self, context: BrowserContext) -> "Wallet":
        """Be in every page of a browser context from its start on, as an extension would."""
        given = {
            "name": self.name,
            "icon": ICON,
            "chains": self.chains,
            "publicKey": list(bytes(self.keypair.pubkey())),
            "address": self.address,
            "features": self.features,
        }
        script = Path(__file__).with_name("wallet.js").read_text()
        context.expose_binding(BINDING, self._answer)
        context.add_init_script(script.replace("/* GIVEN */ null", json.dumps(given)))
        return self

    def _answer(self, source: dict[str, Any], method: str, given: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(method)
        address = urlsplit(source["frame"].url)
        try:
            return {"result": self._do(method, given, f"{address.scheme}://{address.netloc}")}
        except Refused as refused:
            return {"error": {"message": str(refused), "code": refused.code}}

    def _do(self, method: str, given: dict[str, Any], origin: str) -> Any:
        match method:
            case "connect":
                return self._connect(origin, silent=given["silent"])
            case "disconnect":
                return self._trusted.discard(origin)
            case "signIn":
                return self._sign_in(given, origin)
            case "signMessage":
                self._check_account(given, origin)
                return self._sign_message(given["message"])
            case "signTransaction":
                self._check_account(given, origin)
                return list(bytes(self._sign_transaction(given)))
            case "signAndSendTransaction":
                self._check_account(given, origin)
                return self._send(self._sign_transaction(given), given.get("options") or {})
            case _:
                raise Refused(f"this wallet has no {method}")

    def _connect(self, origin: str, *, silent: bool) -> bool:
        if origin not in self._trusted and silent:
            return False
        if origin not in self._trusted:
            self._ask_owner()
        self._trusted.add(origin)
        return True

    def _ask_owner(self) -> None:
        if not self.approves:
            raise Refused("User rejected the request.", REJECTED)

    def _check_account(self, given: dict[str, Any], origin: str) -> None:
        if origin not in self._trusted:
            raise Refused("this page is not connected to the wallet", 4100)
        if not given["isOurs"]:
            raise Refused("the account is none of this wallet's")

    def _sign_in(self, given: dict[str, Any], origin: str) -> dict[str, list[int]]:
        host = urlsplit(origin).netloc
        if given.get("domain", host) != host:
            raise Refused(f"{host} may not ask for a sign-in to {given['domain']}")
        if given.get("address", self.address) != self.address:
            raise Refused("the account is none of this wallet's")
        uri = given.get("uri", "")
        if uri and urlsplit(uri).netloc != host:
            raise Refused(f"{host} may not ask for a sign-in to {uri}")
        self._ask_owner()
        message = signin.SignInMessage(
            domain=host,
            address=self.address,
            statement=given.get("statement", ""),
            uri=uri,
            version=given.get("version", ""),
            chain_id=given.get("chainId", ""),
            nonce=given.get("nonce", ""),
            issued_at=given.get("issuedAt", ""),
            expiration_time=given.get("expirationTime", ""),
            not_before=given.get("notBefore", ""),
            request_id=given.get("requestId", ""),
            resources=tuple(given.get("resources", ())),
        )
        self._trusted.add(origin)
        return self._signed(signin.text(message).encode())

    def _sign_message(self, message: list[int] | None) -> dict[str, list[int]]:
        if not message:
            raise Refused("a message is bytes")
        if _is_transaction(bytes(message)):
            raise Refused("what is to be signed as a message is a chain transaction")
        self._ask_owner()
        return self._signed(bytes(message))

    def _signed(self, message: bytes) -> dict[str, list[int]]:
        return {"signedMessage": list(message), "signature": list(bytes(self.keypair.sign_message(message)))}

    def _sign_transaction(self, given: dict[str, Any]) -> VersionedTransaction:
        chain = given.get("chain")
        if chain is not None and chain not in self.chains:
            raise Refused(f"this wallet is on {', '.join(self.chains)}, not on {chain}")
        transaction = _parse(given["transaction"])
        message = transaction.message
        signers = list(message.account_keys[: message.header.num_required_signatures])
        if self.keypair.pubkey() not in signers:
            raise Refused("the chain transaction does not ask for this account's signature")
        self._ask_owner()
        signatures = list(transaction.signatures)
        signatures[signers.index(self.keypair.pubkey())] = self.keypair.sign_message(to_bytes_versioned(message))
        return VersionedTransaction.populate(message, signatures)

    def _send(self, transaction: VersionedTransaction, options: dict[str, Any]) -> list[int]:
        wire = base64.b64encode(bytes(transaction)).decode()
        preflight = options.get("preflightCommitment", "confirmed")
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "sendTransaction",
            "params": [wire, {"encoding": "base64", "preflightCommitment": preflight}],
        }
        answer = httpx.post(self.rpc_url, json=body).json()
        if "error" in answer:
            raise Refused(answer["error"]["message"], -32003)
        return list(bytes(transaction.signatures[0]))


def _parse(wire: list[int] | None) -> VersionedTransaction:
    if not wire or len(wire) > LARGEST_TRANSACTION:
        raise Refused(f"a chain transaction is at most {LARGEST_TRANSACTION} bytes")
    try:
        transaction = VersionedTransaction.from_bytes(bytes(wire))
        transaction.sanitize()
    except (ValueError, SanitizeError) as error:
        raise Refused(f"this is no chain transaction: {error}") from error
    if bytes(transaction) != bytes(wire):
        raise Refused("this is no chain transaction: bytes are left over")
    return transaction


def _is_transaction(message: bytes) -> bool:
    """Whether bytes say something to the chain: a signature of them would be one of a transaction."""
    try:
        return to_bytes_versioned(from_bytes_versioned(message)) == message
    except ValueError:
        return False
