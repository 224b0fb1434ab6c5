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
    assert output.files == [
        "adapter_model.safetensors",
        "adapter_config.json",
        "adapter.gguf",
        "metrics.jsonl",
        "evals.jsonl",
    ]
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


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda name, each: each + 1 if "lora_A" in name else each, "AdamW cannot move it"),
        (lambda name, each: each[:4] if name == "history" else each, "no checkpoint is due after step 3"),
        (lambda name, each: each * float("nan") if name == "history" else each, "the evaluation after step 0 is nan"),
        (None, "no safetensors"),
    ],
)
def test_a_checkpoint_that_cannot_be_right_is_not_gone_on_from(
    bench: Bench, honest: Ran, tmp_path: Path, spoil: Callable[[str, Any], Any] | None, reason: str
):
    bad = tmp_path / "bad"
    if spoil:
        forge_checkpoint(honest.checkpoint(4), bad, spoil)
    else:
        bad.write_bytes(pickle.dumps({"adapter": 1}))
    bench.logged.clear()

    ran = bench.run(honest.given, bench.context(resume=bad))

    assert ran.output == honest.output
    assert any("is not used" in line and reason in line for line in bench.logged), bench.logged


def test_a_checkpoint_of_another_job_is_not_gone_on_from(bench: Bench, honest: Ran):
    other = msgspec.structs.replace(honest.given, seed=8)

    assert bench.run(other, bench.context(resume=honest.checkpoint(4))).output.resumed_from == 0
    assert any("another job" in line for line in bench.logged)


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
            found.append(
                model(input_ids=ids, labels=ids.masked_fill(torch.arange(ids.shape[1]) < len(read), -100)).loss
            )

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
    given = job(
        maxSteps=6, learningRate=0.01, rank=4, batchSize=1, checkpointEvery=3, targetModules=["q_proj", "v_proj"]
    )

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
    """With weights that turn attention around: were q and k not reordered, the answers would have little in common."""
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


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_claim_passes_byte_for_byte_on_a_machine_like_its_own(bench: Bench, honest: Ran, seed: int):
    finding = bench.verify(honest, seed)

    assert (finding.verdict, finding.figures["distance"]) == (Verdict.PASSED, 0)
    assert "byte for byte" in finding.evidence
    assert finding.figures["replayedSteps"] / finding.figures["steps"] == 1 / 4


def test_an_honest_claim_passes_within_a_tolerance_elsewhere(bench: Bench, honest: Ran):
    finding = bench.verify(honest.elsewhere())

    assert finding.verdict == Verdict.PASSED
    assert "between machines" in finding.evidence


def test_a_claim_that_went_on_from_anothers_work_is_judged_by_what_can_be_known(
    bench: Bench, honest: Ran, tmp_path: Path
):
    resumed = bench.run(honest.given, bench.context(resume=honest.checkpoint(4)))
    complete = resumed.claims(tmp_path / "complete")
    shutil.copy(honest.checkpoint(2), complete.files)

    assert bench.verify(resumed).verdict == Verdict.UNVERIFIED
    assert bench.verify(resumed, context=bench.context(resume=honest.checkpoint(2))).verdict == Verdict.UNVERIFIED
    assert bench.verify(resumed, context=bench.context(resume=honest.checkpoint(4))).verdict == Verdict.PASSED
    assert bench.verify(complete).verdict == Verdict.PASSED


Ways = Callable[[Any], list[Any]]
"""Makes the states after each checkpoint's steps, from a job in hand."""


def forge(bench: Bench, given: Input, ways: Ways) -> Ran:
    """A claim without a flaw in its form: what a cheat can do who has this very code."""
    from hypernode.executors.llm_fine_tuning import adapter, checkpoints
    from hypernode.executors.llm_fine_tuning.bases import choose
    from hypernode.executors.llm_fine_tuning.execution import described, opened

    context = bench.context()
    with opened(given, choose("small", bench.settings), context, bench.settings) as work:
        chain: list[str] = []
        states = ways(work)
        for state in states:
            path = context.outputs / adapter.checkpoint_name(state.step)
            chain.append(checkpoints.save(replace(state, chain=tuple(chain)), work.terms, path))
        adapter.write(context.outputs, states[-1], work.plan, work.data, work.loaded.model.config, "small")
        output, units = described(work, states[-1], 0, chain), work.plan.tokens(0, states[-1].step)
        return Ran(given, Outcome(output, units, work.fingerprint), context.outputs)


def honest_ways(work: Any) -> list[Any]:
    states = [work.trainer.evaluated_start()]
    for step in work.plan.checkpoints():
        states.append(work.trainer.train(states[-1], step))
    return states[1:]


def never_trained(work: Any) -> list[Any]:
    start = work.trainer.start()
    return [replace(each, adapter=start.adapter) for each in honest_ways(work)]


def trained_for_fewer_steps(work: Any) -> list[Any]:
    first, *others = honest_ways(work)
    return [first, *(replace(each, adapter=first.adapter, mean=first.mean, square=first.square) for each in others)]


def trained_on_other_data(work: Any) -> list[Any]:
    turned = [
        replace(each, ids=[*each.ids[: each.prompt], *each.ids[: each.prompt - 1 : -1]]) for each in work.data.train
    ]
    trainer = replace(work.trainer, data=replace(work.data, train=turned))
    return honest_ways(replace(work, trainer=trainer))


def trained_with_noise_in_the_gradients(work: Any) -> list[Any]:
    states = [work.trainer.evaluated_start()]
    for step in work.plan.checkpoints():
        states.append(work.trainer.train(states[-1], step, noise=2.0))
    return states[1:]


def begun_from_elsewhere(work: Any) -> list[Any]:
    plan = replace(work.plan, given=msgspec.structs.replace(work.given, seed=work.given.seed + 1))
    start = replace(work.trainer.evaluated_start(), adapter=replace(work.trainer, plan=plan).start().adapter)
    states = [start]
    for step in work.plan.checkpoints():
        states.append(work.trainer.train(states[-1], step))
    return states[1:]


def with_an_invented_curve(work: Any) -> list[Any]:
    states = honest_ways(work)
    for state in states:
        state.history[1:, 0] *= import_module("torch").linspace(1, 0.2, 8)[: state.step]
    return states


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize(
    ("ways", "evidence"),
    [
        (never_trained, "trained anew|measured anew"),
        (trained_for_fewer_steps, "trained anew|measured anew"),
        (trained_on_other_data, "trained anew|measured anew"),
        (trained_with_noise_in_the_gradients, "trained anew|measured anew"),
        (begun_from_elsewhere, "AdamW cannot move it"),
        (with_an_invented_curve, "measured anew"),
    ],
)
def test_a_forged_way_is_found(bench: Bench, ways: Ways, evidence: str, elsewhere: bool):
    forged = forge(bench, job(**GIVEN), ways)

    finding = bench.verify(forged.elsewhere() if elsewhere else forged, seed=2)

    assert finding.verdict == Verdict.FAILED, finding
    assert import_module("re").search(evidence, finding.evidence), finding.evidence


def test_what_the_forger_of_these_tests_makes_honestly_passes(bench: Bench, honest: Ran):
    copy = forge(bench, honest.given, honest_ways)

    assert copy.output == honest.output
    assert bench.verify(copy).verdict == Verdict.PASSED


def forge_checkpoint(source: Path, target: Path, change: Callable[[str, Any], Any]) -> str:
    """Change tensors and keep all else; the digest."""
    safetensors, torch_form = import_module("safetensors"), import_module("safetensors.torch")
    with safetensors.safe_open(source, "pt") as file:
        metadata = file.metadata()
    changed = {name: change(name, each).contiguous() for name, each in tensors(source).items()}
    target.write_bytes(torch_form.save(changed, metadata))
    return hashlib.sha256(target.read_bytes()).hexdigest()


def relinked(honest: Ran, folder: Path, step: int, make: Callable[[Path], None]) -> Ran:
    """With another file in the place of a checkpoint, and its digest in the chain."""
    forged = honest.claims(folder)
    make(forged.checkpoint(step))
    digest = hashlib.sha256(forged.checkpoint(step).read_bytes()).hexdigest()
    links = [
        msgspec.structs.replace(link, sha256=digest) if link.step == step else link
        for link in honest.output.checkpoints
    ]
    output = msgspec.structs.replace(honest.output, checkpoints=links)
    return Ran(honest.given, replace(forged.outcome, output=output), folder)


HEADER_OF_ANOTHER = (56).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   '


class Bomb:
    """Leaves a file where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_a_pickled_checkpoint_is_refused_unread(bench: Bench, honest: Ran, tmp_path: Path):
    mark = tmp_path / "mark"

    def pickled(path: Path) -> None:
        import_module("torch").save(Bomb(mark), path)

    for number, make in enumerate([pickled, lambda path: path.write_bytes(pickle.dumps(Bomb(mark)))]):
        finding = bench.verify(relinked(honest, tmp_path / str(number), 4, make))
        assert (finding.verdict, "no safetensors" in finding.evidence) == (Verdict.FAILED, True)
    assert not mark.exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-8]),
        lambda path: path.write_bytes(b"\xff" * 7 + b"\x7f{"),
        lambda path: path.write_bytes(HEADER_OF_ANOTHER + b"0000"),
        lambda path: forge_checkpoint(path, path, lambda name, each: each * float("nan")),
        lambda path: forge_checkpoint(path, path, lambda name, each: each.double()),
        lambda path: forge_checkpoint(path, path, lambda name, each: -each if name.startswith("square") else each),
        lambda path: forge_checkpoint(path, path, lambda name, each: each[:3] if name == "history" else each),
        lambda path: forge_checkpoint(path, path, lambda name, each: each + 0.1 if "lora_B" in name else each),
        lambda path: shutil.copy(path.with_name("checkpoint-000006.safetensors"), path),
    ],
)  # fmt: skip
def test_a_checkpoint_that_no_run_writes_fails(bench: Bench, honest: Ran, tmp_path: Path, make: Callable[[Path], None]):
    finding = bench.verify(relinked(honest, tmp_path / "forged", 4, make))

    assert finding.verdict == Verdict.FAILED
    assert "checkpoint" in finding.evidence or "AdamW" in finding.evidence


@pytest.mark.parametrize(
    "make",
    [
        lambda files: shutil.copy(files / "checkpoint-000004.safetensors", files / "checkpoint-000006.safetensors"),
        lambda files: (files / "checkpoint-000006.safetensors").unlink(),
        lambda files: (files / "adapter.gguf").unlink(),
        lambda files: (files / "adapter.gguf").write_bytes((files / "adapter.gguf").read_bytes()[:-4] + b"\0\0\0\1"),
        lambda files: (files / "metrics.jsonl").write_text((files / "metrics.jsonl").read_text().replace("5", "4")),
        lambda files: (files / "adapter_config.json").write_text("{}"),
        lambda files: (files / "notes.bin").touch(),
        lambda files: (files / "folder").mkdir(),
        shutil.rmtree,
    ],
)
def test_files_that_no_run_leaves_fail(bench: Bench, honest: Ran, tmp_path: Path, make: Callable[[Path], None]):
    forged = honest.claims(tmp_path / "forged")
    make(forged.files)

    assert bench.verify(forged).verdict == Verdict.FAILED


@pytest.mark.parametrize(
    "changed",
    [
        {"units": 10**9},
        {"trained_tokens": 10**9},
        {"steps": 7},
        {"steps": 9},
        {"resumed_from": 4},
        {"resumed_from": 3},
        {"checkpoints": []},
        {"train_loss": 0.001},
        {"eval_loss_after": float("nan")},
        {"curve": []},
        {"files": ["../../etc/passwd"]},
        {"examples": 10**6},
    ],
)
def test_a_result_that_the_files_do_not_give_fails(bench: Bench, honest: Ran, tmp_path: Path, changed: dict[str, Any]):
    assert bench.verify(honest.claims(tmp_path / "forged", **changed)).verdict == Verdict.FAILED


def test_a_claim_about_another_model_is_not_judged_by_this_one(bench: Bench, honest: Ran, tmp_path: Path):
    other = honest.claims(tmp_path / "other", base_model="1" * 64)
    unknown = honest.claims(tmp_path / "unknown", model="gpt-9")

    assert bench.verify(other).verdict == Verdict.UNVERIFIED
    assert bench.verify(unknown, context=bench.context(model="default")).verdict == Verdict.UNVERIFIED
    assert bench.verify(unknown).verdict == Verdict.FAILED  # The job asked for the model `small`.


def test_a_claim_for_an_input_that_fails_everywhere_fails(bench: Bench, honest: Ran):
    broken = Bench(bench.root / "broken", bench.settings, rows=[{"prompt": "no completion"}])

    finding = broken.verify(honest)

    assert (finding.verdict, "line 1" in finding.evidence) == (Verdict.FAILED, True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"prompt": "a"}], "line 1: .*prompt and completion"),
        ([ROWS[0], {"messages": [{"role": "user", "content": "a"}]}], "line 2"),
        ([{"messages": [{"role": "user", "content": "a"}] * 2}], "assistant"),
        ([{"messages": [{"role": "root", "content": "a"}, {"role": "assistant", "content": "b"}]}], "line 1"),
        ([["a", "b"]], "line 1"),
        ([], "no example"),
        ([{"prompt": "word " * 100, "completion": "x"}], "no example"),
    ],
)
def test_a_dataset_that_cannot_be_read_blames_the_input(bench: Bench, rows: list[Any], message: str):
    with pytest.raises(ExecutionFailed, match=message) as failure:
        Bench(bench.root / str(hash(message + str(rows))), bench.settings, rows).run(job(maxLength=32))

    assert failure.value.blames_input


def test_chats_are_learned_and_long_examples_cut_or_dropped(bench: Bench):
    chat = {"messages": [{"role": role, "content": "Ada lives"} for role in ("system", "user", "assistant")], "id": 7}
    long = [{"prompt": "Ada", "completion": "lives in Oslo. " * 20}, {"prompt": "Ada " * 60, "completion": "Oslo"}]

    ran = Bench(bench.root / "long", bench.settings, [chat, *long]).run(job(**SMALL, maxLength=48))

    assert (ran.output.examples, ran.output.truncated, ran.output.dropped) == (2, 1, 1)
    assert ran.outcome.units < 48 + 48


def test_a_model_without_a_chat_template_takes_prompts_only(bench: Bench, models: Path):
    make_model(models / "plain", template=None)
    try:
        plain = Bench(bench.root / "plain", bench.settings)
        assert plain.run(job(**SMALL, maxSteps=1), plain.context(model="plain")).output.steps == 1
        plain.rows = [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}]
        with pytest.raises(ExecutionFailed, match="no chat template"):
            plain.run(job(), plain.context(model="plain"))
    finally:
        shutil.rmtree(models / "plain")


@pytest.mark.parametrize(
    ("given", "message", "blames"),
    [
        ({"maxSteps": 200, "checkpointEvery": 1}, "200 checkpoints in 200 steps; 100 are the most", True),
        ({"quantize": "nf4"}, "needs a CUDA GPU", False),
    ],
)
def test_a_job_that_cannot_be_done_is_refused(bench: Bench, given: dict[str, Any], message: str, blames: bool):
    with pytest.raises(ExecutionFailed, match=message) as failure:
        bench.run(job(**given))

    assert failure.value.blames_input == blames


@pytest.mark.parametrize("more", [{}, {"evalSplit": 0.3}])
def test_a_loss_that_is_no_number_ends_the_run(bench: Bench, models: Path, more: dict[str, Any]):
    folder = shutil.copytree(models / "Small", models / "huge")
    weights = folder / "model.safetensors"
    forge_checkpoint(weights, weights, lambda name, each: each * 1e38 if name == "lm_head.weight" else each)
    try:
        with pytest.raises(ExecutionFailed, match=r"is (nan|inf): lower learningRate"):
            bench.run(job(**more), bench.context(model="huge"))
    finally:
        shutil.rmtree(folder)


def test_the_time_limit_ends_a_run_without_blaming_the_input(bench: Bench):
    with pytest.raises(ExecutionFailed, match="time limit") as failure:
        bench.run(job(**GIVEN), bench.context(seconds=0))

    assert not failure.value.blames_input


def test_only_models_that_can_run_no_code_are_offered(bench: Bench, models: Path, tmp_path: Path):
    shutil.copytree(models / "Small", tmp_path / "Pickled")
    (tmp_path / "Pickled" / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    shutil.copytree(models / "Small", tmp_path / "Remote")
    config = json.loads((tmp_path / "Remote" / "config.json").read_text())
    (tmp_path / "Remote" / "config.json").write_text(json.dumps(config | {"model_type": "mine", "auto_map": {}}))
    (tmp_path / "evil.gguf").write_bytes(pickle.dumps({}))
    (tmp_path / ("ab" * 32 + ".gguf")).write_bytes(b"GGUF" + b"\xff" * 40)
    executor = LlmFineTuning(FineTuningSettings(models_dir=tmp_path))

    assert executor.probe().models == (SMOL,)
    for name, message, brought in (
        ("pickled", "pickles can run code", False),
        ("remote", "type is mine", False),
        ("evil", "no GGUF file", False),
        ("ab" * 32, "version", True),
        ("gpt-9", "no model gpt-9", False),
    ):
        with pytest.raises(ExecutionFailed, match=message) as failure:
            executor.run(job(), bench.context(model=name))
        assert failure.value.blames_input == brought


def test_broken_gguf_files_are_refused(tmp_path: Path):
    whole = find_models(None)[SMOL].read_bytes()[:4_000]
    for number, data in enumerate([b"", b"GGUF", whole, whole[:16] + b"\xff" * 8, whole[:40] + b"\xff" * 100]):
        (path := tmp_path / f"{number}.gguf").write_bytes(data)
        with pytest.raises(NotReadable):
            GgufFile(path)


def test_a_gguf_tensor_that_its_file_does_not_hold_is_refused(tmp_path: Path):
    gguf, path = import_module("gguf"), tmp_path / "small.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("output_norm.weight", numpy.ones(8, dtype=numpy.float32))
    for write in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file):
        write()
    writer.close()
    assert GgufFile(path).tensor("output_norm.weight").tolist() == [1.0] * 8

    eight, whole = (8).to_bytes(8, "little"), path.read_bytes()
    for size in (9, 2**40, 2**63, 2**64 - 1):
        path.write_bytes(whole.replace(eight + bytes(4), size.to_bytes(8, "little") + bytes(4)))
        with pytest.raises(NotReadable):
            GgufFile(path).tensor("output_norm.weight")


def test_probe_says_how_to_get_the_engine():
    blocked = (
        "import sys; sys.modules['torch'] = None\n"
        "from hypernode.executors.llm_fine_tuning import LlmFineTuning\n"
        "assert not {'transformers', 'peft', 'gguf', 'numpy', 'safetensors'} & sys.modules.keys()\n"
        "found = LlmFineTuning().probe()\n"
        "assert not found.available and 'torch' in found.missing and '--fix llm_fine_tuning' in found.fix, found\n"
    )
    subprocess.run([sys.executable, "-c", blocked], check=True, env={})


@pytest.mark.parametrize(
    "given",
    [
        {"dataset": "x"},
        {"epochs": 0},
        {"epochs": 101},
        {"maxSteps": 10**6},
        {"learningRate": 0},
        {"learningRate": 1},
        {"rank": 257},
        {"dropout": 1},
        {"targetModules": []},
        {"targetModules": ["lm_head"]},
        {"targetModules": ["q_proj", "q_proj"]},
        {"batchSize": 65},
        {"maxLength": 10**6},
        {"evalSplit": 0.9},
        {"evalSplit": 0.1, "evalDataset": DIGEST},
        {"earlyStop": 2},
        {"evalEvery": 2},
        {"seed": 2**32},
        {"quantize": "int8"},
        {"max_steps": 5},
    ],
)
def test_a_bad_input_is_refused_by_the_schema(given: dict[str, Any]):
    with pytest.raises(msgspec.ValidationError):
        job(**given)


def test_artifacts_are_named():
    given = job(evalDataset="1" * 64)

    assert LlmFineTuning().artifacts(given) == {"dataset.jsonl": DIGEST, "eval.jsonl": "1" * 64}


def test_no_node_can_claim_more_tokens_than_its_steps_can_hold(honest: Ran):
    boast = msgspec.structs.replace(honest.output, steps=10**5, trained_tokens=10**12)

    assert LlmFineTuning().most_units(job(maxSteps=5, maxLength=100, batchSize=2), boast) == 5 * 2 * 100
    assert LlmFineTuning().most_units(job(epochs=2, maxLength=100, batchSize=64), boast) == 2 * 10**5 * 100
    assert LlmFineTuning().most_units(job(maxSteps=5), honest.output) == honest.output.trained_tokens


def test_the_plan_goes_through_every_example_once_an_epoch():
    plan = Plan(job(epochs=3, batchSize=2, gradientAccumulation=2, seed=5), [10, 20, 30, 40, 50], evaluated=False)
    taken = [index for step in range(1, plan.steps + 1) for index in plan.batch(step)]

    assert plan.steps == 4
    assert [sorted(taken[at : at + 5]) for at in (0, 5, 10)] == [[0, 1, 2, 3, 4]] * 3
    assert taken[:5] != taken[5:10]
    assert plan.tokens(0, plan.steps) == 450
    assert [plan.tokens(step - 1, step) for step in (1, 2, 3, 4)] == [
        sum([10, 20, 30, 40, 50][index] for index in plan.batch(step)) for step in (1, 2, 3, 4)
    ]


def test_the_plan_warms_up_and_comes_down():
    plan = Plan(job(maxSteps=10, warmup=4, learningRate=0.04, checkpointEvery=4), [1], evaluated=True)

    assert [round(plan.rate(step), 4) for step in (1, 4, 5, 10)] == [0.01, 0.04, 0.04, round(0.04 / 6, 4)]
    assert (plan.checkpoints(), plan.made(6), plan.made(8)) == ([4, 8, 10], [4, 6], [4, 8])


def test_adamw_never_moves_farther_than_the_check_allows():
    """The worst gradients: none for long, so that the mean of squares is near zero, then each larger than the last."""
    torch = import_module("torch")
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.AdamW([weight], lr=1.0, weight_decay=0.0, foreach=False)
    farthest = 0.0
    for step in range(-5_000, 80):
        before = weight.item()
        weight.grad = torch.full_like(weight, (0.999 / 0.9) ** step if step >= 0 else 0.0)
        optimizer.step()
        farthest = max(farthest, abs(weight.item() - before))

    assert 7.2 < farthest < FARTHEST


def test_a_line_is_a_chat_either_way():
    pair = msgspec.convert({"prompt": "a", "completion": "b"}, Line)

    assert [(each.role, each.content) for each in pair.chat()] == [("user", "a"), ("assistant", "b")]
