"""What can be asked for here: the job types, each with its schema and a small job that works."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from hypernode.domain.errors import NotFound
from hypernode.domain.job import JobType
from hypernode.ports import Example, Executor
from hypernode.protocol.job_types import ExampleFile, ExampleJob, JobTypeView, PriceUnit
from hypernode.protocol.schemas import input_schema

EXAMPLE_BUDGET: Final = 1
"""HYPER; what it does not cost comes back."""
KNOWN: Final = {job_type.value: place for place, job_type in enumerate(JobType)}


class Catalogue:
    """The executors, as customers see them."""

    def __init__(self, executors: Mapping[str, Executor]) -> None:
        self._executors = executors

    @cached_property
    def entries(self) -> list[JobTypeView]:
        """All of them: our own in their order, then those of plug-ins by their names."""
        names = sorted(self._executors, key=lambda name: (KNOWN.get(name, len(KNOWN)), name))
        return [_entry(name, self._executors[name]) for name in names]

    def example_file(self, job_type: str, name: str) -> bytes:
        """A file of an example. Raises NotFound."""
        executor = self._executors.get(job_type)
        example = executor.example() if executor else None
        if example is None or name not in example.files:
            raise NotFound("Example")
        return example.files[name]


def _entry(job_type: str, executor: Executor) -> JobTypeView:
    example = executor.example()
    files: Mapping[str, bytes] = example.files if example else {}
    return JobTypeView(
        job_type=job_type,
        title=executor.title or job_type,
        description=executor.about,
        capability=job_type,
        input_schema=input_schema(executor.Input),
        example=_job(job_type, example) if example else None,
        example_files=[
            ExampleFile(
                sha256=sha256(content).hexdigest(),
                size=len(content),
                name=name,
                url=f"/api/job-types/{job_type}/files/{quote(name)}",
            )
            for name, content in files.items()
        ],
        unit=PriceUnit(name=executor.unit.name, per=executor.unit.per),
        needs=f"hypernode node doctor --fix {job_type}" if executor.extra else None,
    )


def _job(job_type: str, example: Example) -> ExampleJob:
    return ExampleJob(
        job_type=job_type,
        model=example.model,
        input=dict(example.input),
        requirements={"minVRAM": 0},
        budget=EXAMPLE_BUDGET,
        max_duration=example.max_duration_s,
    )
