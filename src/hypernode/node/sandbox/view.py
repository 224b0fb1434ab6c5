"""What of the machine a job sees: system libraries, this Python, devices of the GPUs, and nothing of anyone's home."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

_ETC: Final = Path(__file__).with_name("etc")
"""Users, groups and hosts, as a job sees them."""

_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store")
_CONFIGURATION: Final = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "fonts"),
    *("ssl", "ca-certificates", "pki", "crypto-policies"),
    *("OpenCL", "vulkan", "glvnd", "nvidia"),
)
"""Of /etc: where libraries are, time zone, fonts, certificate authorities, GPU drivers."""
_TOPOLOGY: Final = ("/sys/devices/system/cpu", "/sys/devices/system/node")
_GPU_DEVICES: Final = ("nvidia*", "dri", "kfd", "dxg")
_GPU_FACTS: Final = (
    *("/sys/bus/pci", "/sys/class/drm", "/sys/class/kfd", "/sys/dev/char", "/sys/module"),
    *("/sys/devices/virtual/kfd", "/run/opengl-driver"),
)
_PCI: Final = "pci*"
_IMPORTS: Final = "import json, sys; print(json.dumps(sys.path))"


def links_and_folders(paths: Sequence[str] = _SYSTEM) -> tuple[dict[str, str], list[Path]]:
    """System folders: those that are links, with their targets, and those that are there."""
    links = {path: str(Path(path).readlink()) for path in paths if Path(path).is_symlink()}
    return links, [Path(path) for path in paths if path not in links and Path(path).is_dir()]


def python() -> list[Path]:
    """All folders that this interpreter is made of, and those that it imports from."""
    engines = Path(sys.prefix, "engines").glob("*/pyvenv.cfg")
    # Of a fresh interpreter: this one may import from its working directory, too.
    imports = subprocess.run([sys.executable, "-P", "-c", _IMPORTS], env={}, stdout=subprocess.PIPE, check=True).stdout
    found = [
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.base_prefix).resolve(),
        Path(os.path.realpath(sys.executable)).parent.parent,
        *(base for config in engines if (base := _base_of(config))),
        *map(Path, json.loads(imports)),
    ]
    return [path for path in found if path.exists()]


def configuration() -> dict[Path, Path]:
    """Files and folders in /etc: where a job sees them -> what it sees."""
    shown = {Path("/etc", name): Path("/etc", name) for name in _CONFIGURATION}
    own = {Path("/etc", file.name): file for file in _ETC.iterdir()}
    return {path: source for path, source in {**shown, **own}.items() if source.exists()}


def topology() -> list[Path]:
    """What engines read to choose how many threads they start."""
    return [path for path in map(Path, _TOPOLOGY) if path.is_dir()]


def gpus() -> tuple[list[Path], list[Path]]:
    """Device files of GPUs, and the folders in which drivers look them up; both empty without a GPU."""
    maker = shutil.which("nvidia-modprobe")
    if maker and Path("/dev/nvidiactl").exists() and not Path("/dev/nvidia-uvm").exists():
        # CUDA makes this device when it is first used, by a program that gains privileges; a job's cannot.
        subprocess.run([maker, "-u", "-c", "0"], capture_output=True, check=False)
    devices = sorted(path for pattern in _GPU_DEVICES for path in Path("/dev").glob(pattern))
    if not devices:
        return [], []
    facts = [*map(Path, _GPU_FACTS), *Path("/sys/devices").glob(_PCI)]
    return devices, [path for path in facts if path.is_dir()]


def named_in(environment: Mapping[str, str], names: Sequence[str]) -> Iterator[Path]:
    """Folders and files that the provider names in variables for an executor: models, caches, libraries.

    With them come the targets of links that lie directly in a folder: many keep their models elsewhere.
    """
    for name in names:
        for value in environment.get(name, "").split(os.pathsep):
            path = Path(value)
            if path.is_absolute() and path.is_dir():
                yield path
                yield from (Path(os.path.realpath(each)) for each in path.iterdir() if each.is_symlink())
            elif path.is_absolute() and path.is_file():
                yield path


def without_ancestors_of(secrets: Sequence[Path], paths: Sequence[Path]) -> list[Path]:
    """Paths that would not show the whole of a folder that holds secrets."""
    forbidden = {folder for secret in secrets for folder in (secret, *secret.parents)}
    return [path for path in paths if path not in forbidden]


def outermost(paths: Sequence[Path]) -> list[Path]:
    """Paths that lie in none of the others: each mount takes time."""
    given = set(paths)
    return [path for path in dict.fromkeys(paths) if given.isdisjoint(path.parents)]


def _base_of(config: Path) -> Path | None:
    """The installation that a virtual environment was made from."""
    for line in config.read_text().splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            return Path(value.strip()).parent
    return None
