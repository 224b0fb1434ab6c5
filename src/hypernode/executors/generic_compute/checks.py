"""Checks another node's claim by running the program again, and comparing what came out.

A check costs what the run cost: of a program that nobody knows there is no cheaper one.
"""

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hypernode.domain.receipt import Verdict
from hypernode.executors.generic_compute import wasm
from hypernode.executors.generic_compute.inputs import FUEL_PER_CORE_SECOND, Oci, Output, Python, Wasm
from hypernode.ports import Claim, ExecutionFailed, Finding, JobContext, Outcome

FUEL_FACTOR: Final = 2
"""By how much two versions of wasmtime may differ in counting."""
TIME_FACTOR: Final = 10
SLACK_FUEL: Final = 10 * FUEL_PER_CORE_SECOND
"""Where processor and program are the same, a run takes no more than ten times as long as here, and ten seconds."""

Run = Callable[[JobContext], Outcome]


@dataclass(frozen=True, slots=True)
class _Result:
    output: Output
    files: Mapping[str, str]  #: Name -> sha256.


def verify(given: Wasm | Oci | Python, claim: Claim, context: JobContext, run: Run) -> Finding:
    """Passed where another run gives the same, failed where an honest node cannot have given the claim."""
    try:
        claimed = _Result(_possible(given, claim), _digests(claim.files))
    except ValueError as error:
        return Finding(Verdict.FAILED, str(error))
    # A program that saw them would know that it is being checked, and could do otherwise to convict an honest node.
    _empty(claim.files)
    if isinstance(given, Wasm):
        return _verify_exactly(claimed, claim, context, run)
    if not given.deterministic:
        return Finding(Verdict.UNVERIFIED, "the input does not say that every run gives the same")
    return _verify_natively(claimed, claim, context, run)


def _possible(given: Wasm | Oci | Python, claim: Claim) -> Output:
    """The claimed output. Raises ValueError where no run can have given it."""
    output = claim.output
    if not isinstance(output, Output):
        raise ValueError("the claimed output is none of this job type")
    if claim.units != output.fuel_used:
        raise ValueError(f"{claim.units} units are claimed for {output.fuel_used} of fuel")
    if not 0 <= output.fuel_used <= given.fuel:
        raise ValueError(f"{output.fuel_used} of fuel is claimed where {given.fuel} was granted")
    return output


def _digests(folder: Path) -> dict[str, str]:
    """The sha256 of every file. Raises ValueError for what is no plain file."""
    found: dict[str, str] = {}
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in [*folders, *files]):
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            name = path.relative_to(folder).as_posix()
            if not stat.S_ISREG(mode):
                raise ValueError(f"the claimed file {name} is no plain file")
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _verify_exactly(claimed: _Result, claim: Claim, context: JobContext, run: Run) -> Finding:
    """WebAssembly gives the same everywhere; only how fuel is counted belongs to wasmtime's version."""
    try:
        own, fingerprint = _again(context, run)
    except ExecutionFailed as failure:
        same_engine = claim.fingerprint.get("engine") == wasm.engine_name()
        certain = failure.blames_input and same_engine and wasm.STACK_ENDED not in str(failure)
        verdict = Verdict.FAILED if certain else Verdict.UNVERIFIED
        return Finding(verdict, f"a result is claimed; another run ended without one: {failure}")
    wrong = _differences(claimed, own) + _difference("stderr", claimed.output.stderr, own.output.stderr)
    wrong += _difference("truncated", claimed.output.truncated, own.output.truncated)
    fuel, own_fuel = claimed.output.fuel_used, own.output.fuel_used
    if fuel != own_fuel and claim.fingerprint.get("engine") == fingerprint["engine"]:
        wrong.append(f"fuel {fuel} instead of {own_fuel}")
    elif not own_fuel / FUEL_FACTOR <= fuel <= own_fuel * FUEL_FACTOR:
        wrong.append(f"fuel {fuel}, far from {own_fuel}")
    return _finding(claimed, own, wrong)


def _verify_natively(claimed: _Result, claim: Claim, context: JobContext, run: Run) -> Finding:
    """A difference is evidence only on the same processor, and if two runs here do not differ, too."""
    try:
        own, fingerprint = _again(context, run)
        same_machine = dict(claim.fingerprint) == dict(fingerprint)
        wrong = _differences(claimed, own)
        if wrong and not same_machine:
            return Finding(Verdict.UNVERIFIED, f"{'; '.join(wrong)}; but that was another processor or engine")
        if wrong and (unsteady := _differences(own, _again(context, run)[0])):
            return Finding(Verdict.UNVERIFIED, f"two runs here differ from each other: {'; '.join(unsteady)}")
    except ExecutionFailed as failure:
        return Finding(Verdict.UNVERIFIED, f"another run ended without a result: {failure}")
    fuel, own_fuel = claimed.output.fuel_used, own.output.fuel_used
    if same_machine and fuel > own_fuel * TIME_FACTOR + SLACK_FUEL:
        wrong.append(f"fuel {fuel}, far above {own_fuel}")
    return _finding(claimed, own, wrong)


def _again(context: JobContext, run: Run) -> tuple[_Result, Mapping[str, str]]:
    """Another run, of which nobody hears and nothing stays."""
    try:
        outcome = run(replace(context, stream=lambda _: None, log=lambda _: None))
        assert isinstance(outcome.output, Output)
        return _Result(outcome.output, _digests(context.outputs)), outcome.fingerprint
    except (ValueError, OSError) as error:
        raise ExecutionFailed(str(error)) from None
    finally:
        with contextlib.suppress(OSError):  # Of a program that forbids to remove what it leaves.
            _empty(context.outputs)


def _empty(folder: Path) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _differences(claimed: _Result, own: _Result) -> list[str]:
    """In exit code, stdout and files."""
    wrong = _difference("exit code", claimed.output.exit_code, own.output.exit_code)
    wrong += _difference("stdout", claimed.output.stdout, own.output.stdout)
    for name in sorted(claimed.files.keys() | own.files.keys()):
        wrong += _difference(f"file {name}", claimed.files.get(name, "missing"), own.files.get(name, "missing"))
    return wrong


def _difference(what: str, claimed: object, own: object) -> list[str]:
    return [] if claimed == own else [f"{what} {_short(claimed)} instead of {_short(own)}"]


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


def _finding(claimed: _Result, own: _Result, wrong: list[str]) -> Finding:
    figures = {
        "claimed_fuel": float(claimed.output.fuel_used),
        "own_fuel": float(own.output.fuel_used),
        "files": float(len(own.files)),
    }
    if wrong:
        return Finding(Verdict.FAILED, f"another run differs: {'; '.join(wrong[:5])}", figures)
    return Finding(Verdict.PASSED, "another run gave the same exit code, output and files", figures)
