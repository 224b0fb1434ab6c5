"""Turns JSON lines into tokens: which are read, and which are learned."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hypernode.executors.llm_fine_tuning.job import (
    MAX_DATASET_BYTES,
    MAX_EVAL_EXAMPLES,
    MAX_EXAMPLES,
    Input,
    Line,
)
from hypernode.ports import ExecutionFailed

TRAIN_FILE = "dataset.jsonl"
EVAL_FILE = "eval.jsonl"

_decode = msgspec.json.Decoder(Line).decode


@dataclass(frozen=True, slots=True)
class Example:
    """One line in tokens."""

    ids: list[int]
    prompt: int  #: The first so many are read only; the rest is learned.


@dataclass(frozen=True, slots=True)
class Dataset:
    """All examples of a job."""

    train: list[Example]
    evals: list[Example]
    truncated: int
    dropped: int


def read(given: Input, inputs: Path, tokenizer: Any) -> Dataset:
    """The job's examples, cut to `maxLength`. Raises ExecutionFailed that blames the input and names the line."""
    train, truncated, dropped = _examples(inputs / TRAIN_FILE, given.max_length, tokenizer)
    evals: list[Example] = []
    if given.eval_dataset:
        evals, also_truncated, also_dropped = _examples(inputs / EVAL_FILE, given.max_length, tokenizer)
        truncated, dropped = truncated + also_truncated, dropped + also_dropped
    elif given.eval_split:
        random.Random(given.seed).shuffle(train)
        aside = max(1, round(len(train) * given.eval_split))
        evals, train = train[:aside], train[aside:]
    if not train:
        raise ExecutionFailed("the dataset leaves no example to train on", blames_input=True)
    if not evals and (given.eval_dataset or given.eval_split):
        raise ExecutionFailed("the dataset for evaluation leaves no example", blames_input=True)
    return Dataset(train, evals[:MAX_EVAL_EXAMPLES], truncated, dropped)


def _examples(path: Path, max_length: int, tokenizer: Any) -> tuple[list[Example], int, int]:
    """The examples that leave something to learn, and how many were cut and dropped."""
    if path.stat().st_size > MAX_DATASET_BYTES:
        raise ExecutionFailed(f"{path.name} is larger than {MAX_DATASET_BYTES >> 20} MiB", blames_input=True)
    examples: list[Example] = []
    truncated = dropped = 0
    for number, line in _lines(path):
        prompt, completion = _texts(number, line, tokenizer)
        read = tokenizer(prompt, add_special_tokens=tokenizer.chat_template is None)["input_ids"]
        ids = read + tokenizer(completion, add_special_tokens=False)["input_ids"]
        if len(read) >= max_length or len(ids) < 2 or len(ids) == len(read):
            dropped += 1
            continue
        truncated += len(ids) > max_length
        examples.append(Example(ids[:max_length], len(read)))
    return examples, truncated, dropped


def _lines(path: Path) -> Iterator[tuple[int, Line]]:
    """Numbered from 1; blank ones are passed over."""
    count = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            if (count := count + 1) > MAX_EXAMPLES:
                raise ExecutionFailed(f"{path.name} has more than {MAX_EXAMPLES} examples", blames_input=True)
            try:
                yield number, _decode(line)
            except msgspec.DecodeError as error:
                raise ExecutionFailed(
                    f'{path.name}, line {number}: {error}; expected {{"prompt": ..., "completion": ...}} '
                    'or {"messages": [{"role": ..., "content": ...}, ...]}',
                    blames_input=True,
                ) from None


def _texts(number: int, line: Line, tokenizer: Any) -> tuple[str, str]:
    """What is read and what is learned, as the model's chat template writes them."""
    turns = [{"role": each.role, "content": each.content} for each in line.chat()]
    if tokenizer.chat_template is None:
        if line.messages:
            raise ExecutionFailed(
                f"line {number} is a chat, and the model has no chat template: give prompt and completion",
                blames_input=True,
            )
        return turns[0]["content"], turns[1]["content"] + (tokenizer.eos_token or "")
    try:
        before: str = tokenizer.apply_chat_template(turns[:-1], tokenize=False, add_generation_prompt=True)
        whole: str = tokenizer.apply_chat_template(turns, tokenize=False)
    except Exception as error:  # Templates are programs, and raise what they like.
        raise ExecutionFailed(f"line {number}: the model's chat template: {error}", blames_input=True) from None
    # Some templates write a turn otherwise once it is over, as those that cut out thoughts.
    if not whole.startswith(before):
        return before, turns[-1]["content"] + (tokenizer.eos_token or "")
    return before, whole.removeprefix(before)
