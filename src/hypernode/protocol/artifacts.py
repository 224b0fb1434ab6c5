"""Artifacts on the wire."""

from typing import Annotated

import msgspec

Sha256 = Annotated[
    # Python's `$` also matches before a last line feed: the length forbids it.
    str,
    msgspec.Meta(
        pattern="^[0-9a-f]{64}$",
        max_length=64,
        description="SHA-256 of the content, in hex.",
        extra_json_schema={"format": "sha256"},
    ),
]


class ArtifactRef(msgspec.Struct, rename="camel", frozen=True):
    """A file by its content."""

    sha256: Sha256
    size: int  #: Bytes.
    name: str = ""  #: Relative path that the job gave it.


class ArtifactStored(msgspec.Struct, rename="camel", frozen=True):
    """Answer to an upload."""

    artifact: ArtifactRef
    success: bool = True
