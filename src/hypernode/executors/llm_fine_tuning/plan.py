"""What happens in which step: a pure function of the job and the lengths of its examples.

Chance is one, too: the order of an epoch and the seed of a step follow from the job's seed. So a run can stop after any
step and go on elsewhere, and anybody can tell what each step had to do.
"""

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hypernode.executors.llm_fine_tuning.job import DEFAULT_CHECKPOINTS, MAX_CHECKPOINTS, MAX_STEPS, Input

FARTHEST: Final = 7.3
"""The farthest that one step of AdamW can move a parameter, in learning rates, whatever the gradients are.

By Cauchy-Schwarz, |m|/sqrt(v) <= sqrt(sum of w1^2 / w2) with the weights w1 = (1 - b1) b1^i of the mean and
w2 = (1 - b2) b2^i of the square: sqrt(0.1^2 / 0.001 / (1 - 0.9^2 / 0.999)) = 7.27; both bias corrections only lower it.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a run, numbered from 1."""

    given: Input
    lengths: Sequence[int]  #: Tokens of each training example.
    evaluated: bool  #: There are examples for evaluation.

    def __post_init__(self) -> None:
        if self.steps > MAX_STEPS:
            raise ValueError(f"{self.steps} steps are planned; {MAX_STEPS} are the most")
        if len(self.checkpoints()) > MAX_CHECKPOINTS:
            raise ValueError(
                f"checkpointEvery {self.given.checkpoint_every} makes {len(self.checkpoints())} checkpoints in "
                f"{self.steps} steps; {MAX_CHECKPOINTS} are the most"
            )

    @property
    def steps(self) -> int:
        """How many there are if none of the evaluations ends the run."""
        most = self.given.max_steps
        if most and not self.given.epochs:
            return most
        all_steps = math.ceil((self.given.epochs or 1) * len(self.lengths) / self.given.step_examples)
        return min(all_steps, most) if most else all_steps

    def batch(self, step: int) -> list[int]:
        """The examples of a step, by index: the next ones in the order of their epochs."""
        count = len(self.lengths)
        return [_order(self.given.seed, p // count, count)[p % count] for p in range(*self._positions(step))]

    def rate(self, step: int) -> float:
        """The learning rate of a step: up in a line over the warm-up, then down in a line to the last step."""
        warmup, steps = self.given.warmup, self.steps
        if step <= warmup:
            return self.given.learning_rate * step / warmup
        return self.given.learning_rate * (steps - step + 1) / (steps - warmup)

    def tokens(self, start: int, end: int) -> int:
        """How many go through the optimizer in the steps after `start` up to `end`; padding is not counted."""
        return self._tokens_before(self._positions(end)[1]) - self._tokens_before(self._positions(start)[1])

    def checkpoints(self) -> list[int]:
        """The steps after which one is made; the last step is always among them."""
        every = self.given.checkpoint_every or math.ceil(self.steps / DEFAULT_CHECKPOINTS)
        return [*range(every, self.steps, every), self.steps]

    def made(self, steps: int) -> list[int]:
        """The checkpoints of a run that ended after so many steps."""
        return [*(step for step in self.checkpoints() if step < steps), steps]

    def evaluates(self, step: int) -> bool:
        """Whether the loss on the examples for evaluation is measured after this step; 0 is before the first."""
        every = self.given.eval_every or math.ceil(self.steps / DEFAULT_CHECKPOINTS)
        return self.evaluated and (step % every == 0 or step == self.steps)

    def ends(self, losses: Sequence[float]) -> bool:
        """Whether these losses of evaluations, the one before the first step included, end the run early."""
        patience = self.given.early_stop
        return bool(patience and losses) and len(losses) - 1 - losses.index(min(losses)) >= (patience or 0)

    def reach(self, start: int, end: int) -> float:
        """The farthest that a parameter can be moved by the steps after `start` up to `end`."""
        return FARTHEST * sum(self.rate(step) for step in range(start + 1, end + 1))

    def _positions(self, step: int) -> tuple[int, int]:
        """The part of the endless row of epochs that a step takes."""
        size = self.given.step_examples
        limited = self.given.epochs or not self.given.max_steps
        end = (self.given.epochs or 1) * len(self.lengths) if limited else math.inf
        return int(min((step - 1) * size, end)), int(min(step * size, end))

    def _tokens_before(self, position: int) -> int:
        epochs, rest = divmod(max(position, 0), len(self.lengths))
        order = _order(self.given.seed, epochs, len(self.lengths))[:rest]
        return epochs * sum(self.lengths) + sum(self.lengths[index] for index in order)


def seed_of(*parts: object) -> int:
    """A seed for each thing that is left to chance, below 2^63."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8]) >> 1


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> list[int]:
    order = list(range(count))
    random.Random(seed_of(seed, "order", epoch)).shuffle(order)
    return order
