"""What the provider decides about generic_compute, and the only place that reads it from the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from hypernode.ports import ExecutionFailed

CONTAINER_HOST: Final = "HYPERNODE_CONTAINER_HOST"
CONTAINER_IMAGES: Final = "HYPERNODE_CONTAINER_IMAGES"
CONTAINER_NETWORK: Final = "HYPERNODE_CONTAINER_NETWORK"
CONTAINER_USER: Final = "HYPERNODE_CONTAINER_USER"
ALLOW_UNSANDBOXED: Final = "HYPERNODE_ALLOW_UNSANDBOXED"
SANDBOX: Final = "HYPERNODE_SANDBOX"
"""The runner sets it to 1 within a sandbox that held."""
RELAYED: Final = "_SOCKET"
"""Appended to CONTAINER_HOST: where the runner put a socket that leads there."""

ENVIRONMENT: Final = (
    *(CONTAINER_HOST, CONTAINER_IMAGES, CONTAINER_NETWORK, CONTAINER_USER, ALLOW_UNSANDBOXED),
    # How GPU libraries in a script find their devices.
    *("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
)

NONE: Final = "none"
LOCAL: Final = "local"
ANY: Final = "any"
NOBODY: Final = "65534:65534"
_YES: Final = frozenset({"1", "t", "true", "y", "yes", "on"})
"""As the command line reads the same variable."""
_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where containers run, and which."""

    container_host: str = ""  #: Docker's or Podman's API, as in `unix:///run/podman/podman.sock`.
    container_images: str = LOCAL
    """`local`: those already on the node. `any`: fetched, too. `none`, or digests with commas: these, fetched, too."""
    container_network: str = ""  #: `allow`: a job that asks for it reaches the internet, and this network.
    container_user: str = NOBODY  #: `uid:gid` that containers run as.
    allow_unsandboxed: bool = False  #: Run Python scripts even where no sandbox held.
    sandboxed: bool = False
    relayed: str = ""

    def __post_init__(self) -> None:
        if self.container_host and not self.container_host.startswith("unix:///"):
            raise ValueError(f"{CONTAINER_HOST} is a socket, as in unix:///run/podman/podman.sock")
        if not self.digests and self.container_images not in (NONE, LOCAL, ANY):
            raise ValueError(
                f"{CONTAINER_IMAGES} is {NONE}, {LOCAL}, {ANY}, or digests as in sha256:0123..., with commas"
            )
        if not re.fullmatch(r"\d+:\d+", self.container_user):
            raise ValueError(f"{CONTAINER_USER} is uid:gid in numbers, as in {NOBODY}")

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises ExecutionFailed where the provider set what has no meaning."""
        try:
            return cls(
                container_host=environment.get(CONTAINER_HOST, ""),
                container_images=environment.get(CONTAINER_IMAGES) or LOCAL,
                container_network=environment.get(CONTAINER_NETWORK, ""),
                container_user=environment.get(CONTAINER_USER) or NOBODY,
                allow_unsandboxed=environment.get(ALLOW_UNSANDBOXED, "").lower() in _YES,
                sandboxed=environment.get(SANDBOX) == "1",
                relayed=environment.get(CONTAINER_HOST + RELAYED, ""),
            )
        except ValueError as error:
            raise ExecutionFailed(str(error)) from None

    @property
    def socket(self) -> Path:
        """The engine's API. Raises ExecutionFailed without one."""
        if not self.container_host or self.container_images == NONE:
            raise ExecutionFailed("this node runs no containers")
        return Path(self.relayed or self.container_host.removeprefix("unix://"))

    @property
    def digests(self) -> frozenset[str]:
        """The only images that are allowed, where the provider lists some."""
        listed = frozenset(part.strip() for part in self.container_images.split(","))
        return listed if all(map(_DIGEST.fullmatch, listed)) else frozenset()
