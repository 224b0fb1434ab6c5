"""The HTTP and WebSocket door: parse, call one use case, render."""
