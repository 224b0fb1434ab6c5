"""What llm_inference finds of other nodes' claims: honest ones pass, forged ones fail, some cannot be told."""

import dataclasses
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import xllamacpp

from hypernode.domain.receipt import Verdict
from hypernode.executors.llm_inference import Input, LlmInference, Output
from hypernode.executors.llm_inference.input import FunctionCall, ToolCall
from hypernode.executors.llm_inference.output import EMBEDDINGS_FILE, TokenLogprob
from hypernode.executors.llm_inference.server import Server
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.executors.llm_inference.vectors import write_npy
from hypernode.ports import Claim, Finding, Outcome
from tests.executors import gguf_models
from tests.executors.gguf_models import MODEL
from tests.executors.llm_jobs import CITY, WEATHER, Jobs, asking_for_a_call, parsed

STORY = {"prompt": "Tell me a story about a dragon.", "maxTokens": 40}
SAMPLED = STORY | {"temperature": 1.3, "topP": 0.98, "maxTokens": 100}
WORDS = Path(random.__file__).read_text().split()
STRANGE = {"prompt": "How do I bake bread?", "maxTokens": 40}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """The auditor, and the honest node: it keeps its model loaded."""
    folder = tmp_path_factory.mktemp("auditor")
    (folder / "models").mkdir()
    gguf_models.model_with_tools(folder / "models" / "with-tools.gguf")
    return Jobs(LlmSettings(models_dir=folder / "models", context=512), folder)


@pytest.fixture(scope="module")
def cheat(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """A node that serves weights of three bits under the same name."""
    folder = tmp_path_factory.mktemp("cheat")
    gguf_models.altered_model(folder / f"{MODEL}.gguf")
    return Jobs(LlmSettings(models_dir=folder, context=512), folder)


@pytest.fixture(scope="module")
def story(jobs: Jobs) -> Outcome:
    return jobs.run(parsed(**STORY), MODEL)


@pytest.fixture(scope="module")
def sampled(jobs: Jobs) -> Outcome:
    return jobs.run(parsed(**SAMPLED), MODEL)


@pytest.fixture(scope="module")
def strange(jobs: Jobs) -> Outcome:
    """An honest answer to another prompt."""
    return jobs.run(parsed(**STRANGE), MODEL)


def check(jobs: Jobs, given: dict[str, Any], outcome: Outcome, **changes: Any) -> Finding:
    return jobs.verify(parsed(**given), jobs.claim(outcome, **changes), MODEL)


def elsewhere(given: Input) -> Iterator[Output]:
    """Answers of another machine: llama.cpp with other kernels, which round otherwise."""
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.verbosity = str(gguf_models.packaged()), 512, -1
    params.n_parallel = params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    native = xllamacpp.Server(params)
    body = {
        "messages": [{"role": "user", "content": given.prompt}],
        "max_tokens": given.max_tokens,
        "temperature": given.temperature,
        "top_p": given.top_p,
        "top_k": 40,
        "min_p": 0.05,
        "seed": 5,
        "samplers": ["top_k", "top_p", "min_p", "temperature"],
        "logprobs": True,
        "top_logprobs": 1,
    }
    answer = Server(native.listening_address).post("/v1/chat/completions", body)
    [choice] = answer["choices"]
    yield Output(
        choice["message"]["content"],
        choice["finish_reason"],
        answer["usage"]["prompt_tokens"],
        answer["usage"]["completion_tokens"],
        MODEL,
        seed=5 if given.temperature else None,
        tokens=[entry["id"] for entry in choice["logprobs"]["content"] if entry["bytes"]],
    )


# --- greedy answers


def test_an_honest_answer_passes(jobs: Jobs, story: Outcome):
    finding = check(jobs, STORY, story)

    assert finding.verdict is Verdict.PASSED
    assert finding.figures["tokens"] == 40
    assert finding.figures["worst_gap"] == 0  # The same machine gives the same bits.


@pytest.mark.parametrize("given", [STORY, SAMPLED])
def test_an_honest_answer_of_another_machine_passes(jobs: Jobs, story: Outcome, given: dict[str, Any]):
    [output] = elsewhere(parsed(**given))
    claim = jobs.claim(story, **msgspec.structs.asdict(output))
    claim = dataclasses.replace(claim, fingerprint=dict(claim.fingerprint) | {"isa": "x86_64 AVX512"})

    finding = jobs.verify(parsed(**given), claim, MODEL)

    assert finding.verdict is Verdict.PASSED, finding
    assert finding.figures.get("drawn_again", 0) < 1  # It is not the same bit for bit.


@pytest.mark.parametrize(
    "given",
    [
        {"prompt": "Say hi.", "maxTokens": 60},
        {"prompt": "Count from 1 to 10, separated by commas.", "stop": ["5"], "maxTokens": 24},
        {"prompt": "Repeat: 😀😃", "maxTokens": 20},
        {"prompt": "Say hi.", "logprobs": True, "topLogprobs": 2},
    ],
    ids=["ends by itself", "ends at a stop text", "ends within a character", "with logprobs"],
)
def test_an_honest_answer_passes_however_it_ends(jobs: Jobs, given: dict[str, Any]):
    finding = check(jobs, given, jobs.run(parsed(**given), MODEL))

    assert finding.verdict is Verdict.PASSED, finding


def test_the_answer_to_another_prompt_fails(jobs: Jobs, story: Outcome, strange: Outcome):
    finding = check(jobs, STORY, strange, prompt_tokens=story.output.prompt_tokens)

    assert finding.verdict is Verdict.FAILED
    assert finding.figures["worst_gap"] > 2


@pytest.mark.parametrize("given", [STORY, SAMPLED], ids=["greedy", "sampled"])
def test_the_answer_of_an_altered_model_fails(jobs: Jobs, cheat: Jobs, story: Outcome, given: dict[str, Any]):
    forged = dataclasses.replace(cheat.run(parsed(**given), MODEL), fingerprint=story.fingerprint)

    finding = check(jobs, given, forged)

    assert finding.verdict is Verdict.FAILED, finding


def test_an_altered_model_under_its_own_digest_cannot_be_told(jobs: Jobs, cheat: Jobs):
    finding = check(jobs, STORY, cheat.run(parsed(**STORY), MODEL))

    assert finding.verdict is Verdict.UNVERIFIED
    assert "another file" in finding.evidence


@pytest.mark.parametrize("given", [STORY, SAMPLED], ids=["greedy", "sampled"])
def test_random_text_fails(jobs: Jobs, story: Outcome, given: dict[str, Any]):
    chance = random.Random(3)
    tokens = [chance.randrange(1_000, 40_000) for _ in range(40)]
    with jobs.executor._llama_cpp().serve(MODEL, "chat", None) as server:
        text = server.post("/detokenize", {"tokens": tokens})["content"]

    finding = check(jobs, given | {"maxTokens": 40}, story, text=text, tokens=tokens, seed=1)

    assert finding.verdict is Verdict.FAILED


@pytest.mark.parametrize("tokens", [True, False], ids=["with ids", "without ids"])
def test_an_answer_that_was_cut_short_but_billed_whole_fails(jobs: Jobs, story: Outcome, tokens: bool):
    text = story.output.text[: len(story.output.text) // 3]

    finding = check(jobs, STORY, story, text=text, tokens=story.output.tokens if tokens else [])

    assert finding.verdict is Verdict.FAILED


def test_an_answer_that_was_cut_short_and_calls_itself_whole_fails(jobs: Jobs, story: Outcome):
    kept = story.output.tokens[:20]
    with jobs.executor._llama_cpp().serve(MODEL, "chat", None) as server:
        text = server.post("/detokenize", {"tokens": kept})["content"]

    said_to_end = check(jobs, STORY, story, text=text, tokens=kept, completion_tokens=21, finish_reason="stop")
    said_to_be_full = check(jobs, STORY, story, text=text, tokens=kept, completion_tokens=20)

    assert said_to_end.verdict is Verdict.FAILED
    assert "room in the context" in said_to_be_full.evidence
    assert said_to_be_full.verdict is Verdict.FAILED


@pytest.mark.parametrize("changes", [{"prompt_tokens": 50}, {"completion_tokens": 44}])
def test_tokens_that_were_not_there_fail(jobs: Jobs, story: Outcome, changes: dict[str, int]):
    assert story.output.prompt_tokens < 50

    finding = check(jobs, STORY | {"maxTokens": 44}, story, **changes)

    assert finding.verdict is Verdict.FAILED
    assert "claimed" in finding.evidence


def test_honest_tokens_beside_another_text_fail(jobs: Jobs, story: Outcome):
    finding = check(jobs, STORY, story, text="Send all your HYPER to this address.")

    assert finding.verdict is Verdict.FAILED
    assert "not that of the tokens" in finding.evidence


# --- sampled answers


def test_an_honest_sampled_answer_is_drawn_again(jobs: Jobs, sampled: Outcome):
    finding = check(jobs, SAMPLED, sampled)

    assert finding.verdict is Verdict.PASSED
    assert finding.figures["drawn_again"] == 1


def test_a_sampled_answer_with_another_seed_than_its_own_fails(jobs: Jobs, sampled: Outcome):
    finding = check(jobs, SAMPLED, sampled, seed=12_345)

    assert finding.verdict is Verdict.FAILED
    assert finding.figures["impossible"] == 0  # Each token could have been drawn: only the seed tells.


def test_greedy_text_sold_as_sampled_does_not_pass(jobs: Jobs, story: Outcome):
    finding = check(jobs, SAMPLED | {"maxTokens": 40}, story, seed=1)

    assert finding.verdict is not Verdict.PASSED


def test_a_seed_that_the_customer_chose_is_binding(jobs: Jobs, sampled: Outcome):
    finding = check(jobs, SAMPLED | {"seed": 1}, sampled)

    assert finding.verdict is Verdict.FAILED
    assert "in place of 1" in finding.evidence


def test_a_sampled_answer_without_its_seed_cannot_be_told(jobs: Jobs, sampled: Outcome):
    assert check(jobs, SAMPLED, sampled, seed=None).verdict is Verdict.UNVERIFIED


def test_false_logprobs_fail(jobs: Jobs):
    given = {"prompt": "Say hi.", "logprobs": True}
    outcome = jobs.run(parsed(**given), MODEL)
    flattered = [TokenLogprob(each.token, min(0.0, each.logprob + 1)) for each in outcome.output.logprobs]

    finding = check(jobs, given, outcome, logprobs=flattered)

    assert finding.verdict is Verdict.FAILED
    assert "log-probabilities" in finding.evidence


def test_an_answer_that_is_all_stop_text_cannot_be_told(jobs: Jobs):
    given = {"prompt": "Count from 1 to 10, separated by commas.", "stop": ["1"]}
    outcome = jobs.run(parsed(**given), MODEL)

    assert (outcome.output.text, outcome.output.completion_tokens) == ("", 1)
    assert check(jobs, given, outcome).verdict is Verdict.UNVERIFIED


# --- answers that a grammar holds


def test_json_is_repeated_to_its_end(jobs: Jobs):
    given = {"prompt": "Give the capital of France and its inhabitants.", "responseFormat": CITY, "maxTokens": 1_000}
    outcome = jobs.run(parsed(**given), MODEL)
    forged = '{"city": "Berlin", "inhabitants": 12}'
    with jobs.executor._llama_cpp().serve(MODEL, "chat", None) as server:
        tokens = server.post("/tokenize", {"content": forged})["tokens"]

    assert check(jobs, given, outcome).verdict is Verdict.PASSED
    made_up = check(jobs, given, outcome, text=forged, tokens=tokens, completion_tokens=len(tokens) + 1)
    assert made_up.verdict is Verdict.FAILED
    assert "the answers part after" in made_up.evidence
    broken = check(jobs, given, outcome, text='{"city": "Paris"}')
    assert broken.verdict is Verdict.FAILED
    assert "inhabitants is missing" in broken.evidence


def test_a_call_is_repeated(jobs: Jobs):
    given = {"messages": asking_for_a_call("Paris"), "tools": [WEATHER], "maxTokens": 60}
    outcome = jobs.run(parsed(**given), "with-tools")

    def found(*calls: FunctionCall) -> Finding:
        made = [ToolCall(id=f"call_{number}", function=call) for number, call in enumerate(calls)]
        return jobs.verify(parsed(**given), jobs.claim(outcome, tool_calls=made), "with-tools")

    assert outcome.output.tool_calls
    assert found(FunctionCall("weather", '{"city": "Paris"}')).verdict is Verdict.PASSED
    elsewhere = found(FunctionCall("weather", '{"city": "Lima"}'))
    assert elsewhere.verdict is Verdict.FAILED
    assert "not what was read from it" in elsewhere.evidence
    assert found(FunctionCall("weather", '{"town": "Paris"}')).verdict is Verdict.FAILED
    assert found(FunctionCall("transfer", "{}")).verdict is Verdict.FAILED


# --- vectors


def test_vectors_are_made_again(jobs: Jobs):
    given = {"embed": ["A dog runs.", "It rains."]}
    outcome = jobs.run(parsed(**given), MODEL)
    dog, rain = outcome.output.embeddings
    rounded = [[round(number, 3) for number in vector] for vector in (dog, rain)]

    assert check(jobs, given, outcome).verdict is Verdict.PASSED
    assert check(jobs, given, outcome, embeddings=rounded).verdict is Verdict.PASSED
    for forged in ([rain, dog], [dog, dog], [dog, [0.0] * len(dog)], [dog[:64], rain[:64]]):
        assert check(jobs, given, outcome, embeddings=forged).verdict is Verdict.FAILED
    assert check(jobs, given, outcome, prompt_tokens=60).verdict is Verdict.FAILED


def test_vectors_in_a_file_are_read_with_care(jobs: Jobs):
    given = {"embed": [f"Text {number}" for number in range(58)]}
    outcome = jobs.run(parsed(**given), MODEL)
    file = jobs.outputs / EMBEDDINGS_FILE
    honest = file.read_bytes()

    assert check(jobs, given, outcome).verdict is Verdict.PASSED
    others = jobs.outputs / "others"
    others.write_bytes(honest)
    for forged in (
        b"",
        b"\x80\x04\x95cposix\nsystem",
        honest[:-1],
        honest + b"\0",
        honest.replace(b"(58, 576)", b"(57, 576)"),
        honest.replace(b"'<f4'", b"'|O4'"),
        honest.replace(b"(58, 576)", b"(999999999, 999999999)"),
        honest[:200] + b"\xff" * 4 + honest[204:],  # A number that is none.
    ):
        file.write_bytes(forged)
        assert check(jobs, given, outcome).verdict is Verdict.FAILED
    file.unlink()
    assert "missing" in check(jobs, given, outcome).evidence
    file.symlink_to(others)
    assert "no regular file" in check(jobs, given, outcome).evidence
    file.unlink()
    write_npy(file, [[1.0, 2.0]] * 58)
    assert check(jobs, given, outcome).verdict is Verdict.FAILED


# --- what cannot be told, and what is no claim at all


def test_a_model_that_is_not_here_cannot_be_told(jobs: Jobs, story: Outcome):
    claim = jobs.claim(story, model="llama-999b")

    assert jobs.verify(parsed(**STORY), claim).verdict is Verdict.UNVERIFIED
    # But who was asked for one model and answers with another has failed.
    assert jobs.verify(parsed(**STORY), claim, MODEL).verdict is Verdict.FAILED


def test_a_model_named_by_its_digest_is_no_other_file(jobs: Jobs, story: Outcome, tmp_path: Path):
    name = "a" * 64
    gguf_models.packaged()
    (tmp_path / f"{name}.gguf").symlink_to(gguf_models.packaged())
    auditor = Jobs(LlmSettings(models_dir=tmp_path, context=512), tmp_path)
    claim = auditor.claim(story, model=name)

    assert auditor.verify(parsed(**STORY), claim, f"sha256:{name}").verdict is Verdict.FAILED


def test_a_model_server_repeats_and_doubts_but_never_accuses(jobs: Jobs, story: Outcome, strange: Outcome):
    llama = jobs.executor._llama_cpp()
    with llama.serve(MODEL, "chat", None) as server:
        # Without the files of models it has only this server to check with.
        auditor = LlmInference(LlmSettings(openai_url=server.url, openai_key=server.key))
        auditor._llama_cpp = lambda: (_ for _ in ()).throw(ImportError("not installed"))  # type: ignore[method-assign]
        given = parsed(**STORY)
        honest = auditor.verify(given, jobs.claim(story), jobs.context(MODEL), 7)
        forged = auditor.verify(given, jobs.claim(strange), jobs.context(MODEL), 7)
        drawn = auditor.verify(
            parsed(**SAMPLED | {"maxTokens": 40}), jobs.claim(strange, seed=3), jobs.context(MODEL), 7
        )

    assert honest.verdict is Verdict.PASSED
    assert "repeated: all 40 tokens are equal" in honest.evidence
    assert forged.verdict is Verdict.UNVERIFIED
    assert "part after 0 of 40 tokens" in forged.evidence
    assert drawn.verdict is Verdict.UNVERIFIED


def test_a_claim_of_a_model_server_is_scored_but_only_absurd_ones_fail(
    jobs: Jobs, cheat: Jobs, story: Outcome, strange: Outcome
):
    served = {"engine": "openai-compatible server", "model": MODEL}

    def found(outcome: Outcome, **changes: Any) -> Finding:
        return check(jobs, STORY, dataclasses.replace(outcome, fingerprint=served), tokens=[], **changes)

    assert found(story).verdict is Verdict.PASSED
    assert found(cheat.run(parsed(**STORY), MODEL)).verdict is Verdict.UNVERIFIED  # Perhaps a coarser quantisation.
    assert found(story, text=" ".join(random.Random(3).sample(WORDS, 40))).verdict is Verdict.FAILED
    assert found(story, prompt_tokens=story.output.prompt_tokens * 10).verdict is Verdict.FAILED


GARBAGE = [
    {"prompt_tokens": -1},
    {"completion_tokens": 10**9},
    {"tokens": [1] * 100},
    {"tokens": [-1] * 40},
    {"tokens": [10**6] * 40},
    {"tokens": [2] * 40},
    {"text": "", "tokens": [], "completion_tokens": 40},
    {"text": "x", "tokens": [], "completion_tokens": 0},
    {"model": "x" * 1_000_000},
    {"logprobs": [TokenLogprob("a", math.nan)]},
    {"embeddings": [[1.0]]},
    {"embeddings_file": "../../etc/passwd"},
]


@pytest.mark.parametrize("changes", GARBAGE)
def test_garbage_fails(jobs: Jobs, story: Outcome, changes: dict[str, Any]):
    assert check(jobs, STORY, story, **changes).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"embeddings": []},
        {"embeddings": [[]]},
        {"embeddings": [[math.nan] * 576]},
        {"embeddings": [[math.inf] * 576]},
        {"embeddings": [[1.0] * 576] * 2},
        {"embeddings": [[1.0] * 575]},
        {"embeddings": [], "embeddings_file": "../embeddings.npy"},
        {"text": "No vectors today."},
    ],
)
def test_garbage_in_place_of_vectors_fails(jobs: Jobs, story: Outcome, changes: dict[str, Any]):
    given = parsed(embed=["A dog runs."])
    output = Output("", "stop", 4, 0, MODEL, embeddings=[[1.0] * 576])
    outcome = Outcome(output, 4, story.fingerprint)

    assert jobs.verify(given, jobs.claim(outcome, **changes), MODEL).verdict is Verdict.FAILED


def test_a_claim_without_a_result_or_with_other_units_fails(jobs: Jobs, story: Outcome):
    claim = jobs.claim(story)

    for forged in (
        Claim(None, 0, MODEL, {}, jobs.outputs),
        Claim({"text": "hi"}, 2, MODEL, {}, jobs.outputs),
        dataclasses.replace(claim, units=claim.units + 1),
    ):
        assert jobs.verify(parsed(**STORY), forged, MODEL).verdict is Verdict.FAILED
