"""Each job type shows a small job that it takes: `tests/jobs` runs them all."""

from hashlib import sha256

import msgspec
import pytest

from hypernode.domain.job import JobType
from hypernode.executors import load_one


@pytest.mark.parametrize("job_type", sorted(JobType))
def test_the_example_is_a_good_input_and_brings_all_its_files(job_type: str):
    executor = load_one(job_type)
    example = executor.example()
    assert example is not None

    given = msgspec.convert(example.input, executor.Input)

    brought = {sha256(content).hexdigest() for content in example.files.values()}
    assert set(executor.artifacts(given).values()) == brought


@pytest.mark.parametrize("job_type", sorted(JobType))
def test_what_an_input_asks_for_bounds_what_a_run_can_claim(job_type: str):
    executor = load_one(job_type)
    example = executor.example()
    assert example is not None

    least, most = executor.asked_units(msgspec.convert(example.input, executor.Input))

    assert most is not None
    assert 0 <= least <= most
    assert executor.title
    assert executor.about
