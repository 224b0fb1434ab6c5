"""generic_compute's Python scripts, in a bubblewrap sandbox as a node makes one."""

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypernode.domain.receipt import Verdict
from hypernode.executors.generic_compute import GenericCompute, Input, Output
from hypernode.node.outputs import collect, remove
from hypernode.ports import ExecutionFailed
from hypernode.protocol.validation import bad_fields

WORKER = """
import json, os, sys, time
import msgspec
from pathlib import Path
from hypernode.executors.generic_compute import GenericCompute, Input, Output
from hypernode.ports import Claim, ExecutionFailed, JobContext

os.environ["NODE_TOKEN"] = os.environ.pop("CANARY")
secret = open(sys.argv[1] + "/events", "w+")  # As the way to the agent: open in the worker, and only there.
os.set_inheritable(secret.fileno(), True)
folder, told = Path(sys.argv[1]), json.loads(sys.argv[2])
began = time.monotonic()
streamed, logged = [], []
context = JobContext(
    "", folder / "inputs", folder / "outputs", told["seconds"], print,
    logged.append, lambda text: streamed.append([time.monotonic() - began, text]),
)
given = msgspec.convert(told["given"], Input)
try:
    if claim := told["claim"]:
        claim["output"] = msgspec.convert(claim["output"], Output)
        claimed = Claim(**claim, model="", files=folder / "claim")
        result = msgspec.to_builtins(GenericCompute().verify(given, claimed, context, 1))
    else:
        outcome = GenericCompute().run(given, context)
        result = {
            "output": msgspec.to_builtins(outcome.output), "units": outcome.units,
            "fingerprint": dict(outcome.fingerprint), "streamed": streamed, "logged": logged,
        }
except ExecutionFailed as failure:
    result = {"failure": str(failure), "blames_input": failure.blames_input}
secret.seek(0)
print("\\n" + json.dumps(result | {"events": secret.read()}))
"""


@dataclass
class Run:
    """Runs scripts in a sandbox, in folders of its own."""

    folder: Path
    sandboxed: bool = True

    def ask(self, given: dict[str, Any], seconds: float = 30, claim: dict[str, Any] | None = None) -> dict[str, Any]:
        told = json.dumps({"given": {"runtime": "python", **given}, "seconds": seconds, "claim": claim})
        folder, tmp = str(self.folder), str(self.folder / "tmp")
        command = [
            *("bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534"),
            *("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--bind", folder, folder, "--chdir", folder),
            *("--clearenv", "--setenv", "TMPDIR", tmp, "--setenv", "CANARY", "the nodes own"),
            *(("--setenv", "HYPERNODE_SANDBOX", "1") if self.sandboxed else ()),
            *(sys.executable, "-P", "-c", WORKER, folder, told),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1])

    def __call__(self, text: str, seconds: float = 30, **given: Any) -> dict[str, Any]:
        result = self.ask({"script": {"text": text}, **given}, seconds)
        if "failure" in result:
            raise ExecutionFailed(result["failure"], blames_input=result["blames_input"])
        return result

    def stdout(self, text: str, **given: Any) -> str:
        output = self(text, **given)["output"]
        assert output["exitCode"] == 0, output["stderr"]
        return output["stdout"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    for name in ("inputs/files", "outputs", "claim", "tmp"):
        (tmp_path / name).mkdir(parents=True)
    return Run(tmp_path)


def test_arguments_variables_streams_and_files_go_in_and_out(run: Run):
    (run.folder / "inputs/files/data.txt").write_text("12345")
    script = """
import os, sys
print(sys.stdin.read(), sys.argv[1], os.environ["COLOUR"])
print("a line", file=sys.stderr)
open("out/copy.txt", "w").write(open("in/data.txt").read())
sys.exit(3)
"""
    result = run(script, args=["one"], env={"COLOUR": "blue"}, stdin="grüße", files={"data.txt": "0" * 64})

    assert result["output"]["exitCode"] == 3
    assert result["output"]["stdout"] == "grüße one blue\n"
    assert result["logged"] == ["a line"]
    assert result["output"]["fuelUsed"] == result["units"] > 0
    assert [(file.name, file.size) for file in collect(run.folder / "outputs", 9, 99)] == [("copy.txt", 5)]


def test_a_script_may_be_an_artifact(run: Run):
    (run.folder / "inputs/script").write_text("print('from an artifact')")
    given = msgspec.convert({"runtime": "python", "script": {"sha256": "1" * 64}, "files": {"a": "2" * 64}}, Input)

    assert GenericCompute().artifacts(given) == {"script": "1" * 64, "files/a": "2" * 64}
    assert run.ask({"script": {"sha256": "1" * 64}})["output"]["stdout"] == "from an artifact\n"


def test_output_is_streamed_while_the_script_runs(run: Run):
    result = run("import time; print('first'); time.sleep(1); print('last')")

    when = {text.strip(): at_s for at_s, text in result["streamed"]}
    assert when["last"] - when["first"] > 0.8


@pytest.mark.parametrize(
    ("script", "exit_code"),
    [
        ("raise ValueError('a bug')", 1),
        ("syntax error", 1),
        ("import ctypes; ctypes.string_at(0)", 139),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 143),
    ],
)
def test_a_crash_is_an_exit_code(run: Run, script: str, exit_code: int):
    assert run(script)["output"]["exitCode"] == exit_code


def test_what_the_kernel_kills_has_no_result(run: Run):
    with pytest.raises(ExecutionFailed, match="was killed, as by the need for more memory"):
        run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")


def test_requirements_are_packages_of_the_node(run: Run):
    result = run("import numpy; print(numpy.arange(5).sum())", requirements=["numpy>=1.26,<99", "msgspec"])

    assert result["output"]["stdout"] == "10\n"
    assert re.fullmatch(r"numpy==[\d.]+ msgspec==[\d.]+", result["fingerprint"]["packages"])


@pytest.mark.parametrize(
    ("requirement", "message", "blames_input"),
    [
        ("no-such-package", "this node has no no-such-package", False),
        ("numpy>=99", r"this node has numpy [\d.]+; the script requires numpy>=99", False),
        ("numpy>=one", "numpy>=one is no requirement", True),
    ],
)
def test_a_missing_requirement_is_named(run: Run, requirement: str, message: str, blames_input: bool):
    with pytest.raises(ExecutionFailed, match=message) as failure:
        run("print('never')", requirements=[requirement])

    assert failure.value.blames_input is blames_input


def test_without_a_sandbox_no_script_runs(run: Run):
    run.sandboxed = False

    with pytest.raises(ExecutionFailed, match="no sandbox") as failure:
        run("print('never')")

    assert not failure.value.blames_input


ATTACKS = """
import ctypes, glob, os, socket
worker = os.getppid()
def read_environment(): return "nodes own" in open(f"/proc/{worker}/environ").read() and 1 / 0
def read_own_environment(): return "nodes own" in str(os.environ) and 1 / 0
def see_files():
    for number in os.listdir(f"/proc/{worker}/fd"): os.readlink(f"/proc/{worker}/fd/{number}")
    1 / 0
def write_events():
    for path in glob.glob(f"/proc/{worker}/fd/*") + [f"/proc/{worker}/fd/{n}" for n in range(64)]:
        try: open(path, "w").write("forged")
        except OSError: pass
def read_memory(): open(f"/proc/{worker}/mem", "rb"); 1 / 0
def trace():
    if ctypes.CDLL(None).ptrace(16, worker, 0, 0) == 0:
        os.waitpid(worker, 0x40000000)
        ctypes.CDLL(None).ptrace(17, worker, 0, 0)
        1 / 0
def inherited_files():
    for number in range(3, 64):
        try: os.fstat(number)
        except OSError: continue
        1 / 0
def reach_the_internet(): socket.create_connection(("1.1.1.1", 53), 1); 1 / 0
def see_the_agent():
    if len([each for each in os.listdir("/proc") if each.isdigit()]) > 4: 1 / 0
for attack in (read_environment, read_own_environment, see_files, write_events, read_memory, trace,
               inherited_files, reach_the_internet, see_the_agent):
    try: attack()
    except ZeroDivisionError: print(attack.__name__)
    except OSError: pass
"""


def test_a_script_reaches_nothing_of_its_worker(run: Run):
    result = run(ATTACKS)

    assert (result["output"]["stdout"], result["output"]["stderr"]) == ("", "")
    assert result["events"] == ""


@pytest.mark.parametrize(("seconds", "fuel", "message"), [(1, 10**12, "longer than 1 s"), (60, 10**9, "granted 1 s")])
def test_a_script_that_ignores_signals_ends_with_its_time_or_fuel(run: Run, seconds: float, fuel: int, message: str):
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(9)"

    with pytest.raises(ExecutionFailed, match=message) as failure:
        run(stubborn, seconds, fuel=fuel)

    assert not failure.value.blames_input


def test_what_a_script_leaves_running_does_not_keep_its_job_alive(run: Run):
    started = time.monotonic()

    output = run("import subprocess; print('done'); subprocess.Popen(['sh', '-c', 'yes; sleep 60'])")["output"]

    assert output["stdout"].startswith("done\n")
    assert time.monotonic() - started < 10


def test_a_script_that_closes_its_streams_is_followed_to_its_end(run: Run):
    assert run("import os, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(4)")["output"]["exitCode"] == 4


def test_a_flood_is_cut(run: Run):
    output = run("print('x' * 10**7)")["output"]

    assert output["truncated"]
    assert len(output["stdout"]) == 128 << 10


SAME = """
import random
print(random.Random(7).random(), hash("text"))
open("out/a.txt", "w").write("result")
open("out/b.txt", "w").write("more")
"""


@pytest.fixture
def claim(run: Run) -> dict[str, Any]:
    """An honest claim for SAME, with its files in `claim`."""
    result = run(SAME)
    for file in (run.folder / "outputs").iterdir():
        file.rename(run.folder / "claim" / file.name)
    return {name: result[name] for name in ("output", "units", "fingerprint")}


def verify(run: Run, claim: dict[str, Any], script: str = SAME, deterministic: bool = True) -> tuple[Verdict, str]:
    finding = run.ask({"script": {"text": script}, "deterministic": deterministic}, claim=claim)
    return Verdict(finding["verdict"]), finding["evidence"]


def test_an_honest_claim_passes(run: Run, claim: dict[str, Any]):
    assert verify(run, claim)[0] is Verdict.PASSED


def test_without_a_promise_of_equal_results_nothing_is_run_again(run: Run, claim: dict[str, Any]):
    assert verify(run, claim, deterministic=False)[0] is Verdict.UNVERIFIED


def test_an_honest_claim_from_another_processor_passes(run: Run, claim: dict[str, Any]):
    elsewhere = claim | {"fingerprint": {"engine": "python 3.13.1", "isa": "aarch64 asimd"}}

    assert verify(run, elsewhere)[0] is Verdict.PASSED


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({"stdout": "0.5\n"}, r"stdout '0.5\\n' instead of"),
        ({"exitCode": 1}, "exit code 1 instead of 0"),
        ({"fuelUsed": 59 * 10**9}, "fuel 59000000000, far above"),
        ({"fuelUsed": 10**12}, "where 60000000000 was granted"),
        ({"fuelUsed": -1}, "-1 of fuel is claimed"),
    ],
)
def test_a_forged_output_fails(run: Run, claim: dict[str, Any], changes: dict[str, Any], evidence: str):
    forged = claim | {"output": claim["output"] | changes, "units": changes.get("fuelUsed", claim["units"])}

    verdict, found = verify(run, forged)

    assert verdict is Verdict.FAILED
    assert re.search(evidence, found)


def test_units_that_are_not_the_fuel_fail(run: Run, claim: dict[str, Any]):
    assert verify(run, claim | {"units": claim["units"] + 1})[0] is Verdict.FAILED


@pytest.mark.parametrize("forgery", ["changed", "missing", "added", "linked"])
def test_forged_files_fail(run: Run, claim: dict[str, Any], forgery: str):
    file = run.folder / "claim/a.txt"
    match forgery:
        case "changed":
            file.write_text("other")
        case "missing":
            file.unlink()
        case "added":
            file.with_name("c.txt").write_text("")
        case _:
            file.unlink()
            file.symlink_to("/etc/passwd")

    assert verify(run, claim)[0] is Verdict.FAILED


def test_a_script_cannot_tell_a_check_from_a_run(run: Run):
    """Else it could do otherwise in a check, and convict an honest node."""
    suspicious = """
import os
job = os.path.realpath("out") + "/.."
print(sorted(os.listdir(job)), os.listdir(job + "/claim"), os.listdir("out"), os.path.realpath("out"))
open("out/a.txt", "w").write("result")
"""
    result = run(suspicious)
    (run.folder / "outputs/a.txt").rename(run.folder / "claim/a.txt")

    verdict, evidence = verify(run, {name: result[name] for name in ("output", "units", "fingerprint")}, suspicious)

    assert verdict is Verdict.PASSED, evidence


def test_files_that_nobody_may_remove_break_neither_run_nor_check(run: Run):
    closed = "import os; os.makedirs('out/a/b'); os.chmod('out/a', 0); os.makedirs('c/d'); os.chmod('c', 0)"
    result = run(closed)

    claim = {name: result[name] for name in ("output", "units", "fingerprint")}
    remove(run.folder / "outputs")
    (run.folder / "outputs").mkdir()

    assert verify(run, claim, closed)[0] is Verdict.PASSED


def test_a_difference_proves_nothing_where_honest_nodes_differ(run: Run, claim: dict[str, Any]):
    forged = claim | {"output": claim["output"] | {"stdout": "0.5\n"}}

    assert verify(run, forged | {"fingerprint": {"engine": "python 3.13.1"}})[0] is Verdict.UNVERIFIED
    verdict, evidence = verify(run, claim, "import os; print(os.urandom(8))")
    assert verdict is Verdict.UNVERIFIED
    assert "two runs here differ" in evidence


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"script": {}}, "input"),
        ({"script": {"text": "", "sha256": "1" * 64}}, "input"),
        ({"requirements": ["numpy @ file:///etc"]}, "input.requirements[0]"),
        ({"requirements": ["-r /etc/passwd"]}, "input.requirements[0]"),
        ({"requirements": ["numpy; print"]}, "input.requirements[0]"),
        ({"requirements": ["numpy\n"]}, "input.requirements[0]"),
        ({"args": ["x" * (1 << 18)]}, "input.args[0]"),
        ({"module": {"wat": ""}}, "input"),
    ],
)
def test_a_bad_input_is_refused_with_the_path_of_what_is_wrong(given: dict[str, Any], path: str):
    whole: dict[str, Any] = {"runtime": "python", "script": {"text": ""}}
    assert bad_fields(whole, Input, "input") == []

    assert [field.path for field in bad_fields(whole | given, Input, "input")] == [path]


def test_units_are_bounded_by_the_fuel_that_was_granted():
    given = msgspec.convert({"runtime": "python", "script": {"text": ""}, "fuel": 5}, Input)

    assert GenericCompute().most_units(given, Output(0, 10**15, "", "")) == 5
