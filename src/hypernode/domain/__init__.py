"""The rules of the network, pure: no I/O, no clock, no randomness, no asyncio."""
