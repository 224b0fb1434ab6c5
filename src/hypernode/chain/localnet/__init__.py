"""A persistent Solana for one machine: JSON-RPC and WebSocket over the real virtual machine, in one process."""

from hypernode.chain.localnet.server import Localnet, LocalnetOptions, read, serve

__all__ = ["Localnet", "LocalnetOptions", "read", "serve"]
