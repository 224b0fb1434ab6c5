"""Slots that follow the wall clock, also while the localnet is not running."""

import time
from hashlib import sha256
from typing import Final

from hypernode.chain.localnet.archive import Archive
from hypernode.chain.rpc import Commitment

FIRST_SLOT: Final = 435_888_000
"""Slot of height 0: where LiteSVM begins. No slot is skipped here: slot = FIRST_SLOT + height."""
MAX_BLOCKHASH_AGE: Final = 150
"""Blocks after which a blockhash is too old (Agave's MAX_PROCESSING_AGE)."""


class SlotClock:
    """Height = anchor + wall time since the anchor / slot_ms. Heights never go back; blockhashes follow from them."""

    def __init__(self, archive: Archive, genesis: bytes, slot_ms: int, finalize_slots: int) -> None:
        self._archive = archive
        self._genesis = genesis
        facts = {"anchor_ms": _now_ms(), "anchor_height": 0, "slot_ms": slot_ms, "finalize_slots": finalize_slots}
        facts |= {name: int(value) for name, value in archive.facts().items() if name in facts}
        self._anchor_ms, self._anchor_height = facts["anchor_ms"], facts["anchor_height"]
        self._highest = max(0, archive.newest_slot() - FIRST_SLOT)
        self.slot_ms = facts["slot_ms"]  # The past ran at the pace it ran at.
        height = self.height()
        self.slot_ms, self.finalize_slots = slot_ms, finalize_slots
        # What was final stays final, also where it now takes longer.
        self._move(height + max(0, finalize_slots - facts["finalize_slots"]))

    def _move(self, height: int) -> None:
        self._anchor_ms, self._anchor_height = _now_ms(), height
        self._archive.set_facts(
            anchor_ms=str(self._anchor_ms),
            anchor_height=str(height),
            slot_ms=str(self.slot_ms),
            finalize_slots=str(self.finalize_slots),
        )

    def warp(self, slots: int) -> None:
        """Skip ahead."""
        self._move(self.height() + slots)

    def height(self, commitment: Commitment = "processed") -> int:
        """The newest block's height at a commitment."""
        elapsed = (_now_ms() - self._anchor_ms) // self.slot_ms
        # A wall clock that is set back must not take blocks back.
        self._highest = max(self._highest, self._anchor_height + elapsed)
        match commitment:
            case "processed":
                return self._highest
            case "confirmed":
                return max(0, self._highest - min(1, self.finalize_slots))
            case "finalized":
                return max(0, self._highest - self.finalize_slots)

    def slot(self, commitment: Commitment = "processed") -> int:
        """The newest slot at a commitment."""
        return FIRST_SLOT + self.height(commitment)

    def commitment_of(self, slot: int) -> Commitment:
        """How sure a slot is by now."""
        if slot <= self.slot("finalized"):
            return "finalized"
        return "confirmed" if slot <= self.slot("confirmed") else "processed"

    def blockhash(self, height: int) -> bytes:
        """The hash of the block at a height. It follows from the genesis hash, so a restart need not store it."""
        return sha256(self._genesis + height.to_bytes(8)).digest()

    def height_of(self, blockhash: bytes) -> int | None:
        """The height of a recent blockhash; None where it is unknown or older than any commitment accepts."""
        oldest = self.height("finalized") - MAX_BLOCKHASH_AGE
        for height in range(self._highest, max(0, oldest) - 1, -1):
            if self.blockhash(height) == blockhash:
                return height
        return None

    def accepts(self, blockhash: bytes, commitment: Commitment = "processed") -> bool:
        """Whether a chain transaction with this blockhash could land in the newest block at a commitment."""
        height, newest = self.height_of(blockhash), self.height(commitment)
        return height is not None and newest - MAX_BLOCKHASH_AGE <= height <= newest


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
