"""What a fine-tuning job asks for, what it answers, and every bound on both."""

from typing import Annotated, Final, Literal

import msgspec

from hypernode.protocol.artifacts import Sha256

MAX_EXAMPLES: Final = 100_000
"""Lines of a dataset."""
MAX_EVAL_EXAMPLES: Final = 1_000
"""Examples that an evaluation goes through; more are left out."""
MAX_DATASET_BYTES: Final = 256 << 20
MAX_STEPS: Final = 100_000
MAX_EPOCHS: Final = 100
MAX_LENGTH: Final = 32_768
"""Tokens of an example."""
MAX_CHECKPOINTS: Final = 100
DEFAULT_CHECKPOINTS: Final = 10
"""Checkpoints and evaluations of a run whose job names no interval."""
MAX_CURVE_POINTS: Final = 200
"""Of the loss curve in the result; metrics.jsonl has every step."""

Projection = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""A linear layer of a block: the attention's, then the feed-forward's."""


class Message(msgspec.Struct, frozen=True):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class Line(msgspec.Struct, frozen=True):
    """One line of a dataset: a prompt and its completion, or a chat that ends with the assistant's turn.

    A prompt is a chat of one message by the user, as in llm_inference. Fields of other names are ignored.
    """

    prompt: str | None = None
    completion: str | None = None
    messages: Annotated[list[Message], msgspec.Meta(min_length=2, max_length=1_000)] | None = None

    def __post_init__(self) -> None:
        pair = self.prompt is not None and self.completion is not None
        if pair == (self.messages is not None):
            raise ValueError("a line has prompt and completion, or messages")
        if self.messages and self.messages[-1].role != "assistant":
            raise ValueError("the last message is the assistant's, since it is what is learned")

    def chat(self) -> list[Message]:
        """The messages, in whichever way they were given."""
        return self.messages or [Message("user", self.prompt or ""), Message("assistant", self.completion or "")]


class Input(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A LoRA run on a dataset of JSON lines. The loss is taken on the completions only, with AdamW.

    Where neither `epochs` nor `maxSteps` is given, every example is seen once; where both are, the first to be reached
    ends the run.
    """

    dataset: Sha256  #: An artifact: JSON lines of {"prompt", "completion"} or {"messages": [{"role", "content"}, ...]}.
    eval_dataset: Sha256 | None = None  #: The same form; the loss on it is measured and nothing is learned from it.
    eval_split: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0  #: The part of the dataset to set aside instead.
    eval_every: Annotated[int, msgspec.Meta(ge=1, le=MAX_STEPS)] | None = None  #: Steps; None: ten times in a run.
    early_stop: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    """Evaluations in a row without a new lowest loss, after which the run ends."""
    epochs: Annotated[int, msgspec.Meta(ge=1, le=MAX_EPOCHS)] | None = None
    max_steps: Annotated[int, msgspec.Meta(ge=1, le=MAX_STEPS)] | None = None
    learning_rate: Annotated[float, msgspec.Meta(gt=0, le=0.1)] = 2e-4  #: Falls linearly to 0 after the warm-up.
    warmup: Annotated[int, msgspec.Meta(ge=0, le=MAX_STEPS)] = 0  #: Steps over which the learning rate rises.
    rank: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8
    alpha: Annotated[float, msgspec.Meta(gt=0, le=1_024)] | None = None  #: The adapter counts alpha / rank; None: 2.
    dropout: Annotated[float, msgspec.Meta(ge=0, le=0.9)] = 0
    target_modules: Annotated[tuple[Projection, ...], msgspec.Meta(min_length=1, max_length=7)] = (
        *("q_proj", "k_proj", "v_proj", "o_proj"),
    )
    batch_size: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4  #: Examples that are in memory together.
    gradient_accumulation: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1  #: Batches in a step.
    max_length: Annotated[int, msgspec.Meta(ge=16, le=MAX_LENGTH)] = 512  #: Tokens; longer examples are cut at the end.
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)] = 0
    checkpoint_every: Annotated[int, msgspec.Meta(ge=1, le=MAX_STEPS)] | None = None
    """Steps; None: ten times in a run. A check of the result replays the steps between two checkpoints."""
    quantize: Literal["none", "nf4"] = "none"  #: nf4 is QLoRA: the base in 4 bits, on nodes with CUDA and bitsandbytes.

    def __post_init__(self) -> None:
        if self.eval_dataset and self.eval_split:
            raise ValueError("give at most one of evalDataset and evalSplit")
        if (self.early_stop or self.eval_every) and not (self.eval_dataset or self.eval_split):
            raise ValueError("earlyStop and evalEvery need an evalDataset or an evalSplit")
        if len(set(self.target_modules)) < len(self.target_modules):
            raise ValueError("targetModules names a module twice")

    @property
    def step_examples(self) -> int:
        """Examples that one step of the optimizer goes through."""
        return self.batch_size * self.gradient_accumulation

    @property
    def lora_alpha(self) -> float:
        """Alpha, also where the job leaves it out."""
        return self.alpha or 2.0 * self.rank


class Point(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """One point of the curve."""

    step: int
    loss: float | None = None  #: Mean over the tokens of the completions, before the step was taken; None at step 0.
    lr: float = 0.0
    eval_loss: float | None = None  #: After the step; None where none was measured.


class Checkpoint(msgspec.Struct, rename="camel", frozen=True):
    """One link of the chain: the file `checkpoint-STEP.safetensors`.

    The file's metadata lists the digests of all checkpoints before it, after the digest of the job's terms. So a digest
    stands for the whole way to that step, as a commit's does in git.
    """

    step: Annotated[int, msgspec.Meta(ge=1, le=MAX_STEPS)]
    sha256: Sha256


class Output(msgspec.Struct, rename="camel", frozen=True):
    """How the run went. The result's artifacts are `files` and the checkpoints."""

    model: str
    base_model: Sha256  #: Digest of the base's file; of a folder, that of its files' names and digests.
    steps: Annotated[int, msgspec.Meta(ge=1, le=MAX_STEPS)]
    resumed_from: Annotated[int, msgspec.Meta(ge=0, le=MAX_STEPS)]  #: The step that an earlier attempt had reached.
    trained_tokens: Annotated[int, msgspec.Meta(ge=0)]  #: Over all steps, those of earlier attempts too.
    examples: int  #: Of the dataset, those set aside and dropped excluded.
    eval_examples: int
    truncated: int  #: Examples that were cut at maxLength.
    dropped: int  #: Examples whose prompt alone fills maxLength.
    train_loss: float  #: Of the last step.
    eval_loss_before: float | None
    eval_loss_after: float | None
    curve: Annotated[list[Point], msgspec.Meta(max_length=MAX_CURVE_POINTS)]
    checkpoints: Annotated[list[Checkpoint], msgspec.Meta(min_length=1, max_length=MAX_CHECKPOINTS)]
    files: Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=8)]


def most_tokens(given: Input, output: Output) -> int:
    """The most tokens that a run of this input can have put through the optimizer."""
    examples = min(output.steps * given.step_examples, most_examples(given))
    return min(examples * given.max_length, output.trained_tokens)


def most_examples(given: Input) -> int:
    """The most examples that a run of this input can go through, each as often as it comes."""
    by_steps = (given.max_steps or MAX_STEPS) * given.step_examples
    if given.epochs is None and given.max_steps is not None:
        return by_steps
    return min(by_steps, (given.epochs or 1) * MAX_EXAMPLES)
