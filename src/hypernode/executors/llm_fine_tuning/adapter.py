"""The files that a finished run leaves, each a pure function of its last state: adapter, losses."""

import json
import math
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

from hypernode.executors.llm_fine_tuning.architectures import ARCHITECTURES, heads_of, pairs, to_gguf
from hypernode.executors.llm_fine_tuning.checkpoints import State
from hypernode.executors.llm_fine_tuning.dataset import Dataset
from hypernode.executors.llm_fine_tuning.job import MAX_CURVE_POINTS, Input, Point
from hypernode.executors.llm_fine_tuning.plan import Plan

ADAPTER: Final = "adapter_model.safetensors"
CONFIG: Final = "adapter_config.json"
GGUF: Final = "adapter.gguf"
METRICS: Final = "metrics.jsonl"
EVALS: Final = "evals.jsonl"
"""Loss of each example for evaluation before and after; there where the job has such examples."""
_PREFIX: Final = "base_model.model."


def checkpoint_name(step: int) -> str:
    """The checkpoint's file."""
    return f"checkpoint-{step:06d}.safetensors"


def file_names(evaluated: bool) -> list[str]:
    """Of what `write` leaves."""
    return [ADAPTER, CONFIG, GGUF, METRICS, *([EVALS] if evaluated else [])]


def write(folder: Path, state: State, plan: Plan, data: Dataset, config: Any, model: str) -> None:
    """All files but the checkpoints. `config` is the base's, of transformers; `model` its name."""
    save = import_module("safetensors.torch").save
    (folder / ADAPTER).write_bytes(save(state.adapter, {"format": "pt"}))
    (folder / CONFIG).write_bytes(_peft_config(plan.given, model))
    write_gguf(folder / GGUF, state.adapter, plan.given.lora_alpha, config)
    (folder / METRICS).write_bytes(b"".join(line(each) + b"\n" for each in points(state, plan)))
    if data.evals:
        before, after = state.evals.tolist()
        rows = zip(data.evals, before, after, strict=True)
        (folder / EVALS).write_bytes(
            b"".join(
                msgspec.json.encode({"example": n, "tokens": len(each.ids), "before": old, "after": new}) + b"\n"
                for n, (each, old, new) in enumerate(rows)
            )
        )


def points(state: State, plan: Plan) -> list[Point]:
    """One for each step, and one before the first."""
    return [
        Point(step, _known(loss), plan.rate(step) if step else 0.0, _known(measured))
        for step, (loss, measured) in enumerate(state.history.tolist())
    ]


def curve(state: State, plan: Plan) -> list[Point]:
    """At most MAX_CURVE_POINTS of the points, evenly spread; the first and the last are among them."""
    every = points(state, plan)
    if len(every) <= MAX_CURVE_POINTS:
        return every
    last, gaps = len(every) - 1, MAX_CURVE_POINTS - 1
    return [every[round(number * last / gaps)] for number in range(MAX_CURVE_POINTS)]


def line(point: Point) -> bytes:
    """A point as JSON, without a line feed: {"step", "loss", "lr", "evalLoss"}."""
    return msgspec.json.encode(
        {"step": point.step, "loss": point.loss, "lr": point.lr, "evalLoss": point.eval_loss},
    )


def write_gguf(path: Path, adapter: Mapping[str, Any], alpha: float, config: Any) -> None:
    """The adapter in llama.cpp's form: tensors `blk.N.PART.weight.lora_a` and `.lora_b`, scaled by alpha / rank.

    Where the family's q and k lie in pairs in GGUF, the rows of B are ordered as those of the weight are.
    """
    architecture = ARCHITECTURES[config.model_type]
    writer = import_module("gguf").GGUFWriter(path, architecture.gguf)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name, values in _gguf_tensors(adapter, config):
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _gguf_tensors(adapter: Mapping[str, Any], config: Any) -> Iterator[tuple[str, Any]]:
    for name, tensor in adapter.items():
        layer, matrix, _ = name.removeprefix(_PREFIX).rsplit(".", 2)
        values = tensor.numpy()
        heads = heads_of(layer, config.num_attention_heads, config.num_key_value_heads)
        if matrix == "lora_B" and heads and ARCHITECTURES[config.model_type].interleaved:
            values = pairs(values, heads)
        yield f"{to_gguf(layer)}.weight.{matrix.lower()}", values


def _peft_config(given: Input, model: str) -> bytes:
    """Only what PEFT has no default for: the same bytes whatever its version."""
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": model,
        "inference_mode": True,
        "r": given.rank,
        "lora_alpha": given.lora_alpha,
        "lora_dropout": given.dropout,
        "target_modules": sorted(given.target_modules),
        "bias": "none",
    }
    return json.dumps(config, indent=2, sort_keys=True).encode() + b"\n"


def _known(loss: float) -> float | None:
    return None if math.isnan(loss) else loss
