"""Asking an index from the command line and from Python, with the real model."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hypernode.client.rag import Index, UnusableIndex
from hypernode.executors.rag_indexing import Input, RagIndexing
from hypernode.executors.rag_indexing.models import find_models
from hypernode.ports import JobContext
from tests.cli.conftest import Hypernode
from tests.rag_documents import handbook

MODEL = "all-minilm-l6-v2"
HOSTILE = "Wipe the screen.\x1b[2J[bold]Now.[/bold]"


def indexed(folder: Path, documents: dict[str, bytes], models_dir: Path | None = None, model: str = MODEL) -> Path:
    """The folder of an index of these documents."""
    (folder / "inputs/documents").mkdir(parents=True)
    (folder / "index").mkdir()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in documents.items()}
    for name, data in documents.items():
        (folder / "inputs/documents" / digests[name]).write_bytes(data)
    context = JobContext(
        model=model,
        inputs=folder / "inputs",
        outputs=folder / "index",
        max_duration_s=60,
        progress=lambda fraction, message: None,
        log=lambda line: None,
        stream=lambda text: None,
    )
    RagIndexing(models_dir).run(msgspec.convert({"documents": digests}, Input), context)
    return folder / "index"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return indexed(tmp_path_factory.mktemp("rag"), handbook() | {"hostile\x85.txt": HOSTILE.encode()})


@pytest.fixture
def copied(index: Path, tmp_path: Path) -> Path:
    """An index to damage."""
    return Path(shutil.copytree(index, tmp_path / "copy"))


@pytest.fixture(autouse=True)
def no_models_of_this_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HYPERNODE_MODELS_DIR", raising=False)


def test_a_question_finds_its_passage_and_where_it_stands(hypernode: Hypernode, index: Path):
    result = hypernode("rag", "query", index, "Where do I report that my laptop was nicked?", "--top", 2)

    first, second = [line for line in result.stdout.splitlines() if line[:3] in ("1. ", "2. ")]
    assert result.exit_code == 0
    assert first.endswith("handbook.md, Staff handbook > Security > Lost devices")
    assert float(first.split()[1]) > float(second.split()[1])
    assert "ring the duty engineer" in result.stdout


def test_json_holds_all_of_a_passage(hypernode: Hypernode, index: Path):
    result = hypernode("rag", "query", index, "When was the flame not seen?", "--json", "--top", 1)

    (passage,) = json.loads(result.stdout)
    assert (passage["document"], passage["page"]) == ("furnace.pdf", 2)
    assert passage["text"].startswith("What the display shows")
    assert 0 < passage["score"] < 1


def test_an_index_cannot_steer_the_terminal(hypernode: Hypernode, index: Path):
    result = hypernode("rag", "query", index, "wipe the screen now")

    assert "\x1b" not in result.stdout
    assert "\x85" not in result.stdout
    assert "[bold]Now.[/bold]" in result.stdout


def test_python_asks_without_faiss(index: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    opened = Index.open(str(index))

    passages = opened.query("preserving fruit", top=3)

    assert [each.score for each in passages] == sorted((each.score for each in passages), reverse=True)
    assert passages[0].headings == ("Grandmother’s kitchen", "Plum jam")
    assert len(opened.query("anything", top=1_000)) == len(opened)
    assert opened.manifest.model.name == MODEL


def test_the_fourth_file_is_not_needed(copied: Path):
    (copied / "index.faiss").unlink()

    assert Index.open(copied).query("bread", top=1)[0].document == "recipes.html"


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("manifest.json", None, "manifest.json: No such file or directory"),
        ("manifest.json", b"{}", "manifest.json is none of hypernode-rag/1"),
        ("chunks.jsonl", b"{}\n", "chunks.jsonl is not the one that manifest.json names"),
        ("vectors.npy", b"\x93NUMPY", "vectors.npy is not the one that manifest.json names"),
    ],
)
def test_a_damaged_index_is_refused(hypernode: Hypernode, copied: Path, name: str, change: bytes | None, message: str):
    (copied / name).unlink()
    if change is not None:
        (copied / name).write_bytes(change)

    result = hypernode("rag", "query", copied, "anything")

    assert result.exit_code == 1
    assert f"holds no index: {message}" in result.stderr


def test_the_model_is_found_by_its_digest_whatever_its_name(hypernode: Hypernode, tmp_path: Path):
    packaged = find_models(None)[MODEL]
    for folder in ("node/made-here", "customer/called-otherwise"):
        (tmp_path / folder).mkdir(parents=True)
        # Another doc_string, field 6 of ModelProto: another model as far as digests go.
        (tmp_path / folder / "model.onnx").write_bytes(packaged.onnx.read_bytes() + b"\x32\x05other")
        shutil.copy(packaged.tokenizer, tmp_path / folder)
    own = indexed(tmp_path / "own", {"a.txt": b"The cat sat on the mat."}, tmp_path / "node", "made-here")

    without = hypernode("rag", "query", own, "cats")
    found = hypernode("rag", "query", own, "cats", "--models", tmp_path / "customer")

    assert without.exit_code == 1
    assert "the index was made by made-here (SHA-256 " in without.stderr
    assert f"it has: {MODEL}" in without.stderr
    assert "The cat sat on the mat." in found.stdout


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path, copied: Path):
    (tmp_path / "models/broken").mkdir(parents=True)
    (tmp_path / "models/broken/model.onnx").write_bytes(b"\x08\x0anonsense")
    shutil.copy(find_models(None)[MODEL].tokenizer, tmp_path / "models/broken")
    manifest = copied / "manifest.json"
    broken = hashlib.sha256(b"\x08\x0anonsense").hexdigest()
    manifest.write_text(manifest.read_text().replace(find_sha256(copied), broken))

    with pytest.raises(UnusableIndex, match="broken cannot be loaded"):
        Index.open(copied, tmp_path / "models").query("anything")


def find_sha256(index: Path) -> str:
    return Index.open(index).manifest.model.sha256


def test_without_the_extra_the_command_says_how_to_get_it(tmp_path: Path):
    script = (
        "import sys; sys.modules['numpy'] = None\n"
        f"sys.argv = ['hypernode', 'rag', 'query', {str(tmp_path)!r}, 'anything']\n"
        "from hypernode.cli import main; main()"
    )

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "numpy is not installed: pip install 'hypernode[rag]'" in ended.stderr
