"""Judges a claimed answer, token by token, against what the model gives for the same prompt.

What honest nodes and forgers were seen to reach is in `docs/how-to/ask-a-language-model.md`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hypernode.domain.receipt import Verdict
from hypernode.executors.llm_inference.chat import Entry
from hypernode.executors.llm_inference.llama_cpp import MIN_P
from hypernode.executors.llm_inference.prefill import Scored
from hypernode.ports import Finding

NEAR_TIE: Final = 0.5
"""Two logits this near may change places on another machine: 0 of 878 honest tokens lay further below the best."""
NO_TIE: Final = 2.0
"""A greedy token this far below the best is not the model's."""
PASSED_SHARE: Final = 0.005
FAILED_SHARE: Final = 0.02
"""Of greedy tokens beyond a near tie. Another prompt's answer has 4 % and more, an altered model's 19 % and more."""
LEAST_SAMPLED: Final = -math.log(MIN_P) + 1.0
"""llama.cpp never draws a token whose logit is further below the best than -ln(min_p); 1 allows for rounding."""
CONTROLS: Final = 4
"""Draws with other seeds, which tell how many tokens agree by chance."""
PASSED_AGREEMENT: Final = 0.5
FAILED_AGREEMENT: Final = 0.25
"""Share of the tokens that chance does not give which the seed gives again. Honest nodes reach 0.6 and more, on the
same machine 1; another seed, prompt or model 0.1 at most."""
LEAST_UNCERTAIN: Final = 30
"""Tokens that chance does not give: with fewer, too little agreement proves nothing."""
MEAN_LOGPROB_ERROR: Final = 0.3
"""Between claimed log-probabilities and the checker's, on average. A single one of a small model was 0.38 off."""
MEAN_GAP_ABSURD: Final = 3.0
"""Mean distance below the best that no rounding and no quantisation of the same model explains."""


def judge_greedy(scored: Sequence[Scored], *, strict: bool) -> Finding:
    """Of an answer at temperature 0. Not `strict` where the claim names no digest of its model, or no tokens."""
    gaps = [each.gap for each in scored]
    beyond, worst, mean = sum(gap > NEAR_TIE for gap in gaps), max(gaps), math.fsum(gaps) / len(gaps)
    evidence = f"{beyond} of {len(gaps)} tokens lie more than {NEAR_TIE} below the best, the furthest {worst:.2f}"
    figures = {"tokens": len(gaps), "beyond": beyond, "worst_gap": worst, "mean_gap": mean}
    if worst <= NO_TIE and beyond <= PASSED_SHARE * len(gaps):
        return Finding(Verdict.PASSED, evidence, figures)
    foreign = worst > NO_TIE or beyond > max(2.0, FAILED_SHARE * len(gaps))
    if mean > MEAN_GAP_ABSURD or (strict and foreign):
        return Finding(Verdict.FAILED, evidence, figures)
    return Finding(Verdict.UNVERIFIED, f"{evidence}: it may be another precision of the model", figures)


def judge_sampled(scored: Sequence[Scored], *, seeded: bool) -> Finding:
    """Of an answer that llama.cpp drew: each token's first sampler has the claimed seed, the others are controls."""
    gaps = [each.gap for each in scored]
    impossible, worst = sum(gap > LEAST_SAMPLED for gap in gaps), max(gaps)
    figures: dict[str, float] = {"tokens": len(gaps), "impossible": impossible, "worst_gap": worst}
    if impossible:
        evidence = f"{impossible} of {len(gaps)} tokens lie more than {LEAST_SAMPLED:.1f} below the best: never drawn"
        return Finding(Verdict.FAILED, evidence, figures)
    if not seeded:
        return Finding(Verdict.UNVERIFIED, "all tokens could have been drawn, but the claim names no seed", figures)
    again = sum(each.drawn[0] for each in scored) / len(scored)
    chance = sum(sum(each.drawn[1:]) / len(each.drawn[1:]) for each in scored) / len(scored)
    uncertain = (1 - chance) * len(scored)
    agreement = (again - chance) / (1 - chance) if uncertain >= 1 else float(again > 0.9)
    figures |= {"drawn_again": again, "by_chance": chance, "agreement": agreement}
    evidence = (
        f"the seed gives {again:.0%} of {len(scored)} tokens again, other seeds {chance:.0%}: agreement {agreement:.2f}"
    )
    if agreement >= PASSED_AGREEMENT:
        return Finding(Verdict.PASSED, evidence, figures)
    if agreement < FAILED_AGREEMENT and uncertain >= LEAST_UNCERTAIN:
        return Finding(Verdict.FAILED, evidence, figures)
    return Finding(Verdict.UNVERIFIED, f"{evidence}: too little to tell", figures)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a repeated answer leaves the claimed one."""

    token: int  #: How many tokens agree before.
    gap: float  #: Log-probability of the repeated token less the claimed one's; infinite if that is not among the best.


def first_difference(repeated: Sequence[Entry], claimed: str) -> Difference | None:
    """Compares text, since not all engines tell ids; None where it is the same."""
    at = 0
    for number, entry in enumerate(repeated):
        if entry.token and claimed.startswith(entry.token, at):
            at += len(entry.token)
        elif entry.token or at < len(claimed):
            return Difference(number, _distance(entry, claimed[at:]))
    return Difference(len(repeated), math.inf) if at < len(claimed) else None


def _distance(entry: Entry, rest: str) -> float:
    """To the best alternative that the claimed text goes on with: the end mark has no text."""
    others = [
        each.logprob
        for each in entry.top_logprobs
        if each.token != entry.token and (rest.startswith(each.token) if each.token else not rest)
    ]
    return abs(entry.logprob - max(others)) if others else math.inf
