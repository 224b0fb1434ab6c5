"""Checks a claimed answer: its counts by the tokenizer, its tokens by prefill or by a repetition."""

import dataclasses
import math
from collections.abc import Sequence
from random import Random
from typing import Final

from hypernode.domain.receipt import Verdict
from hypernode.executors.llm_inference.answering import MAX_SEED, Pulse, chat
from hypernode.executors.llm_inference.bounds import UNSEEN_TOKENS, hidden_tokens
from hypernode.executors.llm_inference.case import Case
from hypernode.executors.llm_inference.engine import Engine
from hypernode.executors.llm_inference.llama_cpp import MIN_P, TOP_K, LlamaCpp
from hypernode.executors.llm_inference.prefill import CannotScore, Sampling, Scorer
from hypernode.executors.llm_inference.request import chat_body
from hypernode.executors.llm_inference.scoring import (
    CONTROLS,
    MEAN_LOGPROB_ERROR,
    NEAR_TIE,
    first_difference,
    judge_greedy,
    judge_sampled,
)
from hypernode.executors.llm_inference.tokens import prompt_tokens, tokenize
from hypernode.ports import Finding, JobContext

CHECKED_LOGPROBS: Final = 16
"""Of an answer's tokens, drawn by chance: each costs a pass over the vocabulary."""
ALTERNATIVES: Final = 20
"""To each token of a repetition: what OpenAI's format gives at most."""
RETOKENIZED: Final = 1.25
"""Tokens of an answer for one that the tokenizer makes of its text, at most: a model may write in smaller pieces."""
OTHER_TEMPLATE: Final = 2.0
OTHER_TEMPLATE_TOKENS: Final = 256
"""By which factor, and by how much, another server's template may make a prompt longer."""


def check(engine: LlamaCpp, case: Case, context: JobContext, pulse: Pulse) -> Finding:
    """With the model here. Raises ExecutionFailed."""
    output = case.output
    ids = output.tokens if case.akin else []
    with engine.serve(output.model, "chat", case.adapter) as server:
        prompt, slack = prompt_tokens(server, engine.dialect(chat_body(case.given, output.model, 0)))
        answer = ids or tokenize(server, output.text, begins=False)
    if found := _count_flaw(case, len(prompt) + slack, ids, len(answer)):
        return Finding(Verdict.FAILED, found)
    if output.reasoning or (not answer and not _ended(case)):
        return Finding(Verdict.UNVERIFIED, "the counts hold; what the model wrote is not all told")
    try:
        with engine.scorer(output.model, case.adapter, len(prompt) + len(answer)) as scorer:
            if ids and (found := _token_flaw(case, scorer, ids)):
                return Finding(Verdict.FAILED, found)
            if not case.constrained:
                return _score(scorer, case, prompt, answer, pulse)
            written = scorer.text(ids, marks=True) if ids else output.text
    except CannotScore as error:
        context.log(f"{error}: repeating the run instead")
        written = output.text
    return repeat(engine, case, written, context, pulse)


def _count_flaw(case: Case, prompt: int, ids: Sequence[int], answer: int) -> str:
    """Where more was counted than there is; `answer` is what the tokenizer makes of the text where there are no ids."""
    output, given = case.output, case.given
    if output.prompt_tokens > (prompt if case.akin else OTHER_TEMPLATE * prompt + OTHER_TEMPLATE_TOKENS):
        return f"{output.prompt_tokens} tokens of the prompt claimed, {prompt} counted"
    fewest, most = hidden_tokens(given, output.finish_reason)
    if ids:
        fewest, most = fewest + len(ids), most + len(ids)
    elif given.callable_tools() or output.reasoning:
        fewest, most = 0, given.max_tokens  # What the engine cut out of the text cannot be counted.
    else:
        fewest, most = 0, math.ceil(RETOKENIZED * answer) + most
    if not fewest <= output.completion_tokens <= most:
        return f"{output.completion_tokens} tokens of the answer claimed, {answer} counted"
    if case.akin and output.finish_reason == "length" and output.completion_tokens < given.max_tokens:
        full = case.claim.fingerprint.get("context", "")
        if not full.isdecimal() or output.prompt_tokens + output.completion_tokens + UNSEEN_TOKENS < int(full[:9]):
            return f"cut off after {output.completion_tokens} of {given.max_tokens} tokens, with room in the context"
    return ""


def _token_flaw(case: Case, scorer: Scorer, ids: Sequence[int]) -> str:
    """Where the ids are not those of the text."""
    output = case.output
    if not all(0 <= each < scorer.n_vocabulary for each in ids):
        return "there is no such token"
    # The last character may be unfinished.
    text = scorer.text(ids, marks=False).rstrip("\ufffd")
    claimed = output.text.rstrip("\ufffd")
    if case.constrained:
        # Written besides the text: the fence of Markdown around JSON, or calls.
        same = claimed in text or bool(output.tool_calls)
    else:
        same = text.startswith(claimed) if case.cut else text == claimed
    if not same:
        return "the text is not that of the tokens"
    return ""


def _ended(case: Case) -> bool:
    """Whether the model ended the answer by itself, with the mark of its end."""
    return case.output.finish_reason == "stop" and not case.cut


def _score(scorer: Scorer, case: Case, prompt: list[int], answer: list[int], pulse: Pulse) -> Finding:
    given, output, random = case.given, case.output, Random(case.seed)
    if given.temperature and not (case.akin and output.tokens):
        return Finding(Verdict.UNVERIFIED, "counted only: tokens that another engine drew cannot be drawn again here")
    seeds = [output.seed or 0, *(random.randrange(MAX_SEED) for _ in range(CONTROLS))] if given.temperature else []
    samplings = [Sampling(TOP_K, given.top_p, MIN_P, given.temperature, seed) for seed in seeds]
    listed = output.logprobs if case.akin and len(answer) == len(output.logprobs) else []
    chosen = random.sample(range(len(listed)), min(CHECKED_LOGPROBS, len(listed)))
    scored = scorer.score(prompt, answer, samplings, chosen, ended=_ended(case), beat=pulse)
    errors = [abs(listed[i].logprob - (scored[i].logprob or 0.0)) for i in chosen]
    if errors and (error := math.fsum(errors) / len(errors)) > MEAN_LOGPROB_ERROR:
        return Finding(Verdict.FAILED, f"log-probabilities are wrong by {error:.2f} on average", {"error": error})
    if given.temperature:
        return judge_sampled(scored, seeded=output.seed is not None)
    return judge_greedy(scored, strict=case.akin and bool(output.tokens))


def repeat(engine: Engine, case: Case, written: str, context: JobContext, pulse: Pulse) -> Finding:
    """Run the job again, and compare up to the first difference. `written`: all that the model wrote, as text.

    It costs as much as the run. Raises ExecutionFailed.
    """
    given, output = case.given, case.output
    here = engine.fingerprint(output.model, case.adapter)
    # Alone on a CPU, llama.cpp gives the same bits whenever it runs.
    exact = isinstance(engine, LlamaCpp) and engine.on_cpu and here["slots"] == "1"
    same = exact and here == dict(case.claim.fingerprint)
    if given.temperature and output.seed is None:
        return Finding(Verdict.UNVERIFIED, "form and counts hold; the claim names no seed to repeat it with")
    body = chat_body(given, output.model, output.seed or 0) | {"logprobs": True, "top_logprobs": ALTERNATIVES}
    silent = dataclasses.replace(context, stream=lambda _: None)
    with engine.serve(output.model, "chat", case.adapter) as server:
        answer, _ = chat(engine, server, body, given, silent, pulse)
    if (answer.text, answer.tool_calls) == (output.text, output.tool_calls):
        return Finding(Verdict.PASSED, f"repeated: all {answer.completion_tokens} tokens are equal")
    alike = case.akin and case.claim.fingerprint.get("engine") == engine.name
    if given.temperature or not answer.entries:
        return Finding(Verdict.FAILED if same else Verdict.UNVERIFIED, "repeated: the answer differs")
    found = first_difference(answer.entries, written)
    if found is None:
        verdict = Verdict.FAILED if alike else Verdict.UNVERIFIED
        return Finding(verdict, "repeated: what the model wrote is equal, but not what was read from it")
    evidence = f"repeated: the answers part after {found.token} of {len(answer.entries)} tokens, {found.gap:.2f} apart"
    figures = {"equal": found.token, "gap": min(found.gap, 99.0)}
    if found.gap <= NEAR_TIE:
        # Which of two near equals is better depends on the machine; a call was read from tokens that part here.
        return Finding(Verdict.UNVERIFIED if output.tool_calls else Verdict.PASSED, evidence, figures)
    return Finding(Verdict.FAILED if alike else Verdict.UNVERIFIED, evidence, figures)
