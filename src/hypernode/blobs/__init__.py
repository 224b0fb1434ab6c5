"""Artifacts by the SHA-256 of their content, in a local folder or in S3."""

from hypernode.blobs.content import (
    ArtifactMissing,
    ArtifactTooLarge,
    Blobs,
    DigestMismatch,
    InvalidDigest,
    Stored,
)
from hypernode.blobs.places import open_blobs

__all__ = [
    "ArtifactMissing",
    "ArtifactTooLarge",
    "Blobs",
    "DigestMismatch",
    "InvalidDigest",
    "Stored",
    "open_blobs",
]
