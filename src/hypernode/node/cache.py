"""Files that are kept by name within a size: what was not used for longest goes first."""

import asyncio
import os
import re
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

Bring = Callable[[Path], Awaitable[None]]


class Cache:
    """One folder, which others may use too: only files whose names match are counted and removed."""

    def __init__(self, folder: Path, most_bytes: int, pattern: str = r"(hub-)?[0-9a-f]{64}(\.\w+)?") -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._pattern = re.compile(pattern)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._in_use: Counter[str] = Counter()

    @asynccontextmanager
    async def hold(self, name: str, bring: Bring) -> AsyncGenerator[Path]:
        """The file, brought first if it is not here; it stays while the context lasts."""
        if not self._pattern.fullmatch(name):
            raise ValueError(f"{name} is no name of a file here")
        self._in_use[name] += 1
        try:
            async with self._locks[name]:  # Jobs that start together bring a file once.
                path = await self._get(name, bring)
            yield path
        finally:
            self._in_use[name] -= 1
            await asyncio.to_thread(self._trim)

    def names(self) -> list[str]:
        """What is here, the latest used last."""
        return [path.name for path, _ in self._files()]

    async def _get(self, name: str, bring: Bring) -> Path:
        path = self._folder / name
        if path.is_file():
            os.utime(path)
            return path
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{name}.{os.getpid()}.part"
        try:
            await bring(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return path

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = self._scan() if self._folder.is_dir() else ()
        return sorted(found, key=lambda each: each[1].st_mtime_ns)

    def _scan(self) -> Iterator[tuple[Path, os.stat_result]]:
        for entry in os.scandir(self._folder):
            if entry.is_file(follow_symlinks=False) and self._pattern.fullmatch(entry.name):
                yield Path(entry.path), entry.stat(follow_symlinks=False)

    def _trim(self) -> None:
        files = self._files()
        left = sum(status.st_size for _, status in files)
        for path, status in files:
            if left <= self._most_bytes:
                return
            if not self._in_use[path.name]:
                path.unlink(missing_ok=True)
                left -= status.st_size
