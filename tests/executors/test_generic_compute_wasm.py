"""What makes WebAssembly runs equal on all machines, and how a claim about one is checked."""

import os
import re
import struct
import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from hypernode.domain.receipt import Verdict
from hypernode.executors.generic_compute import GenericCompute, Input, Output
from hypernode.ports import Claim, Finding, JobContext, Outcome
from hypernode.protocol.validation import bad_fields

FUNCTIONS = {
    "fd_write": "i32 i32 i32 i32",
    "fd_readdir": "i32 i32 i32 i64 i32",
    "fd_filestat_get": "i32 i32",
    "path_filestat_get": "i32 i32 i32 i32 i32",
    "path_open": "i32 i32 i32 i32 i32 i64 i64 i32 i32",
    "poll_oneoff": "i32 i32 i32 i32",
    "clock_time_get": "i32 i64 i32",
}
IMPORTS = "".join(
    f'(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {types}) (result i32)))'
    for name, types in FUNCTIONS.items()
)


def module(body: str, memory: str = '(memory (export "memory") 2)') -> dict[str, Any]:
    """`put` writes a piece of memory to stdout; a call's errno is dropped."""
    put = """(func $put (param $at i32) (param $length i32)
      (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $length))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))"""
    data = '(data (i32.const 64) "b.txt") (data (i32.const 80) "result.txt")'
    return {"wat": f'(module {IMPORTS} {memory} {data} {put} (func (export "_start") {body}))'}


class Run:
    """Runs modules in folders of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("inputs/files", "outputs", "claim"):
            (folder / name).mkdir(parents=True)

    def context(self, seconds: float = 20) -> JobContext:
        return JobContext(
            model="",
            inputs=self.folder / "inputs",
            outputs=self.folder / "outputs",
            max_duration_s=seconds,
            progress=lambda fraction, message: None,
            log=lambda line: None,
            stream=lambda text: None,
        )

    def __call__(self, program: dict[str, Any], **given: Any) -> Outcome:
        parsed = msgspec.convert({"runtime": "wasm", "module": program, **given}, Input)
        return GenericCompute().run(parsed, self.context())

    def words(self, program: dict[str, Any]) -> str:
        """Standard output: for bytes below 128 it is what the program wrote, byte for byte."""
        output = self(program).output
        assert isinstance(output, Output)
        assert output.exit_code == 0
        return output.stdout

    def verify(self, program: dict[str, Any], outcome: Outcome, seconds: float = 20, **given: Any) -> Finding:
        parsed = msgspec.convert({"runtime": "wasm", "module": program, **given}, Input)
        files = self.folder / f"claim-{uuid4().hex}"  # A check does away with it.
        subprocess.run(["cp", "-a", self.folder / "claim", files], check=True)
        claim = Claim(outcome.output, outcome.units, "", outcome.fingerprint, files)
        return GenericCompute().verify(parsed, claim, self.context(seconds), 1)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


LIST = """
  (drop (call $fd_readdir (i32.const 3) (i32.const 1024) (i32.const 65536) (i64.const 0) (i32.const 16)))
  (call $put (i32.const 1024) (i32.load (i32.const 16)))"""
STAT = """
  (drop (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 1024)))
  (call $put (i32.const 1024) (i32.const 64))
  (drop (call $fd_filestat_get (i32.const 3) (i32.const 1024)))
  (call $put (i32.const 1024) (i32.const 64))"""


def test_folders_and_attributes_of_files_are_the_same_on_every_machine(tmp_path: Path):
    names = [f"{letter}.txt" for letter in "bdacfe"]
    first, second = Run(tmp_path / "first"), Run(tmp_path / "second")
    for run, order in ((first, names), (second, sorted(names))):
        for name in order:
            (run.folder / "inputs/files" / name).write_text("12345")
    os.utime(second.folder / "inputs/files/b.txt", (1, 1))

    assert first(module(LIST + STAT)) == second(module(LIST + STAT))
    assert re.findall(r"\w\.txt", first.words(module(LIST))) == sorted(names)


def test_a_files_size_and_type_are_told(run: Run):
    (run.folder / "inputs/files/b.txt").write_text("12345")

    told = run.words(module(STAT)).encode()

    assert told[16] == 4  # A regular file.
    assert struct.unpack_from("<Q", told, 32)[0] == 5


def test_a_folder_is_read_in_pieces(run: Run):
    for number in range(300):
        (run.folder / f"inputs/files/{number:03}").touch()
    # Each piece has room for two entries and a half; a cookie is the last whole one's.
    pieces = """(local $cookie i64)
      (loop $more
        (drop (call $fd_readdir (i32.const 3) (i32.const 1024) (i32.const 67) (local.get $cookie) (i32.const 16)))
        (if (i32.ge_u (i32.load (i32.const 16)) (i32.const 27)) (then
          (call $put (i32.const 1048) (i32.load (i32.const 1040)))
          (local.set $cookie (i64.load (i32.const 1024)))
          (br $more))))"""

    assert run.words(module(pieces)) == "..." + "".join(f"{number:03}" for number in range(300))


SLEEP = """
  (i64.store (i32.const 1048) (i64.const 3600000000000))
  (drop (call $poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 16)))
  (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 32)))
  (call $put (i32.const 32) (i32.const 8))
  (call $put (i32.const 16) (i32.const 4))"""


def test_a_sleep_moves_the_clock_and_nobody_waits(run: Run):
    started = time.monotonic()

    outcome = run(module(SLEEP + SLEEP))

    assert time.monotonic() - started < 10
    assert outcome == run(module(SLEEP + SLEEP))
    assert isinstance(outcome.output, Output)
    assert outcome.output.stdout.endswith("\x01\0\0\0")


def test_files_are_ready_before_any_time_has_passed(run: Run):
    wait = """
      (i32.store8 (i32.const 1032) (i32.const 1)) (i64.store (i32.const 1024) (i64.const 7))
      (i64.store (i32.const 1096) (i64.const 9))
      (drop (call $poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 2) (i32.const 16)))
      (call $put (i32.const 16) (i32.const 4)) (call $put (i32.const 2048) (i32.const 8))"""

    assert run.words(module(wait)) == "\x01\0\0\0" + "\x07" + "\0" * 7


@pytest.mark.parametrize(
    "call",
    [
        "$fd_readdir (i32.const 3) (i32.const 131000) (i32.const 4096) (i64.const 0) (i32.const 16)",
        "$fd_readdir (i32.const 3) (i32.const 1024) (i32.const 4096) (i64.const 0) (i32.const -1)",
        "$fd_filestat_get (i32.const 3) (i32.const -8)",
        "$path_filestat_get (i32.const 3) (i32.const 0) (i32.const -1) (i32.const 9) (i32.const 1024)",
        "$path_filestat_get (i32.const 3) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 1024)",
        "$poll_oneoff (i32.const 131000) (i32.const 2048) (i32.const 9) (i32.const 16)",
        "$poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const -1) (i32.const 16)",
        "$poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 0) (i32.const 16)",
        "$fd_readdir (i32.const 99) (i32.const 1024) (i32.const 4096) (i64.const 0) (i32.const 16)",
        "$fd_readdir (i32.const 3) (i32.const 1024) (i32.const 4096) (i64.const -1) (i32.const -1)",
    ],
)
def test_bad_addresses_and_numbers_are_errors_of_the_guest(run: Run, call: str):
    for number in range(9):
        (run.folder / f"inputs/files/{number}{'x' * 200}").touch()

    assert run.words(module(f"(if (call {call}) (then (call $put (i32.const 64) (i32.const 5))))")) == "b.txt"


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd"])
def test_attributes_of_other_files_are_not_told(run: Run, path: str):
    (run.folder / "inputs/secret").touch()
    body = f"""(if (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const {len(path)})
      (i32.const 2048)) (then (call $put (i32.const 64) (i32.const 5))))"""
    data = f'(memory (export "memory") 2) (data (i32.const 1024) "{path}")'

    assert run.words(module(body, data)) == "b.txt"


def test_a_guest_has_one_memory(run: Run):
    two = '(memory (export "memory") 1) (memory 1)'

    with pytest.raises(Exception, match="memor"):
        run(module("", two))


WRITE = """
  (call $put (i32.const 64) (i32.const 5))
  (drop (call $path_open (i32.const 4) (i32.const 0) (i32.const 80) (i32.const 10)
    (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 32)))
  (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 5))
  (drop (call $fd_write (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 8)))"""
SAME = module(WRITE)


@pytest.fixture
def claimed(run: Run) -> Outcome:
    """An honest outcome of SAME, with its file in `claim`."""
    outcome = run(SAME)
    (run.folder / "outputs/result.txt").rename(run.folder / "claim/result.txt")
    return outcome


def forged(outcome: Outcome, **changes: Any) -> Outcome:
    output = msgspec.structs.replace(outcome.output, **changes)
    return replace(outcome, output=output, units=changes.get("fuel_used", outcome.units))


def elsewhere(outcome: Outcome) -> Outcome:
    return replace(outcome, fingerprint={"engine": "wasmtime 49.0.0"})


def test_an_honest_claim_passes_and_leaves_nothing(run: Run, claimed: Outcome):
    finding = run.verify(SAME, claimed)

    assert finding.verdict is Verdict.PASSED
    assert finding.figures == {"claimed_fuel": claimed.units, "own_fuel": claimed.units, "files": 1}
    assert list((run.folder / "outputs").iterdir()) == []


def test_another_version_may_count_fuel_otherwise(run: Run, claimed: Outcome):
    counted = forged(claimed, fuel_used=claimed.units + 3)

    assert run.verify(SAME, elsewhere(counted)).verdict is Verdict.PASSED
    assert run.verify(SAME, counted).verdict is Verdict.FAILED
    assert run.verify(SAME, elsewhere(forged(claimed, fuel_used=3 * claimed.units))).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({"stdout": "a.txt"}, "stdout 'a.txt' instead of 'b.txt'"),
        ({"stderr": "x"}, "stderr 'x' instead of ''"),
        ({"exit_code": 1}, "exit code 1 instead of 0"),
        ({"truncated": True}, "truncated True"),
        ({"fuel_used": 10**9}, "fuel 1000000000 instead of"),
        ({"fuel_used": 10**11}, "where 10000000000 was granted"),
    ],
)
def test_a_forged_output_fails(run: Run, claimed: Outcome, changes: Mapping[str, Any], evidence: str):
    finding = run.verify(SAME, forged(claimed, **changes))

    assert finding.verdict is Verdict.FAILED
    assert evidence in finding.evidence


@pytest.mark.parametrize("forgery", ["changed", "missing", "added", "linked", "pipe"])
def test_forged_files_fail(run: Run, claimed: Outcome, forgery: str):
    file = run.folder / "claim/result.txt"
    match forgery:
        case "changed":
            file.write_text("other")
        case "missing":
            file.unlink()
        case "added":
            file.with_name("another.txt").write_text("")
        case "linked":
            file.unlink()
            file.symlink_to("/etc/passwd")
        case _:
            os.mkfifo(file.with_name("pipe"))

    assert run.verify(SAME, claimed).verdict is Verdict.FAILED


def test_a_result_of_a_program_that_fails_everywhere_fails(run: Run, claimed: Outcome):
    trap = module("unreachable")

    assert run.verify(trap, claimed).verdict is Verdict.FAILED
    assert run.verify(trap, elsewhere(claimed)).verdict is Verdict.UNVERIFIED


def test_what_depends_on_the_machine_proves_nothing(run: Run, claimed: Outcome):
    """How deep calls may go depends on the instruction set, and how far one comes in a second on the processor."""
    deep = module("(call $deeper)", '(memory (export "memory") 2) (func $deeper (call $deeper) (call $deeper))')
    endless = module("(loop (br 0))")

    assert run.verify(deep, claimed).verdict is Verdict.UNVERIFIED
    late = run.verify(endless, forged(claimed, fuel_used=10**12), seconds=0.2, fuel=10**13)
    assert late.verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"fuel": 0, "memoryMB": 0}, ["input.fuel", "input.memoryMB"]),
        ({"image": "sha256:" + "1" * 64}, ["input"]),
        ({"runtime": "wasi"}, ["input"]),
    ],
)
def test_a_bad_input_is_refused_with_the_paths_of_what_is_wrong(given: dict[str, Any], paths: list[str]):
    whole = {"runtime": "wasm", "module": {"wat": "(module)"}}
    assert bad_fields(whole, Input, "input") == []

    assert [field.path for field in bad_fields(whole | given, Input, "input")] == paths
