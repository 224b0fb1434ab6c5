"""Models in memory: shared by the jobs that use them, kept while idle, dropped for another model."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Held(Generic[T]):
    value: T
    users: int = 0


class Loaded(Generic[T]):
    """What was loaded, by model file and variant."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[Path, str], _Held[T]] = {}

    @contextmanager
    def use(self, file: Path, variant: str, load: Callable[[], T], *, keep: bool = True) -> Iterator[T]:
        """What `load` gives, which is called unless it is there already.

        It stays afterwards if `keep`, until a job wants another model. Others wait meanwhile: llama.cpp's loading
        holds Python's lock anyway.
        """
        with self._lock:
            held = self._held.get((file, variant))
            if held is None:
                self._drop(file)  # Other models make room.
                held = self._held[file, variant] = _Held(load())
            held.users += 1
        try:
            yield held.value
        finally:
            with self._lock:
                held.users -= 1
                if not keep and not held.users:
                    self._held.pop((file, variant), None)

    def drop(self) -> None:
        """Forget what nobody uses."""
        with self._lock:
            self._drop(None)

    def _drop(self, kept: Path | None) -> None:
        for file, variant in [key for key, held in self._held.items() if not held.users and key[0] != kept]:
            del self._held[file, variant]
