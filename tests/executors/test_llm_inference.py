"""llm_inference on the real llama.cpp, inside the process and behind an OpenAI-compatible server."""

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from hypernode.executors.llm_inference import Input, LlmInference, Output
from hypernode.executors.llm_inference.models import digest
from hypernode.executors.llm_inference.output import EMBEDDINGS_FILE, MAX_INLINE_NUMBERS
from hypernode.executors.llm_inference.schema import violation
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.ports import ExecutionFailed
from tests.executors import gguf_models
from tests.executors.gguf_models import MODEL
from tests.executors.llm_jobs import CITY, WEATHER, Jobs, asking_for_a_call, parsed

SERVER = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.model_alias, params.n_ctx, params.verbosity = sys.argv[1], {"served"}, 512, -1
params.n_parallel = params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print("LISTENING", server.listening_address, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    command = [sys.executable, "-c", SERVER, str(gguf_models.packaged())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        yield next(line.split()[1] for line in process.stdout if line.startswith("LISTENING"))
        process.kill()


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """Keeps its model loaded over all tests of the module."""
    folder = tmp_path_factory.mktemp("llama")
    (folder / "models").mkdir()
    gguf_models.model_with_tools(folder / "models" / "with-tools.gguf")
    return Jobs(LlmSettings(models_dir=folder / "models", context=512), folder)


@pytest.fixture(scope="module")
def openai(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    return Jobs(LlmSettings(openai_url=f"{server_url}/v1/"), tmp_path_factory.mktemp("openai"))


@pytest.fixture(params=["llama", "openai"])
def jobs(request: pytest.FixtureRequest) -> Jobs:
    """The same promises hold for both engines."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def run(jobs: Jobs) -> Callable[..., Output]:
    return partial(jobs.answer, model="default" if jobs.settings.openai_url else MODEL)


def test_it_answers_and_streams_the_text(run: Callable[..., Output], jobs: Jobs):
    output = run("What is 2+2?", maxTokens=32)

    assert "4" in output.text
    assert output.finish_reason == "stop"
    assert "".join(jobs.streamed) == output.text
    assert len(jobs.streamed) > 1


def test_a_chat_carries_its_turns(run: Callable[..., Output]):
    turns = [("system", "Answer with one word."), ("user", "Say yes."), ("assistant", "Yes"), ("user", "Say it again.")]

    output = run(messages=[{"role": role, "content": content} for role, content in turns])

    assert output.prompt_tokens > 30
    assert output.text


def test_a_seed_repeats_the_answer_and_another_changes_it(run: Callable[..., Output]):
    answers = [run("Tell me a story.", temperature=1.5, seed=seed, maxTokens=8) for seed in (1, 1, 2)]

    assert answers[0].text == answers[1].text != answers[2].text
    assert [answer.seed for answer in answers] == [1, 1, 2]


def test_without_a_seed_the_node_draws_one_and_tells_it(run: Callable[..., Output]):
    first, second = (run("Tell me a story.", temperature=1.5, maxTokens=8) for _ in range(2))

    assert first.seed != second.seed
    assert run("Tell me a story.", temperature=1.5, maxTokens=8, seed=first.seed).text == first.text


def test_the_answer_ends_at_its_bounds(run: Callable[..., Output]):
    cut = run("Count from 1 to 10, separated by commas.", maxTokens=3)
    stopped = run("Count from 1 to 10, separated by commas.", stop=["5"], maxTokens=24)

    assert (cut.finish_reason, cut.completion_tokens) == ("length", 3)
    assert stopped.finish_reason == "stop"
    assert stopped.text.endswith("4, ")


def test_each_token_comes_with_its_logprob_and_alternatives(run: Callable[..., Output]):
    output = run("Say hi.", logprobs=True, topLogprobs=3)
    plain = run("Say hi.")

    assert "".join(each.token for each in output.logprobs) == output.text == plain.text
    assert plain.logprobs == []
    for each in output.logprobs:
        assert len(each.top_logprobs) == 3
        assert each.logprob == each.top_logprobs[0].logprob <= 0  # Greedy: it is the best.
        assert sum(math.exp(other.logprob) for other in each.top_logprobs) <= 1.001


def test_a_json_schema_holds_the_answer(run: Callable[..., Output]):
    output = run("Give the capital of France and its inhabitants.", responseFormat=CITY, maxTokens=100)
    free = run("Describe Paris.", responseFormat={"type": "json_object"}, maxTokens=100, temperature=1, seed=4)

    assert output.finish_reason == "stop"
    assert set(json.loads(output.text)) == {"city", "inhabitants"}
    assert free.finish_reason == "length" or isinstance(json.loads(free.text), dict)


def test_a_prompt_that_is_too_long_blames_the_input(run: Callable[..., Output]):
    with pytest.raises(ExecutionFailed, match="context") as failure:
        run("word " * 1000)

    assert failure.value.blames_input


def test_a_model_calls_a_tool_and_takes_its_answer(llama: Jobs):
    question = asking_for_a_call("Paris")
    output = llama.answer(messages=question, tools=[WEATHER], maxTokens=60, model="with-tools")

    assert output.finish_reason == "tool_calls"
    [call] = output.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Paris"})

    turns = [
        *question,
        {"role": "assistant", "toolCalls": [msgspec.to_builtins(call)]},
        {"role": "tool", "content": "Sunny, 20 degrees", "toolCallId": call.id},
    ]
    told = llama.answer(messages=turns, tools=[WEATHER], toolChoice="none", model="with-tools")
    assert told.text
    assert not told.tool_calls


def test_a_named_tool_is_the_only_one_offered(llama: Jobs):
    other = {"function": {"name": "news", "parameters": {"type": "object", "properties": {}}}}
    asked = {"messages": asking_for_a_call("Paris"), "maxTokens": 60, "model": "with-tools"}

    both = llama.answer(tools=[WEATHER, other], **asked)
    one = llama.answer(tools=[WEATHER, other], toolChoice={"function": {"name": "weather"}}, **asked)

    assert one.tool_calls
    assert one.prompt_tokens < both.prompt_tokens


def test_a_model_without_tools_refuses_them(llama: Jobs):
    with pytest.raises(ExecutionFailed, match="knows no tools") as failure:
        llama.answer("How is the weather?", tools=[WEATHER], model=MODEL)

    assert failure.value.blames_input


def test_texts_become_vectors_that_lie_near_where_their_meaning_does(llama: Jobs):
    texts = ["A dog runs in the park.", "A puppy is running through a garden.", "Interest rates rose by a quarter."]
    dog, puppy, rates = (np.array(vector) for vector in llama.answer(embed=texts, model=MODEL).embeddings)

    assert dog @ puppy > dog @ rates
    assert len(dog) == gguf_models.WIDTH


def test_many_vectors_become_a_file_that_numpy_reads(llama: Jobs):
    texts = [f"Text {number}" for number in range(MAX_INLINE_NUMBERS // gguf_models.WIDTH + 1)]
    output = llama.answer(embed=texts, model=MODEL)
    few = llama.answer(embed=texts[:2], model=MODEL)

    assert output.embeddings == []
    vectors = np.load(llama.outputs / output.embeddings_file)
    assert vectors.shape == (len(texts), gguf_models.WIDTH)
    assert np.allclose(vectors[:2], few.embeddings, atol=1e-6)
    assert output.embeddings_file == EMBEDDINGS_FILE


def test_an_adapter_changes_the_answers_of_its_job_alone(llama: Jobs):
    gguf_models.adapter(llama.inputs / "adapter.gguf")
    given = {"sha256": digest(llama.inputs / "adapter.gguf", None)}

    before = llama.answer("Say hi.", model=MODEL)
    adapted = llama.answer("Say hi.", model=MODEL, adapter=given)
    faint = llama.answer("Say hi.", model=MODEL, adapter=given | {"scale": 1e-6})
    after = llama.answer("Say hi.", model=MODEL)

    assert adapted.text != before.text == faint.text == after.text
    assert llama.executor.artifacts(parsed(prompt="x", adapter=given)) == {"adapter.gguf": given["sha256"]}


@pytest.mark.parametrize("broken", ["pickle", "another model", "other shape"])
def test_an_adapter_that_is_none_blames_the_input(llama: Jobs, broken: str):
    file = llama.inputs / "adapter.gguf"
    match broken:
        case "pickle":
            file.write_bytes(b"\x80\x04\x95cposix\nsystem")
        case "another model":
            file.write_bytes(gguf_models.packaged().read_bytes()[:1_000_000])
        case _:
            gguf_models.adapter(file, width=64)

    with pytest.raises(ExecutionFailed, match="adapter") as failure:
        llama.answer("Say hi.", model=MODEL, adapter={"sha256": digest(file, None)})

    assert failure.value.blames_input


def test_an_adapter_goes_to_an_engine_that_takes_it(openai: Jobs):
    given = parsed(prompt="x", adapter={"sha256": "0" * 64})

    with pytest.raises(ExecutionFailed, match="no model served that takes an adapter"):
        openai.executor.run(given, openai.context("served"))

    assert openai.executor.connects(given) == ()
    assert openai.executor.connects(parsed(prompt="x")) == ("HYPERNODE_OPENAI_URL",)


def test_a_model_that_the_node_lacks_blames_the_node(llama: Jobs):
    with pytest.raises(ExecutionFailed, match="no model gpt-9") as failure:
        llama.answer("hi", model="gpt-9")

    assert not failure.value.blames_input


def test_a_server_that_is_down_is_missing():
    down = LlmSettings(openai_url="http://127.0.0.1:9")

    capability = LlmInference(down).probe()

    assert capability.models == (MODEL,)  # llama.cpp still serves.


def test_probe_names_models_and_engine(server_url: str, tmp_path: Path):
    (tmp_path / "Tiny.GGUF").touch()
    (tmp_path / "Big-7B.gguf").touch()

    capability = LlmInference(LlmSettings(models_dir=tmp_path, openai_url=server_url)).probe()

    assert capability.available
    assert capability.models == ("served", "big-7b", MODEL)
    assert "llama.cpp" in capability.engine


def test_probe_without_an_engine_says_how_to_get_one():
    blocked = (
        "import sys; sys.modules['xllamacpp'] = None\n"
        "from hypernode.executors.llm_inference import LlmInference\n"
        "found = LlmInference().probe()\n"
        "assert not found.available and 'xllamacpp' in found.missing and '--fix llm_inference' in found.fix, found\n"
    )
    subprocess.run([sys.executable, "-c", blocked], check=True, env={})


def test_a_digest_is_computed_once_for_each_state_of_a_file(tmp_path: Path):
    model, cache = tmp_path / "a.gguf", tmp_path / "cache"
    model.write_bytes(b"one")
    first = digest(model, cache)
    (cache / "model-digests.json").write_bytes((cache / "model-digests.json").read_bytes().replace(b'":"', b'":"x'))

    assert digest(model, cache) == f"x{first}"

    model.write_bytes(b"another")
    assert digest(model, cache) == digest(model, None) != first


BAD = [
    {},
    {"prompt": "a", "messages": [{"role": "user", "content": "b"}]},
    {"prompt": "a", "embed": ["b"]},
    {"messages": []},
    {"messages": [{"role": "root", "content": "b"}]},
    {"messages": [{"role": "user"}]},
    {"messages": [{"role": "tool", "content": "b"}]},
    {"messages": [{"role": "user", "content": "b", "toolCallId": "1"}]},
    {"messages": [{"role": "user", "toolCalls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}]},
    {"embed": []},
    {"embed": [""]},
    {"embed": ["a"], "tools": [WEATHER]},
    {"embed": ["a"], "responseFormat": CITY},
    {"embed": ["a"], "logprobs": True},
    {"prompt": "a", "maxTokens": 0},
    {"prompt": "a", "maxTokens": 4097},
    {"prompt": "a", "temperature": 2.1},
    {"prompt": "a", "seed": -1},
    {"prompt": "a", "stop": [""]},
    {"prompt": "a", "stop": ["x"] * 5},
    {"prompt": "a", "max_tokens": 5},
    {"prompt": "a", "topLogprobs": 2},
    {"prompt": "a", "logprobs": True, "topLogprobs": 21},
    {"prompt": "a", "logprobs": True, "topLogprobs": 20, "maxTokens": 4096},
    {"prompt": "a", "responseFormat": {"type": "json_schema"}},
    {"prompt": "a", "responseFormat": {"type": "text", "jsonSchema": {"schema": {}}}},
    {"prompt": "a", "responseFormat": CITY, "tools": [WEATHER]},
    {"prompt": "a", "responseFormat": {"type": "json_schema", "jsonSchema": {"schema": {"enum": ["x" * 70_000]}}}},
    {"prompt": "a", "tools": [WEATHER, WEATHER]},
    {"prompt": "a", "tools": [{"function": {"name": "two words"}}]},
    {"prompt": "a", "tools": [WEATHER], "toolChoice": {"function": {"name": "news"}}},
    {"prompt": "a", "toolChoice": "required"},
    {"prompt": "a", "adapter": {"sha256": "../../etc/passwd"}},
    {"prompt": "a", "adapter": {"sha256": "0" * 64, "scale": 0}},
]


@pytest.mark.parametrize("given", BAD)
def test_a_bad_input_is_refused_by_the_schema(given: dict[str, Any]):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, Input)


def test_a_schema_that_is_nested_without_end_is_refused():
    schema: dict[str, Any] = {}
    for _ in range(40):
        schema = {"items": schema}

    with pytest.raises(msgspec.ValidationError, match="32 levels"):
        parsed(prompt="a", responseFormat={"type": "json_schema", "jsonSchema": {"schema": schema}})


@pytest.mark.parametrize(
    "given",
    [
        {"prompt": "hi"},
        {"prompt": "hi", "stop": ["end"]},
        {"prompt": "hi", "responseFormat": {"type": "json_object"}},
    ],
)
def test_no_node_can_claim_more_tokens_than_the_text_has_bytes(given: dict[str, Any]):
    boast = Output("Yes.", "stop", prompt_tokens=9_000, completion_tokens=900, model=MODEL)

    assert LlmInference(LlmSettings()).most_units(parsed(**given, maxTokens=1000), boast) < 500


def test_no_node_can_claim_more_tokens_than_the_texts_to_embed_have_bytes():
    boast = Output("", "stop", prompt_tokens=9_000, completion_tokens=900, model=MODEL)

    assert LlmInference(LlmSettings()).most_units(parsed(embed=["one", "two"]), boast) < 50


TREE = {
    "$defs": {
        "node": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    ("text", "schema", "found"),
    [
        ('{"a": 1}', {"type": "object", "required": ["a"]}, ""),
        ('{"a": 1}', {"required": ["b"]}, "$: b is missing"),
        ('{"a": 1}', {"properties": {"a": {"type": "string"}}}, "$.a: not of type string"),
        ('{"a": 1}', {"additionalProperties": False}, "$.a: nothing is allowed here"),
        ("[1, true]", {"items": {"type": "integer"}}, "$[1]: not of type integer"),
        ("[1, 2.0]", {"items": {"type": "integer"}}, ""),
        ('"c"', {"enum": ["a", "b"]}, "$: none of 2 allowed values"),
        ("true", {"const": 1}, "$: not the one allowed value"),
        ("3", {"anyOf": [{"type": "null"}, {"type": "string"}]}, "$: none of the forms of anyOf"),
        ('{"next": {"next": null}}', TREE, ""),
        ('{"next": {"next": 1}}', TREE, "$.next: none of the forms of anyOf"),
        ("1", {"$ref": "#"}, ""),  # Leads to itself without end: allows all.
        ("1", {"$ref": "other.json"}, ""),
        ("1", {"type": 5, "enum": 3, "anyOf": "x", "required": 1, "properties": []}, ""),
        ("{", {}, "no JSON"),
        ("[" * 5_000, {}, "no JSON"),
    ],
)
def test_json_is_held_against_its_schema(text: str, schema: dict[str, Any], found: str):
    assert violation(text, schema).startswith(found)
    assert bool(violation(text, schema)) == bool(found)
