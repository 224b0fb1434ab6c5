"""Tells without any training what cannot be: a state that no run of this plan reaches from an earlier one."""

import math
from typing import Any, Final

from hypernode.executors.llm_fine_tuning.checkpoints import State, torch
from hypernode.executors.llm_fine_tuning.plan import Plan

_ROUNDING: Final = 1e-5
"""Of float32, relative to a parameter's value, over all steps between two checkpoints."""


def impossible(plan: Plan, before: State, after: State) -> str:
    """Why `after` cannot follow `before`; empty where it may. `before` may be the start, not evaluated yet."""
    if not before.step < after.step <= plan.steps:
        return f"step {after.step} does not follow step {before.step} in a run of {plan.steps} steps"
    if before.step and not _equal(before.history, after.history[: before.step + 1]):
        return f"the losses up to step {before.step} were changed after it"
    if before.step and not _equal(before.evals[0], after.evals[0]):
        return "the losses before the first step were changed after it"
    return _impossible_losses(plan, after) or _too_far(plan, before, after)


def _impossible_losses(plan: Plan, state: State) -> str:
    """Losses must be there for every step, and evaluations where the plan has them, up to one that ends the run."""
    losses = state.history.tolist()
    if not bool(torch.isfinite(state.evals).all()) or not math.isnan(losses[0][0]):
        return "a loss is there where none belongs"
    measured: list[float] = []
    for step, (loss, after) in enumerate(losses):
        if step and not 0 <= loss < float("inf"):
            return f"the loss of step {step} is {loss}"
        if plan.evaluates(step) != (0 <= after < float("inf")):
            return f"the evaluation after step {step} is {after}"
        if plan.ends(measured):
            return f"the evaluations end the run before step {step}"
        measured += [after] if plan.evaluates(step) else []
    return ""


def _too_far(plan: Plan, before: State, after: State) -> str:
    reach = plan.reach(before.step, after.step)
    for name, old in before.adapter.items():
        new = after.adapter[name]
        room = reach + _ROUNDING * torch.maximum(old.abs(), new.abs())
        if bool(((new - old).abs() > room).any()):
            farthest = (new - old).abs().max().item()
            return (
                f"{name} moved by {farthest:.3g} between steps {before.step} and {after.step}; "
                f"AdamW cannot move it farther than {reach:.3g}"
            )
    return ""


def _equal(one: Any, other: Any) -> bool:
    return bool(torch.allclose(one, other, rtol=0, atol=0, equal_nan=True))
