"""Who this node is to its coordinator: registration, and the file that keeps id and token over restarts."""

import os
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from hypernode.node import inventory
from hypernode.node.links import LinkLost
from hypernode.node.settings import NodeSettings
from hypernode.protocol.nodes import NodeRegistered, RegisterNode

_FILE: Final = "node.json"
CAPABILITY_NAMES: Final = {"llm_inference": "inference", "generic_compute": "compute"}
"""What customers ask for by `requirements.capabilities`, apart from the names of the job types."""


class RegistrationRefused(Exception):
    """The coordinator will not have this node; the message says why. Trying again does not help."""


class Identity(msgspec.Struct, rename="camel", frozen=True):
    """Kept in `node.json`, readable by the owner alone."""

    coordinator_url: str
    wallet: str
    node_id: str
    token: str


def load(settings: NodeSettings) -> Identity | None:
    """The identity that this home has for this coordinator and wallet."""
    file = settings.home / _FILE
    if not file.is_file():
        return None
    known = msgspec.json.decode(file.read_bytes(), type=Identity)
    return known if known.wallet == settings.wallet and _same_host(known, settings) else None


def _same_host(known: Identity, settings: NodeSettings) -> bool:
    """A coordinator may move to another port; to another machine the token is not told."""
    return urlsplit(known.coordinator_url).hostname == urlsplit(settings.coordinator_url).hostname


def save(home: Path, identity: Identity) -> None:
    """Write it so that a crash leaves the old file or the new one."""
    draft = home / f"{_FILE}.new"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(identity)))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(home / _FILE)


async def register(
    settings: NodeSettings, hardware: inventory.Hardware, job_types: list[str], refused: str = ""
) -> Identity:
    """Register this machine, or renew what the coordinator knows of it. Raises LinkLost or RegistrationRefused.

    `refused` is a token that the coordinator took no more for the link: any other one is better.
    """
    names = [CAPABILITY_NAMES[job_type] for job_type in job_types if job_type in CAPABILITY_NAMES]
    body = RegisterNode(
        wallet_address=settings.wallet,
        machine_id=settings.machine_id or inventory.machine_id(settings.home),
        gpu_model=hardware.gpu_model,
        gpu_count=hardware.gpu_count,
        vram=hardware.vram_mb,
        ram_total=hardware.ram_mb,
        driver_version=hardware.driver_version,
        cuda_version=hardware.cuda_version,
        compute_capability=hardware.compute_capability,
        host_os=hardware.host_os,
        cpu_model=hardware.cpu_model,
        location=settings.location,
        capabilities=[*job_types, *names],
        price=settings.price,
    )
    known = load(settings)
    tokens = [settings.token or (known.token if known else "")]
    if known and not settings.token:
        tokens.append("")  # The network may have been set up anew since: begin anew as well.
    answer, token = await _post(settings.coordinator_url, body, tokens)
    # A token comes with the first registration only.
    kept = known.token if known and known.node_id == answer.node.node_id else None
    token = next((each for each in (answer.node_token, kept, token) if each and each != refused), refused)
    if not token:
        raise RegistrationRefused(
            f"the coordinator knows this machine as node {answer.node.node_id}, but {settings.home / _FILE} with its "
            "token is gone: give the token, or deregister the node"
        )
    identity = Identity(settings.coordinator_url, settings.wallet, answer.node.node_id, token)
    save(settings.home, identity)
    return identity


async def _post(url: str, body: RegisterNode, tokens: list[str]) -> tuple[NodeRegistered, str]:
    """The answer, and the first of the tokens that the coordinator takes."""
    fields = {name: value for name, value in msgspec.to_builtins(body).items() if value is not None}
    async with httpx.AsyncClient(base_url=url) as http:
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            try:
                answer = await http.post("/api/nodes/register", json=fields, headers=headers)
            except httpx.TransportError as error:
                raise LinkLost(f"{type(error).__name__} {error}") from error
            if answer.status_code != HTTPStatus.UNAUTHORIZED or token == tokens[-1]:
                return _read(answer), token
    raise AssertionError("unreachable: the last token's answer was returned")


def _read(answer: httpx.Response) -> NodeRegistered:
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise LinkLost(f"{answer.status_code} {answer.text}")
    if answer.is_error:
        raise RegistrationRefused(f"{answer.status_code} {answer.text}")
    try:
        return msgspec.json.decode(answer.content, type=NodeRegistered)
    except msgspec.DecodeError as error:
        raise RegistrationRefused(f"{answer.url} is no coordinator's: {error}") from error
