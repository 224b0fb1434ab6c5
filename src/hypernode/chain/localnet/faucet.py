"""The localnet's faucet: SOL and HYPER for anyone, sent as ordinary chain transactions."""

import secrets

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from hypernode.chain import base58, tokens
from hypernode.chain.localnet.archive import Landed
from hypernode.chain.localnet.genesis import World
from hypernode.chain.transactions import sign_instructions


class FaucetFailed(RuntimeError):
    """The faucet's chain transaction did not succeed: it is empty, or the amount is too small to be rent-exempt."""


class Faucet:
    """Signs with the key in the localnet's folder."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.address = str(world.faucet.pubkey())

    def airdrop(self, address: Pubkey, lamports: int) -> Landed:
        """Send SOL. Raises FaucetFailed."""
        sending = TransferParams(from_pubkey=self._world.faucet.pubkey(), to_pubkey=address, lamports=lamports)
        return self._send([transfer(sending)])

    def hyper(self, address: Pubkey, units: int) -> Landed:
        """Send base units of HYPER to a wallet, creating its token account. Raises FaucetFailed."""
        wallet, mint, program = str(address), self._world.mint, self._world.token_program
        source, destination = (tokens.ata(owner, mint, program) for owner in (self.address, wallet))
        return self._send([
            tokens.create_ata(self.address, wallet, mint, program),
            tokens.transfer_checked(source, mint, destination, self.address, units, program),
        ])  # fmt: skip

    def _send(self, instructions: list[Instruction]) -> Landed:
        ledger = self._world.ledger
        # Two equal requests in one block would be one chain transaction: a memo tells them apart.
        unique = tokens.memo(f"faucet {secrets.token_hex(8)}", self.address)
        blockhash = base58.encode(ledger.clock.blockhash(ledger.clock.height()))
        signed = sign_instructions([self._world.faucet], [*instructions, unique], blockhash)
        transaction = VersionedTransaction.from_bytes(signed.raw)
        trial = ledger.simulate(transaction, "processed", check_signatures=True)
        landed = ledger.land(transaction) if trial.err is None else None
        if landed is None or landed.err is not None:
            raise FaucetFailed(f"the faucet's chain transaction failed: {trial.err or (landed and landed.err)}")
        return landed
