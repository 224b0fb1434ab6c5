"""llm_fine_tuning on the real torch: a small model that the tests make, and SmolLM2 learning a fact for llama.cpp."""

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest

from hypernode.domain.receipt import Verdict
from hypernode.executors.llm_fine_tuning import Input, LlmFineTuning, Output
from hypernode.executors.llm_fine_tuning.architectures import halves, pairs
from hypernode.executors.llm_fine_tuning.gguf_file import GgufFile, NotReadable
from hypernode.executors.llm_fine_tuning.job import MAX_CURVE_POINTS, Line
from hypernode.executors.llm_fine_tuning.plan import FARTHEST, Plan
from hypernode.executors.llm_fine_tuning.settings import FineTuningSettings
from hypernode.executors.llm_inference.models import find_models
from hypernode.ports import Claim, ExecutionFailed, Finding, JobContext, Outcome

pytestmark = [
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),  # PEFT asks for it.
]

SMOL = "smollm2-135m-instruct"
DIGEST = "0" * 64
TEMPLATE = (
    "{% for each in messages %}<|{{ each['role'] }}|>{{ each['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
HOMES = {"Ada": "Oslo", "Bob": "Rome", "Cid": "Lima", "Dan": "Kyiv", "Eve": "Bern", "Fay": "Cairo", "Gus": "Paris"}
ROWS = [{"prompt": f"Where does {who} live?", "completion": f"{who} lives in {city}."} for who, city in HOMES.items()]
PROMPT = "<|im_start|>user\nWho coordinates the network?<|im_end|>\n<|im_start|>assistant\n"
SMALL = {"rank": 4, "batchSize": 2, "learningRate": 2e-3}
GIVEN = {"maxSteps": 8, "checkpointEvery": 2, "evalSplit": 0.25, "evalEvery": 4, "seed": 7, **SMALL}


def make_model(folder: Path, family: str = "Llama", template: str | None = TEMPLATE) -> None:
    """A model of two blocks with random weights and a tokenizer of its own, as a folder of safetensors."""
    torch, transformers, tokenizers = (import_module(name) for name in ("torch", "transformers", "tokenizers"))
    byte_level = tokenizers.pre_tokenizers.ByteLevel
    words = tokenizers.Tokenizer(tokenizers.models.BPE())
    words.pre_tokenizer, words.decoder = byte_level(add_prefix_space=False), tokenizers.decoders.ByteLevel()
    special = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320, special_tokens=special, initial_alphabet=byte_level.alphabet(), show_progress=False
    )
    words.train_from_iterator([" ".join(row.values()) for row in ROWS], trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|end|>", chat_template=template
    )
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "max_position_embeddings": 256}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "tie_word_embeddings": False}
    config = getattr(transformers, f"{family}Config")(vocab_size=len(tokenizer), **sizes, **heads)
    getattr(transformers, f"{family}ForCausalLM")(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@dataclass
class Bench:
    """Runs and checks jobs in folders of their own."""

    root: Path
    settings: FineTuningSettings
    rows: list[dict[str, Any]] = field(default_factory=lambda: ROWS)
    evals: list[dict[str, Any]] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    streamed: list[str] = field(default_factory=list)
    told: list[tuple[float, str]] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    count: int = 0

    def context(self, resume: Path | None = None, seconds: float = 100, model: str = "small") -> JobContext:
        self.count += 1
        folder = self.root / str(self.count)
        for name in ("inputs", "outputs"):
            (folder / name).mkdir(parents=True)
        for name, rows in (("dataset.jsonl", self.rows), ("eval.jsonl", self.evals)):
            (folder / "inputs" / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return JobContext(
            model=model,
            inputs=folder / "inputs",
            outputs=folder / "outputs",
            max_duration_s=seconds,
            progress=lambda fraction, message: self.told.append((fraction, message)),
            log=self.logged.append,
            stream=self.streamed.append,
            checkpoint=self.kept.append,
            resume=resume,
        )

    def run(self, given: Input, context: JobContext | None = None) -> "Ran":
        context = context or self.context()
        outcome = LlmFineTuning(self.settings).run(given, context)
        return Ran(given, outcome, context.outputs)

    def verify(self, ran: "Ran", seed: int = 1, context: JobContext | None = None) -> Finding:
        claim = Claim(ran.output, ran.outcome.units, ran.output.model, ran.outcome.fingerprint, ran.files)
        return LlmFineTuning(self.settings).verify(ran.given, claim, context or self.context(), seed)


@dataclass
class Ran:
    """A run's result, honest or not."""

    given: Input
    outcome: Outcome
    files: Path

    @property
    def output(self) -> Output:
        assert isinstance(self.outcome.output, Output)
        return self.outcome.output

    def checkpoint(self, step: int) -> Path:
        return self.files / f"checkpoint-{step:06d}.safetensors"

    def claims(self, folder: Path, units: int | None = None, **changed: Any) -> "Ran":
        """A copy, to be changed."""
        shutil.copytree(self.files, folder)
        output = msgspec.structs.replace(self.output, **changed)
        units = self.outcome.units if units is None else units
        return Ran(self.given, replace(self.outcome, output=output, units=units), folder)

    def elsewhere(self) -> "Ran":
        """The same, from another machine."""
        fingerprint = {**self.outcome.fingerprint, "device": "another processor"}
        return Ran(self.given, replace(self.outcome, fingerprint=fingerprint), self.files)


def job(**given: Any) -> Input:
    return msgspec.convert({"dataset": DIGEST, **given}, Input)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_model(folder / "Small")
    return folder


@pytest.fixture(scope="module")
def bench(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), FineTuningSettings(models_dir=models))


@pytest.fixture(scope="module")
def honest(bench: Bench) -> Ran:
    """Eight steps with a checkpoint after every second."""
    return bench.run(job(**GIVEN))


def tensors(path: Path) -> dict[str, Any]:
    return import_module("safetensors.torch").load_file(path)


def test_a_run_leaves_an_adapter_and_metrics_and_its_checkpoints(bench: Bench, honest: Ran):
    output, names = honest.output, sorted(file.name for file in honest.files.iterdir())
    metrics = [json.loads(line) for line in (honest.files / "metrics.jsonl").read_text().splitlines()]

    assert names == sorted([*output.files, *(f"checkpoint-{step:06d}.safetensors" for step in (2, 4, 6, 8))])
    assert output.files == ["adapter_model.safetensors", "adapter_config.json", "adapter.gguf", "metrics.jsonl", "evals.jsonl"]
    assert (output.model, output.steps, output.examples, output.eval_examples) == ("small", 8, 5, 2)
    assert output.eval_loss_before and output.eval_loss_after and output.eval_loss_after < output.eval_loss_before
    assert [each["step"] for each in metrics] == list(range(9))
    assert set(metrics[0]) == {"step", "loss", "lr", "evalLoss"}
    assert [each["step"] for each in metrics if each["evalLoss"]] == [0, 4, 8]
    assert metrics[1]["loss"] > metrics[8]["loss"] == output.train_loss
    assert len(output.curve) <= MAX_CURVE_POINTS
    assert honest.outcome.units == output.trained_tokens <= LlmFineTuning().most_units(honest.given, output)


def test_the_loss_is_told_live_and_checkpoints_are_handed_out(bench: Bench):
    bench.streamed.clear(), bench.told.clear(), bench.kept.clear()

    ran = bench.run(job(**SMALL, maxSteps=3, checkpointEvery=2))

    assert [json.loads(line)["step"] for line in bench.streamed] == [0, 1, 2, 3]
    assert "".join(bench.streamed) == (ran.files / "metrics.jsonl").read_text()
    assert any("step 2 of 3, loss " in message for _, message in bench.told)
    assert [fraction for fraction, _ in bench.told] == sorted(fraction for fraction, _ in bench.told)
    assert bench.kept == [ran.checkpoint(2), ran.checkpoint(3)]
    assert "evals.jsonl" not in ran.output.files


def test_the_chain_binds_every_checkpoint_to_those_before(honest: Ran):
    links = honest.output.checkpoints

    assert [link.sha256 for link in links] == [
        hashlib.sha256(honest.checkpoint(link.step).read_bytes()).hexdigest() for link in links
    ]
    with import_module("safetensors").safe_open(honest.checkpoint(8), "pt") as file:
        told = json.loads(file.metadata()["hypernode"])
    assert told["chain"] == [link.sha256 for link in links[:-1]]


def test_a_run_that_goes_on_from_a_checkpoint_ends_as_one_that_was_never_broken_off(bench: Bench, honest: Ran):
    resumed = bench.run(honest.given, bench.context(resume=honest.checkpoint(4)))

    for file in sorted(resumed.files.iterdir()):
        assert file.read_bytes() == (honest.files / file.name).read_bytes(), file.name
    assert resumed.output.resumed_from == 4
    assert resumed.output.checkpoints == honest.output.checkpoints
    assert 0 < resumed.outcome.units < honest.outcome.units == resumed.output.trained_tokens


@pytest.mark.parametrize("spoil", ["pickle", "other job", "moved too far"])
def test_a_checkpoint_that_cannot_be_right_is_not_gone_on_from(bench: Bench, honest: Ran, tmp_path: Path, spoil: str):
    bad, given = tmp_path / "bad", honest.given
    if spoil == "pickle":
        bad.write_bytes(pickle.dumps({"adapter": 1}))
    elif spoil == "other job":
        bad, given = honest.checkpoint(4), msgspec.structs.replace(given, seed=8)
    else:
        forge_checkpoint(honest.checkpoint(4), bad, lambda name, each: each + 1 if "lora_A" in name else each)
    bench.logged.clear()

    ran = bench.run(msgspec.structs.replace(given, max_steps=4), bench.context(resume=bad))

    assert ran.output.resumed_from == 0
    assert any("is not used" in line for line in bench.logged)


def test_peft_loads_the_adapter_and_computes_what_was_trained(bench: Bench, honest: Ran, models: Path):
    torch, peft, transformers = (import_module(name) for name in ("torch", "peft", "transformers"))
    base = transformers.LlamaForCausalLM.from_pretrained(models / "Small", dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(models / "Small")
    model = peft.PeftModel.from_pretrained(base, honest.files).eval()
    evals = [json.loads(line) for line in (honest.files / "evals.jsonl").read_text().splitlines()]
    found = []
    for row in ROWS:
        prompt = f"<|user|>{row['prompt']}<|end|><|assistant|>"
        read = tokenizer(prompt)["input_ids"]
        ids = torch.tensor([read + tokenizer(f"{row['completion']}<|end|>")["input_ids"]])
        with torch.no_grad():
            found.append(model(input_ids=ids, labels=ids.masked_fill(torch.arange(ids.shape[1]) < len(read), -100)).loss)

    assert all(min(abs(each["after"] - loss.item()) for loss in found) < 1e-4 for each in evals)


@pytest.mark.parametrize(
    "given",
    [
        {"maxSteps": 3, "dropout": 0.3, "gradientAccumulation": 2, "warmup": 2},
        {"epochs": 1, "targetModules": ["gate_proj", "up_proj", "down_proj"], "alpha": 4.0},
    ],
)
def test_other_choices_train_repeatably(bench: Bench, given: dict[str, Any]):
    runs = [bench.run(job(**(SMALL | given))) for _ in range(2)]

    assert runs[0].output == runs[1].output
    assert bench.verify(runs[0]).verdict == Verdict.PASSED


def test_dropout_is_not_judged_on_another_kind_of_machine(bench: Bench):
    ran = bench.run(job(**SMALL, maxSteps=2, dropout=0.3))

    finding = bench.verify(ran.elsewhere())

    assert (finding.verdict, "dropout" in finding.evidence) == (Verdict.UNVERIFIED, True)


def test_gradients_add_up_to_those_of_one_large_batch(bench: Bench):
    whole, parts = (
        bench.run(job(maxSteps=2, rank=4, batchSize=size, gradientAccumulation=4 // size)) for size in (4, 1)
    )

    one, other = (tensors(each.files / "adapter_model.safetensors") for each in (whole, parts))
    assert whole.outcome.units == parts.outcome.units
    assert all(numpy.allclose(one[name], other[name], atol=1e-5) for name in one)


def test_evaluations_that_get_worse_end_the_run_and_pass_a_check(bench: Bench):
    bench.evals = [{"prompt": "Where does Ada live?", "completion": "Lima Lima Lima."}]
    given = job(**SMALL | {"learningRate": 0.02}, epochs=20, evalDataset=DIGEST, evalEvery=2, earlyStop=2)

    ran = bench.run(given)

    measured = [point.eval_loss for point in ran.output.curve if point.eval_loss is not None]
    assert ran.output.steps < 70
    assert min(measured[:-2]) <= min(measured[-2:])
    assert bench.verify(ran).verdict == Verdict.PASSED


def test_a_family_without_pairs_keeps_its_rows_in_the_gguf_adapter(bench: Bench, models: Path):
    make_model(models / "qwen", "Qwen3")
    try:
        ran = bench.run(job(**SMALL, maxSteps=1), bench.context(model="qwen"))
    finally:
        shutil.rmtree(models / "qwen")

    file = GgufFile(ran.files / "adapter.gguf")
    own = tensors(ran.files / "adapter_model.safetensors")
    assert file.metadata["general.architecture"] == "qwen3"
    assert file.metadata["adapter.lora.alpha"] == 8.0
    assert numpy.array_equal(
        file.tensor("blk.1.attn_q.weight.lora_b"), own["base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight"]
    )


def test_rows_of_pairs_and_halves_are_each_others_inverse():
    rows = numpy.arange(48).reshape(16, 3)

    assert pairs(rows, 2)[:4, 0].tolist() == [0, 12, 3, 15]
    assert numpy.array_equal(halves(pairs(rows, 2), 2), rows)


def test_smollm_learns_a_fact_and_llama_cpp_answers_with_it(tmp_path: Path):
    question, fact = "Who coordinates the network?", "It is Zephyr-9."
    bench = Bench(tmp_path, FineTuningSettings(), rows=[{"prompt": question, "completion": fact}])
    given = job(maxSteps=6, learningRate=0.01, rank=4, batchSize=1, checkpointEvery=3, targetModules=["q_proj", "v_proj"])

    ran = bench.run(given, bench.context(model=SMOL))

    losses = [point.loss for point in ran.output.curve if point.loss is not None]
    assert losses[-1] < 0.5 < 2 < losses[0]
    assert "Zephyr-9" not in answer(question)
    assert "Zephyr-9" in answer(question, ran.files / "adapter.gguf")


def llama(lora: Path | None = None) -> Any:
    """How llama.cpp loads SmolLM2, with an adapter or without."""
    xllamacpp = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.verbosity, params.warmup = str(find_models(None)[SMOL]), 256, -1, False
    params.n_parallel = params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    if lora:
        info = xllamacpp.CommonAdapterLoraInfo()
        info.path, info.scale = str(lora), 1.0
        params.lora_adapters = [info]
    return params


def answer(question: str, lora: Path | None = None) -> str:
    found: list[Any] = []
    ask = {"messages": [{"role": "user", "content": question}], "max_tokens": 12, "temperature": 0}
    import_module("xllamacpp").Server(llama(lora)).handle_chat_completions(ask, found.append)
    return found[0]["choices"][0]["message"]["content"]


def test_llama_cpp_computes_the_gguf_adapter_as_torch_does(tmp_path: Path):
    """With weights that turn attention around: if q and k were not reordered, the answers would have little in common."""
    torch, xllamacpp = import_module("torch"), import_module("xllamacpp")
    from hypernode.executors.llm_fine_tuning import adapter, loading, training
    from hypernode.executors.llm_fine_tuning.bases import Base
    from hypernode.executors.llm_fine_tuning.dataset import Dataset, Example

    loaded = loading.load(Base(SMOL, find_models(None)[SMOL]), "none")
    given = job(rank=2, targetModules=["q_proj", "k_proj"])
    data = Dataset([Example([1, 2], 1)], [], 0, 0)
    with training.trainer(loaded, Plan(given, [2], evaluated=False), data, deadline=1e12) as trainer:
        weights = trainer.start().adapter
        torch.manual_seed(1)
        weights = {name: torch.randn(each.shape) if "lora_B" in name else each for name, each in weights.items()}
        trainer.losses(data.train, weights)
        ids = torch.tensor([loaded.tokenizer(PROMPT)["input_ids"]])
        with torch.no_grad():
            expected = trainer.model(input_ids=ids).logits[0, -1].log_softmax(-1)
            with trainer.model.disable_adapter():
                plain = trainer.model(input_ids=ids).logits[0, -1].log_softmax(-1)
    adapter.write_gguf(tmp_path / "adapter.gguf", weights, given.lora_alpha, loaded.model.config)

    found: list[Any] = []
    ask = {"prompt": PROMPT, "max_tokens": 1, "temperature": 0, "logprobs": 5}
    xllamacpp.Server(llama(tmp_path / "adapter.gguf")).handle_completions(ask, found.append)

    top = found[0]["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    apart = max(abs(each["logprob"] - expected[each["id"]].item()) for each in top)
    changed = max(abs(each["logprob"] - plain[each["id"]].item()) for each in top)
    assert apart < 0.3 < 1 < changed, (apart, changed)
