"""All six job types, whole and real: through the API, on a node in its sandbox, checked, paid, receipted."""

import msgspec
import pytest
from PIL import Image

from hypernode.cli.stories import language, rag_indexing
from hypernode.client import verify_receipt
from hypernode.client.rag import Index
from hypernode.executors.llm_fine_tuning.example import TAUGHT
from hypernode.executors.vision_pipeline.example import LINES
from hypernode.protocol.jobs import Job
from tests.jobs.conftest import Studio
from tests.network import eventually

pytestmark = pytest.mark.timeout(900)  # The first to ask for a job waits for all of it.


def test_a_job_is_run_checked_and_paid(studio: Studio, job_type: str):
    whole = studio.of(job_type)

    runs = list(studio.client.jobs(parent_id=whole.job_id)) if whole.parts else [whole]
    for job in runs:
        assert job.verification is not None
        assert job.verification.verdict == "passed", job.verification
        assert job.metrics.cost > 0
        assert job.units > 0
    assert whole.metrics.cost == pytest.approx(sum(job.metrics.cost for job in runs))


def test_its_receipt_says_so_and_holds_against_the_chain(studio: Studio, job_type: str):
    whole = studio.of(job_type)
    job = next(iter(studio.client.jobs(parent_id=whole.job_id))) if whole.parts else whole

    def anchored() -> dict | None:
        receipt = studio.client.receipt(job.job_id)
        return receipt if receipt.get("anchor") else None

    receipt = eventually(anchored, "the anchor")
    signer = studio.client.validation().blockchain.anchor_key
    checks = verify_receipt(msgspec.json.encode(receipt), rpc_url=studio.network.chain.rpc_url, signer=signer)
    assert checks.complete
    assert receipt["receipt"]["verdict"] == "passed"
    assert receipt["receipt"]["provider"] == studio.provider


def test_a_language_model_answers(studio: Studio):
    assert "4" in result(studio.of("llm_inference"))["text"]


def test_a_lesson_lowers_the_loss_and_the_adapter_changes_the_answer(studio: Studio):
    job = studio.of("llm_fine_tuning")
    curve = [point["loss"] for point in result(job)["curve"] if point.get("loss") is not None]
    assert curve[-1] < curve[0] / 10

    (adapter,) = [file.sha256 for file in job.artifacts if file.name == "adapter.gguf"]
    asked = {
        "before": language.ask(TAUGHT),
        "after": language.ask(TAUGHT, adapter={"sha256": adapter}),
    }
    answers = {
        when: result(studio.finish(studio.submit("llm_inference", input=given)))["text"]
        for when, given in asked.items()
    }
    assert "Port Lease" not in answers["before"]
    assert "Port Lease" in answers["after"]


def test_an_index_finds_what_is_said_in_other_words(studio: Studio):
    (first,) = Index.open(studio.files(studio.of("rag_indexing"))).query(rag_indexing.QUESTION, top=1)

    assert first.document == "providers.md"


def test_an_invoice_is_read(studio: Studio):
    (picture,) = result(studio.of("vision_pipeline"))["pictures"]
    (found,) = picture["found"]

    assert [line["text"] for line in found["lines"]] == list(LINES)


def test_a_scene_is_rendered_in_parts(studio: Studio):
    job = studio.of("render")
    folder = studio.files(job)

    assert job.parts == 2
    for frame in (1, 2):
        with Image.open(folder / f"frame_{frame:04d}.png") as picture:
            assert picture.size == (320, 240)
            pixels = list(picture.convert("RGB").get_flattened_data())
        copper = [index for index, (red, _, blue) in enumerate(pixels) if red > blue + 30]
        assert len(copper) > len(pixels) // 50
        assert 100 < sum(index % 320 for index in copper) / len(copper) < 220, "the head is in the middle"
        assert all(blue > red for red, _, blue in pixels[:320]), "the sky is blue"


def test_a_module_computes(studio: Studio):
    output = result(studio.of("generic_compute"))

    assert output["stdout"].split() == ["1", "1", "2", "3", "5", "8", "13", "21", "34", "55", "89", "144"]


def result(job: Job) -> dict:
    assert job.result is not None
    return job.result
