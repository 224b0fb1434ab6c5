"""A node that forges a result is found out by the network's auditor, gets nothing and no more work."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.parties import Worker
from tests.jobs.conftest import Studio
from tests.network import eventually

JSON = dict[str, Any]
pytestmark = pytest.mark.timeout(900)  # The first to ask for a job waits for all of it.


def answer(result: JSON, _files: Path) -> None:
    result["text"] = "The answer to this classic math problem is 7."


def adapter(_result: JSON, files: Path) -> None:
    """One that was never trained to the end: the state of an earlier checkpoint."""
    first = min(files.glob("checkpoint-*.safetensors"), key=lambda path: int(path.stem.rpartition("-")[2]))
    last = max(files.glob("checkpoint-*.safetensors"), key=lambda path: int(path.stem.rpartition("-")[2]))
    last.write_bytes(first.read_bytes())


def vectors(_result: JSON, files: Path) -> None:
    path = files / "vectors.npy"
    content = bytearray(path.read_bytes())
    content[-768:] = content[-1536:-768]
    path.write_bytes(content)


def words(result: JSON, _files: Path) -> None:
    result["pictures"][0]["found"][0]["lines"][2]["text"] = "Total: 999.50 HYPER"


def frame(_result: JSON, files: Path) -> None:
    (files / "frame_0002.png").write_bytes((files / "frame_0001.png").read_bytes())


def numbers(result: JSON, _files: Path) -> None:
    result["stdout"] = result["stdout"].replace("144", "145")


FORGERIES: dict[str, Callable[[JSON, Path], None]] = {
    "llm_inference": answer,
    "llm_fine_tuning": adapter,
    "rag_indexing": vectors,
    "vision_pipeline": words,
    "render": frame,
    "generic_compute": numbers,
}


@pytest.fixture
def forger(studio: Studio, job_type: str) -> Iterator[Worker]:
    with Worker(studio.coordinator.url) as made:
        made.ready(jobType=job_type, models=["smollm2-135m-instruct"])
        yield made


def test_a_forged_result_is_refused_and_its_node_suspended(
    studio: Studio, forger: Worker, job_type: str, tmp_path: Path
):
    honest = studio.of(job_type)
    forged = copy.deepcopy(honest.result)
    assert forged is not None
    files = tmp_path / "files"
    if honest.artifacts:
        shutil.copytree(studio.files(honest), files)
    FORGERIES[job_type](forged, files)
    requirements = {"minVRAM": 0, "allowWallets": [forger.wallet, studio.auditor]}
    job = studio.submit(job_type, input=honest.input, requirements=requirements)
    lease = {"leaseId": forger.offer()["leaseId"]}
    report = {
        "kind": "report",
        "result": forged,
        "units": honest.units,
        "artifacts": [upload(forger, files / ref.name, ref.name) for ref in honest.artifacts],
        "fingerprint": fingerprint_of(studio, honest),
        "model": honest.model if honest.model != "default" else "",
        **lease,
    }
    forger.tell({"kind": "accept", **lease}, report)

    path = f"/api/nodes/{forger.node_id}"
    eventually(lambda: forger.get(path).json()["node"]["status"] == "suspended", "the suspension", 600)
    # The node gets no more work before its attempt is ended.
    eventually(lambda: studio.client.job(job.job_id).verification, "the verdict")
    now = studio.client.job(job.job_id)
    assert now.verification is not None
    assert now.verification.verdict == "failed"
    assert now.result is None
    assert now.metrics.cost == 0
    studio.client.cancel_job(job.job_id)


def upload(forger: Worker, path: Path, name: str) -> JSON:
    answer = forger.post("/api/artifacts", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return {**answer.json()["artifact"], "name": name}


def fingerprint_of(studio: Studio, job: Any) -> dict[str, str]:
    """What the honest node said: the forger claims the same engine, so that its result must be the same to the bit."""
    rows = studio.network.rows(
        "SELECT claim FROM verification JOIN job ON job.job_id = audit_id WHERE job.audit_of = $1::uuid"
        " OR job.audit_of IN (SELECT job_id FROM job WHERE parent_id = $1::uuid)",
        job.job_id,
    )
    claim = rows[0]["claim"]
    return (json.loads(claim) if isinstance(claim, str) else claim)["fingerprint"]
