"""Which results are checked, and what several opinions on one result mean together."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hypernode.domain.receipt import Verdict

TRUSTED_AFTER: Final = 3
"""Every result of a node is checked until so many of them have passed; then a sample of them is."""
AUDIT_SHARE: Final = 0.1
"""The share of a known node's results that is checked where the customer leaves it to the network.

A node that forges a share f of its results comes through n jobs with (1 - f x 0.1)^n: of one that forges all, every
second is found within 7 jobs, and 99 % within 44.
"""


class Assurance(StrEnum):
    """What checking the customer chose."""

    NONE = "none"  #: Nobody else sees the job; the result is unverified.
    SAMPLED = "sampled"  #: All results of a new node are checked, and a random sample of a known one's.
    ALWAYS = "always"  #: The result is checked before it is paid, if any node can.


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one auditor found."""

    verdict: Verdict
    trusted: bool  #: The auditor is the operator's.


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from the opinions."""

    verdict: Verdict
    by: int  #: Whose evidence it rests on: the opinion's position.
    proven: bool = False  #: Beyond one stranger's word, so that a node may be suspended for it.


def is_checked(assurance: Assurance, passed: int, luck: float, share: float = AUDIT_SHARE) -> bool:
    """Whether a result is checked: of a node of which `passed` results have passed, with `luck` from 0 to 1."""
    if assurance is Assurance.SAMPLED:
        return passed < TRUSTED_AFTER or luck < share
    return assurance is Assurance.ALWAYS


def judge(opinions: Sequence[Opinion], *, another: bool) -> Judgement | None:
    """The judgement, or None where a second opinion is needed and `another` auditor can give one.

    A stranger who says that a result is forged may be lying to harm a rival: a second one must agree before the node
    is suspended. Where they differ, the result stands.
    """
    first, *rest = opinions
    if first.verdict is not Verdict.FAILED:
        return Judgement(first.verdict, 0)
    if first.trusted:
        return Judgement(Verdict.FAILED, 0, proven=True)
    if not rest:
        return None if another else Judgement(Verdict.FAILED, 0)
    if rest[0].verdict is Verdict.PASSED:
        return Judgement(Verdict.PASSED, 1)
    return Judgement(Verdict.FAILED, 0, proven=rest[0].verdict is Verdict.FAILED)
