"""The wheel brings the web app along."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "web" / "dist"


def test_an_installed_wheel_serves_the_built_app(tmp_path: Path):
    files = {path.relative_to(BUILT).as_posix(): path.read_bytes() for path in BUILT.rglob("*") if path.is_file()}
    assert "index.html" in files, "the web app has not been built: run `make web` first"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path], cwd=ROOT, check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with ZipFile(wheel) as archive:
        archive.extractall(site)

    found = subprocess.run(
        [sys.executable, "-c", "from hypernode.wiring.settings import Settings; print(Settings().web_app)"],
        env={"PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert Path(found) == site / "hypernode" / "web_app"
    for name, content in files.items():
        assert (Path(found) / name).read_bytes() == content
