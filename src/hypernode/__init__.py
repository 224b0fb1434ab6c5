"""Hypernode: a GPU and agent-oriented compute network on Solana."""
