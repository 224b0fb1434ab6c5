"""What can be told of a claimed result without a model: a claim that fails here no honest node has made."""

import math
import stat
from collections.abc import Iterable, Sequence

from hypernode.executors.llm_inference.input import Input
from hypernode.executors.llm_inference.output import EMBEDDINGS_FILE, Output
from hypernode.executors.llm_inference.schema import violation
from hypernode.executors.llm_inference.vectors import NotReadable, read_npy
from hypernode.ports import Claim


def form_flaw(given: Input, output: Output) -> str:
    """Where an answer breaks the form that was asked for; empty where it keeps to it, or was cut off."""
    if output.finish_reason == "length":
        return ""
    schema = given.schema()
    # A stop text may end the JSON early.
    if schema is not None and not given.stop and (found := violation(output.text, schema)):
        return f"the text is {found}"
    if given.must_call() and not output.tool_calls:
        return "no tool is called"
    parameters = {tool.function.name: tool.function.parameters for tool in given.callable_tools()}
    for call in output.tool_calls:
        if call.function.name not in parameters:
            return f"there is no tool {call.function.name[:64]}"
        if found := violation(call.function.arguments, {"type": "object"} | parameters[call.function.name]):
            return f"the arguments of {call.function.name} are {found}"
    return ""


def flaw(given: Input, claim: Claim) -> str:
    """What is wrong with a claim in itself; empty where nothing is."""
    output = claim.output
    if not isinstance(output, Output):
        return "there is no result"
    if min(output.prompt_tokens, output.completion_tokens) < 0:
        return "a count of tokens is negative"
    if claim.units != output.prompt_tokens + output.completion_tokens:
        return f"{claim.units} units are not the {output.prompt_tokens} + {output.completion_tokens} tokens"
    return _answer_flaw(given, output) if given.embed is None else _vectors_flaw(given.embed, output)


def _answer_flaw(given: Input, output: Output) -> str:
    if output.embeddings or output.embeddings_file:
        return "vectors were not asked for"
    if output.completion_tokens > given.max_tokens:
        return f"{output.completion_tokens} tokens are more than the {given.max_tokens} that were asked for"
    if len(output.tokens) > output.completion_tokens:
        return f"{len(output.tokens)} ids stand for {output.completion_tokens} tokens"
    if not output.completion_tokens and (output.text or output.reasoning or output.tool_calls):
        return "an answer without tokens"
    if given.temperature and given.seed is not None and output.seed != given.seed:
        return f"seeded with {output.seed} in place of {given.seed}"
    if cut := next((stop for stop in given.stop if stop in output.text), ""):
        return f"the text goes on after the stop text {cut!r}"
    return _logprobs_flaw(given, output) or form_flaw(given, output)


def _logprobs_flaw(given: Input, output: Output) -> str:
    listed = output.logprobs
    if not given.logprobs:
        return "log-probabilities were not asked for" if listed else ""
    if len(listed) > output.completion_tokens or (output.text and not listed):
        return f"{len(listed)} log-probabilities for {output.completion_tokens} tokens"
    numbers = [each.logprob for entry in listed for each in (entry, *entry.top_logprobs)]
    if any(not math.isfinite(number) or number > 1e-3 for number in numbers):
        return "a log-probability is none"
    if any(len(entry.top_logprobs) > given.top_logprobs for entry in listed):
        return "more alternatives than were asked for"
    return ""


def _vectors_flaw(texts: Sequence[str], output: Output) -> str:
    if output.text or output.tokens or output.tool_calls or output.completion_tokens:
        return "an answer in place of vectors"
    if bool(output.embeddings) == bool(output.embeddings_file):
        return "vectors are to be in the result or in its file"
    if output.embeddings:
        return _numbers_flaw(len(texts), output.embeddings)
    return "" if output.embeddings_file == EMBEDDINGS_FILE else f"vectors are to be in {EMBEDDINGS_FILE}"


def claimed_vectors(texts: Sequence[str], claim: Claim) -> Sequence[Sequence[float]]:
    """The vectors of a claim, one a text. Raises NotReadable."""
    if claim.output.embeddings:
        return claim.output.embeddings
    file = claim.files / EMBEDDINGS_FILE
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            raise NotReadable("it is no regular file")
    except OSError:
        raise NotReadable("it is missing") from None
    vectors = read_npy(file, len(texts))
    if found := _numbers_flaw(len(texts), vectors):
        raise NotReadable(found)
    return vectors


def _numbers_flaw(rows: int, vectors: Sequence[Iterable[float]]) -> str:
    lists = [list(vector) for vector in vectors]
    if len(lists) != rows:
        return f"{len(lists)} vectors for {rows} texts"
    if len({len(vector) for vector in lists}) != 1 or not lists[0]:
        return "vectors differ in length"
    if not all(math.isfinite(number) for vector in lists for number in vector):
        return "a vector holds what is no number"
    return ""
