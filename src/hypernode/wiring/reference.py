"""Writes the generated pages of docs/reference from the code, or prints the OpenAPI description."""

import argparse
import html
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, Final

import msgspec
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from hypernode.api import errors as statuses
from hypernode.domain import job, lease, node, payment
from hypernode.domain.lifecycle import Move
from hypernode.domain.money import to_text
from hypernode.executors import load
from hypernode.executors.llm_inference import settings as llm
from hypernode.ports import Executor
from hypernode.protocol.schemas import comments, meanings
from hypernode.wiring import settings, up
from hypernode.wiring.markdown import Row, code, constants, summary, table

FOLDER: Final = Path("docs/reference")
NOTE: Final = "<!-- Written by `python -m hypernode.wiring.reference`. Change the code, then run `make docs`. -->"

# --- lifecycles


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A state machine of the domain, and the states in which a thing is made: the tables do not say those."""

    title: str
    states: type[StrEnum]
    events: type[StrEnum]
    moves: Mapping[Any, Move[Any]]
    first: Mapping[str, str]


LIFECYCLES: Final = (
    Lifecycle(
        "Job", job.JobState, job.JobEvent, job.MOVES,
        {"pending": "funds are missing", "queued": "no node is free", "running": "leased in the same commit"},
    ),
    Lifecycle("Lease", lease.LeaseState, lease.LeaseEvent, lease.MOVES, {"offered": ""}),
    Lifecycle("Node", node.NodeState, node.NodeEvent, node.MOVES, {"online": "registered"}),
    Lifecycle("Hold", payment.HoldState, payment.HoldEvent, payment.HOLD_MOVES, {"held": ""}),
    Lifecycle("Payout", payment.PayoutState, payment.PayoutEvent, payment.PAYOUT_MOVES, {"due": ""}),
    Lifecycle(
        "Chain transaction", payment.TransferState, payment.TransferEvent, payment.TRANSFER_MOVES, {"signed": ""}
    ),
    Lifecycle("Lookup table", payment.TableState, payment.TableEvent, payment.TABLE_MOVES, {"building": ""}),
)  # fmt: skip


def lifecycles() -> str:
    """Every lifecycle: a picture, its states, its events."""
    parts = [
        "# Lifecycles",
        "One table a lifecycle, in `hypernode.domain`. The store guards every UPDATE with the same rows, so an event "
        "that a state does not allow changes nothing. No event leaves a terminal state.",
    ]
    for each in LIFECYCLES:
        meanings, causes = comments(each.states), comments(each.events)
        left = {source for move in each.moves.values() for source in move.sources}
        states = (
            (code(state.value), meanings.get(state.name, ""), "" if state in left else "terminal")
            for state in each.states
        )
        events = (
            (code(event.value), causes.get(event.name, ""), ", ".join(map(code, move.source_names)), code(move.target))
            for event, move in each.moves.items()
        )
        parts += [
            f"## {each.title}",
            f"```mermaid\n{_diagram(each)}\n```",
            table(("State", "Meaning", ""), states),
            table(("Event", "What happened", "From", "To"), events),
        ]
    return "\n\n".join(parts)


def _diagram(of: Lifecycle) -> str:
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {state}" + (f": {why}" if why else "") for state, why in of.first.items()]
    for event, move in of.moves.items():
        lines += [f"    {source} --> {move.target}: {event}" for source in move.source_names]
    left = {source for move in of.moves.values() for source in move.sources}
    return "\n".join(lines + [f"    {state} --> [*]" for state in of.states if state not in left])


# --- settings


def all_settings() -> str:
    """Every environment variable that a process reads."""
    rows = (
        (code(field.alias), code(_default(field)), field.description)
        for field in settings.Settings.model_fields.values()
    )
    quick = ((code(name), code(value)) for name, value in up.QUICK.items())
    return "\n\n".join(
        [
            "# Settings",
            "Settings are environment variables. `hypernode up`, `hypernode coordinator` and `hypernode demo` also "
            "read a file `.env` in the folder where they start; a variable of the environment goes before the file. "
            "They are read once and checked before anything is served. The options of the command line are in "
            "[cli.md](cli.md).",
            "## Coordinator, and `hypernode up`",
            table(("Variable", "Default", "Meaning"), rows),
            "`hypernode up` and `hypernode demo` give their coordinator other values for some, where the chain is "
            "their own localnet and the environment names none:",
            table(("Variable", "Value"), quick),
            "Two more are read by libraries and by the embedded database: `PG_BINDIR` names a folder with PostgreSQL's "
            "programs, in place of the wheel's; the `AWS_*` variables give access to an `s3://` place.",
            "## Node",
            "`hypernode node start` takes its settings as options, some also from the environment: see "
            "[cli.md](cli.md#hypernode-node-start). A job's child process sees only the variables that its executor "
            "declares.",
            *(_executor_variables(name, executor) for name, executor in sorted(load().items())),
            "### Meaning of the variables of llm_inference",
            table(("Variable", "Default", "Meaning"), _llm_variables()),
        ]
    )


def _default(field: FieldInfo) -> object:
    value = field.default
    if isinstance(value, Path):
        return str(value).replace(str(Path.home()), "~")
    if value is not None and any(isinstance(each, BeforeValidator) for each in field.metadata):
        return f"{to_text(value)} HYPER"
    return str(value).lower() if isinstance(value, bool) else value


def _executor_variables(name: str, executor: Executor) -> str:
    declared = ", ".join(map(code, executor.environment)) or "none"
    return f"- `{name}` declares: {declared}."


def _llm_variables() -> Iterator[Row]:
    meanings = comments(llm.LlmSettings) | {
        "openai_key": "Sent to that server as a bearer token.",
        "threads": "Threads of llama.cpp. By default one less than there are physical cores, at least 1.",
        "context": "Tokens of prompt and answer together.",
    }
    # The folders' defaults are the node's: see NodeSettings.executor_environment.
    defaults = {"models_dir": "models in the node's home", "cache_dir": "cache in the node's home", "threads": ""}
    for constant, variable in vars(llm).items():
        if isinstance(variable, str) and variable.startswith("HYPERNODE_"):
            field = constant.lower()
            default = defaults.get(field, code(getattr(llm.LlmSettings(), field)))
            yield code(variable), default, meanings[field]


# --- command line


def command_line() -> str:
    """What Typer says of the command. It stands above `wiring`, so it is asked from outside, as a process."""
    command = [sys.executable, "-m", "typer", "hypernode.cli.app", "utils", "docs", "--name", "hypernode"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HYPER", "SOLANA", "TYPER"))}
    written = subprocess.run(command, env=clean, capture_output=True, text=True, check=True).stdout
    text = html.unescape(written).replace(str(Path.home()), "~")
    return re.sub(r"\n\* `--(install|show)-completion`:[^\n]*", "", text).strip()


# --- errors


FRAMEWORK: Final = (
    (400, "malformed_request", "The body is not JSON, or is nested too deeply."),
    (404, statuses.CODES[404], "There is no such path."),
    (405, statuses.CODES[405], "The path exists, but not with this method."),
    (413, statuses.CODES[413], "The body is larger than 1 MiB."),
    ("4xx", "http_error", "Another refusal by the framework; the sentence says which."),
    (500, "internal_error", "A defect of ours; it is in the coordinator's log."),
    (503, "unavailable", "The store, the chain or the queue to it does not answer now."),
)
"""Answers that stand for no error of the domain: see `api/errors.py`."""


def all_errors() -> str:
    """Every error that the API answers with."""
    kinds = sorted(statuses.STATUS, key=lambda kind: (statuses.STATUS[kind], kind.code))
    rows = ((statuses.STATUS[kind], code(kind.code), summary(kind)) for kind in kinds)
    return "\n\n".join(
        [
            "# Errors",
            "An error is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, `instance`; and "
            "`error` (a sentence) and `code` (stable, for programs). A wrong body also has `errors`: the path of each "
            "bad field and what was expected there.",
            table(("Status", "`code`", "Meaning"), rows),
            "Answered by the framework's own handlers:",
            table(("Status", "`code`", "Meaning"), ((status, code(name), text) for status, name, text in FRAMEWORK)),
        ]
    )


# --- limits


BOUNDED: Final = {
    "hypernode.protocol.limits": "What crosses the wire",
    "hypernode.domain.demand": "Matching",
    "hypernode.store.group_commit": "Group commit",
    "hypernode.coordinator.matchmaker": "Waiting jobs",
    "hypernode.coordinator.explainer": "Explanations and quotes",
    "hypernode.coordinator.sessions": "Connected nodes",
    "hypernode.coordinator.bus": "Events",
    "hypernode.coordinator.payer": "Payouts",
    "hypernode.coordinator.tables": "Lookup tables of payees",
    "hypernode.coordinator.anchorer": "Anchors",
    "hypernode.chain.transactions": "Chain transactions",
    "hypernode.chain.verify": "Receipt files",
    "hypernode.node.runner": "Runs on a node",
    "hypernode.executors.generic_compute.inputs": "generic_compute: inputs and outputs",
    "hypernode.executors.generic_compute.wasm": "generic_compute: WebAssembly",
    "hypernode.executors.generic_compute.wasi": "generic_compute: WASI",
    "hypernode.executors.generic_compute.oci": "generic_compute: containers",
    "hypernode.executors.generic_compute.script": "generic_compute: scripts",
    "hypernode.executors.generic_compute.checks": "generic_compute: checks",
    "hypernode.executors.llm_inference.input": "llm_inference: inputs",
    "hypernode.executors.llm_inference.output": "llm_inference: results",
    "hypernode.executors.llm_inference.bounds": "llm_inference: tokens that can be claimed",
    "hypernode.executors.llm_inference.server": "llm_inference: model servers",
    "hypernode.executors.llm_inference.scoring": "llm_inference: checks of answers",
    "hypernode.executors.llm_inference.vector_audit": "llm_inference: checks of vectors",
    "hypernode.executors.render.schema": "render: inputs",
    "hypernode.executors.render.checks": "render: checks",
}


def all_limits() -> str:
    """Every named bound."""
    parts = [
        "# Limits",
        "Every queue, frame, retry and loop has a named bound. Names that end in `_S` are seconds, in `_BYTES` bytes.",
    ]
    for name, title in BOUNDED.items():
        rows = constants(importlib.import_module(name))
        parts += [f"## {title}", f"`{name}`", table(("Name", "Value", "Meaning"), rows)]
    return "\n\n".join(parts)


# --- executors


def all_executors() -> str:
    """Every job type that has an executor here."""
    parts = [
        "# Job types",
        "What `input` and `result` of a job look like, by job type. A bad input is refused at submission with 422. A "
        "node's price for a job type, where it asks one, is HYPER for the unit below; else its price per hour counts.",
    ]
    for name, executor in sorted(load().items()):
        parts += [
            f"## {name}",
            summary(executor),
            f"Unit of price: {executor.unit.per:,} {executor.unit.name}.",
            *(part for form in _forms(executor.Input) for part in _shape("Input", form)),
            *_shape("Result", executor.Output),
        ]
    return "\n\n".join(parts)


def _forms(kind: type[msgspec.Struct] | UnionType) -> Iterable[type[msgspec.Struct]]:
    return kind.__args__ if isinstance(kind, UnionType) else (kind,)


def _shape(title: str, kind: type[msgspec.Struct]) -> list[str]:
    said = meanings(kind)
    tag_field, tag = kind.__struct_config__.tag_field, kind.__struct_config__.tag
    rows = (
        (code(field.encode_name), code(_default_of(field)), said.get(field.name, ""))
        for field in msgspec.structs.fields(kind)
    )
    schema = json.dumps(msgspec.json.schema(kind), indent=2)
    return [
        f"### {title} of {kind.__module__.split('.')[2]}" + (f" where {tag_field} is {tag}" if tag_field else ""),
        summary(kind),
        table(("Field", "Default", "Meaning"), rows),
        f"<details><summary>JSON Schema</summary>\n\n```json\n{schema}\n```\n\n</details>",
    ]


def _default_of(field: msgspec.structs.FieldInfo) -> str:
    if field.default is not msgspec.NODEFAULT:
        return msgspec.json.encode(field.default).decode()
    return "required" if field.required else msgspec.json.encode(field.default_factory()).decode()


# --- the pages


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "lifecycles.md": lifecycles,
    "settings.md": all_settings,
    "cli.md": command_line,
    "errors.md": all_errors,
    "limits.md": all_limits,
    "executors.md": all_executors,
}


def page(name: str) -> str:
    """A page's whole text."""
    return f"{NOTE}\n\n{PAGES[name]()}\n"


def stale(folder: Path = FOLDER) -> list[str]:
    """The pages that are not what the code says."""
    return [name for name in PAGES if not (folder / name).is_file() or (folder / name).read_text() != page(name)]


def main() -> None:
    """Write all pages, or with `--check` name those that are stale and exit with 1."""
    parser = argparse.ArgumentParser(prog="python -m hypernode.wiring.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    parser.add_argument("--openapi", action="store_true", help="write nothing; print the OpenAPI description")
    asked = parser.parse_args()
    if asked.openapi:
        from hypernode.api.app import description  # Its framework warns of itself as it is imported.

        sys.stdout.write(json.dumps(description(), indent=2) + "\n")
        return
    if asked.check:
        if old := stale():
            sys.exit(f"stale, run `make docs`: {', '.join(str(FOLDER / name) for name in old)}")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(page(name))


if __name__ == "__main__":
    main()
