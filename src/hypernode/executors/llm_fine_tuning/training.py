"""Trains an adapter from one state to a later one, the same way every time."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Final

from hypernode.executors.llm_fine_tuning.checkpoints import State, Tensors
from hypernode.executors.llm_fine_tuning.dataset import Dataset, Example
from hypernode.executors.llm_fine_tuning.job import Input
from hypernode.executors.llm_fine_tuning.loading import Loaded
from hypernode.executors.llm_fine_tuning.plan import Plan, seed_of
from hypernode.ports import ExecutionFailed

torch: Any = import_module("torch")
peft: Any = import_module("peft")

BETAS: Final = (0.9, 0.999)
EPSILON: Final = 1e-8
LARGEST_GRADIENT: Final = 1.0
"""Norm over all parameters; larger ones are scaled down to it."""
Told = Callable[[int, float, float, float | None], None]
"""Hears of each step: its number, loss, learning rate, and the loss of an evaluation after it."""


@dataclass(frozen=True, slots=True)
class Trainer:
    """A base with an adapter on it, and all that the steps need."""

    model: Any
    parameters: dict[str, Any]  #: The adapter's, by name.
    device: str
    plan: Plan
    data: Dataset
    deadline: float  #: By time.monotonic().

    def start(self) -> State:
        """The state before the first step: A drawn by the job's seed, B zero, so that the adapter changes nothing yet.

        A is uniform within +-1/sqrt(inputs), as PEFT's own initialisation is, but drawn by a generator for each
        parameter on the CPU: equal on all machines.
        """
        adapter = {name: _drawn(name, each.shape, self.plan.given.seed) for name, each in self.parameters.items()}
        zeros = {name: torch.zeros_like(each) for name, each in adapter.items()}
        none = torch.full((1, 2), torch.nan, dtype=torch.float64)
        evals = torch.zeros((2, len(self.data.evals)), dtype=torch.float64)
        return State(adapter, zeros, zeros, none, evals)

    def evaluated_start(self) -> State:
        """The same, once the base's loss was measured."""
        state = self.start()
        if not self.data.evals:
            return state
        self._put(state.adapter)
        losses = self.losses(self.data.evals)
        state.history[0, 1] = _finite("the evaluation before the first step", self._mean(losses))
        return replace(state, evals=torch.stack([losses, losses]))

    def train(self, state: State, until: int, told: Told = lambda *_: None, noise: float = 0.0) -> State:
        """Go on to a later step, or to where the evaluations end the run. Raises ExecutionFailed.

        `noise` is added to all gradients, in parts of their root mean square: what another machine's rounding might do.
        """
        optimizer = self._resumed(state)
        rows, evals = state.history.tolist(), state.evals
        for step in range(state.step + 1, until + 1):
            loss, measured = self._take(step, optimizer, noise), None
            if self.plan.evaluates(step):
                evals = torch.stack([evals[0], self.losses(self.data.evals)])
                measured = _finite(f"the evaluation after step {step}", self._mean(evals[1]))
            rows.append([loss, torch.nan if measured is None else measured])
            told(step, loss, self.plan.rate(step), measured)
            if measured is not None and self.plan.ends([row[1] for row in rows if not math.isnan(row[1])]):
                break
        moments = {
            part: {name: optimizer.state[each][key].cpu() for name, each in self.parameters.items()}
            for part, key in (("mean", "exp_avg"), ("square", "exp_avg_sq"))
        }
        adapter = {name: each.detach().cpu().clone() for name, each in self.parameters.items()}
        return State(
            adapter, **moments, history=torch.tensor(rows, dtype=torch.float64), evals=evals, chain=state.chain
        )

    def loss_of_step(self, state: State) -> float:
        """The loss that the step after this state begins with. Learns nothing."""
        self._put(state.adapter)
        with torch.no_grad():
            return sum(self._losses_of_step(state.step + 1))

    def losses(self, examples: Sequence[Example], adapter: Tensors | None = None) -> Any:
        """The mean loss over the learned tokens of each example, as float64. Keeps the adapter that is there."""
        if adapter is not None:
            self._put(adapter)
        self.model.eval()
        size, found = self.plan.given.batch_size, []
        with torch.no_grad():
            for at in range(0, len(examples), size):
                losses, counts = self._by_token(examples[at : at + size])
                found += [each.double().mean().cpu() for each in losses.split(counts)]
        return torch.stack(found)

    def _take(self, step: int, optimizer: Any, noise: float) -> float:
        optimizer.param_groups[0]["lr"] = self.plan.rate(step)
        optimizer.zero_grad()
        loss = _finite(f"the loss of step {step}", sum(self._losses_of_step(step)))
        for each in self.parameters.values() if noise else ():
            each.grad += noise * each.grad.square().mean().sqrt() * torch.randn_like(each.grad)
        torch.nn.utils.clip_grad_norm_(list(self.parameters.values()), LARGEST_GRADIENT, foreach=False)
        optimizer.step()
        return loss

    def _losses_of_step(self, step: int) -> Iterator[float]:
        """Each batch's part of the mean loss over all learned tokens of the step; its gradient is added up."""
        torch.manual_seed(seed_of(self.plan.given.seed, "step", step))  # Of the dropout.
        self.model.train()
        chosen = [self.data.train[index] for index in self.plan.batch(step)]
        total = sum(len(each.ids) - max(each.prompt, 1) for each in chosen)
        size = self.plan.given.batch_size
        for at in range(0, len(chosen), size):
            loss = self._by_token(chosen[at : at + size])[0].sum() / total
            if torch.is_grad_enabled():
                loss.backward()
            yield loss.item()

    def _by_token(self, examples: Sequence[Example]) -> tuple[Any, list[int]]:
        """The loss of each learned token, the examples one after the other, and how many each of them has."""
        if time.monotonic() > self.deadline:
            raise ExecutionFailed("the time limit came before the end of the training")
        longest = max(len(each.ids) for each in examples)
        ids = torch.tensor([[*each.ids, *[0] * (longest - len(each.ids))] for each in examples])
        mask = torch.tensor([[1] * len(each.ids) + [0] * (longest - len(each.ids)) for each in examples])
        prompts = torch.tensor([each.prompt for each in examples])[:, None]
        learned = (mask.bool() & (torch.arange(longest) >= prompts))[:, 1:]
        whole = self.model.get_base_model()
        hidden = whole.model(input_ids=ids.to(self.device), attention_mask=mask.to(self.device), use_cache=False)
        # Logits are a vocabulary wide each: only those that are needed.
        logits = whole.lm_head(hidden.last_hidden_state[:, :-1][learned.to(self.device)])
        targets = ids[:, 1:][learned].to(self.device)
        losses = torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none")
        return losses, learned.sum(dim=1).tolist()

    def _mean(self, losses: Any) -> float:
        return weighted(losses.tolist(), self.data.evals)

    def _put(self, adapter: Tensors) -> None:
        with torch.no_grad():
            for name, each in self.parameters.items():
                each.copy_(adapter[name])

    def _resumed(self, state: State) -> Any:
        self._put(state.adapter)
        optimizer = torch.optim.AdamW(
            self.parameters.values(), lr=0.0, betas=BETAS, eps=EPSILON, weight_decay=0.0, foreach=False
        )
        for name, each in self.parameters.items():
            optimizer.state[each] = {
                "step": torch.tensor(float(state.step)),
                "exp_avg": state.mean[name].to(self.device, copy=True),
                "exp_avg_sq": state.square[name].to(self.device, copy=True),
            }
        return optimizer


@contextmanager
def trainer(loaded: Loaded, plan: Plan, data: Dataset, deadline: float) -> Iterator[Trainer]:
    """Put an adapter on the base, and take it off again."""
    given: Input = plan.given
    config = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=given.rank,
        lora_alpha=given.lora_alpha,
        lora_dropout=given.dropout,
        target_modules=list(given.target_modules),
    )
    model = peft.get_peft_model(loaded.model, config)
    try:
        trained = {
            name.replace(".default.", "."): each for name, each in model.named_parameters() if each.requires_grad
        }
        yield Trainer(model, dict(sorted(trained.items())), loaded.device, plan, data, deadline)
    finally:
        model.unload()


def weighted(losses: Sequence[float], examples: Sequence[Example]) -> float:
    """The mean loss over the learned tokens of all examples, from the means of each."""
    weights = [len(each.ids) - max(each.prompt, 1) for each in examples]
    return sum(loss * weight for loss, weight in zip(losses, weights, strict=True)) / sum(weights)


def _finite(what: str, loss: float) -> float:
    if not math.isfinite(loss):
        raise ExecutionFailed(f"{what} is {loss}: lower learningRate, or take another model", blames_input=True)
    return loss


def _drawn(name: str, shape: Any, seed: int) -> Any:
    if ".lora_B." in name:
        return torch.zeros(tuple(shape))
    generator = torch.Generator().manual_seed(seed_of(seed, name))
    return (2 * torch.rand(tuple(shape), generator=generator) - 1) / shape[1] ** 0.5
