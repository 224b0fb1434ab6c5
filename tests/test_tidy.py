"""The house rules that no linter holds: sizes, names, first lines, who may import what, no addresses in locks."""

import ast
import functools
import gc
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "hypernode"
MAX_MODULE_LINES = 350
MAX_FUNCTION_LINES = 50

LONG_FUNCTIONS = {
    "wiring/coordinator.py:assemble": "the one place where all parts of a coordinator are put together, one line each",
}
BAD_NAMES = re.compile(r"(^|_)(util|utils|common|helper|helpers|misc|manager|managers)(_|$)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
SKIPS = re.compile(r"pytest\.(skip|importorskip|mark\.skip|mark\.xfail)\b(?!if)|\bxfail\(")
CONDITIONAL_SKIP = re.compile(r"mark\.skipif\((?!.*reason=)")
ALLOWED_SKIPS = {
    "tests/chain/conftest.py": "surfpool comes from npm, and runs where Node is; the reason is shown",
}
ADDRESS = re.compile(r"https?://|--(extra-)?index-url|--find-links", re.IGNORECASE)

ONLY_IN = {"asyncpg": "store", "solders": "chain", "litestar": "api", "obstore": "blobs"}
EXCEPTIONS = {
    ("wiring", "litestar"): "wiring types the application that it serves",
}
HOSTILE_GROUND = ("node", "executors")
"""A provider's machine never has the database or the keys: nothing there imports what handles them."""
KEPT_FROM_IT = ("hypernode.store", "hypernode.chain", "hypernode.coordinator", "hypernode.api", "asyncpg", "solders")


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def scripts() -> list[Path]:
    return [*modules(), *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "bench").glob("*.py"))]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT if SOURCE not in path.parents else SOURCE).as_posix()


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A finalizer that prints a traceback parses too, and Python 3.11's parser cannot bear that within itself."""
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def imported(path: Path) -> Iterator[str]:
    """Modules that a file imports, also inside functions and under TYPE_CHECKING."""
    for part in ast.walk(parsed(path)):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom) and part.module:
            yield part.module
            yield from (f"{part.module}.{alias.name}" for alias in part.names)


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_no_module_is_longer_than_a_reader_can_keep_in_mind():
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in modules()}

    assert {name: length for name, length in lengths.items() if length > MAX_MODULE_LINES} == {}


def test_no_function_is_longer_than_a_screen():
    found = {
        f"{name_of(path)}:{part.name}": (part.end_lineno or 0) - part.lineno + 1
        for path in modules()
        for part in ast.walk(parsed(path))
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {name: lines for name, lines in found.items() if lines > MAX_FUNCTION_LINES}

    assert {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "an exception is not needed any more"


def test_every_module_says_in_its_first_line_what_it_is_for():
    silent = []
    for path in modules():
        first = (ast.get_docstring(parsed(path)) or "").split("\n")[0]
        if len(first) < 10 or (first[-1] not in ".:" and not first.endswith("`")):
            silent.append((name_of(path), first))

    assert silent == []


def test_no_module_has_a_name_that_says_nothing():
    parts = {part for path in modules() for part in path.relative_to(SOURCE).with_suffix("").parts}

    assert [part for part in sorted(parts) if BAD_NAMES.search(part)] == []


def test_nothing_is_left_unfinished():
    own = Path(__file__).resolve()
    found = [
        f"{name_of(path)}:{number}"
        for path in scripts()
        if path.resolve() != own
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNFINISHED.search(line)
    ]

    assert found == []


def test_no_test_is_skipped_in_silence():
    own = Path(__file__).resolve()
    found = [
        f"{name_of(path)}:{number}"
        for path in (ROOT / "tests").rglob("*.py")
        if path.resolve() != own
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (SKIPS.search(line) and name_of(path) not in ALLOWED_SKIPS) or CONDITIONAL_SKIP.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_each_library_of_the_outer_world_is_imported_in_one_package(library: str):
    home = ONLY_IN[library]
    found = [
        name_of(path)
        for path in modules()
        if (package := path.relative_to(SOURCE).parts[0]) != home
        and (package, library) not in EXCEPTIONS
        and any(is_within(module, library) for module in imported(path))
    ]

    assert found == []


@pytest.mark.parametrize("package", HOSTILE_GROUND)
def test_a_providers_machine_holds_no_code_for_the_database_or_the_keys(package: str):
    found = [
        f"{name_of(path)} imports {module}"
        for path in (SOURCE / package).rglob("*.py")
        for module in imported(path)
        if any(is_within(module, kept) for kept in KEPT_FROM_IT)
    ]

    assert found == []


def test_the_domain_is_pure():
    """No clock, chance, network, file or event loop: what it needs of them comes in as arguments."""
    outside = ("asyncio", "time", "random", "secrets", "os", "socket", "pathlib", "httpx", "logging", "structlog")
    found = [
        f"{name_of(path)} imports {module}"
        for path in (SOURCE / "domain").rglob("*.py")
        for module in imported(path)
        if any(is_within(module, each) for each in outside)
    ]

    assert found == []


def test_imports_go_down_only():
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command, "import-linter is not installed: `make test` installs it"

    ended = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_locks_hold_hashes_and_no_addresses():
    locks = sorted(ROOT.glob("*.lock"))
    lines = [(lock.name, line) for lock in locks for line in lock.read_text().splitlines()]

    names = [f"requirements{part}.lock" for part in ("", "-bench", "-dev", "-engines", "-render")]
    assert {lock.name for lock in locks} == set(names)
    assert [line for line in lines if ADDRESS.search(line[1])] == []
    for lock in locks:
        text = lock.read_text()
        pinned = re.findall(r"^[a-z0-9][\w.\[\]-]*==", text, re.MULTILINE)
        assert len(pinned) > 5
        assert text.count("--hash=sha256:") >= len(pinned)


def test_no_other_lock_and_no_npm_lock_holds_an_address():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    names = {name for name in listed if name and (ROOT / name).is_file()}

    assert not {name for name in names if Path(name).name in ("uv.lock", "pylock.toml", "poetry.lock", "yarn.lock")}
    for name in names:
        if Path(name).name == "package-lock.json":
            assert '"resolved"' not in (ROOT / name).read_text(), name
