"""Checks what another node claims to have trained, for a fraction of the work.

All files of a result follow from its last checkpoint, so only the chain of checkpoints has to be believed:

1. The claim has the form that the plan gives: steps, tokens, units, names of files.
2. Every checkpoint has its digest and names all before it. None lies farther from the one before, or the first from the
   start that the seed draws, than AdamW can move in so many steps. No loss changes later.
3. The result, the adapter in both forms and the metrics are exactly what follows from the last checkpoint.
4. Losses of steps and of examples for evaluation, drawn at random, are measured anew, without training.
5. The steps between two neighbours, drawn at random, are trained anew. Where the fingerprints are equal, the checkpoint
   at their end comes out byte for byte; elsewhere the adapter's way is the same but for DISTANCE.

So 5 finds a forged part with the probability that it has of all parts; 2 and 4 find most forgeries whatever is drawn.
The work is that of 1 / checkpoints of the steps, and of a few forward passes.
"""

import hashlib
import math
import random
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from hypernode.domain.receipt import Verdict
from hypernode.executors.llm_fine_tuning import adapter, checkpoints
from hypernode.executors.llm_fine_tuning.bases import choose
from hypernode.executors.llm_fine_tuning.checkpoints import Malformed, State, Tensors, torch
from hypernode.executors.llm_fine_tuning.execution import Job, described, opened
from hypernode.executors.llm_fine_tuning.fingerprint import engine
from hypernode.executors.llm_fine_tuning.job import Checkpoint, Input, Output
from hypernode.executors.llm_fine_tuning.settings import FineTuningSettings
from hypernode.executors.llm_fine_tuning.succession import impossible
from hypernode.executors.llm_fine_tuning.training import weighted
from hypernode.executors.llm_inference.models import DEFAULT_MODEL
from hypernode.ports import Claim, ExecutionFailed, Finding, JobContext

DISTANCE: Final = 0.2
"""Of two ways over the same steps, at most: |claimed end - replayed end| / |replayed end - beginning|, Euclidean, over
all parameters. Measured: below 0.001 between instruction sets; between float32 and bfloat16 0.02, and 0.15 over the
first few steps. An adapter that did not move gives 1, one that took half of the steps about 0.5."""
NOISE: Final = 2**-8
"""Of the gradients, as bfloat16's rounding makes it: how far it drives a way is tried before a claim is refused."""
CHAOS: Final = DISTANCE / 2
"""Of its way, by which the end may then move where machines can be compared at all."""
NEAR: Final = 0.02
"""Two losses differ by at most this much and this part of the larger one: across engines and devices."""
LOSSES_CHECKED: Final = 2
EXAMPLES_CHECKED: Final = 4


class _Forged(Exception):
    """An honest node cannot have made this."""


class _Untellable(Exception):
    """This machine cannot judge it."""


def verify(given: Input, claim: Claim, context: JobContext, seed: int, settings: FineTuningSettings) -> Finding:
    """Check a claim. Raises ExecutionFailed where the check itself broke, or took longer than it may."""
    figures: dict[str, float] = {}
    try:
        with ExitStack() as stack, tempfile.TemporaryDirectory() as scratch:
            job = _open(stack, given, claim.output, context, settings)
            check = _Check(job, claim, context, Path(scratch), random.Random(seed), figures)
            return Finding(Verdict.PASSED, check.evidence(), figures)
    except (_Forged, Malformed) as found:
        return Finding(Verdict.FAILED, str(found), figures)
    except _Untellable as reason:
        return Finding(Verdict.UNVERIFIED, str(reason), figures)
    except ExecutionFailed as failure:
        if failure.blames_input:  # Training it anew fails as it must have failed there.
            return Finding(Verdict.FAILED, str(failure), figures)
        raise


def _open(stack: ExitStack, given: Input, output: Output, context: JobContext, settings: FineTuningSettings) -> Job:
    """The job as this machine would run it."""
    if context.model not in ("", DEFAULT_MODEL, output.model):
        raise _Forged(f"the job asked for the model {context.model}, and {output.model} was tuned")
    try:
        base = choose(output.model, settings)
        job = stack.enter_context(opened(given, base, context, settings))
    except ExecutionFailed as failure:
        if failure.blames_input:
            raise _Forged(f"every honest run of this job fails: {failure}") from None
        raise _Untellable(str(failure)) from None
    if job.base_digest != output.base_model:
        told = f"{output.model} is {job.base_digest} on this machine, and {output.base_model} in the claim"
        raise _Forged(told) if base.brought else _Untellable(told)
    return job


@dataclass(slots=True)
class _Check:
    """One check of one claim. Each part raises _Forged, Malformed or _Untellable."""

    job: Job
    claim: Claim
    context: JobContext
    scratch: Path
    chance: random.Random
    figures: dict[str, float]
    present: list[int] = field(default_factory=list[int])  #: Steps whose checkpoints are there.
    start: State = field(init=False)  #: Drawn by the job's seed; nobody claims it.

    def __post_init__(self) -> None:
        self.start = self.job.trainer.start()

    def evidence(self) -> str:
        """What speaks for the claim, where nothing speaks against it."""
        self._form()
        self._files()
        last = self._chain()
        self._follows(last)
        if self.job.given.dropout and not self.exact:
            raise _Untellable("the job has dropout, and the claim's machine may draw it otherwise than this one")
        self._losses(last)
        told = self._replay(last)
        if not self.complete and not self.vouched:
            raise _Untellable(
                f"{told}; but the steps up to {self.output.resumed_from} are an earlier attempt's, and its checkpoints "
                "are not all there"
            )
        return told

    @property
    def output(self) -> Output:
        return self.claim.output

    @property
    def exact(self) -> bool:
        """The claim was made by an engine and on a machine like these."""
        return dict(self.claim.fingerprint) == self.job.fingerprint

    @property
    def complete(self) -> bool:
        """No checkpoint is missing."""
        return self.present == [link.step for link in self.output.checkpoints]

    @property
    def vouched(self) -> bool:
        """The caller knows that the attempt began with this checkpoint, which was another's work."""
        resumed, start = self.context.resume, self.output.resumed_from
        return bool(resumed and start and _sha256(resumed) == self._link(start).sha256)

    def _form(self) -> None:
        output, plan, data = self.output, self.job.plan, self.job.data
        if output.steps > plan.steps:
            raise _Forged(f"{output.steps} steps are claimed, and the job has {plan.steps}")
        counted = {
            "examples": (output.examples, len(data.train)),
            "evalExamples": (output.eval_examples, len(data.evals)),
            "trainedTokens": (output.trained_tokens, plan.tokens(0, output.steps)),
        }
        for name, (claimed, found) in counted.items():
            if claimed != found:
                told = f"{name} is {claimed} in the claim; the dataset gives {found} in {output.steps} steps"
                same = self.claim.fingerprint.get("engine") == engine()
                raise _Forged(told) if same else _Untellable(f"{told}; the engines may split text otherwise")
        links = [link.step for link in output.checkpoints]
        if links != plan.made(output.steps):
            raise _Forged(f"checkpoints are claimed after the steps {links}, not {plan.made(output.steps)}")
        if output.resumed_from not in (0, *links):
            raise _Forged(f"no checkpoint stands after step {output.resumed_from}, from which an attempt went on")
        units = plan.tokens(output.resumed_from, output.steps)
        if self.claim.units != units:
            raise _Forged(f"{self.claim.units} units are claimed; {units} tokens went through the optimizer")

    def _files(self) -> None:
        entries = {each.relative_to(self.claim.files).as_posix(): each for each in self.claim.files.rglob("*")}
        found = {name for name, each in entries.items() if each.is_file() and not each.is_symlink()}
        links = {adapter.checkpoint_name(link.step): link for link in self.output.checkpoints}
        needed = {name for name, link in links.items() if link.step >= self.output.resumed_from}
        needed |= set(adapter.file_names(bool(self.job.data.evals)))
        if missing := sorted(needed - found):
            raise _Forged(f"the file {missing[0]} is missing")
        if strange := sorted(set(entries) - needed - set(links)):
            raise _Forged(f"no run leaves a file {strange[0][:100]!r}")
        for name in sorted(found & set(links)):
            if (digest := _sha256(self.claim.files / name)) != links[name].sha256:
                raise _Forged(f"{name} has the digest {digest}, and {links[name].sha256} in the chain")
            self.present.append(links[name].step)

    def _chain(self) -> State:
        """Follow the checkpoints that are there, two at a time; the last one."""
        digests = [link.sha256 for link in self.output.checkpoints]
        steps = [link.step for link in self.output.checkpoints]
        before = self.start
        for step in self.present:
            after = self._state(step)
            if list(after.chain) != digests[: steps.index(step)]:
                raise _Forged(f"the checkpoint after step {step} names others before it than the claim")
            if problem := impossible(self.job.plan, before, after):
                raise _Forged(problem)
            before = after
        return before

    def _follows(self, last: State) -> None:
        """Everything else must be what the last checkpoint gives."""
        digests = [link.sha256 for link in self.output.checkpoints]
        expected = described(self.job, last, self.output.resumed_from, digests)
        for name in expected.__struct_fields__:
            if getattr(expected, name) != getattr(self.output, name):
                raise _Forged(f"{name} in the result does not follow from the last checkpoint and the dataset")
        folder = self.scratch / "expected"
        folder.mkdir()
        adapter.write(folder, last, self.job.plan, self.job.data, self.job.loaded.model.config, self.job.base.name)
        for file in sorted(folder.iterdir()):
            claimed = self.claim.files / file.name
            if claimed.stat().st_size != file.stat().st_size or claimed.read_bytes() != file.read_bytes():
                raise _Forged(f"{file.name} does not follow from the last checkpoint")
        for row, step in ((0, 0), (1, last.step)) if self.job.data.evals else ():
            mean = weighted(last.evals[row].tolist(), self.job.data.evals)
            if not math.isclose(mean, last.history[step, 1].item(), rel_tol=1e-9):
                raise _Forged(f"the losses of the examples after step {step} have the mean {mean}, not the one claimed")

    def _losses(self, last: State) -> None:
        """Measure some anew, without training. What another attempt did before is its affair, if it is vouched for."""
        own = self.output.resumed_from if self.vouched else 0
        starts = [step for step in (0, *self.present) if own <= step < last.step]
        for step in self.chance.sample(starts, min(LOSSES_CHECKED, len(starts))):
            found = self.job.trainer.loss_of_step(self._begin(step, last))
            self._near(f"the loss of step {step + 1}", last.history[step + 1, 0].item(), found)
        numbers = range(len(self.job.data.evals))
        chosen = self.chance.sample(numbers, min(EXAMPLES_CHECKED, len(numbers)))
        examples = [self.job.data.evals[number] for number in chosen]
        weights = {"before": self.start.adapter, "after": last.adapter}
        for row, (when, each) in enumerate(weights.items()) if examples else ():
            if own and when == "before":
                continue
            losses = self.job.trainer.losses(examples, each).tolist()
            for number, found in zip(chosen, losses, strict=True):
                what = f"the loss of example {number} for evaluation, {when} the run,"
                self._near(what, last.evals[row, number].item(), found)

    def _near(self, what: str, claimed: float, found: float) -> None:
        difference = abs(claimed - found)
        self.figures["lossDifference"] = max(difference, self.figures.get("lossDifference", 0.0))
        if not difference <= NEAR + NEAR * max(abs(claimed), abs(found)):
            raise _Forged(f"{what} is {claimed:.4f} in the claim, and {found:.4f} when measured anew")

    def _replay(self, last: State) -> str:
        """Train from one checkpoint to the next anew, and compare."""
        ways = [way for way in pairwise((0, *self.present)) if self._neighbours(way)]
        if not ways:  # The attempt went on from the end of the run, and has done no step.
            return "no step was taken"
        start, end = self.chance.choice(ways)
        begin, claimed = self._begin(start, last), self._state(end)
        found = self.job.trainer.train(begin, end)
        self.figures |= {"steps": self.output.steps, "replayedSteps": end - start}
        what = f"the steps {start + 1} to {end} of {self.output.steps}, trained anew,"
        if found.step != end:
            raise _Forged(f"{what} end at step {found.step}")
        self.figures["distance"] = distance = _distance(begin.adapter, claimed.adapter, found.adapter)
        if self.exact:
            digest = checkpoints.save(found, self.job.terms, self.scratch / "replayed.safetensors")
            if digest != self._link(end).sha256:
                raise _Forged(f"{what} give another checkpoint than on the claim's machine, which is like this one")
            return f"{what} give the same checkpoint, byte for byte"
        if problem := self._differ(claimed, found, start, distance):
            self._refuse_chaos(begin, found, what)
            raise _Forged(f"{what} {problem}")
        return f"{what} end {distance:.3g} of their way apart from the claim, of {DISTANCE} allowed between machines"

    def _differ(self, claimed: State, found: State, start: int, distance: float) -> str:
        if distance > DISTANCE:
            return f"end {distance:.3g} of their way apart from the claim; {DISTANCE} is the most between machines"
        told, measured = claimed.history[start + 1 :].nan_to_num(), found.history[start + 1 :].nan_to_num()
        apart = (told - measured).abs()
        self.figures["lossDifference"] = max(apart.max().item(), self.figures.get("lossDifference", 0.0))
        far = apart > NEAR + NEAR * torch.maximum(told, measured)
        return f"have losses up to {apart.max().item():.4f} apart from those claimed" if bool(far.any()) else ""

    def _refuse_chaos(self, begin: State, found: State, what: str) -> None:
        """High learning rates make ways that rounding alone drives apart: these tell nothing about the claim."""
        other = self.job.trainer.train(begin, found.step, noise=NOISE)
        self.figures["ownDistance"] = own = _distance(begin.adapter, other.adapter, found.adapter)
        if own > CHAOS:
            raise _Untellable(
                f"{what} end {own:.3g} of their way apart when only roundings differ: nothing can be told"
            )

    def _neighbours(self, way: tuple[int, int]) -> bool:
        """No checkpoint is missing between them, and where another's work is vouched for, it is not checked."""
        steps = [0, *(link.step for link in self.output.checkpoints)]
        follows = steps.index(way[1]) - steps.index(way[0]) == 1
        return follows and not (self.vouched and way[0] < self.output.resumed_from)

    def _begin(self, step: int, last: State) -> State:
        """The state after a step, from which the next ones are trained. Nobody claims that before the first."""
        if step:
            return self._state(step).after(self._link(step).sha256)
        measured = torch.stack([last.evals[0], last.evals[0]])
        return replace(self.start, history=last.history[:1], evals=measured)

    def _link(self, step: int) -> Checkpoint:
        return next(each for each in self.output.checkpoints if each.step == step)

    def _state(self, step: int) -> State:
        path = self.claim.files / adapter.checkpoint_name(step)
        return checkpoints.load(path, self.start, self.job.terms, step)


def _distance(begin: Tensors, claimed: Tensors, found: Tensors) -> float:
    def square(one: Tensors, other: Tensors) -> float:
        return sum((one[name].double() - other[name].double()).square().sum().item() for name in one)

    way: Any = square(begin, found)
    return math.sqrt(square(claimed, found) / way) if way else math.inf


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
