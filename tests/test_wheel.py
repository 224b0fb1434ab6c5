"""The wheel carries the built web app, also when it is made of the source distribution, where there is no npm."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILT = ROOT / "web" / "dist"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Made of the source distribution, as pip makes it."""
    assert (BUILT / "index.html").is_file(), "the web app has not been built: run `make web` first"
    folder = tmp_path_factory.mktemp("dist")
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "build", "--quiet", "--no-build-isolation", "--out-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, env={"VIRTUAL_ENV": sys.prefix, "PATH": "/usr/bin:/bin"})
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_every_file_of_the_built_app_is_in_it(wheel: zipfile.ZipFile):
    built = {path.relative_to(BUILT).as_posix(): path.read_bytes() for path in BUILT.rglob("*") if path.is_file()}
    inside = "hypernode/web_app/"

    carried = {name.removeprefix(inside): wheel.read(name) for name in wheel.namelist() if name.startswith(inside)}

    assert carried == built
    assert "index.html" in carried
    assert any(name.startswith("assets/") for name in carried)


def test_what_the_code_reads_beside_itself_is_in_it(wheel: zipfile.ZipFile):
    names = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "hypernode").rglob("*")
        if path.is_file() and path.suffix in (".sql", ".png", ".blend")
    }

    assert names
    assert names <= set(wheel.namelist())
