"""What crosses a wire, as msgspec Structs: HTTP bodies, node frames, limits."""
