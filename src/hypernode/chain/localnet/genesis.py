"""A localnet's first start: a faucet that owns all SOL, and a HYPER mint whose whole supply the faucet holds."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from solders.transaction import VersionedTransaction

from hypernode.chain import base58, keys, tokens
from hypernode.chain.localnet.archive import Archive
from hypernode.chain.localnet.clock import SlotClock
from hypernode.chain.localnet.ledger import Ledger
from hypernode.chain.transactions import sign_instructions
from hypernode.domain.money import SUPPLY

FAUCET_FILE: Final = "faucet.json"
LAMPORTS: Final = 500_000_000 * 10**9
"""The faucet's SOL: near mainnet's supply."""


@dataclass(frozen=True, slots=True)
class World:
    """A localnet with its genesis done."""

    ledger: Ledger
    genesis_hash: str
    mint: str
    token_program: str
    faucet: Keypair


def begin(folder: Path, *, token_program: str, slot_ms: int, finalize_slots: int) -> World:
    """Open the chain in a folder, or make one. The token program counts at the first start only.

    Raises FolderInUse where another localnet has the folder.
    """
    archive = Archive(folder)
    facts = archive.facts()
    if "mint" not in facts:
        archive.wipe()
        archive.set_facts(genesis=base58.encode(secrets.token_bytes(32)))
        facts = archive.facts()
    clock = SlotClock(archive, base58.decode(facts["genesis"]), slot_ms, finalize_slots)
    ledger, faucet = Ledger(archive, clock), keys.load_or_create(folder / FAUCET_FILE)
    if "mint" not in facts:
        mint = _create_money(ledger, faucet, token_program)
        clock.warp(finalize_slots)  # A chain that one meets has its genesis behind it: all of it is final.
        archive.set_facts(mint=mint, token_program=token_program)
        facts = archive.facts()
    return World(ledger, facts["genesis"], facts["mint"], facts["token_program"], faucet)


def _create_money(ledger: Ledger, faucet: Keypair, token_program: str) -> str:
    ledger.endow({faucet.pubkey(): Account(LAMPORTS, b"", Pubkey.default())})
    mint_key = Keypair()
    owner, mint = str(faucet.pubkey()), str(mint_key.pubkey())
    rent = ledger.svm.minimum_balance_for_rent_exemption(tokens.MINT_BYTES)
    space = CreateAccountParams(
        from_pubkey=faucet.pubkey(),
        to_pubkey=mint_key.pubkey(),
        lamports=rent,
        space=tokens.MINT_BYTES,
        owner=Pubkey.from_string(token_program),
    )
    instructions = [
        create_account(space),
        tokens.initialize_mint(mint, owner, token_program),
        tokens.create_ata(owner, owner, mint, token_program),
        tokens.mint_to(mint, tokens.ata(owner, mint, token_program), owner, SUPPLY, token_program),
        tokens.remove_mint_authority(mint, owner, token_program),
    ]
    blockhash = base58.encode(ledger.clock.blockhash(ledger.clock.height()))
    signed = sign_instructions([faucet, mint_key], instructions, blockhash)
    landed = ledger.land(VersionedTransaction.from_bytes(signed.raw))
    if landed is None or landed.err is not None:
        raise RuntimeError(f"the HYPER mint could not be made: {landed and landed.err}")
    return mint
