"""Opens the place where artifacts are kept: a local folder or a bucket of S3."""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.store import LocalStore, S3Store

from hypernode.blobs.content import Blobs

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

LEFTOVER_AGE_S: Final = 24 * 3600.0
"""No upload takes this long: an older staged file belongs to a program that died."""


def open_blobs(
    place: str | Path,
    *,
    staging: Path | None = None,
    config: "S3Config | None" = None,
    client_options: "ClientConfig | None" = None,
) -> Blobs:
    """Artifacts in `place`: a folder, made if it is not there, or `s3://bucket/prefix`.

    `staging` is a private folder where an upload to S3 waits for its digest; by default a new one in the system's
    temporary folder. A local place has its own. `config` and `client_options` are obstore's; what they leave open
    comes from the AWS_* environment. Removes what uploads left in the staging folder more than a day ago. Does not
    connect. Raises OSError, ValueError for another URL.
    """
    text = str(place)
    if text.startswith("s3://"):
        return _in_s3(S3Store.from_url(text, config=config, client_options=client_options), staging)
    if "://" in text:
        raise ValueError(f"artifacts go into a folder or s3://bucket/prefix, not {text}")
    return _in_folder(Path(place).absolute())


def _in_s3(store: S3Store, staging: Path | None) -> Blobs:
    async def publish(path: Path, key: str) -> None:
        # A multipart upload where it is large: S3 shows the object when its last part is there.
        await obstore.put_async(store, key, path)

    return Blobs(store, _prepare(staging or Path(tempfile.mkdtemp(prefix="hypernode-staging-"))), publish)


def _in_folder(folder: Path) -> Blobs:
    async def publish(path: Path, key: str) -> None:
        await asyncio.to_thread(_rename, path, folder / key)

    # Below the folder, because a rename does not cross file systems.
    staging = _prepare(folder / ".staging")
    return Blobs(LocalStore(folder), staging, publish)


def _prepare(staging: Path) -> Path:
    staging.mkdir(mode=0o700, parents=True, exist_ok=True)
    oldest = time.time() - LEFTOVER_AGE_S
    for leftover in staging.iterdir():
        if leftover.stat().st_mtime < oldest:
            leftover.unlink(missing_ok=True)
    return staging


def _rename(path: Path, target: Path) -> None:
    """Moves a file for good: the folders on its way are on disk before it is promised to be there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
