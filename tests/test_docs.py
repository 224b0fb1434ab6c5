"""The documentation says what the code does: generated pages, settings, links, and the commands in its examples."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from hypernode.api.errors import STATUS
from hypernode.cli.app import app
from hypernode.domain.errors import HypernodeError
from hypernode.wiring import reference
from hypernode.wiring.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
GENERATED = {ROOT / reference.FOLDER / name for name in reference.PAGES}
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[|;(&`]|\b[A-Z_]+=\S+|\$\()\s*(?:\.venv/bin/)?hypernode +([^|)`;\n]*)", re.MULTILINE)
REGISTRIES = re.compile(r"pypi\.org|pythonhosted|npmjs|crates\.io", re.IGNORECASE)
HOME = re.compile(r"/(work|root|home/\w+|Users/\w+)/")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors_of(path: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def examples(path: Path) -> Iterator[str]:
    """The `hypernode` commands of a page, in its shell blocks and within its text; what comes after the word."""
    text = path.read_text()
    shells = [body for language, body in BLOCK.findall(text) if language in ("bash", "sh")]
    inline = [f"`{found}`" for found in re.findall(r"`([^`]*\bhypernode [^`]*)`", BLOCK.sub("", text))]
    for part in (*shells, *inline):
        yield from (found.strip() for found in COMMAND.findall(part.replace("\\\n", " ")))


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that a line names, and what is left of the line. Raises KeyError for one that does not exist."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def test_the_generated_pages_are_current():
    assert [
        name for name in reference.PAGES if (ROOT / reference.FOLDER / name).read_text() != reference.page(name)
    ] == []


def test_the_generated_pages_are_the_same_every_time():
    assert {name: reference.page(name) for name in reference.PAGES} == {
        name: reference.page(name) for name in reference.PAGES
    }


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "reference" / "settings.md").read_text()
    fields = Settings.model_fields.values()

    assert [field.alias for field in fields if f"`{field.alias}`" not in text] == []
    assert [field.alias for field in fields if not field.description] == []


def test_every_variable_that_a_page_names_exists():
    known = set(re.findall(r"HYPERNODE_[A-Z0-9_]*[A-Z0-9]", (ROOT / "docs" / "reference" / "settings.md").read_text()))
    known |= set(re.findall(r"HYPERNODE_[A-Z0-9_]*[A-Z0-9]", (ROOT / "docs" / "reference" / "cli.md").read_text()))
    named = {
        (relative(page), name)
        for page in PAGES
        for name in re.findall(r"HYPERNODE_[A-Z0-9_]*[A-Z0-9]", page.read_text())
    }

    assert {each for each in named if each[1] not in known} == set()


def test_every_error_has_a_status():
    def below(kind: type[HypernodeError]) -> Iterator[type[HypernodeError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    own = [kind for kind in below(HypernodeError) if kind.__module__.startswith("hypernode.")]

    assert [kind.__name__ for kind in own if not any(base in STATUS for base in kind.__mro__)] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_leads_somewhere(page: Path):
    broken = []
    for target in LINK.findall(BLOCK.sub("", page.read_text())):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", sorted(set(PAGES) - GENERATED), ids=relative)
def test_every_command_of_the_examples_exists(page: Path):
    wrong = []
    for line in examples(page):
        try:
            words = shlex.split(line, comments=True)
            command, rest = command_of(words)
        except (KeyError, ValueError) as error:
            wrong.append(f"{line}: {error!r}")
            continue
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        wrong += [f"{line}: {word}" for word in rest if word.startswith("-") and word.split("=")[0] not in known]

    assert wrong == []


def test_the_examples_are_found():
    """Else the test above would hold for nothing."""
    assert "wallet deposit 10" in set(examples(ROOT / "README.md"))
    assert any(line.startswith("jobs submit") for line in examples(ROOT / "docs/tutorials/first-job.md"))


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text() + (ROOT / "docs" / "adr" / "README.md").read_text()
    pages = [page for page in PAGES if page.is_relative_to(ROOT / "docs") and page.name != "README.md"]

    assert [relative(page) for page in pages if page.name not in index] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_no_page_names_a_registrys_host_or_a_path_of_somebodys_machine(page: Path):
    text = page.read_text()

    assert REGISTRIES.findall(text) == []
    assert HOME.findall(text) == []
