"""Checks claimed vectors: some of the texts, drawn by chance, are embedded again."""

from random import Random
from typing import Final

from hypernode.domain.receipt import Verdict
from hypernode.executors.llm_inference import claims
from hypernode.executors.llm_inference.answering import Pulse, vectors_of
from hypernode.executors.llm_inference.case import Case
from hypernode.executors.llm_inference.engine import Engine
from hypernode.executors.llm_inference.llama_cpp import LlamaCpp
from hypernode.executors.llm_inference.tokens import tokenize
from hypernode.executors.llm_inference.vectors import NotReadable, cosine
from hypernode.ports import Finding

LEAST_COSINE: Final = 0.99
"""Between vectors of one text by one model on two machines."""
CHECKED_TEXTS: Final = 16


def check_vectors(engine: Engine, case: Case, texts: list[str], pulse: Pulse) -> Finding:
    """All tokens are counted where the engine has a tokenizer, a few texts embedded. Raises ExecutionFailed."""
    try:
        claimed = claims.claimed_vectors(texts, case.claim)
    except NotReadable as error:
        return Finding(Verdict.FAILED, f"the vectors: {error}")
    chosen = sorted(Random(case.seed).sample(range(len(texts)), min(CHECKED_TEXTS, len(texts))))
    with engine.serve(case.output.model, "embed", case.adapter) as server:
        own, _ = vectors_of(server, case.output.model, [texts[i] for i in chosen], pulse)
        counted = sum(len(tokenize(server, text)) for text in texts) if isinstance(engine, LlamaCpp) else None
    doubted = Verdict.FAILED if case.akin else Verdict.UNVERIFIED
    if len(own[0]) != len(claimed[0]):
        return Finding(doubted, f"vectors of {len(claimed[0])} numbers, here of {len(own[0])}")
    if counted is not None and case.output.prompt_tokens > counted:
        return Finding(doubted, f"{case.output.prompt_tokens} tokens claimed, {counted} counted")
    least = min(cosine(mine, claimed[i]) for mine, i in zip(own, chosen, strict=True))
    evidence = f"{len(chosen)} of {len(texts)} texts embedded again: cosine {least:.4f} at the least"
    verdict = Verdict.PASSED if least >= LEAST_COSINE else doubted
    return Finding(verdict, evidence, {"texts": len(chosen), "least_cosine": least})
