"""Checks what another node claims to have answered."""

from collections.abc import Sequence
from typing import Final

from hypernode.domain.demand import ARTIFACT_MODEL
from hypernode.domain.receipt import Verdict
from hypernode.executors.llm_inference import answer_audit, claims
from hypernode.executors.llm_inference.answering import Pulse
from hypernode.executors.llm_inference.case import Case
from hypernode.executors.llm_inference.engine import Engine, LoraAdapter
from hypernode.executors.llm_inference.input import Input
from hypernode.executors.llm_inference.llama_cpp import LlamaCpp
from hypernode.executors.llm_inference.models import DEFAULT_MODEL, is_brought
from hypernode.executors.llm_inference.output import Output
from hypernode.executors.llm_inference.vector_audit import check_vectors
from hypernode.ports import Claim, Finding, JobContext

LONGEST_EVIDENCE: Final = 500
LONGEST_NAME: Final = 256
"""Characters of what a claim says, where it is cited: the node chose them."""


def verify(
    engines: Sequence[Engine],
    given: Input,
    claim: Claim,
    adapter: LoraAdapter | None,
    context: JobContext,
    seed: int,
) -> Finding:
    """What one of these engines, which have the model, finds of a claim. Raises ExecutionFailed."""
    if found := claims.flaw(given, claim):
        return Finding(Verdict.FAILED, found[:LONGEST_EVIDENCE])
    output: Output = claim.output
    named = output.model[:LONGEST_NAME]
    asked = context.model.removeprefix(ARTIFACT_MODEL)
    if asked not in ("", DEFAULT_MODEL, output.model):
        return Finding(Verdict.FAILED, f"{named} answered in place of {asked}")
    fitting = [engine for engine in engines if engine.takes_adapters or not adapter]
    if not fitting:
        return Finding(Verdict.UNVERIFIED, f"no model {named} here")
    # llama.cpp can score; another server can only repeat.
    engine = next((each for each in fitting if isinstance(each, LlamaCpp)), fitting[0])
    here, there = engine.fingerprint(output.model, adapter)["model"], claim.fingerprint.get("model", "")
    akin = is_brought(here) and here == there
    if is_brought(here) and is_brought(there) and not akin:
        # A model that is named by its digest is no other file.
        verdict = Verdict.FAILED if is_brought(output.model) else Verdict.UNVERIFIED
        return Finding(verdict, f"it was made with another file than the {output.model} here: sha256 {there}")
    case = Case(given, claim, output, adapter, akin, seed)
    pulse = Pulse(context, "checking")
    if given.embed is not None:
        return check_vectors(engine, case, given.embed, pulse)
    if isinstance(engine, LlamaCpp):
        return answer_audit.check(engine, case, context, pulse)
    return answer_audit.repeat(engine, case, output.text, context, pulse)
