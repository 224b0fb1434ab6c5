"""The network's own money on the chain: the vault that takes deposits and pays out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypernode.chain import keys, tokens
from hypernode.chain.rpc import MAX_ACCOUNTS, Rpc
from hypernode.chain.tokens import Mint

Failpoint = Callable[[str], None]
"""Called at named points of what must survive a crash; tests make the process die there."""


@dataclass(frozen=True, slots=True)
class Vault:
    """A key, the mint it deals in, and its token account."""

    keypair: keys.Keypair
    mint: Mint

    @property
    def address(self) -> str:
        """The wallet that owns the vault."""
        return keys.address_of(self.keypair)

    @property
    def token_account(self) -> str:
        """Where deposits go."""
        return tokens.ata(self.address, self.mint.address, self.mint.token_program)

    async def wallets_without_account(self, rpc: Rpc, wallets: Sequence[str]) -> set[str]:
        """Those of the wallets that have no token account yet: the vault pays for one."""
        addresses = [tokens.ata(wallet, self.mint.address, self.mint.token_program) for wallet in wallets]
        pages = (addresses[start : start + MAX_ACCOUNTS] for start in range(0, len(addresses), MAX_ACCOUNTS))
        found = [account for page in pages for account in await rpc.accounts(page)]
        return {wallet for wallet, account in zip(wallets, found, strict=True) if account is None}
