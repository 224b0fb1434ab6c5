"""generic_compute on the real wasmtime."""

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest
import wasmtime

from hypernode.executors.generic_compute import MAX_STDOUT_BYTES, GenericCompute, Input, Output
from hypernode.ports import ExecutionFailed, JobContext, Outcome

IMPORTS = """
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 100) "hello\\n")
  (data (i32.const 200) "data.txtcopy.txt/etc/passwd")
  (func $put (param $fd i32) (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $length))
    (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16))))
  (func $get (param $fd i32) (result i32)
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)))
    (i32.load (i32.const 16)))
"""
HELLO = "(call $put (i32.const 1) (i32.const 100) (i32.const 6))"
LOOP = "(loop (br 0))"


def program(body: str) -> dict[str, Any]:
    return {"wat": f'(module {IMPORTS} (func (export "_start") (local $fd i32) {body}))'}


class Run:
    """Runs one input in folders of its own and keeps what came out."""

    def __init__(self, folder: Path) -> None:
        self.inputs, self.outputs = folder / "inputs", folder / "outputs"
        self.inputs.mkdir()
        self.outputs.mkdir()
        self.streamed: list[str] = []
        self.logged: list[str] = []

    def __call__(self, module: dict[str, Any], seconds: float = 20, **given: Any) -> Outcome:
        parsed = msgspec.convert({"runtime": "wasm", "module": module, **given}, Input)
        context = JobContext(
            model="",
            inputs=self.inputs,
            outputs=self.outputs,
            max_duration_s=seconds,
            progress=lambda fraction, message: None,
            log=self.logged.append,
            stream=self.streamed.append,
        )
        return GenericCompute().run(parsed, context)

    def output(self, module: dict[str, Any], **given: Any) -> Output:
        output = self(module, **given).output
        assert isinstance(output, Output)
        return output


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_a_program_writes_to_its_streams(run: Run):
    output = run.output(program(HELLO + "(call $put (i32.const 2) (i32.const 100) (i32.const 6))"))

    assert (output.exit_code, output.stdout, output.stderr) == (0, "hello\n", "hello\n")
    assert run.streamed == ["hello\n"]
    assert run.logged == ["hello"]


def test_a_module_comes_in_three_forms(run: Run):
    text = program(HELLO)["wat"]
    binary = bytes(wasmtime.wat2wasm(text))
    (run.inputs / "module").write_bytes(binary)

    forms = [{"wat": text}, {"base64": base64.b64encode(binary).decode()}, {"sha256": "0" * 64}]

    assert {run.output(form).stdout for form in forms} == {"hello\n"}


def test_arguments_and_standard_input_reach_the_program(run: Run):
    echo_first_argument = (
        "(drop (call $args (i32.const 512) (i32.const 1024))) (call $put (i32.const 1) (i32.const 1028) (i32.const 3))"
    )
    assert run.output(program(echo_first_argument), args=["one", "two"]).stdout == "one"

    cat = "(call $put (i32.const 1) (i32.const 1024) (call $get (i32.const 0)))"
    assert run.output(program(cat), stdin="grüße").stdout == "grüße"


COPY = """
  (drop (call $open (i32.const 3) (i32.const 0) (i32.const 200) (i32.const 8)
    (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))
  (local.set $fd (i32.load (i32.const 32)))
  (drop (call $get (local.get $fd)))
  (drop (call $open (i32.const 4) (i32.const 0) (i32.const 208) (i32.const 8)
    (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 32)))
  (call $put (i32.load (i32.const 32)) (i32.const 1024) (i32.const 5))
"""


def test_files_are_read_under_in_and_written_under_out(run: Run):
    (run.inputs / "files").mkdir()
    (run.inputs / "files" / "data.txt").write_text("12345")

    run.output(program(COPY), files={"data.txt": "0" * 64})

    assert (run.outputs / "copy.txt").read_text() == "12345"


def test_inputs_cannot_be_written_nor_other_files_opened(run: Run):
    create_in_inputs = """(call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 208) (i32.const 8)
      (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 32)))"""
    open_passwd = """(call $exit (call $open (i32.const 4) (i32.const 0) (i32.const 216) (i32.const 11)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))"""

    assert run.output(program(create_in_inputs)).exit_code != 0
    assert run.output(program(open_passwd)).exit_code != 0
    assert list(run.inputs.rglob("copy.txt")) == []


def test_clock_and_random_bytes_and_fuel_are_the_same_in_every_run(run: Run):
    draw = """(drop (call $clock (i32.const 0) (i64.const 0) (i32.const 1024)))
      (drop (call $random (i32.const 1032) (i32.const 16)))
      (call $put (i32.const 1) (i32.const 1024) (i32.const 24))"""

    first, second = run(program(draw)), run(program(draw))

    assert first == second
    assert first.units > 0


def test_an_address_outside_of_memory_is_an_error_of_the_guest(run: Run):
    draw = "(call $exit (call $random (i32.const 131000) (i32.const 4096)))"

    assert run.output(program(draw)).exit_code == 21


def test_a_non_zero_exit_is_a_result(run: Run):
    outcome = run(program("(call $exit (i32.const 3))"))

    assert isinstance(outcome.output, Output)
    assert outcome.output.exit_code == 3
    assert outcome.units == outcome.output.fuel_used


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (program("unreachable"), "unreachable"),
        (program(LOOP), "all fuel consumed"),
        ({"wat": '(module (memory 1100) (func (export "_start")))'}, "exceeds memory limits"),
        ({"wat": '(module (import "env" "system" (func)) (func (export "_start")))'}, "unknown import"),
        ({"wat": "(module (func))"}, "no function _start"),
        ({"wat": '(module (func (export "_start") (param i32)))'}, "param"),
        ({"wat": "(module"}, "expected"),
        ({"base64": ""}, "unexpected end|empty|failed"),
    ],
)
def test_a_program_that_fails_everywhere_blames_the_input(run: Run, module: dict[str, Any], message: str):
    with pytest.raises(ExecutionFailed, match=message) as failure:
        run(module, fuel=10_000_000)

    assert failure.value.blames_input


def test_memory_cannot_grow_above_its_limit(run: Run):
    grow = "(call $exit (i32.eq (memory.grow (i32.const 1100)) (i32.const -1)))"

    assert run.output(program(grow)).exit_code == 1
    assert run.output(program(grow), memoryMB=128).exit_code == 0


def test_the_time_limit_ends_a_loop_without_blaming_the_input(run: Run):
    with pytest.raises(ExecutionFailed, match="longer than") as failure:
        run(program(LOOP), seconds=0.2, fuel=10**13)

    assert not failure.value.blames_input


def test_a_flood_on_standard_output_is_cut(run: Run):
    flood = """(loop $more (call $put (i32.const 1) (i32.const 0) (i32.const 65536))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1))) (br_if $more (i32.lt_u (local.get $fd) (i32.const 4))))"""

    output = run.output(program(flood))

    assert output.truncated
    assert len(output.stdout) <= MAX_STDOUT_BYTES


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "a//b", "", ".", "a/.", "a\\b", "x\n", "nul\x00", "a/"])
def test_names_that_lead_elsewhere_are_refused(name: str):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"runtime": "wasm", "module": {"wat": "x"}, "files": {name: "0" * 64}}, Input)


@pytest.mark.parametrize(
    "given",
    [
        {"runtime": "oci"},
        {"module": {}},
        {"module": {"wat": "x", "sha256": "0" * 64}},
        {"fuel": 0},
        {"fuel": 10**13 + 1},
        {"memoryMB": 4097},
        {"args": ["nul\x00"]},
        {"env": {"a=b": ""}},
        {"files": {"a": "0" * 64, "a/b": "0" * 64}},
        {"surprise": 1},
    ],
)
def test_a_bad_input_is_refused_by_the_schema(given: dict[str, Any]):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"runtime": "wasm", "module": {"wat": "x"}, **given}, Input)


def test_artifacts_are_named_and_units_bounded():
    digest = "ab" * 32
    given = msgspec.convert({"runtime": "wasm", "module": {"sha256": digest}, "files": {"a/b": digest}}, Input)

    assert GenericCompute().artifacts(given) == {"module": digest, "files/a/b": digest}
    assert GenericCompute().most_units(given, Output(0, 1, "", "")) == given.fuel
