"""WASI preview 1 that shows the same to a guest on every machine: time, chance, file attributes, order of folders.

Of wasmtime's own WASI these parts tell machines apart, so they are answered here instead. Whoever could make a program
that behaves differently on two honest machines could make an honest machine fail a check.
"""

import hashlib
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import wasmtime

WASI: Final = "wasi_snapshot_preview1"
CLOCK_START_NS: Final = 946_684_800 * 10**9
"""2000-01-01. File times are always this."""
CLOCK_STEP_NS: Final = 1_000
"""How much later it is at each reading."""
MAX_SUBSCRIPTIONS: Final = 1_000
"""That a guest may wait for at once."""

_U32: Final = 0xFFFF_FFFF
"""An i32 arrives signed from the guest."""
_U64: Final = (1 << 64) - 1
_SUCCESS: Final = 0
_EFAULT: Final = 21
"""Errno `fault`: the guest passed an address outside of its memory."""
_EINVAL: Final = 28
_DIRECTORY: Final = 3
_DIRENT: Final = struct.Struct("<QQIB3x")  #: next cookie, inode, length of the name, type
_FILESTAT: Final = struct.Struct("<QQB7xQQQQQ")  #: device, inode, type, links, size, three times
_CLOCK: Final = struct.Struct("<QB7xI4xQQH6x")  #: user data, tag, clock, timeout, precision, flags
_EVENT: Final = struct.Struct("<QHB5xQH6x")  #: user data, errno, type, bytes, flags
_ABSTIME: Final = 1
_PAGE_BYTES: Final = 1 << 16

_REAL: Final = f"""
(module
  (import "{WASI}" "fd_filestat_get" (func $fd_stat (param i32 i32) (result i32)))
  (import "{WASI}" "path_filestat_get" (func $path_stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "fd_filestat_get") (param i32 i32) (result i32) (call $fd_stat (local.get 0) (local.get 1)))
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32)
    (call $path_stat (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32)
    (call $readdir (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4))))
"""
"""Calls wasmtime's own WASI on a memory of its own, from where the answers are copied."""


def linker(engine: "wasmtime.Engine", store: "wasmtime.Store") -> "wasmtime.Linker":
    """All of WASI, for one guest. It takes one instance and one memory of the store's limits itself."""
    import wasmtime

    made = wasmtime.Linker(engine)
    made.define_wasi()
    real = made.instantiate(store, wasmtime.Module(engine, bytes(wasmtime.wat2wasm(_REAL))))
    made.allow_shadowing = True
    for name, (parameters, function) in _Same(store, real).functions().items():
        kinds = {"i": wasmtime.ValType.i32, "I": wasmtime.ValType.i64}
        signature = wasmtime.FuncType([kinds[each]() for each in parameters], [wasmtime.ValType.i32()])
        made.define_func(WASI, name, signature, function, access_caller=True)
    return made


class _Same:
    """The functions of WASI whose answers would depend on the machine."""

    def __init__(self, store: "wasmtime.Store", real: "wasmtime.Instance") -> None:
        self._store = store
        self._real: Any = real.exports(store)
        self._now_ns = CLOCK_START_NS
        self._drawn = 0
        self._listings: dict[int, list[bytes]] = {}

    def functions(self) -> dict[str, tuple[str, Callable[..., int]]]:
        """Name -> types of the parameters (i32 as i, i64 as I) and function."""
        return {
            "clock_time_get": ("iIi", self._clock_time_get),
            "clock_res_get": ("ii", self._clock_res_get),
            "random_get": ("ii", self._random_get),
            "poll_oneoff": ("iiii", self._poll_oneoff),
            "fd_filestat_get": ("ii", self._fd_filestat_get),
            "path_filestat_get": ("iiiii", self._path_filestat_get),
            "fd_readdir": ("iiiIi", self._fd_readdir),
        }

    def _clock_time_get(self, caller: "wasmtime.Caller", _clock: int, _precision: int, address: int) -> int:
        self._now_ns = (self._now_ns + CLOCK_STEP_NS) & _U64
        return _write(caller, address, 8, lambda: self._now_ns.to_bytes(8, "little"))

    def _clock_res_get(self, caller: "wasmtime.Caller", _clock: int, address: int) -> int:
        return _write(caller, address, 8, lambda: CLOCK_STEP_NS.to_bytes(8, "little"))

    def _random_get(self, caller: "wasmtime.Caller", address: int, length: int) -> int:
        self._drawn += 1
        drawn = self._drawn.to_bytes(8)
        return _write(caller, address, length, lambda: hashlib.shake_256(drawn).digest(length & _U32))

    def _poll_oneoff(self, caller: "wasmtime.Caller", given: int, found: int, count: int, found_count: int) -> int:
        """Files are always ready; without one, the clock moves on to what comes first. Nobody waits."""
        if not 0 < count <= MAX_SUBSCRIPTIONS:
            return _EINVAL
        asked = _read(caller, given, count * _CLOCK.size)
        if asked is None:
            return _EFAULT
        ready = [(user, tag) for user, tag, *_ in _CLOCK.iter_unpack(asked) if tag != 0]
        if not ready:
            due = [
                (min(timeout if flags & _ABSTIME else self._now_ns + timeout, _U64), user)
                for user, _, _, timeout, _, flags in _CLOCK.iter_unpack(asked)
            ]
            self._now_ns = max(self._now_ns, min(due)[0])
            ready = [(user, 0) for when, user in due if when <= self._now_ns]
        events = b"".join(_EVENT.pack(user, _SUCCESS, tag, 1 if tag else 0, 0) for user, tag in ready)
        return _write(caller, found, len(events), lambda: events) or _write(
            caller, found_count, 4, lambda: len(ready).to_bytes(4, "little")
        )

    def _fd_filestat_get(self, caller: "wasmtime.Caller", fd: int, address: int) -> int:
        errno = self._real["fd_filestat_get"](self._store, fd, 0)
        return errno or self._write_filestat(caller, address)

    def _path_filestat_get(
        self, caller: "wasmtime.Caller", fd: int, flags: int, path: int, length: int, address: int
    ) -> int:
        name = _read(caller, path, length) if 0 <= length <= _PAGE_BYTES else None
        if name is None:
            return _EFAULT
        self._real["memory"].write(self._store, name, _PAGE_BYTES)
        errno = self._real["path_filestat_get"](self._store, fd, flags, _PAGE_BYTES, length, 0)
        return errno or self._write_filestat(caller, address)

    def _write_filestat(self, caller: "wasmtime.Caller", address: int) -> int:
        """Type and size alone; a folder's size is its file system's affair."""
        kind, _, size = _FILESTAT.unpack(self._real["memory"].read(self._store, 0, _FILESTAT.size))[2:5]
        times = (CLOCK_START_NS,) * 3
        same = _FILESTAT.pack(1, 1, kind, 1, 0 if kind == _DIRECTORY else size, *times)
        return _write(caller, address, len(same), lambda: same)

    def _fd_readdir(self, caller: "wasmtime.Caller", fd: int, address: int, length: int, cookie: int, used: int) -> int:
        """A folder's entries by name. It is read when a guest begins with it; a cookie is an entry's place."""
        if cookie == 0 or fd not in self._listings:
            listing = self._list(fd)
            if isinstance(listing, int):
                return listing
            self._listings[fd] = listing
        entries = b"".join(self._listings[fd][cookie if cookie >= 0 else _U32 :])[: length & _U32]
        return _write(caller, address, len(entries), lambda: entries) or _write(
            caller, used, 4, lambda: len(entries).to_bytes(4, "little")
        )

    def _list(self, fd: int) -> list[bytes] | int:
        """All entries of a folder as a guest gets them, or errno. Costs no fuel: how much would depend on the order."""
        fuel = self._store.get_fuel()
        found: dict[bytes, int] = {}
        cookie = 0
        while True:
            # The count goes behind the page of entries.
            if errno := self._real["fd_readdir"](self._store, fd, 0, _PAGE_BYTES, cookie, _PAGE_BYTES):
                return errno
            used = int.from_bytes(self._real["memory"].read(self._store, _PAGE_BYTES, _PAGE_BYTES + 4), "little")
            page = bytes(self._real["memory"].read(self._store, 0, used))
            at = 0
            while at + _DIRENT.size <= used:
                following, _, length, kind = _DIRENT.unpack_from(page, at)
                end = at + _DIRENT.size + length
                if end > used:
                    break
                found[page[at + _DIRENT.size : end]] = kind
                cookie, at = following, end
            if used < _PAGE_BYTES:
                break
        self._store.set_fuel(fuel)
        return [
            _DIRENT.pack(place, 1, len(name), kind) + name
            for place, (name, kind) in enumerate(sorted(found.items()), 1)
        ]


def _read(caller: "wasmtime.Caller", address: int, length: int) -> bytes | None:
    """A piece of the guest's memory; None where it ends outside."""
    import wasmtime

    memory = caller.get("memory")
    start, end = address & _U32, (address & _U32) + length
    if not isinstance(memory, wasmtime.Memory) or end > memory.data_len(caller):
        return None
    return bytes(memory.read(caller, start, end))


def _write(caller: "wasmtime.Caller", address: int, length: int, make: Callable[[], bytes]) -> int:
    """Put `length` bytes into the guest's memory; they are made only when they fit. Returns WASI's errno."""
    import wasmtime

    memory = caller.get("memory")
    start, end = address & _U32, (address & _U32) + (length & _U32)
    if not isinstance(memory, wasmtime.Memory) or end > memory.data_len(caller):
        return _EFAULT
    memory.write(caller, make(), start)
    return _SUCCESS
