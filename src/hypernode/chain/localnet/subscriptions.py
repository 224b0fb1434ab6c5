"""WebSocket subscriptions: what a client waits for, told once its commitment is reached."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from hypernode.chain.localnet.archive import Landed
from hypernode.chain.localnet.dispatch import call_on
from hypernode.chain.localnet.methods import Node, show_account
from hypernode.chain.localnet.params import INVALID_PARAMS, Params, Refusal, pubkey, signature

MAX_SUBSCRIPTIONS: Final = 1_000
MAX_QUEUED: Final = 10_000
"""Notifications that wait for a slow client; a slower one is cut off."""
_IDS: Final = count(1)


class TooSlow(Exception):
    """The client does not read its notifications."""


@dataclass(slots=True)
class Subscription:
    """One wish of one client. `seen` is the ordinal up to which it has been told."""

    kind: str
    params: Params
    seen: int = 0


class Connection:
    """One WebSocket's subscriptions. It polls the archive by ordinal, so nothing is missed and nothing piles up."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._plain = call_on(node)
        self._subscriptions: dict[int, Subscription] = {}
        self._slot = node.ledger.clock.slot()
        self.outbox: asyncio.Queue[Any] = asyncio.Queue(MAX_QUEUED)

    def call(self, method: str, params: Params) -> Any:
        """A method over the WebSocket: (un)subscribe, or any that HTTP has."""
        if method.endswith("Unsubscribe"):
            if self._subscriptions.pop(params.natural(0), None) is None:
                raise Refusal(INVALID_PARAMS, "Invalid subscription id.")
            return True
        if method.endswith("Subscribe"):
            return self._subscribe(method.removesuffix("Subscribe"), params)
        return self._plain(method, params)

    def _subscribe(self, kind: str, params: Params) -> int:
        match kind:
            case "signature":
                signature(params.text(0))
            case "account":
                params.address(0)
            case "logs":
                _mentioned(params)
            case "slot":
                pass
            case _:
                raise Refusal(INVALID_PARAMS, f"no such subscription: {kind}")
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise Refusal(INVALID_PARAMS, f"at most {MAX_SUBSCRIPTIONS} subscriptions a connection")
        seen = self._node.ledger.archive.newest_ordinal(self._node.ledger.clock.slot(params.commitment()))
        number = next(_IDS)
        self._subscriptions[number] = Subscription(kind, params, seen)
        return number

    def poll(self) -> None:
        """Queue what has become due. Raises TooSlow."""
        clock = self._node.ledger.clock
        slot = clock.slot()
        for number, subscription in list(self._subscriptions.items()):
            match subscription.kind:
                case "signature":
                    self._poll_signature(number, subscription.params)
                case "slot" if slot != self._slot:
                    about = {"parent": slot - 1, "root": clock.slot("finalized"), "slot": slot}
                    self._notify("slot", number, about)
                case "account" | "logs":
                    self._poll_landed(number, subscription)
                case _:
                    pass
        self._slot = slot

    def _poll_signature(self, number: int, params: Params) -> None:
        landed = self._node.ledger.archive.find(params.text(0))
        if landed is not None and landed.slot <= self._node.ledger.clock.slot(params.commitment()):
            # A signature is told once; the subscription ends by itself.
            del self._subscriptions[number]
            self._notify("signature", number, _at(landed, {"err": landed.err}))

    def _poll_landed(self, number: int, subscription: Subscription) -> None:
        commitment = subscription.params.commitment()
        slot = self._node.ledger.clock.slot(commitment)
        for landed in self._node.ledger.archive.since(subscription.seen, slot):
            subscription.seen = landed.ordinal
            named = _named(landed)
            if subscription.kind == "logs":
                wanted = _mentioned(subscription.params)
                if wanted is None or str(wanted) in named:
                    logs = {"signature": landed.signature, "err": landed.err, "logs": landed.meta["logMessages"]}
                    self._notify("logs", number, _at(landed, logs))
            elif (address := subscription.params.text(0)) in named:
                shown = show_account(self._node, pubkey(address), subscription.params, commitment)
                self._notify("account", number, _at(landed, shown))

    def _notify(self, kind: str, number: int, result: Any) -> None:
        params = {"result": result, "subscription": number}
        try:
            self.outbox.put_nowait({"jsonrpc": "2.0", "method": f"{kind}Notification", "params": params})
        except asyncio.QueueFull as error:
            raise TooSlow from error


def _at(landed: Landed, value: Any) -> dict[str, Any]:
    return {"context": {"slot": landed.slot}, "value": value}


def _named(landed: Landed) -> set[str]:
    loaded: Mapping[str, list[str]] = landed.meta["loadedAddresses"]
    static = VersionedTransaction.from_bytes(landed.wire).message.account_keys
    return {*map(str, static), *loaded["writable"], *loaded["readonly"]}


def _mentioned(params: Params) -> Pubkey | None:
    """The one address that a logs subscription asks for; None for all."""
    given = params.values[0] if params.values else None
    if given in ("all", "allWithVotes"):
        return None
    mentions: list[Any] = Params([given]).option("mentions", [])
    if len(mentions) == 1:
        return pubkey(mentions[0])
    raise Refusal(INVALID_PARAMS, "Invalid Request: Only 1 address supported")
