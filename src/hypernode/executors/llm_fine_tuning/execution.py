"""Runs a job: from the base and the dataset to the adapter, by way of checkpoints."""

import hashlib
import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from hypernode.executors.llm_fine_tuning import adapter, checkpoints
from hypernode.executors.llm_fine_tuning.bases import Base
from hypernode.executors.llm_fine_tuning.checkpoints import Malformed, State
from hypernode.executors.llm_fine_tuning.dataset import Dataset, read
from hypernode.executors.llm_fine_tuning.fingerprint import fingerprint
from hypernode.executors.llm_fine_tuning.job import Checkpoint, Input, Output, Point
from hypernode.executors.llm_fine_tuning.loading import Loaded, load, prepare, refuse_quantisation
from hypernode.executors.llm_fine_tuning.plan import Plan
from hypernode.executors.llm_fine_tuning.settings import FineTuningSettings
from hypernode.executors.llm_fine_tuning.succession import impossible
from hypernode.executors.llm_fine_tuning.training import Trainer, trainer
from hypernode.ports import ExecutionFailed, JobContext, Outcome
from hypernode.protocol.limits import MAX_ARTIFACT_BYTES

MOST_STREAMED: Final = 1_000
"""Steps whose loss is streamed, evenly spread; those with an evaluation come on top."""
_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Job:
    """All that a run, and a check of one, have in hand before the first step."""

    given: Input
    base: Base
    base_digest: str
    loaded: Loaded
    data: Dataset
    plan: Plan
    trainer: Trainer
    terms: str  #: What the chain of checkpoints begins with.
    fingerprint: dict[str, str]


@contextmanager
def opened(given: Input, base: Base, context: JobContext, settings: FineTuningSettings) -> Iterator[Job]:
    """Load the base and the dataset. Raises ExecutionFailed; a plan beyond the limits blames the input."""
    deadline = time.monotonic() + context.max_duration_s
    prepare(settings)
    if given.quantize != "none":
        refuse_quantisation()
    digest = base.digest(settings.cache_dir)
    context.progress(0.0, f"loading {base.name}")
    loaded = load(base, given.quantize)
    data = read(given, context.inputs, loaded.tokenizer)
    try:
        plan = Plan(given, [len(each.ids) for each in data.train], bool(data.evals))
    except ValueError as error:
        raise ExecutionFailed(str(error), blames_input=True) from None
    with trainer(loaded, plan, data, deadline) as ready:
        marks = fingerprint(loaded, settings.threads, digest)
        terms = checkpoints.terms_digest(given, digest)
        yield Job(given, base, digest, loaded, data, plan, ready, terms, marks)


def execute(job: Job, context: JobContext) -> Outcome:
    """Train to the end, from the latest checkpoint where there is one that can be right."""
    data, plan = job.data, job.plan
    _refuse_large(job)
    context.log(
        f"{job.base.name}: {len(data.train)} examples to train on, {len(data.evals)} to evaluate, "
        f"{data.truncated} cut, {data.dropped} dropped; {plan.steps} steps of up to {job.given.step_examples}"
    )
    state = _resumed(job, context) or job.trainer.evaluated_start()
    start, chain = state.step, list(state.chain)
    telling = _Telling(job, context)
    if start == 0:
        telling.start(state)
    for until in [step for step in plan.checkpoints() if step > start]:
        if plan.ends(state.losses()):
            break
        state = job.trainer.train(state, until, telling.step)
        path = context.outputs / adapter.checkpoint_name(state.step)
        chain.append(checkpoints.save(state, job.terms, path))
        context.checkpoint(path)
        state = state.after(chain[-1])
    adapter.write(context.outputs, state, plan, data, job.loaded.model.config, job.base.name)
    context.progress(1.0, "done")
    output = described(job, state, start, chain)
    return Outcome(output, plan.tokens(start, state.step), job.fingerprint)


def described(job: Job, state: State, resumed_from: int, chain: list[str]) -> Output:
    """The result of a run that ended in this state; a pure function, so that a check can tell what it must be."""
    plan, data, measured = job.plan, job.data, state.losses()
    return Output(
        model=job.base.name,
        base_model=job.base_digest,
        steps=state.step,
        resumed_from=resumed_from,
        trained_tokens=plan.tokens(0, state.step),
        examples=len(data.train),
        eval_examples=len(data.evals),
        truncated=data.truncated,
        dropped=data.dropped,
        train_loss=state.history[-1, 0].item(),
        eval_loss_before=measured[0] if measured else None,
        eval_loss_after=measured[-1] if measured else None,
        curve=adapter.curve(state, plan),
        checkpoints=[Checkpoint(*link) for link in zip(plan.made(state.step), chain, strict=True)],
        files=adapter.file_names(bool(data.evals)),
    )


def _resumed(job: Job, context: JobContext) -> State | None:
    """The state of the checkpoint that an earlier attempt left. One that cannot be right is not gone on from."""
    if context.resume is None:
        return None
    start = job.trainer.start()
    try:
        state = checkpoints.load(context.resume, start, job.terms)
        if problem := impossible(job.plan, start, state) or _misplaced(job.plan, state):
            raise Malformed(problem)
    except Malformed as error:
        context.log(f"the checkpoint of the earlier attempt is not used: {error}")
        return None
    context.log(f"goes on after step {state.step}")
    copy = context.outputs / adapter.checkpoint_name(state.step)
    shutil.copyfile(context.resume, copy)
    return state.after(hashlib.sha256(copy.read_bytes()).hexdigest())


def _misplaced(plan: Plan, state: State) -> str:
    """Why a run has no checkpoint there; empty where it has."""
    if state.step not in plan.checkpoints() and not plan.ends(state.losses()):
        return f"no checkpoint is due after step {state.step}"
    before = len(plan.made(state.step)) - 1
    return "" if len(state.chain) == before else f"it names {len(state.chain)} checkpoints before it, not {before}"


def _refuse_large(job: Job) -> None:
    """Before the first step, not after the last."""
    values = sum(each.numel() for each in job.trainer.parameters.values())
    count = len(job.plan.checkpoints())
    size = _BYTES * values * (count * len(checkpoints.PARTS) + 2)
    if size > MAX_ARTIFACT_BYTES:
        raise ExecutionFailed(
            f"{count} checkpoints of {values} parameters take {size >> 20} MiB, and a result may have "
            f"{MAX_ARTIFACT_BYTES >> 20}: raise checkpointEvery, or lower rank",
            blames_input=True,
        )


@dataclass(frozen=True, slots=True)
class _Telling:
    """Tells the customer how it goes: a line of JSON for each step streamed, a line of text for each evaluation."""

    job: Job
    context: JobContext

    def start(self, state: State) -> None:
        """The state before the first step."""
        (first,) = adapter.points(state, self.job.plan)
        self.context.stream(adapter.line(first).decode() + "\n")
        if first.eval_loss is not None:
            self.context.log(f"before the first step: evaluation {first.eval_loss:.4f}")

    def step(self, step: int, loss: float, rate: float, measured: float | None) -> None:
        """One step."""
        steps = self.job.plan.steps
        self.context.progress(step / steps, f"step {step} of {steps}, loss {loss:.4f}")
        if measured is not None:
            self.context.log(f"step {step}: loss {loss:.4f}, evaluation {measured:.4f}")
        if measured is not None or step % math.ceil(steps / MOST_STREAMED) == 0 or step == steps:
            self.context.stream(adapter.line(Point(step, loss, rate, measured)).decode() + "\n")
