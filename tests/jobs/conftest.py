"""A network with a provider's node and the network's own auditor, both in their sandbox, for all six job types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hypernode.chain.keys import Keypair, address_of
from hypernode.cli.stories import story
from hypernode.client import Client
from hypernode.client.events import completed
from hypernode.domain.job import JobType
from hypernode.protocol.jobs import Job
from tests.network import Coordinator, TestNetwork, new_database

USUAL: dict[str, Any] = {
    "budget": "2",
    "max_duration": 600,
    "assurance": "always",
    "requirements": {"minVRAM": 0},
}


@dataclass
class Studio:
    """Runs each job type's story once, and remembers it."""

    network: TestNetwork
    coordinator: Coordinator
    client: Client
    provider: str
    auditor: str
    folder: Path
    done: dict[str, Job] = field(default_factory=dict[str, Job])

    def digests(self, job_type: str) -> Mapping[str, str]:
        """Of the story's files, uploaded."""
        made = self.folder / "made" / job_type
        made.mkdir(parents=True, exist_ok=True)
        return {name: self.client.upload(path).artifact.sha256 for name, path in story(job_type).files(made).items()}

    def submit(self, job_type: str, **options: Any) -> Job:
        told = story(job_type)
        options = {"input": told.input(self.digests(job_type)), **options} if "input" not in options else options
        return self.client.submit_job(job_type, **{**USUAL, "model": told.model, **options})

    def finish(self, job: Job) -> Job:
        for _ in self.client.watch(job.job_id):
            continue
        return completed(self.client.job(job.job_id))

    def of(self, job_type: str) -> Job:
        """The story's job, completed."""
        if job_type not in self.done:
            options = {"requirements": {"minVRAM": 0, "allowWallets": [self.provider, self.auditor]}}
            self.done[job_type] = self.finish(self.submit(job_type, **story(job_type).options, **options))
        return self.done[job_type]

    def files(self, job: Job) -> Path:
        """A folder with the result's files."""
        folder = self.folder / job.job_id
        for artifact in job.artifacts:
            path = folder / artifact.name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                self.client.download(artifact.sha256, path)
        return folder


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory, postgres: Any, chain: Any) -> Iterator[Studio]:
    home = tmp_path_factory.mktemp("studio")
    network = TestNetwork(home, new_database(postgres), *chain)
    try:
        coordinator = network.coordinator(HYPERNODE_LEASE_TTL_S="15").ready()
        provider = address_of(Keypair())
        with coordinator.client(Keypair()) as client:
            client.airdrop(hyper=100)
            client.deposit("100")
            auditor = client.validation().blockchain.anchor_key
            assert auditor is not None
            network.node(coordinator, "--price", "1", wallet=provider, name="provider")
            network.node(coordinator, "--own-jobs-only", wallet=auditor, name="auditor")
            yield Studio(network, coordinator, client, provider, auditor, home)
    finally:
        network.stop()


@pytest.fixture(params=sorted(JobType))
def job_type(request: pytest.FixtureRequest) -> str:
    return request.param
