"""llm_inference on the real llama.cpp, inside the process and behind an OpenAI-compatible server."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypernode.executors.llm_inference import Input, LlmInference, Output
from hypernode.executors.llm_inference.models import digest, find_models
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.ports import ExecutionFailed, JobContext

MODEL = "smollm2-135m-instruct"
SERVER = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.model_alias, params.n_ctx, params.verbosity = sys.argv[1], {"served"}, 512, -1
params.n_parallel = params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print("LISTENING", server.listening_address, flush=True)
time.sleep(600)
"""


@dataclass
class Run:
    """Answers with one set of settings and keeps what was streamed."""

    settings: LlmSettings
    folder: Path
    streamed: list[str] = field(default_factory=list)

    def __call__(self, prompt: str | None = None, model: str = "default", **given: Any) -> Output:
        chat = {"prompt": prompt} if prompt is not None else {}
        parsed = msgspec.convert({"temperature": 0, "maxTokens": 16, **chat, **given}, Input)
        self.streamed.clear()
        context = JobContext(
            model=model,
            inputs=self.folder,
            outputs=self.folder,
            max_duration_s=60,
            progress=lambda fraction, message: None,
            log=lambda line: None,
            stream=self.streamed.append,
        )
        executor = LlmInference(self.settings)
        outcome = executor.run(parsed, context)
        assert isinstance(outcome.output, Output)
        assert outcome.units == outcome.output.prompt_tokens + outcome.output.completion_tokens
        assert outcome.units <= executor.most_units(parsed, outcome.output)
        return outcome.output


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    model = find_models(None)[MODEL]
    command = [sys.executable, "-c", SERVER, str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        yield next(line.split()[1] for line in process.stdout if line.startswith("LISTENING"))
        process.kill()


@pytest.fixture(params=["llama.cpp", "openai"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """The same promises hold for both engines."""
    if request.param == "llama.cpp":
        return Run(LlmSettings(context=512), tmp_path)
    return Run(LlmSettings(openai_url=request.getfixturevalue("server_url") + "/v1/"), tmp_path)


def test_it_answers_and_streams_the_text(run: Run):
    output = run("What is 2+2?", maxTokens=32)

    assert "4" in output.text
    assert output.finish_reason == "stop"
    assert "".join(run.streamed) == output.text
    assert len(run.streamed) > 1


def test_a_chat_carries_its_turns(run: Run):
    turns = [("system", "Answer with one word."), ("user", "Say yes."), ("assistant", "Yes"), ("user", "Say it again.")]

    output = run(messages=[{"role": role, "content": content} for role, content in turns])

    assert output.prompt_tokens > 30
    assert output.text


def test_a_seed_repeats_the_answer_and_another_changes_it(run: Run):
    answers = [run("Tell me a story.", temperature=1.5, seed=seed, maxTokens=8).text for seed in (1, 1, 2)]

    assert answers[0] == answers[1] != answers[2]


def test_the_answer_ends_at_its_bounds(run: Run):
    cut = run("Count from 1 to 10, separated by commas.", maxTokens=3)
    stopped = run("Count from 1 to 10, separated by commas.", stop=["5"], maxTokens=24)

    assert (cut.finish_reason, cut.completion_tokens) == ("length", 3)
    assert stopped.finish_reason == "stop"
    assert stopped.text.endswith("4, ")


def test_a_prompt_that_is_too_long_blames_the_input(run: Run):
    with pytest.raises(ExecutionFailed, match="context") as failure:
        run("word " * 1000)

    assert failure.value.blames_input


def test_a_model_that_the_node_lacks_blames_the_node(run: Run):
    with pytest.raises(ExecutionFailed, match="no model gpt-9") as failure:
        run("hi", model="gpt-9")

    assert not failure.value.blames_input


def test_a_server_that_is_down_is_missing(tmp_path: Path):
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
        "assert not found.available and 'xllamacpp' in found.missing and 'pip install' in found.fix, found\n"
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


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"prompt": "a", "messages": [{"role": "user", "content": "b"}]},
        {"messages": []},
        {"messages": [{"role": "root", "content": "b"}]},
        {"prompt": "a", "maxTokens": 0},
        {"prompt": "a", "maxTokens": 4097},
        {"prompt": "a", "temperature": 2.1},
        {"prompt": "a", "seed": -1},
        {"prompt": "a", "stop": [""]},
        {"prompt": "a", "stop": ["x"] * 5},
        {"prompt": "a", "max_tokens": 5},
    ],
)
def test_a_bad_input_is_refused_by_the_schema(given: dict[str, Any]):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, Input)


def test_no_node_can_claim_more_tokens_than_the_text_has_bytes():
    given = msgspec.convert({"prompt": "hi", "maxTokens": 1000}, Input)
    boast = Output("Yes.", "stop", prompt_tokens=9_000, completion_tokens=900, model=MODEL)

    assert LlmInference(LlmSettings()).most_units(given, boast) < 300
